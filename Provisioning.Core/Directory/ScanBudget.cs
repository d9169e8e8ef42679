namespace Provisioning.Core.Directory;

/// <summary>How much of a limit on comparisons one request has left (setting <c>Limits:FilterScan</c>).</summary>
public sealed class ScanBudget(int limit)
{
    private int left = limit;

    public int Limit { get; } = limit;

    /// <summary>How many rows can still be looked at with this many comparisons each.</summary>
    public int Rows(int terms) => left / terms;

    /// <summary>False when it is not enough.</summary>
    public bool Take(int rows, int terms)
    {
        if (rows > Rows(terms)) return false;
        left -= rows * terms;
        return true;
    }
}
