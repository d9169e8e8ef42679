using System.Globalization;
using System.Text.Json.Serialization;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;

namespace Provisioning.Core.Spend;

/// <summary>
/// What usage costs: whole units of 1e-12 of the currency, so that a token at the smallest rate is counted exactly (domain.md section 4).
/// Negative for what is owed. What a single request costs, and what credits come to, fits into 64 bits; sums of a month may be more.
/// </summary>
/// <param name="Units">Units of 1e-12.</param>
public readonly record struct UsageCost(Int128 Units) : IComparable<UsageCost>
{
    /// <summary>Units of one of the currency.</summary>
    public const long PerOne = 1_000_000_000_000;

    /// <summary>Most that one request may cost: it stays far within 64 bits.</summary>
    public static readonly UsageCost MostAtOnce = new(1_000_000 * PerOne);

    public static readonly UsageCost Zero;

    private const int Decimals = 12;

    /// <summary>The most that a kept sum has in its column of units; beyond it whole currency units go into a column of their own.</summary>
    public const long MostInUnits = 1_000_000 * PerOne;

    /// <summary>As one column keeps it. Only for what doors and guards keep within 64 bits; more is a bug and throws.</summary>
    [JsonIgnore] // receipts keep units
    public long Narrow => checked((long)Units);

    /// <summary>As a sum is kept: whole currency units as far as it outgrows <see cref="MostInUnits"/>, and the rest in units.</summary>
    [JsonIgnore]
    public (long Whole, long Part) Wide => Int128.Abs(Units) <= MostInUnits ? (0, (long)Units) : (checked((long)(Units / PerOne)), (long)(Units % PerOne));

    /// <summary>A sum as it was kept; whatever was added to either column.</summary>
    public static UsageCost Of(long whole, long rest) => new(((Int128)whole * PerOne) + rest);

    public bool IsZero => Units == 0;

    public static UsageCost operator +(UsageCost one, UsageCost other) => new(checked(one.Units + other.Units));

    public static UsageCost operator -(UsageCost one, UsageCost other) => new(checked(one.Units - other.Units));

    public static bool operator <(UsageCost one, UsageCost other) => one.Units < other.Units;

    public static bool operator >(UsageCost one, UsageCost other) => one.Units > other.Units;

    public static bool operator <=(UsageCost one, UsageCost other) => one.Units <= other.Units;

    public static bool operator >=(UsageCost one, UsageCost other) => one.Units >= other.Units;

    public static UsageCost Min(UsageCost one, UsageCost other) => one < other ? one : other;

    public static UsageCost Max(UsageCost one, UsageCost other) => one > other ? one : other;

    /// <summary>Exactly the amount of whole minor units.</summary>
    public static UsageCost OfMinor(long minor, Currency currency) => new((Int128)minor * (PerOne / currency.UnitsOfOne));

    /// <summary>Rounded to whole minor units, half away from zero: on invoice lines only (rule PRICE-2).</summary>
    public long ToMinor(Currency currency) => checked((long)Rounded(Units, PerOne / currency.UnitsOfOne));

    /// <summary>Reads a plain amount that is not negative, with at most twelve decimals; nothing is rounded.</summary>
    public static bool TryParse(string? text, UsageCost most, out UsageCost cost)
    {
        cost = default;
        if (text is null || text.Length > 32) return false;
        var parts = text.Split('.');
        if (parts.Length > 2 || parts.Any(part => part.Length == 0 || !part.All(char.IsAsciiDigit))) return false;
        var decimals = parts.Length == 2 ? parts[1] : "";
        if (decimals.Length > Decimals) return false;
        var units = Int128.Parse(parts[0] + decimals.PadRight(Decimals, '0'), CultureInfo.InvariantCulture);
        if (units > most.Units) return false;
        cost = new UsageCost(units);
        return true;
    }

    /// <summary>With six decimals, rounded half away from zero (rule PRICE-2): 0.187500.</summary>
    public string Text()
    {
        var millionths = Rounded(Units, PerOne / 1_000_000);
        var (whole, part) = Int128.DivRem(Int128.Abs(millionths), 1_000_000);
        return (millionths < 0 ? "-" : "") + whole.ToString(CultureInfo.InvariantCulture) + "." + part.ToString("D6", CultureInfo.InvariantCulture);
    }

    public int CompareTo(UsageCost other) => Units.CompareTo(other.Units);

    public override string ToString() => Text();

    /// <summary>value / by, half away from zero.</summary>
    internal static Int128 Rounded(Int128 value, Int128 by)
    {
        var (whole, rest) = Int128.DivRem(value, by);
        return Int128.Abs(rest) * 2 >= by ? whole + Int128.Sign(value) : whole;
    }
}
