using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Spend;

namespace Provisioning.Api.Hosting;

/// <summary>Ends credits past their time, and drafts and issues the invoices of months that are over (rules CRED-3, USE-3). Idempotent.</summary>
public sealed class SpendJob(CreditDesk credits, UsageInvoicing invoicing, Leases leases, TimeProvider time, JobServices services)
    : LeasedJob("spend", TimeSpan.FromSeconds(5), services.LeaseLife, leases, time, services.Logger)
{
    protected override async Task RunAsync(CancellationToken cancel)
    {
        await credits.ExpireAsync(() => MineAsync(cancel), cancel);
        await invoicing.RunAsync(() => MineAsync(cancel), cancel);
    }

    private async Task<(Lease Lease, Actor Actor)?> MineAsync(CancellationToken cancel) =>
        await StillMineAsync(cancel) is { } lease ? (lease, ActorOf(lease)) : null;
}
