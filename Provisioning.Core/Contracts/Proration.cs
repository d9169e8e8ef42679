namespace Provisioning.Core.Contracts;

/// <summary>How the current month counts when seats are bought within it (rule BILL-3).</summary>
public enum ProrationPolicy
{
    /// <summary>Whole months after the current one, plus days left of the current one over its days.</summary>
    ServiceMonth,

    /// <summary>The current month counts whole.</summary>
    WholeMonth,

    /// <summary>Twelve months times days left over days of the term.</summary>
    AnnualDays,
}

/// <summary>What is left of a term, exactly (rule BILL-3).</summary>
public static class Proration
{
    /// <param name="effective">A date of the term; the day itself counts, as a purchase on a boundary pays for whole months (example E2).</param>
    public static MonthFraction Remaining(ServiceMonths term, DateOnly effective, ProrationPolicy policy)
    {
        var current = term.IndexOf(effective);
        var end = term.Boundary(current + 1);
        return policy switch
        {
            ProrationPolicy.WholeMonth => new MonthFraction(ServiceMonths.PerTerm - current, 1),
            ProrationPolicy.AnnualDays => MonthFraction.Of(
                0, ServiceMonths.PerTerm * (long)(term.End.DayNumber - effective.DayNumber), term.Days),
            _ => MonthFraction.Of(
                ServiceMonths.PerTerm - 1 - current, end.DayNumber - effective.DayNumber, end.DayNumber - term.Boundary(current).DayNumber),
        };
    }
}
