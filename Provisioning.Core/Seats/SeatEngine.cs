using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Seats;

/// <summary>
/// The one allocator (rule SEAT-3): no other code touches a seat. It always runs inside the unit of the change that needs it, so
/// that change, seat and journal commit together. A seat is taken by one guarded statement; reads only choose what to try.
/// Units that can free or move a seat lock all pools first (rule TIME-2); while they are locked the waiting list stands still.
/// </summary>
public sealed partial class SeatEngine(ISeatStore store, ISeatSessions sessions)
{
    /// <summary>People served by one unit (rule SEAT-12); for the rest seats are set aside.</summary>
    public const int DrainBatch = 200;

    private readonly SeatLedger ledger = new(store);
    private readonly SeatQueue queue = new(store);

    /// <summary>
    /// Gives a seat to a member who comes in, comes back or waits (rules SEAT-4, SEAT-5, SEAT-10). Idempotent: who sits keeps the seat.
    /// </summary>
    /// <param name="seat">The seat side as read in this unit; <see cref="MemberSeat.NewFor"/> for a new member.</param>
    /// <param name="policy">With none available: wait, or refuse with <see cref="SeatDenied"/>.</param>
    /// <param name="person">Who is named in the audit record of a refusal.</param>
    public async Task<Outcome<MemberSeat>> EnterAsync(
        UnitScope scope, OrganizationId organization, MemberSeat seat, SeatWish wish, NoSeatPolicy policy, Target person)
    {
        if (seat.Status == SeatStatus.Assigned) return seat;
        var pools = await store.PoolsAsync(scope.Session, organization);
        // What is reserved can only be counted while the pools stand still.
        var tier = pools.Any(pool => pool.Reserved > 0) ? null : await ClaimAsync(scope, organization, pools, wish, book: null);
        if (tier is null)
        {
            // Only with the pools locked is "none" true: a seat released meanwhile would otherwise miss the person who starts to wait.
            pools = await queue.LockAndRepairAsync(scope, organization);
            if (!seat.IsNew && seat.Status == SeatStatus.Waiting)
                seat = await store.FindAsync(scope.Session, organization, seat.Member) ?? seat;
            if (seat.Status == SeatStatus.Assigned) return seat;
            tier = await ClaimAsync(scope, organization, pools, wish,
                await ledger.BookAsync(scope, organization, pools, [seat.Member], wish.Entry), member: seat.Member);
        }
        if (tier is not null) return await ledger.SitAsync(scope, organization, seat, tier, "seat.assigned", wish.Only);
        if (policy == NoSeatPolicy.Reject) return Refuse(scope, organization, pools, wish.Only, person);
        if (seat.Status == SeatStatus.Waiting && seat.DesiredTier == wish.Only) return seat;
        var waiting = seat with
        {
            Status = SeatStatus.Waiting, Tier = null, DesiredTier = wish.Only, WaitingSince = seat.WaitingSince ?? scope.Now,
        };
        return await ledger.SaveAsync(scope, organization, seat, waiting, "seat.waiting");
    }

    /// <summary>
    /// Puts an active member where the mapping wants it (rules GRP-6, GRP-7): who has no seat enters or waits; who sits moves when the
    /// mapped tier has a seat, and else keeps the seat and wishes for it. An administrator's unassignment stands (rule GRP-5).
    /// </summary>
    public async Task<MemberSeat> PlaceAsync(UnitScope scope, OrganizationId organization, MemberSeat seat, SeatWish wish)
    {
        // A seat that somebody else left in this unit may have gone to this member since the seat side was read.
        if (!seat.IsNew) seat = await store.FindAsync(scope.Session, organization, seat.Member) ?? seat;
        if (seat.Status == SeatStatus.Unassigned) return seat;
        if (seat.Tier is not { } held)
            return (await EnterAsync(scope, organization, seat, wish, NoSeatPolicy.Waiting, Target.Member(seat.Member))).Value;
        var target = wish.Only ?? (wish.LowestFirst ? SeatRules.LowestOpenBelow(await store.PoolsAsync(scope.Session, organization), held) : held);
        if (target == held && seat.DesiredTier is null) return seat;
        return (await MoveAsync(scope, organization, seat.Member, target, wait: true)).Value;
    }

