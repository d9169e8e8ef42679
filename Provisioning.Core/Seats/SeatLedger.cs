using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Seats;

/// <summary>
/// Writes what the engine decided: the assignment, the member's side, the pool's counters and the journal, always together. It decides
/// nothing.
/// </summary>
internal sealed class SeatLedger(ISeatStore store)
{
    /// <summary>The seat is claimed: open the assignment and write the member's side.</summary>
    /// <param name="desired">The mapped tier, when a lower one is taken instead (rule GRP-6).</param>
    public async Task<MemberSeat> SitAsync(
        UnitScope scope, OrganizationId organization, MemberSeat before, string tier, string action, string? desired = null)
    {
        await store.OpenAssignmentsAsync(scope.Session, organization, [new SeatGrant(before.Member, tier)], scope.Now);
        return await SaveAsync(scope, organization, before, Seated(before, tier) with { DesiredTier = desired == tier ? null : desired }, action);
    }

    public static MemberSeat Seated(MemberSeat before, string tier) => before with
    {
        Status = SeatStatus.Assigned, Tier = tier, LastTier = tier, WaitingSince = null, DesiredTier = null, IsNew = false,
    };

    public async Task OpenAsync(UnitScope scope, OrganizationId organization, List<SeatGrant> grants)
    {
        if (grants.Count == 0) return;
        await store.OpenAssignmentsAsync(scope.Session, organization, grants, scope.Now);
        foreach (var alike in grants.GroupBy(grant => (grant.Tier, grant.Desired)))
            await store.SeatAsync(scope.Session, organization, alike.Key.Tier, [.. alike.Select(grant => grant.Member)], alike.Key.Desired);
    }

    /// <summary>A release closes the open assignment before it decrements (invariant I-5).</summary>
    public async Task CloseAsync(UnitScope scope, OrganizationId organization, MemberSeat seat)
    {
        await CloseAsync(scope, organization, [seat]);
        await MustChangeAsync(scope, organization, seat.Tier!, new PoolChange(Assigned: -1));
    }

    public async Task CloseAsync(UnitScope scope, OrganizationId organization, List<MemberSeat> seats)
    {
        if (seats.Count == 0) return;
        var closed = await store.CloseAssignmentsAsync(scope.Session, organization, [.. seats.Select(seat => seat.Member)], scope.Now);
        if (closed != seats.Count) throw new UnitConflictException("An assignment was closed by somebody else.");
    }

    public async Task<MemberSeat> SaveAsync(
        UnitScope scope, OrganizationId organization, MemberSeat before, MemberSeat after, string action, string? reason = null)
    {
        after = after with { IsNew = false, Version = before.Version + 1 };
        if (before.IsNew) await store.InsertAsync(scope.Session, organization, after);
        else if (!await store.UpdateAsync(scope.Session, organization, before, after))
            throw new UnitConflictException("The member's seat was changed by somebody else.");
        Record(scope, organization, before, after, action, reason);
        return after;
    }

    /// <summary>What is reserved for whom, as far as these members are concerned; the caller holds the pools.</summary>
    public async Task<ReservationBook> BookAsync(
        UnitScope scope, OrganizationId organization, IReadOnlyList<SeatPool> pools, IReadOnlyCollection<MemberId> members, ResourceId? entry = null)
    {
        if (pools.All(pool => pool.Reserved == 0)) return ReservationBook.Empty;
        var groups = entry is { } pushed && members.Count == 1
            ? (await store.ReservingGroupsOfEntryAsync(scope.Session, organization, pushed)).ToLookup(_ => members.First())
            : await store.ReservingGroupsOfAsync(scope.Session, organization, members);
        return new ReservationBook(
            await store.ReservationsAsync(scope.Session, organization), await store.ReservedInUseAsync(scope.Session, organization), groups);
    }

    public async Task MustChangeAsync(UnitScope scope, OrganizationId organization, string tier, PoolChange change)
    {
        if (!await store.TryChangeAsync(scope.Session, organization, tier, change))
            throw new InvalidOperationException($"The pool {tier} cannot take {change}: its counters disagree with its rows.");
    }

    public static void Record(UnitScope scope, OrganizationId organization, MemberSeat before, MemberSeat after, string action, string? reason) =>
        scope.Record(organization, action, Target.Member(after.Member), Describe(before), Describe(after), reason);

    private static JsonObject Describe(MemberSeat seat) => new()
    {
        ["seatStatus"] = Words.Text(seat.Status), ["tier"] = seat.Tier, ["desiredTier"] = seat.DesiredTier,
    };
}
