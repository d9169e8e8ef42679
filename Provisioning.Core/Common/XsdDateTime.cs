using System.Globalization;
using System.Text.RegularExpressions;

namespace Provisioning.Core.Common;

/// <summary>The xsd:dateTime of RFC 7643 2.3.5: date and time, any fraction digits, any offset.</summary>
public static partial class XsdDateTime
{
    private static readonly TimeSpan LargestOffset = TimeSpan.FromHours(14);

    /// <summary>
    /// Reads <c>2011-05-13T04:42:34.5Z</c> and its relatives. Without an offset the time is taken as UTC; fraction digits after the
    /// seventh are dropped; 24:00:00 is the next day's beginning. The value is in UTC.
    /// </summary>
    public static bool TryParse(string text, out DateTimeOffset value)
    {
        value = default;
        var match = Form().Match(text);
        if (!match.Success) return false;
        int year = Number(match, 1), month = Number(match, 2), day = Number(match, 3);
        int hour = Number(match, 4), minute = Number(match, 5), second = Number(match, 6);
        if (year == 0 || month is 0 or > 12 || day == 0 || day > DateTime.DaysInMonth(year, month)) return false;
        var fraction = match.Groups[7].ValueSpan;
        var ticks = fraction.IsEmpty
            ? 0
            : long.Parse(fraction[..Math.Min(7, fraction.Length)].ToString().PadRight(7, '0'), CultureInfo.InvariantCulture);
        var midnight = hour == 24 && minute == 0 && second == 0 && ticks == 0;
        if ((hour > 23 && !midnight) || minute > 59 || second > 59) return false;
        if (!TryOffset(match.Groups[8].Value, out var offset)) return false;
        var instant = new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc).Ticks
            + new TimeSpan(hour, minute, second).Ticks + ticks - offset.Ticks;
        if (instant < DateTime.MinValue.Ticks || instant > DateTime.MaxValue.Ticks) return false;
        value = new DateTimeOffset(instant, TimeSpan.Zero);
        return true;
    }

    private static bool TryOffset(string text, out TimeSpan offset)
    {
        offset = TimeSpan.Zero;
        if (text is "" or "Z") return true;
        var minutes = int.Parse(text.AsSpan(4, 2), CultureInfo.InvariantCulture);
        offset = new TimeSpan(int.Parse(text.AsSpan(1, 2), CultureInfo.InvariantCulture), minutes, 0);
        if (minutes > 59 || offset > LargestOffset) return false;
        if (text[0] == '-') offset = -offset;
        return true;
    }

    private static int Number(Match match, int group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\A([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(Z|[+-][0-9]{2}:[0-9]{2})?\z")]
    private static partial Regex Form();
}