    /// <summary>Locks the pools at the start of a unit that may free or move seats later (rule TIME-2).</summary>
    public Task LockAsync(UnitScope scope, OrganizationId organization) => store.LockPoolsAsync(scope.Session, organization);

    /// <summary>
    /// Sets what is reserved for groups (rule SEAT-15); nobody loses a seat by it (rule SEAT-9), and who may have one now gets it. False
    /// when more would be reserved of a tier than was bought.
    /// </summary>
    public async Task<bool> ReserveAsync(UnitScope scope, OrganizationId organization, IReadOnlyList<SeatReservation> reservations)
    {
        await store.LockPoolsAsync(scope.Session, organization);
        if (!await store.ReplaceReservationsAsync(scope.Session, organization, reservations)) return false;
        await queue.DrainLockedAsync(scope, organization);
        return true;
    }

    /// <summary>The group is about to be deleted: its reservations go to whoever waits (rule SEAT-15).</summary>
    public async Task ForgetGroupAsync(UnitScope scope, OrganizationId organization, ResourceId group)
    {
        await store.LockPoolsAsync(scope.Session, organization);
        if (await store.DeleteReservationsAsync(scope.Session, organization, group)) await queue.DrainLockedAsync(scope, organization);
    }

    /// <summary>Writes the seat side of a member who starts without a seat (pushed inactive).</summary>
    public async Task<MemberSeat> RegisterAsync(UnitScope scope, OrganizationId organization, MemberId member)
    {
        var seat = MemberSeat.NewFor(member);
        await store.InsertAsync(scope.Session, organization, seat);
        return seat with { IsNew = false };
    }

    /// <summary>
    /// Frees the seat of a member who is suspended, removed (to <see cref="SeatStatus.None"/>) or loses it by an administrator's word
    /// (to <see cref="SeatStatus.Unassigned"/>), at once, and hands it on in the same unit (rules SEAT-8, SEAT-11). Idempotent.
    /// </summary>
    public async Task<MemberSeat> LeaveAsync(UnitScope scope, OrganizationId organization, MemberId member, SeatStatus to, string? reason)
    {
        var pools = await store.LockPoolsAsync(scope.Session, organization);
        var seat = await store.FindAsync(scope.Session, organization, member)
            ?? throw new UnitConflictException("The member's seat row is not there any more.");
        return await LeaveLockedAsync(scope, organization, pools, seat, to, reason);
    }

    /// <inheritdoc cref="LeaveAsync(UnitScope, OrganizationId, MemberId, SeatStatus, string?)"/>
    /// <param name="seat">As read in this unit. Who was given another seat before the pools were locked makes the unit run again.</param>
    public async Task<MemberSeat> LeaveAsync(UnitScope scope, OrganizationId organization, MemberSeat seat, SeatStatus to, string? reason) =>
        await LeaveLockedAsync(scope, organization, await store.LockPoolsAsync(scope.Session, organization), seat, to, reason);

    private async Task<MemberSeat> LeaveLockedAsync(
        UnitScope scope, OrganizationId organization, IReadOnlyList<SeatPool> pools, MemberSeat seat, SeatStatus to, string? reason)
    {
        if (seat.Status == to) return seat;
        var after = seat with { Status = to, Tier = null, DesiredTier = null, LastTier = seat.Tier ?? seat.LastTier, WaitingSince = null };
        // The member's row first: its version says whether the seat is still the one that was read.
        after = await ledger.SaveAsync(scope, organization, seat, after, to == SeatStatus.Unassigned ? "seat.unassigned" : "seat.released", reason);
        if (seat.Tier is not null) await ledger.CloseAsync(scope, organization, seat);
        await sessions.EndAsync(scope.Session, seat.Member, scope.Now); // after the seat's row: a session that begins meanwhile holds that row
        if (seat.Tier is not null || pools.Any(pool => pool.Queued > 0))
            await queue.DrainLockedAsync(scope, organization, [.. pools.Select(pool => pool.Tier == seat.Tier ? pool with { Assigned = pool.Assigned - 1 } : pool)]);
        return after;
    }

