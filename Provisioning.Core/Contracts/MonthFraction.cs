using System.Globalization;

namespace Provisioning.Core.Contracts;

/// <summary>An exact number of months: what a seat costs for is a fraction of days, never a decimal (rule BILL-3).</summary>
public readonly record struct MonthFraction(long Numerator, long Denominator)
{
    /// <summary>A whole term.</summary>
    public static readonly MonthFraction Year = new(12, 1);

    /// <summary>whole + part/of, in lowest terms.</summary>
    public static MonthFraction Of(long whole, long part, long of)
    {
        var numerator = (whole * of) + part;
        long a = numerator, b = of;
        while (b != 0) (a, b) = (b, a % b);
        return new MonthFraction(numerator / a, of / a);
    }

    /// <summary>unit x quantity x months, rounded once to the minor unit, half away from zero (rule BILL-4).</summary>
    public long Times(long unit, long quantity)
    {
        var exact = (Int128)unit * quantity * Numerator;
        var (whole, rest) = Int128.DivRem(exact, Denominator);
        if (Int128.Abs(rest) * 2 >= Denominator) whole += Int128.Sign(exact);
        return checked((long)whole);
    }

    /// <summary>At most six decimals, cut, for the eye and for programs that show it: 10, 9.548387.</summary>
    public string Decimal()
    {
        var millionths = (Int128)Numerator * 1_000_000 / Denominator;
        var (whole, part) = Int128.DivRem(millionths, 1_000_000);
        var text = whole.ToString(CultureInfo.InvariantCulture);
        return part == 0 ? text : text + "." + part.ToString("D6", CultureInfo.InvariantCulture).TrimEnd('0');
    }

    /// <summary>As it is: 10, 9 17/31.</summary>
    public string Exact()
    {
        var (whole, rest) = Math.DivRem(Numerator, Denominator);
        if (rest == 0) return whole.ToString(CultureInfo.InvariantCulture);
        var part = string.Create(CultureInfo.InvariantCulture, $"{rest}/{Denominator}");
        return whole == 0 ? part : string.Create(CultureInfo.InvariantCulture, $"{whole} {part}");
    }
}
