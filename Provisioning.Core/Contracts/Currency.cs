using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Provisioning.Core.Contracts;

/// <summary>A currency of ISO 4217. Amounts are whole minor units; there is no floating point in money (domain.md section 4).</summary>
public sealed record Currency(string Code)
{
    private const string WithTwo =
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK "
        + "DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR "
        + "LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR "
        + "SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWG";

    private const string WithNone = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
    private const string WithThree = "BHD IQD JOD KWD LYD OMR TND";

    private static readonly Dictionary<string, int> DigitsOf = WithTwo.Split(' ').Select(code => (code, 2))
        .Concat(WithNone.Split(' ').Select(code => (code, 0))).Concat(WithThree.Split(' ').Select(code => (code, 3)))
        .ToDictionary(pair => pair.code, pair => pair.Item2);

    /// <summary>Digits after the point: how many minor units make one, as a power of ten.</summary>
    public int Digits => DigitsOf[Code];

    public long UnitsOfOne => Digits switch { 0 => 1, 2 => 100, _ => 1000 };

    public static bool TryParse(string? code, [NotNullWhen(true)] out Currency? currency)
    {
        currency = code is not null && DigitsOf.ContainsKey(code) ? new Currency(code) : null;
        return currency is not null;
    }

    /// <summary>8000.00 for 800,000 minor units of a currency with two digits.</summary>
    public string Text(long minor)
    {
        var (whole, part) = Int128.DivRem(Int128.Abs(minor), UnitsOfOne);
        var sign = minor < 0 ? "-" : "";
        return Digits == 0
            ? sign + whole.ToString(CultureInfo.InvariantCulture)
            : sign + whole.ToString(CultureInfo.InvariantCulture) + "." + part.ToString("D" + Digits, CultureInfo.InvariantCulture);
    }

    /// <summary>Reads a plain amount that is not negative, with at most as many decimals as the currency has; nothing is rounded.</summary>
    public bool TryRead(string? text, long most, out long minor)
    {
        minor = 0;
        if (text is null || text.Length > 24) return false;
        var parts = text.Split('.');
        if (parts.Length > 2 || parts.Any(part => part.Length == 0 || !part.All(char.IsAsciiDigit))) return false;
        var decimals = parts.Length == 2 ? parts[1] : "";
        if (decimals.Length > Digits) return false;
        var read = Int128.Parse(parts[0] + decimals.PadRight(Digits, '0'), CultureInfo.InvariantCulture);
        if (read > most) return false;
        minor = (long)read;
        return true;
    }
}

/// <summary>An amount of a currency.</summary>
/// <param name="Minor">Whole minor units; negative on credit notes.</param>
public sealed record Money(long Minor, Currency Currency)
{
    public override string ToString() => $"{Currency.Text(Minor)} {Currency.Code}";
}
