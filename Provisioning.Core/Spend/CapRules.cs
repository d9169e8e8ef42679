namespace Provisioning.Core.Spend;

/// <summary>A cap that applies to a member's request, and how much of it is left.</summary>
public sealed record CapStanding(Cap Cap, UsageCost Limit, CounterState Counter)
{
    /// <summary>Below zero when a cap was lowered or a request went over it.</summary>
    public UsageCost Remaining => Limit - Counter.Used;
}

/// <summary>Which caps apply to a request, and what they leave (rules CAP-1 to CAP-6).</summary>
public static class CapRules
{
    /// <summary>
    /// All caps with an amount that a request must fit, the individual one first (rule CAP-3). With the setting of CAP-4 an individual cap,
    /// be it unlimited, takes the place of a cap per member of the tier.
    /// </summary>
    /// <param name="caps">Those of the organisation, the member's tier and the member.</param>
    public static IReadOnlyList<CapStanding> Applying(IEnumerable<Cap> caps, CapCombination combination, IReadOnlyDictionary<CounterKind, CounterState> counters)
    {
        var set = caps.Where(cap => cap.IsSet).ToList();
        var overridden = combination == CapCombination.IndividualOverridesTier && set.Exists(cap => cap.Subject.Scope == CapScope.Individual);
        return
        [
            .. from cap in set
               where cap.Limit is not null && !(overridden && cap.Basis == CapBasis.PerMember)
               orderby cap.Subject.Scope descending
               select new CapStanding(cap, cap.Limit!.Value, counters.GetValueOrDefault(cap.Counter)),
        ];
    }

    /// <summary>The cap that stops first: the smallest remainder; ties individual, tier, organisation (rule USE-13). Null: nothing limits.</summary>
    public static CapStanding? Binding(IReadOnlyList<CapStanding> standings) => standings.MinBy(standing => standing.Remaining);

    /// <summary>Percentages of the limit that are reached when spending goes from one sum to another (rule NOTI-4). None of a limit of zero.</summary>
    public static IEnumerable<int> Crossed(IEnumerable<int> thresholds, UsageCost limit, UsageCost before, UsageCost after) =>
        limit.IsZero ? [] : thresholds.Where(percent => !IsReached(percent, limit, before) && IsReached(percent, limit, after));

    /// <summary>Whether so much percent of the limit is spent.</summary>
    public static bool IsReached(int percent, UsageCost limit, UsageCost spent) => spent.Units * 100 >= limit.Units * percent;
}
