namespace Provisioning.Core.Seats;

/// <summary>
/// The rules of seats as pure functions over what was read; they say what to try and why something was refused.
/// Whether a seat is really there is decided by the guarded statement of the store, never here (design D1).
/// </summary>
public static class SeatRules
{
    /// <summary>
    /// The tiers to try, in order: a mapped tier, alone or followed by the lower ones (rule GRP-6); else the one held last, then the highest
    /// or lowest first (rules SEAT-4, SEAT-10, GRP-3).
    /// </summary>
    public static IEnumerable<SeatPool> Candidates(IReadOnlyList<SeatPool> pools, SeatWish wish)
    {
        if (wish.Only is { } mapped)
            return pools.FirstOrDefault(pool => pool.Tier == mapped) is not { } wanted ? []
                : wish.FallsBack ? pools.Where(pool => pool.Rank <= wanted.Rank).OrderByDescending(pool => pool.Rank) : [wanted];
        return pools.OrderByDescending(pool => pool.Tier == wish.First).ThenBy(pool => wish.LowestFirst ? pool.Rank : -pool.Rank);
    }

    /// <summary>The lowest tier with a free seat below the one held, else the one held.</summary>
    public static string LowestOpenBelow(IReadOnlyList<SeatPool> pools, string held) =>
        pools.Where(pool => pool.Free > 0 && pool.Rank < pools.Single(own => own.Tier == held).Rank).MinBy(pool => pool.Rank)?.Tier ?? held;

    /// <summary>
    /// Who gets which seat when the pools are locked (rule SEAT-12): the waiting by order of arrival, each from the tier wanted or
    /// else the highest with a seat; when nobody waiting can be served, the seated who want a higher tier, one by one, because
    /// the seat each of them leaves may serve somebody waiting. No upgrade takes a seat that somebody not loaded waits for.
    /// </summary>
    /// <param name="pools">Best rank first. Queued seats belong to the waiting, so they are handed out here.</param>
    /// <param name="waiting">In the order of waitingSince, then id.</param>
    /// <param name="more">People waiting who were not loaded, by the tier they want ("" for any): seats stay aside for them.</param>
    /// <param name="wishing">Seated members with a desired tier, in order.</param>
    /// <param name="book">What is reserved for groups; null: nothing.</param>
    /// <param name="fallsBack">Who waits for a mapped tier takes a lower one (rule GRP-6).</param>
    public static DrainPlan PlanDrain(
        IReadOnlyList<SeatPool> pools, IReadOnlyList<MemberSeat> waiting, IReadOnlyDictionary<string, int> more, IReadOnlyList<MemberSeat> wishing,
        ReservationBook? book = null, bool fallsBack = false)
    {
        book ??= ReservationBook.Empty;
        var open = pools.ToDictionary(pool => pool.Tier, pool => pool.Free + pool.Queued);
        var rank = pools.ToDictionary(pool => pool.Tier, pool => pool.Rank);
        var queue = new LinkedList<MemberSeat>(waiting);
        var upgrades = new List<MemberSeat>(wishing);
        var grants = new List<DrainGrant>();
        do ServeWaiting();
        while (ServeOneUpgrade());
        return new DrainPlan(grants, SetAside(pools, pools.ToDictionary(pool => pool.Tier, pool => Math.Max(0, open[pool.Tier] - book.Others(pool.Tier, null))), more, fallsBack));

        bool IsOpen(string tier, MemberSeat seat) => open.GetValueOrDefault(tier) - book.Others(tier, seat.Member) > 0;

        void Grant(MemberSeat seat, string tier)
        {
            open[tier]--;
            book.Take(tier, seat.Member);
            grants.Add(new DrainGrant(seat, tier));
        }

        void ServeWaiting()
        {
            for (var node = queue.First; node is not null;)
            {
                var next = node.Next;
                var seat = node.Value;
                var candidates = Candidates(pools, new SeatWish(seat.DesiredTier, null) { FallsBack = fallsBack });
                if (candidates.FirstOrDefault(pool => IsOpen(pool.Tier, seat)) is { } found)
                {
                    Grant(seat, found.Tier);
                    queue.Remove(node);
                }
                node = next;
            }
        }

        bool ServeOneUpgrade()
        {
            var next = upgrades.Find(seat => IsOpen(seat.DesiredTier!, seat) && rank[seat.DesiredTier!] > rank[seat.Tier!]
                && more.GetValueOrDefault(seat.DesiredTier!) == 0 && more.GetValueOrDefault("") == 0);
            if (next is null) return false;
            Grant(next, next.DesiredTier!);
            open[next.Tier!]++;
            book.Leave(next.Tier!, next.Member);
            upgrades.Remove(next);
            return true;
        }
    }

    private static Dictionary<string, int> SetAside(
        IReadOnlyList<SeatPool> pools, Dictionary<string, int> open, IReadOnlyDictionary<string, int> more, bool fallsBack)
    {
        var aside = pools.ToDictionary(pool => pool.Tier, _ => 0);
        foreach (var (tier, people) in more.Where(item => item.Key.Length > 0))
        {
            var left = people;
            foreach (var pool in Candidates(pools, new SeatWish(tier, null) { FallsBack = fallsBack }))
            {
                var seats = Math.Min(open[pool.Tier] - aside[pool.Tier], left);
                aside[pool.Tier] += seats;
                left -= seats;
            }
        }
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
public sealed record DrainGrant(MemberSeat Before, string Tier)
{
    /// <summary>The mapped tier of somebody who got a lower one.</summary>
    public string? StillWished => Before.DesiredTier == Tier ? null : Before.DesiredTier;
}
