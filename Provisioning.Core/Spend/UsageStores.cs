using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Spend;

/// <summary>What metering reads and writes.</summary>
public sealed record UsageBooks(ICounterStore Counters, IUsageStore Usage, ICapStore Caps, IPriceStore Prices, ICreditStore Credits);

/// <summary>Counters of spending. All but reads happen after <see cref="LockAsync"/> in the same unit.</summary>
public interface ICounterStore
{
    /// <summary>Locks the account of the organisation until the commit: the first lock of every unit that meters or changes caps.</summary>
    Task LockAsync(ISession session, OrganizationId organization);

    /// <summary>As it is, without a lock.</summary>
    Task<UsageAccount> FindAccountAsync(ISession session, OrganizationId organization);

    /// <summary>Writes the settings of an account that is locked.</summary>
    Task SaveAccountAsync(ISession session, UsageAccount account);

    /// <summary>IANA name of the organisation's billing zone.</summary>
    Task<string> ZoneAsync(ISession session, OrganizationId organization);

    /// <summary>What decides about a member's usage at the instant; null when the organisation has no such member.</summary>
    Task<UsageGround?> GroundAsync(ISession session, OrganizationId organization, MemberId member, DateTimeOffset now);

    /// <summary>The same of many members; those the organisation does not have are missing.</summary>
    Task<IReadOnlyList<UsageGround>> GroundsAsync(ISession session, OrganizationId organization, IReadOnlyCollection<MemberId> members, DateTimeOffset now);

    /// <summary>The counters of a member's request that are there; the others are zero.</summary>
    Task<IReadOnlyDictionary<CounterKey, CounterState>> ReadAsync(ISession session, OrganizationId organization, UsagePeriod period, string tier, MemberId member);

    /// <summary>The counters that are there; the others are zero.</summary>
    Task<IReadOnlyDictionary<CounterKey, CounterState>> ReadAsync(ISession session, OrganizationId organization, IReadOnlyCollection<CounterKey> keys);

    /// <summary>
    /// Writes a counter that is still what was read; throws <see cref="UnitConflictException"/> when it is not: what was read under the lock
    /// does not hold.
    /// </summary>
    /// <param name="before">As it was read; null: the row is made.</param>
    Task SetAsync(ISession session, OrganizationId organization, CounterKey key, CounterState? before, CounterState after);

    /// <summary>Adds what was spent to many counters.</summary>
    /// <param name="before">Which of them are there.</param>
    Task AddAsync(
        ISession session, OrganizationId organization, IReadOnlyCollection<KeyValuePair<CounterKey, UsageCost>> settled, IReadOnlyDictionary<CounterKey, CounterState> before);

    /// <summary>Takes what these holds set aside out of the counters of their members and tiers and of the organisation.</summary>
    Task GiveBackAsync(ISession session, OrganizationId organization, IReadOnlyCollection<UsageHold> holds);

    /// <summary>What holds that are over by time, but not swept yet, still take of each kind of counter (rule TIME-4).</summary>
    Task<IReadOnlyDictionary<CounterKind, UsageCost>> OverdueAsync(
        ISession session, OrganizationId organization, UsagePeriod period, string tier, MemberId member, DateTimeOffset now);
}

/// <summary>Authorisations and recorded usage.</summary>
public interface IUsageStore
{
    Task<UsageHold?> FindHoldAsync(ISession session, OrganizationId organization, AuthorizationId hold);

    /// <summary>The authorisation, and what was recorded of it.</summary>
    Task<(UsageHold? Hold, UsageEvent? Recorded)> FindSettlementAsync(ISession session, OrganizationId organization, AuthorizationId hold);

    Task InsertHoldAsync(ISession session, UsageHold hold);

    /// <summary>Ends a hold; false when it was not in <paramref name="from"/> any more.</summary>
    Task<bool> EndHoldAsync(ISession session, AuthorizationId hold, HoldState from, HoldState to, DateTimeOffset now);

    /// <summary>Held, and over by time; the oldest first.</summary>
    Task<IReadOnlyList<UsageHold>> DueHoldsAsync(ISession session, OrganizationId organization, DateTimeOffset now, int limit);

    /// <summary>Marks them expired; answers how many were still held.</summary>
    Task<int> ExpireHoldsAsync(ISession session, IReadOnlyCollection<AuthorizationId> holds, DateTimeOffset now);

