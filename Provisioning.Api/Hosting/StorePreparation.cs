using Provisioning.Api.Configuration;
using Provisioning.Core.Storage;
using Provisioning.Core.Storage.Migrations;

namespace Provisioning.Api.Hosting;

/// <summary>Before the server listens: the folder of the embedded database, the migrations, the demo organisation (design D9).</summary>
public sealed partial class StorePreparation(
    ServiceSettings settings, IHostEnvironment environment, Migrator migrator, SqlDatabase database, DemoOrganization demo,
    ILogger<StorePreparation> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (settings.Storage.DatabasePath(environment.ContentRootPath) is { } path) Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        try
        {
            await migrator.MigrateAsync(name => Migrating(logger, name));
        }
        catch (SchemaMismatchException exception)
        {
            throw new SettingsException(exception.Message);
        }
        if (settings.Demo.Enabled) await demo.PrepareAsync(cancellationToken);
    }

    /// <summary>The server has stopped: finish what was accepted, then close.</summary>
    public async Task StopAsync(CancellationToken cancellationToken) => await database.DisposeAsync();

    [LoggerMessage(LogLevel.Information, "Migrating the database: {Script}")]
    private static partial void Migrating(ILogger logger, string script);
}
