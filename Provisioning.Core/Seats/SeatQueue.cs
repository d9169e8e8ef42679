using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Seats;

/// <summary>The waiting list: hands free seats to whoever waits, in order, and sets seats aside for the rest (rules SEAT-11, SEAT-12, TIME-4).</summary>
internal sealed class SeatQueue(ISeatStore store)
{
    private readonly SeatLedger ledger = new(store);

    /// <summary>Locks the pools and gives back what expired holds still occupy; the waiting come first (rules TIME-4, SEAT-11).</summary>
    public async Task<IReadOnlyList<SeatPool>> LockAndRepairAsync(UnitScope scope, OrganizationId organization)
    {
        var pools = await store.LockPoolsAsync(scope.Session, organization);
        var repaired = await ReleaseExpiredHoldsAsync(scope, organization);
        if (!repaired && pools.All(pool => pool.Queued == 0)) return pools;
        await DrainLockedAsync(scope, organization);
        return await store.PoolsAsync(scope.Session, organization);
    }

    public async Task<bool> ReleaseExpiredHoldsAsync(UnitScope scope, OrganizationId organization)
    {
        var expired = await store.TakeExpiredHoldsAsync(scope.Session, organization, scope.Now);
        foreach (var (tier, count) in expired) await ledger.MustChangeAsync(scope, organization, tier, new PoolChange(Held: -count));
        return expired.Count > 0;
    }

    /// <summary>The drain itself; the caller holds all pools. Each upgrade opens a lower tier, which is then looked at anew.</summary>
    /// <param name="pools">As they are now; null: to be read.</param>
    public async Task<IReadOnlyList<SeatGrant>> DrainLockedAsync(UnitScope scope, OrganizationId organization, IReadOnlyList<SeatPool>? pools = null)
    {
        var grants = new List<SeatGrant>();
        while (await DrainOnceAsync(scope, organization, pools ?? await store.PoolsAsync(scope.Session, organization), grants) && grants.Count < SeatEngine.DrainBatch)
            pools = null;
        return grants;
    }

    /// <summary>
    /// Reads only people who can be served: many who wait for a full tier must not hide those behind them who want another.
    /// True when somebody was upgraded.
    /// </summary>
    private async Task<bool> DrainOnceAsync(UnitScope scope, OrganizationId organization, IReadOnlyList<SeatPool> pools, List<SeatGrant> grants)
    {
        var open = pools.Where(pool => pool.Free + pool.Queued > 0).Select(pool => pool.Tier).ToList();
        if (open.Count == 0) return false;
        var fallsBack = await store.FallsBackAsync(scope.Session, organization);
        // Who waits for a better tier may take one of these too (rule GRP-6).
        if (fallsBack) open = [.. pools.Where(pool => pool.Rank >= pools.Last(other => open.Contains(other.Tier)).Rank).Select(pool => pool.Tier)];
        var waiting = await store.WaitingAsync(scope.Session, organization, open, orAny: true, SeatEngine.DrainBatch + 1);
        IReadOnlyList<MemberSeat> wishing = [];
        if (waiting.Count <= SeatEngine.DrainBatch)
        {
            wishing = await store.WishingAsync(scope.Session, organization, open, SeatEngine.DrainBatch);
            var vacated = wishing.Select(seat => seat.Tier!).Except(open).ToList();
            if (vacated.Count > 0) waiting = InOrder(waiting, await store.WaitingAsync(scope.Session, organization, vacated, orAny: false, SeatEngine.DrainBatch + 1));
        }
        var more = new Dictionary<string, int>();
        if (waiting.Count > SeatEngine.DrainBatch)
        {
            if (wishing.Count == 0) waiting = [.. waiting.Take(SeatEngine.DrainBatch)];
            foreach (var (tier, people) in await store.CountWaitingAsync(scope.Session, organization))
                if (people - waiting.Count(seat => (seat.DesiredTier ?? "") == tier) is > 0 and var left)
                    more[tier] = left;
        }
        var book = await ledger.BookAsync(scope, organization, pools, [.. waiting.Concat(wishing).Select(seat => seat.Member)]);
        var plan = SeatRules.PlanDrain(pools, waiting, more, wishing, book, fallsBack);
        foreach (var pool in pools)
        {
            var net = plan.Grants.Count(grant => grant.Tier == pool.Tier) - plan.Grants.Count(grant => grant.Before.Tier == pool.Tier);
            var queued = plan.Queued[pool.Tier] - pool.Queued;
            if (net != 0 || queued != 0)
                await ledger.MustChangeAsync(scope, organization, pool.Tier, new PoolChange(Assigned: net, Queued: queued));
        }
        var upgraded = plan.Grants.Select(grant => grant.Before).Where(seat => seat.Tier is not null).ToList();
        await ledger.CloseAsync(scope, organization, upgraded);
        var granted = plan.Grants.Select(grant => new SeatGrant(grant.Before.Member, grant.Tier) { Desired = grant.StillWished }).ToList();
        await ledger.OpenAsync(scope, organization, granted);
        foreach (var grant in plan.Grants)
            SeatLedger.Record(scope, organization, grant.Before, SeatLedger.Seated(grant.Before, grant.Tier) with { DesiredTier = grant.StillWished }, grant.Before.Tier is null ? "seat.assigned" : "seat.reassigned", "drain");
        grants.AddRange(granted);
        return upgraded.Count > 0;
    }

    private static List<MemberSeat> InOrder(IEnumerable<MemberSeat> one, IEnumerable<MemberSeat> other) =>
        [.. one.Concat(other).OrderBy(seat => seat.WaitingSince).ThenBy(seat => seat.Member.Value)];
}
