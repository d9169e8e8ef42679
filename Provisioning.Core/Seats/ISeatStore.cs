using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Seats;

/// <summary>What the engine needs of the database. Every statement that takes a seat is guarded by the bounds of I-4.</summary>
public interface ISeatStore
{
    /// <summary>Best rank first, as of the transaction's snapshot.</summary>
    Task<IReadOnlyList<SeatPool>> PoolsAsync(ISession session, OrganizationId organization);

    /// <summary>The same of several organisations at once.</summary>
    Task<ILookup<OrganizationId, SeatPool>> PoolsOfAsync(ISession session, IReadOnlyCollection<OrganizationId> organizations);

    /// <summary>Touches all pool rows by rank descending, which locks them until the commit, then reads them (rule TIME-2).</summary>
    Task<IReadOnlyList<SeatPool>> LockPoolsAsync(ISession session, OrganizationId organization);

    /// <summary>Adds to the counters of one pool where all bounds of I-4 still hold afterwards; false when they would not.</summary>
    /// <param name="others">Seats reserved for others, which stay free too (rule SEAT-15); counted after the pools were locked.</param>
    Task<bool> TryChangeAsync(ISession session, OrganizationId organization, string tier, PoolChange change, int others = 0);

    /// <summary>The same without a lock before it: false also when seats of the tier are reserved by now, which only locked pools can tell apart.</summary>
    Task<bool> TryClaimUnreservedAsync(ISession session, OrganizationId organization, string tier, PoolChange change);

    Task InsertPoolAsync(ISession session, OrganizationId organization, TierSeats tier);

    /// <summary>Sets what was bought, rank and features, where in use stays within it; false when more is in use.</summary>
    Task<bool> UpdatePoolAsync(ISession session, OrganizationId organization, TierSeats tier);

    Task<MemberSeat?> FindAsync(ISession session, OrganizationId organization, MemberId member);

    Task<IReadOnlyList<MemberSeat>> FindManyAsync(ISession session, OrganizationId organization, IReadOnlyCollection<MemberId> members);

    Task InsertAsync(ISession session, OrganizationId organization, MemberSeat seat);

    /// <summary>Writes the seat side of a member that still has the status and tier of <paramref name="before"/>; false when not.</summary>
    Task<bool> UpdateAsync(ISession session, OrganizationId organization, MemberSeat before, MemberSeat after);

    /// <summary>Makes the members sit on the tier: status, tier, last tier; no longer waiting, and still wishing for <paramref name="desired"/>.</summary>
    Task SeatAsync(ISession session, OrganizationId organization, string tier, IReadOnlyCollection<MemberId> members, string? desired);

    /// <summary>Opens an assignment for each; a member with an open one is a key conflict (invariant I-5).</summary>
    Task OpenAssignmentsAsync(ISession session, OrganizationId organization, IReadOnlyCollection<SeatGrant> grants, DateTimeOffset now);

    /// <summary>Closes the open assignments of the members; answers how many there were.</summary>
    Task<int> CloseAssignmentsAsync(ISession session, OrganizationId organization, IReadOnlyCollection<MemberId> members, DateTimeOffset now);

    /// <summary>Those who wait for one of the tiers, or also those who take any, by waitingSince, then id (rule SEAT-12).</summary>
    Task<IReadOnlyList<MemberSeat>> WaitingAsync(
        ISession session, OrganizationId organization, IReadOnlyCollection<string> tiers, bool orAny, int limit);

    /// <summary>How many wait, by the tier they want; "" is any.</summary>
    Task<IReadOnlyDictionary<string, int>> CountWaitingAsync(ISession session, OrganizationId organization);

    /// <summary>Seated members who want one of these tiers, higher than their own, by id.</summary>
    Task<IReadOnlyList<MemberSeat>> WishingAsync(ISession session, OrganizationId organization, IReadOnlyCollection<string> tiers, int limit);

    Task InsertHoldAsync(ISession session, OrganizationId organization, SeatHold hold);

    /// <summary>Moves the end of a hold that has not ended by <paramref name="now"/>; false when it is gone or over.</summary>
    Task<bool> ExtendHoldAsync(ISession session, OrganizationId organization, SeatHoldId hold, DateTimeOffset now, DateTimeOffset expiresAt);

    /// <summary>Takes the hold out; null when there is none (any more).</summary>
    Task<SeatHold?> TakeHoldAsync(ISession session, OrganizationId organization, SeatHoldId hold);

    /// <summary>Takes out all holds that ended at or before <paramref name="now"/> and answers how many of each tier.</summary>
    Task<IReadOnlyDictionary<string, int>> TakeExpiredHoldsAsync(ISession session, OrganizationId organization, DateTimeOffset now);

    /// <summary>Moves every assignment, held seat and wish to the tier, set by set; the counters are the caller's (rule REN-5).</summary>
    Task ConvertAsync(ISession session, OrganizationId organization, string tier, DateTimeOffset now);

    /// <summary>Whether who waits for a mapped tier takes a lower one (rule GRP-6).</summary>
    Task<bool> FallsBackAsync(ISession session, OrganizationId organization);

    /// <summary>Seats reserved for groups, by group and tier.</summary>
    Task<IReadOnlyList<SeatReservation>> ReservationsAsync(ISession session, OrganizationId organization);

    /// <summary>
    /// Makes exactly these the reservations, whose sum per tier is within what was bought; the pools are locked. False when it is not.
    /// </summary>
    Task<bool> ReplaceReservationsAsync(ISession session, OrganizationId organization, IReadOnlyList<SeatReservation> reservations);

    /// <summary>How many members of each group that has a reservation sit on the tier; who is in several counts for the lowest group id.</summary>
    Task<IReadOnlyList<SeatReservation>> ReservedInUseAsync(ISession session, OrganizationId organization);

    /// <summary>Which of the groups with reservations contain a person who is no member yet.</summary>
    Task<IReadOnlyList<ResourceId>> ReservingGroupsOfEntryAsync(ISession session, OrganizationId organization, ResourceId entry);

    /// <summary>Which of the groups with reservations contain the members' entries.</summary>
    Task<ILookup<MemberId, ResourceId>> ReservingGroupsOfAsync(
        ISession session, OrganizationId organization, IReadOnlyCollection<MemberId> members);

    /// <summary>Takes back what is reserved for a group; answers whether anything was.</summary>
    Task<bool> DeleteReservationsAsync(ISession session, OrganizationId organization, ResourceId group);

    /// <summary>Organisations with seats set aside, with expired holds, or with a seat free that a seated member wishes for.</summary>
    Task<IReadOnlyList<OrganizationId>> NeedingDrainAsync(ISession session, DateTimeOffset now, int limit);
}

/// <summary>Seats of a tier kept for the members of a group (rule SEAT-15).</summary>
public sealed record SeatReservation(ResourceId Group, string Tier, int Quantity);

/// <summary>What is added to the counters of a pool.</summary>
public readonly record struct PoolChange(int Assigned = 0, int Held = 0, int Queued = 0);

/// <summary>The sessions of a member, as far as seats matter to them.</summary>
public interface ISeatSessions
{
    /// <summary>Ends every session of a member who leaves the seat, in the same transaction (design D7).</summary>
    Task EndAsync(ISession session, MemberId member, DateTimeOffset now);
}
