using Provisioning.Api.Configuration;
using Provisioning.Core.Storage;

namespace Provisioning.Api.Hosting;

/// <summary>Before the server listens: the migrations and the demo organisation (design D9); after it stopped: close the database.</summary>
public sealed class StorePreparation(ServiceSettings settings, DatabaseStart start, SqlDatabase database, DemoOrganization demo, DemoContract contract) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await start.MigrateAsync(cancellationToken);
        if (!settings.Demo.Enabled) return;
        await demo.PrepareAsync(cancellationToken);
        await contract.PrepareAsync(cancellationToken);
    }

    /// <summary>The server has stopped: finish what was accepted, then close.</summary>
    public async Task StopAsync(CancellationToken cancellationToken) => await database.DisposeAsync();
}