    /// <summary>Organisations with holds that are over by time.</summary>
    Task<IReadOnlyList<OrganizationId>> WithDueHoldsAsync(ISession session, DateTimeOffset now, int limit);

    Task<UsageEvent?> FindEventAsync(ISession session, OrganizationId organization, string source, string eventId);

    /// <summary>Those of the events that are recorded already.</summary>
    Task<IReadOnlyList<UsageEvent>> FindEventsAsync(ISession session, OrganizationId organization, IReadOnlyCollection<UsageReport> reports);

    /// <summary>A second event of a source and id is a key conflict (invariant I-9).</summary>
    Task InsertEventsAsync(ISession session, IReadOnlyCollection<UsageEvent> events, Actor actor);

    /// <summary>Adds events of an organisation to the sums of their month, member, tier and model.</summary>
    Task AddToRollupsAsync(ISession session, OrganizationId organization, IReadOnlyCollection<UsageEvent> events);

    /// <summary>Oldest first.</summary>
    Task<Page<UsageEvent>> ListEventsAsync(ISession session, OrganizationId organization, UsagePeriod period, MemberId? member, byte[]? after, int limit);
}

/// <summary>Caps, what was told about them, and requests for more.</summary>
public interface ICapStore
{
    /// <summary>Set or removed; null when there never was one.</summary>
    Task<Cap?> FindAsync(ISession session, OrganizationId organization, CapSubject subject);

    /// <summary>The caps that are set of the organisation, of these tiers and of these members.</summary>
    Task<IReadOnlyList<Cap>> OfAsync(ISession session, OrganizationId organization, IReadOnlyCollection<string> tiers, IReadOnlyCollection<MemberId> members);

    /// <summary>Those that are set, oldest first.</summary>
    Task<Page<Cap>> ListAsync(ISession session, OrganizationId organization, CapScope? scope, byte[]? after, int limit);

    /// <summary>Writes a cap over its version before; throws <see cref="UnitConflictException"/> when that is not current.</summary>
    Task SaveAsync(ISession session, OrganizationId organization, Cap? before, Cap after);

    /// <summary>Keeps that a threshold was told; a second time is a key conflict (rule NOTI-4).</summary>
    Task InsertAlertAsync(ISession session, OrganizationId organization, Cap cap, CounterKey counter, int percent, DateTimeOffset now);

    /// <summary>Keeps that usage stopped at a cap; once more changes nothing.</summary>
    Task InsertStopAsync(ISession session, OrganizationId organization, UsageStop stop);

    /// <summary>Usage goes on.</summary>
    Task EndStopsAsync(ISession session, OrganizationId organization, IReadOnlyCollection<UsageStop> stops);

    /// <summary>Those whose month is over.</summary>
    Task<IReadOnlyList<UsageStop>> StopsEndedAsync(ISession session, OrganizationId organization, DateTimeOffset now, int limit);

    /// <summary>Organisations with such.</summary>
    Task<IReadOnlyList<OrganizationId>> WithStopsEndedAsync(ISession session, DateTimeOffset now, int limit);

    /// <summary>A second pending request of a member is a key conflict (rule CAP-10).</summary>
    Task InsertRequestAsync(ISession session, CapRequest request);

    Task<CapRequest?> FindRequestAsync(ISession session, OrganizationId organization, CapRequestId request);

    Task<CapRequest?> FindPendingRequestAsync(ISession session, OrganizationId organization, MemberId member);

    /// <summary>Newest first.</summary>
    Task<Page<CapRequest>> ListRequestsAsync(
        ISession session, OrganizationId organization, CapRequestState? state, MemberId? member, byte[]? after, int limit);

    /// <summary>False when it is not pending any more.</summary>
    Task<bool> DecideRequestAsync(ISession session, CapRequest decided);

    /// <summary>What seats include per tier, in minor units (rule USE-14).</summary>
    Task<IReadOnlyDictionary<string, long>> IncludedAsync(ISession session, OrganizationId organization);

    Task ReplaceIncludedAsync(ISession session, OrganizationId organization, IReadOnlyDictionary<string, long> limits);

    /// <summary>Switches extra usage of a member off or on again (rule USE-14).</summary>
    Task SetExtraUsageAsync(ISession session, OrganizationId organization, MemberId member, bool enabled);
}
