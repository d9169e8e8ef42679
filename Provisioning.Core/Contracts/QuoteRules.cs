using Provisioning.Core.Common;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Contracts;

/// <summary>Whether a set of changes can be carried out, and what comes of it: pure, on the net result of all changes (rule QUO-6).</summary>
public static class QuoteRules
{
    /// <summary>Seats in one quote (rule QUO-7).</summary>
    public const int MostSeats = 100_000;

    /// <summary>Members who move along in one quote: all of them change in one unit (design D2).</summary>
    public const int MostMembers = 500;

    /// <summary>Changes in one quote.</summary>
    public const int MostChanges = 20;

    /// <summary>How long a quote lives, unless the date ends before (domain.md section 3).</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(30);

    /// <summary>Tiers, prices and direction (rules CON-1, QUO-7): what does not depend on how many seats are in use.</summary>
    public static Error? Check(Contract contract, IReadOnlyList<SeatPool> pools, IReadOnlyList<QuoteChange> changes)
    {
        if (contract.Conditions.Kind != ContractKind.Annual)
            return new Conflict("contract_not_annual", "Seats of this contract are changed by the operator; quotes are for annual contracts.");
        if (changes.Sum(change => (long)change.Quantity) > MostSeats)
            return new InvalidValue($"A quote is for at most {MostSeats} seats in all; split the purchase.");
        var members = changes.SelectMany(change => change.Members).ToList();
        if (members.Count > MostMembers) return new InvalidValue($"A quote names at most {MostMembers} members; split the upgrade.");
        if (members.Distinct().Count() != members.Count) return new InvalidValue("Each member may be named once in a quote.");
        var rank = pools.ToDictionary(pool => pool.Tier, pool => pool.Rank);
        var prices = contract.PricesOf(contract.Term);
        foreach (var change in changes)
        {
            foreach (var tier in new[] { change.From, change.Tier }.OfType<string>())
            {
                if (!rank.ContainsKey(tier))
                    return new Unprocessable("unknown_tier", $"There is no tier {tier}; the tiers are {string.Join(", ", pools.Select(pool => pool.Tier))}.");
                if (!prices.ContainsKey(tier))
                    return new Unprocessable("price_not_in_contract", $"The contract has no price for tier {tier}; it has prices for {string.Join(", ", prices.Keys)}.");
            }
            if (change.From is not null && rank[change.Tier] <= rank[change.From])
                return new Conflict("seats_not_removable", $"An upgrade goes to a higher tier; {change.Tier} is not above {change.From}. Seats are never given back within a term.");
            if (change.Members.Count > change.Quantity)
                return new InvalidValue($"An upgrade of {change.Quantity} seats cannot name {change.Members.Count} members.");
        }
        return null;
    }

    /// <summary>The resulting allocation, or <c>from_tier_in_use</c> when more of a tier would be in use than is left of it.</summary>
    /// <param name="seats">The seats of the members named, as far as there are such members.</param>
    public static Outcome<SeatPlan> Plan(IReadOnlyList<SeatPool> pools, IReadOnlyList<QuoteChange> changes, IReadOnlyList<MemberSeat> seats)
    {
        var tierOf = seats.ToDictionary(seat => seat.Member, seat => seat.Tier);
        var purchased = pools.ToDictionary(pool => pool.Tier, pool => pool.Purchased);
        var assigned = pools.ToDictionary(pool => pool.Tier, pool => pool.Assigned);
        var moves = new List<SeatMove>();
        foreach (var change in changes)
        {
            purchased[change.Tier] += change.Quantity;
            if (change.From is null) continue;
            purchased[change.From] -= change.Quantity;
            foreach (var member in change.Members)
            {
                if (!tierOf.TryGetValue(member, out var tier)) return new NotFound($"There is no member {member}.");
                if (tier != change.From) return new Conflict("from_tier_in_use", $"The member {member} does not sit on a seat of tier {change.From}.");
                assigned[change.From]--;
                assigned[change.Tier]++;
                moves.Add(new SeatMove(member, change.From, change.Tier));
            }
        }
        foreach (var pool in pools)
        {
            // Seats set aside are planned anew under the lock; they stand in nobody's way (rule QUO-6 counts assigned and held).
            if (assigned[pool.Tier] + pool.Held - purchased[pool.Tier] is not (> 0 and var missing)) continue;
            return new Conflict("from_tier_in_use",
                $"After the upgrade {missing} more seats of tier {pool.Tier} would be in use than are left of it. Name {missing} more members who move along, or free their seats.");
        }
        return new SeatPlan(pools.ToDictionary(pool => pool.Tier, pool => pool.Purchased), purchased, moves);
    }
}

/// <summary>What a quote does to the pools.</summary>
public sealed record SeatPlan(
    IReadOnlyDictionary<string, int> Before, IReadOnlyDictionary<string, int> After, IReadOnlyList<SeatMove> Moves);
