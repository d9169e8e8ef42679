using Provisioning.Core.Common;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Contracts;

/// <summary>How many seats a term begins with: pure (rules REN-2, REN-3, REN-5, CON-3).</summary>
public static class RenewalRules
{
    /// <summary>Days before the end at which owners are reminded (rule NOTI-5).</summary>
    public static readonly IReadOnlyList<int> Reminders = [60, 30, 7];

    /// <summary>Per priced tier what is in use, or more if an owner wants more; the gap to the minimum goes to the lowest tier (rule REN-2).</summary>
    /// <param name="pools">Best rank first.</param>
    public static IReadOnlyDictionary<string, int> Quantities(
        IReadOnlyList<SeatPool> pools, IEnumerable<string> priced, IReadOnlyDictionary<string, int> choice, int minimum)
    {
        var tiers = pools.Where(pool => priced.Contains(pool.Tier)).ToList();
        var quantities = tiers.ToDictionary(pool => pool.Tier, pool => Math.Max(InUse(pool), choice.GetValueOrDefault(pool.Tier)));
        if (tiers.Count > 0 && minimum - quantities.Values.Sum() is > 0 and var gap) quantities[tiers[^1].Tier] += gap;
        return quantities;
    }

    /// <summary>After a conversion: the total in use, or more by choice or minimum, all in the single tier (rule REN-5).</summary>
    public static int Single(IReadOnlyList<SeatPool> pools, string single, IReadOnlyDictionary<string, int> choice, int minimum) =>
        Math.Max(Math.Max(pools.Sum(InUse), choice.GetValueOrDefault(single)), minimum);

    /// <summary>The seats, plan and price of the next term, as the pools are.</summary>
    public static RenewalForecast Forecast(Contract contract, IReadOnlyList<SeatPool> pools)
    {
        var term = contract.Term + 1;
        var minimum = contract.Conditions.MinimumSeats;
        var seats = contract.ConvertsAtRenewal
            ? new Dictionary<string, int> { [contract.Conditions.SingleTier] = Single(pools, contract.Conditions.SingleTier, contract.RenewalChoice, minimum) }
            : Quantities(pools, contract.PricesOf(term).Keys, contract.RenewalChoice, minimum);
        return new RenewalForecast(
            contract.ConvertsAtRenewal ? PlanModel.UsageSingleTier : contract.Conditions.PlanModel, seats,
            Pricing.Total(Pricing.OfTerm(contract, contract.Months with { Term = term }, seats, pools.Select(pool => pool.Tier))));
    }

    /// <summary>An owner's choice, or the first term's quantities: never less than in use, together not below the minimum (rules REN-3, CON-3).</summary>
    public static Error? Check(IReadOnlyList<SeatPool> pools, IReadOnlyDictionary<string, int> quantities)
    {
        foreach (var pool in pools)
            if (quantities.TryGetValue(pool.Tier, out var wanted) && wanted < InUse(pool))
                return new Unprocessable("quantity_below_in_use", $"{InUse(pool)} seats of tier {pool.Tier} are in use; {wanted} is less.");
        return null;
    }

    /// <summary>What remains in use: assigned, held, set aside (domain.md section 2).</summary>
    public static int InUse(SeatPool pool) => pool.Assigned + pool.Held + pool.Queued;
}

/// <summary>What a renewal would be.</summary>
/// <param name="Total">Minor units.</param>
public sealed record RenewalForecast(PlanModel PlanModel, IReadOnlyDictionary<string, int> Seats, long Total);
