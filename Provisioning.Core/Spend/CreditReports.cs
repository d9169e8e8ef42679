using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Spend;

/// <summary>A lot as owners see it.</summary>
/// <param name="Number">Of its invoice.</param>
/// <param name="InvoiceState">Null for a grant.</param>
public sealed record CreditLotReport(CreditLot Lot, string? Number, InvoiceState? InvoiceState);

/// <summary>What owners read of their credits.</summary>
public sealed class CreditReports(IDatabase database, ICreditStore store, ICreditReportStore reports, IContractStore contracts, TimeProvider time)
{
    /// <summary>The account as of now, whether or not the job has ended what is past its time (rule TIME-4); the currency is null without a contract.</summary>
    public Task<(CreditAccount Account, Currency? Currency)> StandingAsync(OrganizationId organization, CancellationToken cancel) => database.ReadAsync(async session =>
    {
        var ground = await store.GroundAsync(session, organization);
        var contract = await contracts.FindLatestAsync(session, organization);
        return (ground.At(Instants.Now(time)), contract?.Conditions.Currency);
    }, cancel);

    public Task<Page<CreditLotReport>> LotsAsync(OrganizationId organization, byte[]? after, int limit, CancellationToken cancel) =>
        database.ReadAsync(session => reports.LotsAsync(session, organization, after, limit), cancel);

    public Task<Page<CreditJournal>> JournalsAsync(OrganizationId organization, CreditKind? kind, byte[]? after, int limit, CancellationToken cancel) =>
        database.ReadAsync(session => reports.JournalsAsync(session, organization, kind, after, limit), cancel);
}

/// <summary>Lists of the ledger.</summary>
public interface ICreditReportStore
{
    /// <summary>Newest first.</summary>
    Task<Page<CreditLotReport>> LotsAsync(ISession session, OrganizationId organization, byte[]? after, int limit);

    /// <summary>Newest first, of one kind or of all.</summary>
    Task<Page<CreditJournal>> JournalsAsync(ISession session, OrganizationId organization, CreditKind? kind, byte[]? after, int limit);
}
