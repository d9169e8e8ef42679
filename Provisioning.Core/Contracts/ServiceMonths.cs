namespace Provisioning.Core.Contracts;

/// <summary>
/// The twelve service months of a term. Each boundary is computed from the contract's original start, clamped to the last day of its
/// month and never from the boundary before, so the anchor day survives short months and renewals (rule CON-4).
/// </summary>
/// <param name="Anchor">The contract's first day.</param>
/// <param name="Term">1 for the first term.</param>
public readonly record struct ServiceMonths(DateOnly Anchor, int Term)
{
    public const int PerTerm = 12;

    public DateOnly Start => Boundary(0);

    /// <summary>The first day that is no longer in the term.</summary>
    public DateOnly End => Boundary(PerTerm);

    public int Days => End.DayNumber - Start.DayNumber;

    /// <summary>The first day of service month <paramref name="index"/>, counted from 0 within the term.</summary>
    public DateOnly Boundary(int index) => Anchor.AddMonths((PerTerm * (Term - 1)) + index);

    public bool Contains(DateOnly date) => date >= Start && date < End;

    /// <summary>The service month a date of the term lies in, 0 to 11.</summary>
    public int IndexOf(DateOnly date)
    {
        if (!Contains(date)) throw new ArgumentOutOfRangeException(nameof(date), date, "The date is not in the term.");
        var index = 0;
        while (Boundary(index + 1) <= date) index++;
        return index;
    }
}
