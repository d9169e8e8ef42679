using System.Globalization;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;

namespace Provisioning.Core.Spend;

/// <summary>
/// What usage costs: whole units of 1e-12 of the currency, so that a token at the smallest rate is counted exactly (domain.md section 4).
/// Negative for what is owed. 64 bits hold 9.2 million of the currency; arithmetic beyond them throws, so doors refuse long before.
/// </summary>
/// <param name="Units">Units of 1e-12.</param>
public readonly record struct UsageCost(long Units) : IComparable<UsageCost>
{
    /// <summary>Units of one of the currency.</summary>
    public const long PerOne = 1_000_000_000_000;

    /// <summary>Most that one request or one purchase may cost: sums of them stay within 64 bits.</summary>
    public static readonly UsageCost MostAtOnce = new(1_000_000 * PerOne);

    public static readonly UsageCost Zero;

    private const int Decimals = 12;

    public bool IsZero => Units == 0;

    public static UsageCost operator +(UsageCost one, UsageCost other) => new(checked(one.Units + other.Units));

    public static UsageCost operator -(UsageCost one, UsageCost other) => new(checked(one.Units - other.Units));

    public static bool operator <(UsageCost one, UsageCost other) => one.Units < other.Units;

    public static bool operator >(UsageCost one, UsageCost other) => one.Units > other.Units;

    public static bool operator <=(UsageCost one, UsageCost other) => one.Units <= other.Units;

    public static bool operator >=(UsageCost one, UsageCost other) => one.Units >= other.Units;

    public static UsageCost Min(UsageCost one, UsageCost other) => one < other ? one : other;

    public static UsageCost Max(UsageCost one, UsageCost other) => one > other ? one : other;

    /// <summary>Exactly the amount of whole minor units; null when 64 bits do not hold it.</summary>
    public static UsageCost? OfMinor(long minor, Currency currency)
    {
        var units = (Int128)minor * (PerOne / currency.UnitsOfOne);
        return Int128.Abs(units) <= long.MaxValue ? new UsageCost((long)units) : null;
    }

    /// <summary>Rounded to whole minor units, half away from zero: on invoice lines only (rule PRICE-2).</summary>
    public long ToMinor(Currency currency) => (long)Rounded(Units, PerOne / currency.UnitsOfOne);

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
        cost = new UsageCost((long)units);
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
