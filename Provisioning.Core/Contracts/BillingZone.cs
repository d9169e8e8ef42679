namespace Provisioning.Core.Contracts;

/// <summary>Dates of a time zone and the instants at which they begin (rule CON-5).</summary>
public static class BillingZone
{
    /// <param name="zone">IANA name, checked when the organisation was made.</param>
    public static TimeZoneInfo Of(string zone) => TimeZoneInfo.FindSystemTimeZoneById(zone);

    public static DateOnly DateOf(DateTimeOffset instant, TimeZoneInfo zone) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(instant, zone).DateTime);

    /// <summary>
    /// The first instant of the date. Where clocks go forward at midnight that is later than 00:00, where they go back the earlier of the
    /// two; a date that a zone left out begins with the next one. Found by asking for the local date, the one question that has one answer.
    /// </summary>
    public static DateTimeOffset FirstInstant(DateOnly date, TimeZoneInfo zone)
    {
        var midnight = new DateTimeOffset(date.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero).ToUnixTimeSeconds();
        // Offsets lie between -12 and +14 hours; a day may be missing.
        long before = midnight - (15 * 3600), at = midnight + (37 * 3600);
        while (at - before > 1)
        {
            var middle = before + ((at - before) / 2);
            if (DateOf(DateTimeOffset.FromUnixTimeSeconds(middle), zone) >= date) at = middle;
            else before = middle;
        }
        return DateTimeOffset.FromUnixTimeSeconds(at);
    }
}
