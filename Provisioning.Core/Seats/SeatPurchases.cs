using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Seats;

/// <summary>A member who moves along with an upgraded seat.</summary>
public sealed record SeatMove(MemberId Member, string From, string To);

/// <summary>
/// The part of the engine that a contract calls (design D1): how many seats there are of each tier. Always inside the unit that also
/// writes quote, term and invoice; every method expects the pools locked by <see cref="LockAsync"/> and ends with the waiting served
/// (rule SEAT-11). The guarded statements of the store have the last word on every bound of I-4.
/// </summary>
public sealed class SeatPurchases(ISeatStore store)
{
    private readonly SeatLedger ledger = new(store);
    private readonly SeatQueue queue = new(store);

    /// <summary>Locks all pools, gives back expired holds, and answers the pools, best first (rules TIME-2, TIME-4).</summary>
    public Task<IReadOnlyList<SeatPool>> LockAsync(UnitScope scope, OrganizationId organization) => queue.LockAndRepairAsync(scope, organization);

    /// <summary>
    /// Adds and upgrades seats (rule QUO-6), moves the members along, and hands what is free to the waiting.
    /// </summary>
    /// <param name="purchased">Seats of each tier afterwards; a tier shrinks only by what another one grows, which the caller has checked.</param>
    /// <returns>Who got a seat from the waiting list; or 409 <c>from_tier_in_use</c>.</returns>
    public async Task<Outcome<IReadOnlyList<SeatGrant>>> BuyAsync(
        UnitScope scope, OrganizationId organization, IReadOnlyList<SeatPool> pools, IReadOnlyDictionary<string, int> purchased, IReadOnlyList<SeatMove> moves)
    {
        // Seats set aside are planned anew at the end; nobody can take one in between, for the pools are locked.
        foreach (var pool in pools.Where(pool => pool.Queued > 0))
            await ledger.MustChangeAsync(scope, organization, pool.Tier, new PoolChange(Queued: -pool.Queued));
        foreach (var pool in pools.Where(pool => purchased[pool.Tier] > pool.Purchased)) await SetAsync(scope, organization, pool, purchased[pool.Tier]);
        if (!await MoveAsync(scope, organization, pools, moves)) return InUse(moves[0].From);
        foreach (var pool in pools.Where(pool => purchased[pool.Tier] < pool.Purchased))
            if (!await SetAsync(scope, organization, pool, purchased[pool.Tier])) return InUse(pool.Tier);
        var grants = await queue.DrainLockedAsync(scope, organization);
        return Outcome.Of(grants);
    }

    /// <summary>
    /// A term begins with these seats (rules REN-2, CON-3): the only time a sum may fall. Tiers not named stay as they are; 422
    /// <c>quantity_below_in_use</c> when more is in use.
    /// </summary>
    public async Task<Outcome<IReadOnlyList<SeatGrant>>> OpenTermAsync(
        UnitScope scope, OrganizationId organization, IReadOnlyList<SeatPool> pools, IReadOnlyList<TierSeats> tiers)
    {
        foreach (var tier in tiers.OrderByDescending(tier => tier.Rank))
        {
            if (pools.All(pool => pool.Tier != tier.Tier)) await store.InsertPoolAsync(scope.Session, organization, tier);
            else if (!await store.UpdatePoolAsync(scope.Session, organization, tier))
                return new Unprocessable("quantity_below_in_use", $"More seats of tier {tier.Tier} are in use than {tier.Purchased}.");
        }
        var grants = await queue.DrainLockedAsync(scope, organization);
        return Outcome.Of(grants);
    }

    /// <summary>
    /// Moves every seat, held seat and wish to one tier (rule REN-5); the others have none left. Set by set, however many members there
    /// are; one record tells it, not one per member.
    /// </summary>
    /// <param name="seats">Seats of the single tier afterwards, at least what is in use in all tiers.</param>
    public async Task<IReadOnlyList<SeatGrant>> ConvertAsync(
        UnitScope scope, OrganizationId organization, IReadOnlyList<SeatPool> pools, string single, int seats)
    {
        var target = pools.Single(pool => pool.Tier == single);
        var others = pools.Where(pool => pool.Tier != single).ToList();
        var (assigned, held) = (others.Sum(pool => pool.Assigned), others.Sum(pool => pool.Held));
        await store.ConvertAsync(scope.Session, organization, single, scope.Now);
        foreach (var pool in others)
        {
            await ledger.MustChangeAsync(scope, organization, pool.Tier, new PoolChange(-pool.Assigned, -pool.Held, -pool.Queued));
            await SetAsync(scope, organization, pool, 0);
        }
        await ledger.MustChangeAsync(scope, organization, single, new PoolChange(Queued: -target.Queued));
        await SetAsync(scope, organization, target, Math.Max(target.Purchased, seats));
        await ledger.MustChangeAsync(scope, organization, single, new PoolChange(assigned, held));
        await SetAsync(scope, organization, target, seats);
        return await queue.DrainLockedAsync(scope, organization);
    }

    /// <summary>What was bought per tier, as a record keeps it.</summary>
    public static JsonObject Describe(IReadOnlyDictionary<string, int> purchased) =>
        new(purchased.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)JsonValue.Create(pair.Value))));

    private async Task<bool> MoveAsync(UnitScope scope, OrganizationId organization, IReadOnlyList<SeatPool> pools, IReadOnlyList<SeatMove> moves)
    {
        if (moves.Count == 0) return true;
        var before = (await store.FindManyAsync(scope.Session, organization, [.. moves.Select(move => move.Member)])).ToDictionary(seat => seat.Member);
        foreach (var pool in pools)
        {
            var net = moves.Count(move => move.To == pool.Tier) - moves.Count(move => move.From == pool.Tier);
            if (net != 0 && !await store.TryChangeAsync(scope.Session, organization, pool.Tier, new PoolChange(Assigned: net))) return false;
        }
        await ledger.CloseAsync(scope, organization, [.. moves.Select(move => before[move.Member])]);
        await ledger.OpenAsync(scope, organization, [.. moves.Select(move => new SeatGrant(move.Member, move.To))]);
        foreach (var move in moves)
            SeatLedger.Record(scope, organization, before[move.Member], SeatLedger.Seated(before[move.Member], move.To), "seat.reassigned", "upgrade");
        return true;
    }

    private Task<bool> SetAsync(UnitScope scope, OrganizationId organization, SeatPool pool, int purchased) =>
        store.UpdatePoolAsync(scope.Session, organization, new TierSeats(pool.Tier, pool.Rank, purchased, pool.Features));

    private static Conflict InUse(string tier) => new("from_tier_in_use", $"More seats of tier {tier} are in use than would be left of it.");
}
