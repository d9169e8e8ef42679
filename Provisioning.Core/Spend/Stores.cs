using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Spend;

/// <summary>The price table, and what single organisations pay of it (rules PRICE-1, PRICE-3).</summary>
public interface IPriceStore
{
    /// <summary>
    /// The price of a model valid at an instant, in the currency of the organisation's contract and with its multiplier; null when the model
    /// is unknown then. <see cref="ModelPrice.Fallback"/> is asked for by that name.
    /// </summary>
    Task<Price?> FindAsync(ISession session, OrganizationId organization, string model, DateTimeOffset at);

    /// <summary>All prices of these models and of the fallback, as <see cref="FindAsync"/> would give them.</summary>
    Task<PriceList> OfAsync(ISession session, OrganizationId organization, IReadOnlyCollection<string> models);

    /// <summary>
    /// What is or will be valid, of these models or of all, by model, currency and beginning; of two that begin together the later entered.
    /// </summary>
    Task<IReadOnlyList<ModelPrice>> ValidAsync(ISession session, IReadOnlyCollection<string>? models);

    /// <summary>Every row, newest entry first, of one model or of all.</summary>
    Task<Page<EnteredPrice>> ListAsync(ISession session, string? model, byte[]? after, int limit);

    Task InsertAsync(ISession session, IReadOnlyCollection<ModelPrice> prices, Actor actor);

    /// <summary>In millionths; <see cref="Price.ListMultiplier"/> when none was set.</summary>
    Task<long> MultiplierAsync(ISession session, OrganizationId organization);

    Task SetMultiplierAsync(ISession session, OrganizationId organization, long multiplier);
}

/// <summary>
/// The credit ledger. The statements on the account are guarded; everything else happens while its row is locked by one of them, or by
/// <see cref="LockAsync"/>.
/// </summary>
public interface ICreditStore
{
    /// <summary>
    /// Moves an amount from available to held where something, and at least <paramref name="least"/>, is available and no credits wait to
    /// be ended; false when not.
    /// </summary>
    Task<bool> HoldAsync(ISession session, OrganizationId organization, UsageCost amount, UsageCost least, DateTimeOffset now);

    /// <summary>
    /// Takes away from held, and what was used from available where at least <paramref name="least"/> is available; makes the account when
    /// nothing is held in it yet. False, and nothing is written, when less is available.
    /// </summary>
    Task<bool> SettleAsync(ISession session, OrganizationId organization, UsageCost held, UsageCost actual, UsageCost least);

    /// <summary>Null when the organisation never had credits.</summary>
    Task<CreditAccount?> FindAsync(ISession session, OrganizationId organization);

    /// <summary>The account, locked until the commit; made when there is none.</summary>
    Task<CreditAccount> LockAsync(ISession session, OrganizationId organization);

    /// <summary>The account and its lots with something left. Without an account: an empty one.</summary>
    Task<CreditGround> GroundAsync(ISession session, OrganizationId organization);

    /// <summary>Writes everything but held and level, of an account that is locked.</summary>
    Task UpdateAsync(ISession session, CreditAccount before, CreditAccount after);

    Task SetLevelAsync(ISession session, OrganizationId organization, CreditLevel level);

    /// <summary>Takes from a lot; more than it has is a bug.</summary>
    Task TakeAsync(ISession session, CreditLotId lot, UsageCost amount);

    /// <summary>A lot that waits to be opened.</summary>
    Task InsertLotAsync(ISession session, CreditLot lot);

    /// <summary>Writes what remains and when it was opened; throws <see cref="UnitConflictException"/> when it was opened before.</summary>
    Task OpenLotAsync(ISession session, CreditLot lot);

    /// <summary>The lot that a purchase waits for or has.</summary>
    Task<CreditLot?> FindLotAsync(ISession session, InvoiceId invoice);

    /// <summary>The sum of purchases whose invoice is not paid and not cancelled; asked for while the account is locked.</summary>
    Task<UsageCost> UnpaidAsync(ISession session, OrganizationId organization);

    /// <summary>Organisations with credits past their time.</summary>
    Task<IReadOnlyList<OrganizationId>> DueAsync(ISession session, DateTimeOffset now, int limit);

    Task InsertJournalAsync(ISession session, OrganizationId organization, CreditJournal journal);
}