    /// <summary>An administrator gives a member a seat of a tier (rule SEAT-7).</summary>
    /// <param name="wait">With none free: stay as now, but want the tier; who has no seat waits for it.</param>
    public async Task<Outcome<MemberSeat>> MoveAsync(UnitScope scope, OrganizationId organization, MemberId member, string tier, bool wait)
    {
        var pools = await store.LockPoolsAsync(scope.Session, organization);
        if (pools.All(pool => pool.Tier != tier)) return UnknownTier(tier, pools);
        var seat = await store.FindAsync(scope.Session, organization, member)
            ?? throw new UnitConflictException("The member's seat row is not there any more.");
        if (seat.Tier == tier && seat.DesiredTier is null) return seat;
        if (seat.Tier == tier) return await ledger.SaveAsync(scope, organization, seat, seat with { DesiredTier = null }, "seat.reassigned");
        if (pools.Single(pool => pool.Tier == tier).Free < 1)
        {
            pools = await queue.LockAndRepairAsync(scope, organization);
            seat = await store.FindAsync(scope.Session, organization, member) ?? seat;
            if (seat.Tier == tier) return seat; // the repair seated the member
        }
        var book = await ledger.BookAsync(scope, organization, pools, [member]);
        if (await store.TryChangeAsync(scope.Session, organization, tier, new PoolChange(Assigned: 1), book.Others(tier, member)))
        {
            if (seat.Tier is not null) await ledger.CloseAsync(scope, organization, seat);
            var after = await ledger.SitAsync(scope, organization, seat, tier, seat.Tier is null ? "seat.assigned" : "seat.reassigned");
            await queue.DrainLockedAsync(scope, organization);
            return after;
        }
        if (!wait) return Refuse(scope, organization, pools, tier, Target.Member(member));
        var wishing = seat.Status == SeatStatus.Assigned
            ? seat with { DesiredTier = tier }
            : seat with { Status = SeatStatus.Waiting, DesiredTier = tier, WaitingSince = seat.WaitingSince ?? scope.Now };
        return wishing == seat ? seat : await ledger.SaveAsync(scope, organization, seat, wishing, "seat.waiting");
    }

