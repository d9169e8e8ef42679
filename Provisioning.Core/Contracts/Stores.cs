using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Contracts;

/// <summary>Contracts, their prices and terms.</summary>
public interface IContractStore
{
    /// <summary>The active contract of the organisation, with its prices; null when there is none.</summary>
    Task<Contract?> FindActiveAsync(ISession session, OrganizationId organization);

    /// <summary>The same, locked until the commit. Asked for after the pools are locked.</summary>
    Task<Contract?> LockActiveAsync(ISession session, OrganizationId organization);

    /// <summary>The contract that was made last, whatever its state.</summary>
    Task<Contract?> FindLatestAsync(ISession session, OrganizationId organization);

    /// <summary>A second active contract of the organisation is a key conflict (rule CON-1).</summary>
    Task InsertAsync(ISession session, Contract contract);

    /// <summary>Writes what can change, prices apart, where the version is current; throws <see cref="UnitConflictException"/> when not.</summary>
    Task<Contract> UpdateAsync(ISession session, Contract contract);

    /// <summary>Sets the prices that begin with <paramref name="fromTerm"/>, in place of those set before for the same term.</summary>
    Task SetPricesAsync(ISession session, ContractId contract, int fromTerm, IReadOnlyList<TierPrice> prices);

    Task<ContractTerm?> FindTermAsync(ISession session, ContractId contract, int term);

    /// <summary>With its due instants: scheduled terms are due when they start, active ones when they end.</summary>
    Task InsertTermAsync(ISession session, ContractTerm term);

    /// <summary>
    /// Moves the term from one state to the next, with its opening seats and when owners are next to be reminded; false when it was not in
    /// <paramref name="from"/>: somebody else did it (rule REN-1).
    /// </summary>
    Task<bool> AdvanceTermAsync(ISession session, ContractTerm term, TermState from, DateTimeOffset? remindAt);

    /// <summary>Moves the reminder where it still stands at <paramref name="from"/>; false when somebody else did (rule NOTI-5).</summary>
    Task<bool> MoveReminderAsync(ISession session, ContractTerm term, DateTimeOffset from, DateTimeOffset? to);

    /// <summary>Newest first, over all contracts of the organisation.</summary>
    Task<Page<ContractTerm>> ListTermsAsync(ISession session, OrganizationId organization, byte[]? after, int limit);

    /// <summary>Terms that start or end at or before <paramref name="now"/>, the longest due first.</summary>
    Task<IReadOnlyList<ContractTerm>> DueTermsAsync(ISession session, DateTimeOffset now, int limit);

    /// <summary>Terms with a reminder due, and the instant it was due at.</summary>
    Task<IReadOnlyList<(ContractTerm Term, DateTimeOffset RemindAt)>> DueRemindersAsync(ISession session, DateTimeOffset now, int limit);
}

/// <summary>Quotes.</summary>
public interface IQuoteStore
{
    Task<SeatQuote?> FindAsync(ISession session, OrganizationId organization, QuoteId quote);

    /// <summary>The quote whose payment this draft waits for.</summary>
    Task<SeatQuote?> FindByInvoiceAsync(ISession session, OrganizationId organization, InvoiceId invoice);

    Task InsertAsync(ISession session, SeatQuote quote);

    /// <summary>Moves the quote between states; false when it was not in <paramref name="from"/> (invariant I-7).</summary>
    Task<bool> MoveAsync(ISession session, SeatQuote quote, QuoteState from, QuoteState to, InvoiceId? invoice);

    /// <summary>Quotes of the contract that wait for a payment.</summary>
    Task<IReadOnlyList<SeatQuote>> PendingAsync(ISession session, ContractId contract);

    /// <summary>Makes the open quotes of the contract stale.</summary>
    Task EndOpenAsync(ISession session, ContractId contract);
}

/// <summary>Invoices, their lines and the counters of their numbers.</summary>
public interface IInvoiceStore
{
    /// <summary>With its first lines; null when the organisation has no such invoice.</summary>
    Task<Invoice?> FindAsync(ISession session, OrganizationId organization, InvoiceId invoice);

    /// <summary>Whose invoice this is.</summary>
    Task<OrganizationId?> OwnerAsync(ISession session, InvoiceId invoice);

    /// <summary>Newest first, without lines.</summary>
    Task<Page<Invoice>> ListAsync(ISession session, OrganizationId organization, InvoiceQuery query);

    /// <summary>A draft with its lines.</summary>
    Task InsertDraftAsync(ISession session, Invoice draft);

    /// <summary>Lines behind the one with this number (0: from the first), in order.</summary>
    Task<IReadOnlyList<ChargeLine>> LinesAsync(ISession session, InvoiceId invoice, int after, int limit);

    /// <summary>Puts lines behind those that a draft has, and adds them to its total; throws <see cref="UnitConflictException"/> when it is no draft.</summary>
    Task AppendLinesAsync(ISession session, InvoiceId draft, IReadOnlyList<ChargeLine> lines);

    /// <summary>Drops all lines of a draft.</summary>
    Task ClearLinesAsync(ISession session, InvoiceId draft);

    /// <summary>Deletes a draft that is dropped; false when it is none (any more): an issued invoice never goes (rule BILL-7).</summary>
    Task<bool> DeleteDraftAsync(ISession session, OrganizationId organization, InvoiceId invoice);

    /// <summary>
    /// The next number of issuer and year. The row stays locked until the commit, so nobody gets the next one before, and a unit that fails
    /// gives it back: no gap, no duplicate (rules BILL-7, BILL-8).
    /// </summary>
    Task<int> NextNumberAsync(ISession session, string issuer, int year);

    /// <summary>Makes a draft an issued invoice; throws <see cref="UnitConflictException"/> when it is none.</summary>
    Task IssueAsync(ISession session, Invoice issued, string issuer, DateTimeOffset overdueAt);

    /// <summary>Writes state, payment and what was credited where the version is current; throws <see cref="UnitConflictException"/> when not.</summary>
    Task UpdateAsync(ISession session, Invoice invoice);

    /// <summary>Issued invoices whose due date is over.</summary>
    Task<IReadOnlyList<(OrganizationId Organization, InvoiceId Invoice)>> OverdueAsync(ISession session, DateTimeOffset now, int limit);
}

/// <summary>Exact matches, all optional; <paramref name="After"/> is the key of the last invoice of the page before.</summary>
public sealed record InvoiceQuery(InvoiceState? State, InvoiceKind? Kind, byte[]? After, int Limit);
