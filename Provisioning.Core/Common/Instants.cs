namespace Provisioning.Core.Common;

/// <summary>Instants as they are kept: whole microseconds since 1970-01-01T00:00:00Z (design D3).</summary>
public static class Instants
{
    public static long ToMicroseconds(DateTimeOffset instant) =>
        (instant.UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset FromMicroseconds(long microseconds) =>
        DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);

    /// <summary>The current instant without what the database would drop, so that a value reads back equal.</summary>
    public static DateTimeOffset Now(TimeProvider time) => FromMicroseconds(ToMicroseconds(time.GetUtcNow()));

    /// <summary>xsd:dateTime in UTC (RFC 7643 2.3.5), with as many fraction digits as the instant has.</summary>
    public static string Text(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