    /// <summary>Exchanges seats in one step, all or nothing; what counts is the net need of each tier (rule SEAT-7).</summary>
    /// <param name="changes">Each member once; a null tier unassigns.</param>
    public async Task<Outcome<IReadOnlyList<MemberSeat>>> SwapAsync(
        UnitScope scope, OrganizationId organization, IReadOnlyList<SeatChange> changes)
    {
        var pools = await queue.LockAndRepairAsync(scope, organization);
        if (changes.FirstOrDefault(change => change.Tier is not null && pools.All(pool => pool.Tier != change.Tier)) is { } unknown)
            return UnknownTier(unknown.Tier!, pools);
        var seats = (await store.FindManyAsync(scope.Session, organization, [.. changes.Select(change => change.Member)]))
            .ToDictionary(seat => seat.Member);
        var real = changes.Where(change => change.Tier is null
            ? seats[change.Member].Status != SeatStatus.Unassigned : seats[change.Member].Tier != change.Tier).ToList();
        var book = await ledger.BookAsync(scope, organization, pools, [.. real.Select(change => change.Member)]);
        foreach (var change in real)
        {
            if (seats[change.Member].Tier is { } left) book.Leave(left, change.Member);
            if (change.Tier is not null) book.Take(change.Tier, change.Member);
        }
        foreach (var pool in pools)
        {
            var net = real.Count(change => change.Tier == pool.Tier) - real.Count(change => seats[change.Member].Tier == pool.Tier);
            var others = net > 0 ? book.Others(pool.Tier, null) : 0;
            if (net != 0 && !await store.TryChangeAsync(scope.Session, organization, pool.Tier, new PoolChange(Assigned: net), others))
                return Refuse(scope, organization, pools, pool.Tier, Target.Organization(organization));
        }
        await ledger.CloseAsync(scope, organization, [.. real.Select(change => seats[change.Member]).Where(seat => seat.Tier is not null)]);
        await ledger.OpenAsync(scope, organization, [.. real.Where(change => change.Tier is not null).Select(change => new SeatGrant(change.Member, change.Tier!))]);
        foreach (var change in real)
        {
            var before = seats[change.Member];
            var after = change.Tier is null
                ? before with { Status = SeatStatus.Unassigned, Tier = null, DesiredTier = null, LastTier = before.Tier ?? before.LastTier, WaitingSince = null }
                : SeatLedger.Seated(before, change.Tier) with { Version = before.Version + 1 };
            if (change.Tier is null)
            {
                after = await ledger.SaveAsync(scope, organization, before, after, "seat.unassigned");
                await sessions.EndAsync(scope.Session, before.Member, scope.Now);
            }
            else SeatLedger.Record(scope, organization, before, after, before.Tier is null ? "seat.assigned" : "seat.reassigned", null);
            seats[change.Member] = after;
        }
        await queue.DrainLockedAsync(scope, organization);
        return changes.Select(change => seats[change.Member]).ToList();
    }

    /// <summary>Hands free seats to the waiting, in order (rule SEAT-12); also what the job calls for seats set aside.</summary>
    public async Task<IReadOnlyList<SeatGrant>> DrainAsync(UnitScope scope, OrganizationId organization)
    {
        await store.LockPoolsAsync(scope.Session, organization);
        await queue.ReleaseExpiredHoldsAsync(scope, organization);
        return await queue.DrainLockedAsync(scope, organization);
    }

    /// <summary>How full the tiers are, best first; <paramref name="only"/> one of them, if not null.</summary>
    public async Task<IReadOnlyList<TierUse>> UseAsync(ISession session, OrganizationId organization, string? only) =>
        [.. (await store.PoolsAsync(session, organization)).Where(pool => only is null || pool.Tier == only).Select(pool => pool.Use)];

    /// <summary>
    /// Sets the tiers and what was bought of each (rule SEAT-6): no sum over the tiers of a rank and above ever falls, so seats are
    /// added or upgraded but never removed. New seats go to the waiting at once. Tiers not named stay as they are.
    /// </summary>
    public async Task<Outcome<IReadOnlyList<SeatPool>>> SetPurchasedAsync(
        UnitScope scope, OrganizationId organization, IReadOnlyList<TierSeats> tiers)
    {
        if (tiers.FirstOrDefault(tier => tier.Purchased < 0) is { } negative)
            return new InvalidValue($"The number of {negative.Tier} seats is less than none.");
        if (tiers.GroupBy(tier => tier.Tier).FirstOrDefault(group => group.Count() > 1) is { } twice)
            return new InvalidValue($"The tier {twice.Key} is named twice.");
        var before = await store.LockPoolsAsync(scope.Session, organization);
        var after = before.Where(pool => tiers.All(tier => tier.Tier != pool.Tier))
            .Select(pool => new TierSeats(pool.Tier, pool.Rank, pool.Purchased, pool.Features)).Concat(tiers).ToList();
        if (after.GroupBy(tier => tier.Rank).FirstOrDefault(group => group.Count() > 1) is { } twins)
            return new InvalidValue($"Two tiers have rank {twins.Key}; the highest tier must be unambiguous.");
        foreach (var rank in before.Select(pool => pool.Rank))
            if (after.Where(tier => tier.Rank >= rank).Sum(tier => tier.Purchased) < before.Where(pool => pool.Rank >= rank).Sum(pool => pool.Purchased))
                return new Conflict("seats_not_removable", "Seats can be added or upgraded, not removed, within a term.");
        foreach (var tier in tiers.OrderByDescending(tier => tier.Rank))
        {
            if (before.All(pool => pool.Tier != tier.Tier)) await store.InsertPoolAsync(scope.Session, organization, tier);
            else if (!await store.UpdatePoolAsync(scope.Session, organization, tier))
                return new Conflict("from_tier_in_use", $"More seats of tier {tier.Tier} are in use than {tier.Purchased}.");
        }
        scope.Record(organization, "seats.purchased", Target.Organization(organization),
            Purchased(before.Select(pool => (pool.Tier, pool.Purchased))), Purchased(after.Select(tier => (tier.Tier, tier.Purchased))));
        await queue.DrainLockedAsync(scope, organization);
        return Outcome.Of(await store.PoolsAsync(scope.Session, organization));
    }

