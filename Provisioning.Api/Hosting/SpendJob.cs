using Provisioning.Core.Journal;
using Provisioning.Core.Spend;

namespace Provisioning.Api.Hosting;

/// <summary>
/// Ends credits past their time, tells that usage goes on in a new month, and drafts and issues the invoices of months that are over (rules
/// CRED-3, CAP-5, USE-3). Idempotent.
/// </summary>
public sealed class SpendJob(
    CreditDesk credits, UsageResumption resumption, UsageInvoicing invoicing, Leases leases, TimeProvider time, JobServices services)
    : LeasedJob("spend", TimeSpan.FromSeconds(5), services.LeaseLife, leases, time, services.Logger)
{
    protected override async Task RunAsync(CancellationToken cancel)
    {
        await credits.ExpireAsync(Round(cancel), cancel);
        await resumption.RunAsync(Round(cancel), cancel);
        await invoicing.RunAsync(Round(cancel), cancel);
    }
}
