using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Spend;

namespace Provisioning.Api.Hosting;

/// <summary>Ends credits past their time (rule CRED-3). Idempotent.</summary>
public sealed class SpendJob(CreditDesk credits, Leases leases, TimeProvider time, JobServices services)
    : LeasedJob("spend", TimeSpan.FromSeconds(5), services.LeaseLife, leases, time, services.Logger)
{
    protected override Task RunAsync(CancellationToken cancel) => credits.ExpireAsync(() => MineAsync(cancel), cancel);

    private async Task<(Lease Lease, Actor Actor)?> MineAsync(CancellationToken cancel) =>
        await StillMineAsync(cancel) is { } lease ? (lease, ActorOf(lease)) : null;
}
