namespace Provisioning.Core.Seats;

/// <summary>
/// The rules of seats as pure functions over what was read; they say what to try and why something was refused.
/// Whether a seat is really there is decided by the guarded statement of the store, never here (design D1).
/// </summary>
public static class SeatRules
{
    /// <summary>The tiers to try, in order: a mapped tier alone; else the one held last, then the highest first (rules SEAT-4, SEAT-10).</summary>
    public static IEnumerable<SeatPool> Candidates(IReadOnlyList<SeatPool> pools, SeatWish wish)
    {
        if (wish.Only is not null) return pools.Where(pool => pool.Tier == wish.Only);
        return pools.OrderByDescending(pool => pool.Tier == wish.First).ThenByDescending(pool => pool.Rank);
    }

    /// <summary>
    /// Who gets which seat when the pools are locked (rule SEAT-12): the waiting by order of arrival, each from the tier wanted or
    /// else the highest with a seat; when nobody waiting can be served, the seated who want a higher tier, one by one, because
    /// the seat each of them leaves may serve somebody waiting. No upgrade takes a seat that somebody not loaded waits for.
    /// </summary>
    /// <param name="pools">Best rank first. Queued seats belong to the waiting, so they are handed out here.</param>
    /// <param name="waiting">In the order of waitingSince, then id.</param>
    /// <param name="more">People waiting who were not loaded, by the tier they want ("" for any): seats stay aside for them.</param>
    /// <param name="wishing">Seated members with a desired tier, in order.</param>
    public static DrainPlan PlanDrain(
        IReadOnlyList<SeatPool> pools, IReadOnlyList<MemberSeat> waiting, IReadOnlyDictionary<string, int> more, IReadOnlyList<MemberSeat> wishing)
    {
        var open = pools.ToDictionary(pool => pool.Tier, pool => pool.Free + pool.Queued);
        var rank = pools.ToDictionary(pool => pool.Tier, pool => pool.Rank);
        var queue = new LinkedList<MemberSeat>(waiting);
        var upgrades = new List<MemberSeat>(wishing);
        var grants = new List<DrainGrant>();
        do ServeWaiting();
        while (ServeOneUpgrade());
        return new DrainPlan(grants, SetAside(pools, open, more));

        void ServeWaiting()
        {
            for (var node = queue.First; node is not null;)
            {
                var next = node.Next;
                var tier = node.Value.DesiredTier is { } wanted
                    ? open.GetValueOrDefault(wanted) > 0 ? wanted : null
                    : pools.FirstOrDefault(pool => open[pool.Tier] > 0)?.Tier;
                if (tier is not null)
                {
                    open[tier]--;
                    grants.Add(new DrainGrant(node.Value, tier));
                    queue.Remove(node);
                }
                node = next;
            }
        }

        bool ServeOneUpgrade()
        {
            var next = upgrades.Find(seat => open.GetValueOrDefault(seat.DesiredTier!) > 0 && rank[seat.DesiredTier!] > rank[seat.Tier!]
                && more.GetValueOrDefault(seat.DesiredTier!) == 0 && more.GetValueOrDefault("") == 0);
            if (next is null) return false;
            open[next.DesiredTier!]--;
            open[next.Tier!]++;
            grants.Add(new DrainGrant(next, next.DesiredTier!));
            upgrades.Remove(next);
            return true;
        }
    }

    private static Dictionary<string, int> SetAside(
        IReadOnlyList<SeatPool> pools, Dictionary<string, int> open, IReadOnlyDictionary<string, int> more)
    {
        var aside = pools.ToDictionary(pool => pool.Tier, _ => 0);
        foreach (var (tier, people) in more.Where(item => item.Key.Length > 0 && open.ContainsKey(item.Key)))
            aside[tier] = Math.Min(open[tier], people);
        var anyTier = more.GetValueOrDefault("");
        foreach (var pool in pools)
        {
            var seats = Math.Min(open[pool.Tier] - aside[pool.Tier], anyTier);
            aside[pool.Tier] += seats;
            anyTier -= seats;
        }
        return aside;
    }
}

/// <summary>What a drain does.</summary>
/// <param name="Grants">In order; the seat side is as it was before.</param>
/// <param name="Queued">Seats to keep aside per tier for the people not served yet.</param>
public sealed record DrainPlan(IReadOnlyList<DrainGrant> Grants, IReadOnlyDictionary<string, int> Queued);

/// <summary>This member gets that tier.</summary>
public sealed record DrainGrant(MemberSeat Before, string Tier);
