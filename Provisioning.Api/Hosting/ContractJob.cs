using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;

namespace Provisioning.Api.Hosting;

/// <summary>Starts, renews and expires terms, reminds owners before, and marks invoices that are overdue (rules REN-1, NOTI-5). Idempotent.</summary>
public sealed class ContractJob(
    TermSchedule schedule, InvoiceAdministration invoices, Leases leases, TimeProvider time, JobServices services)
    : LeasedJob("contracts", TimeSpan.FromSeconds(5), services.LeaseLife, leases, time, services.Logger)
{
    protected override async Task RunAsync(CancellationToken cancel)
    {
        await schedule.RunAsync(Round(cancel), cancel);
        await invoices.MarkOverdueAsync(Round(cancel), cancel);
    }
}