    /// <param name="book">What is reserved for whom, counted under the lock; null without one: then a reservation made meanwhile refuses the claim.</param>
    private async Task<string?> ClaimAsync(
        UnitScope scope, OrganizationId organization, IReadOnlyList<SeatPool> pools, SeatWish wish, ReservationBook? book,
        PoolChange? change = null, MemberId? member = null)
    {
        var claim = change ?? new PoolChange(Assigned: 1);
        foreach (var pool in SeatRules.Candidates(pools, wish).Where(pool => pool.Free > 0))
            if (book is null
                ? await store.TryClaimUnreservedAsync(scope.Session, organization, pool.Tier, claim)
                : await store.TryChangeAsync(scope.Session, organization, pool.Tier, claim, book.Others(pool.Tier, member)))
                return pool.Tier;
        return null;
    }

    private static SeatDenied Refuse(UnitScope scope, OrganizationId organization, IReadOnlyList<SeatPool> pools, string? tier, Target person)
    {
        var full = pools.Where(pool => tier is null || pool.Tier == tier).Select(pool => pool.Use).ToList();
        scope.Refuse(organization, "seat.refused", person,
            new JsonObject { ["tier"] = tier, ["tiers"] = Describe(full), ["purchaseHint"] = PurchaseHint(tier ?? full.LastOrDefault()?.Tier) }, "seat_unavailable");
        if (full.Any(use => use.Free > 0))
            return new SeatDenied(tier, full, "The free seats are reserved for members of groups (GET /reservations). Free another one, or buy one, then try again.");
        var which = tier is not null ? $"No seat of tier {tier} is free." : "No seat of any tier is free.";
        return new SeatDenied(tier, full, which + " Free a seat by suspending or unassigning somebody, or buy another one, then try again.");
    }

    private static Unprocessable UnknownTier(string tier, IReadOnlyList<SeatPool> pools) =>
        new("unknown_tier", $"There is no tier {tier}; the tiers are {string.Join(", ", pools.Select(pool => pool.Tier))}.");

    /// <summary>What to buy, as POST /seat-quotes takes it; of any tier the lowest (rule SEAT-7).</summary>
    public static JsonObject? PurchaseHint(string? tier) =>
        tier is null ? null : new JsonObject { ["kind"] = "add", ["tier"] = tier, ["quantity"] = 1 };

    /// <summary>How full the tiers were, as an audit record keeps it.</summary>
    public static JsonArray Describe(IEnumerable<TierUse> tiers) => new([.. tiers.Select(use => new JsonObject
    {
        ["tier"] = use.Tier, ["rank"] = use.Rank, ["purchased"] = use.Purchased, ["assigned"] = use.Assigned, ["held"] = use.Held,
        ["queued"] = use.Queued, ["free"] = use.Free,
    })]);

    private static JsonObject Purchased(IEnumerable<(string Tier, int Seats)> pools) =>
        new(pools.Select(pool => KeyValuePair.Create(pool.Tier, (JsonNode?)JsonValue.Create(pool.Seats))));
}
