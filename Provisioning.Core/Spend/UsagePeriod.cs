using System.Globalization;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Spend;

/// <summary>A calendar month in the billing zone: the period of usage, invoices and caps (domain.md section 2, rule CAP-9). Written 2026-03.</summary>
/// <param name="Value">Year x 100 + month: 202603.</param>
public readonly record struct UsagePeriod(int Value) : IComparable<UsagePeriod>
{
    public DateOnly FirstDay => new(Value / 100, Value % 100, 1);

    public UsagePeriod Next => Of(FirstDay.AddMonths(1));

    public UsagePeriod Previous => Of(FirstDay.AddMonths(-1));

    public string Text => FirstDay.ToString("yyyy-MM", CultureInfo.InvariantCulture);

    /// <summary>The month in which something happened, by the clock of the zone (example E17).</summary>
    public static UsagePeriod Of(DateTimeOffset instant, TimeZoneInfo zone) => Of(BillingZone.DateOf(instant, zone));

    public static UsagePeriod Of(DateOnly date) => new((date.Year * 100) + date.Month);

    public DateTimeOffset StartsAt(TimeZoneInfo zone) => BillingZone.FirstInstant(FirstDay, zone);

    public DateTimeOffset EndsAt(TimeZoneInfo zone) => Next.StartsAt(zone);

    /// <summary>Reads 2026-03, of the years 2000 to 2200.</summary>
    public static bool TryParse(string? text, out UsagePeriod period)
    {
        var read = DateOnly.TryParseExact(text, "yyyy-MM", CultureInfo.InvariantCulture, DateTimeStyles.None, out var month) && month.Year is >= 2000 and <= 2200;
        period = read ? Of(month) : default;
        return read;
    }

    public int CompareTo(UsagePeriod other) => Value.CompareTo(other.Value);

    public static bool operator <(UsagePeriod one, UsagePeriod other) => one.Value < other.Value;

    public static bool operator >(UsagePeriod one, UsagePeriod other) => one.Value > other.Value;

    public static bool operator <=(UsagePeriod one, UsagePeriod other) => one.Value <= other.Value;

    public static bool operator >=(UsagePeriod one, UsagePeriod other) => one.Value >= other.Value;

    public override string ToString() => Text;
}

/// <summary>Usage that was just recorded, as far as invoices need to know.</summary>
/// <param name="Period">The month it happened in.</param>
/// <param name="Cost">What is to be paid for it: nothing for what a seat includes (rule USE-14).</param>
public sealed record UsagePosting(UsagePeriod Period, MemberId Member, string Model, TokenCounts Tokens, UsageCost Cost);

/// <summary>How far the invoice of a month is.</summary>
public enum UsagePeriodState
{
    /// <summary>The month runs, or nobody has come by since it ended.</summary>
    Open,

    /// <summary>The lines of the draft are being written.</summary>
    Drafting,

    /// <summary>The draft is complete; late usage still goes on it until the grace is over (rules USE-3, USE-7).</summary>
    Draft,

    /// <summary>Usage goes on a later invoice from now on; the last lines are being written.</summary>
    Closing,

    /// <summary>Issued, or nothing was to be billed.</summary>
    Closed,
}

/// <summary>The months of an organisation and the usage that came too late for them.</summary>
public interface IUsagePeriodStore
{
    /// <summary>Makes the row of a month when there is none; two at once are a key conflict.</summary>
    Task OpenAsync(ISession session, OrganizationId organization, UsagePeriod period, DateTimeOffset endsAt);

    /// <summary>
    /// Posts usage to a month that is over while its invoice is not closed: true, and its row is locked until the commit. False when it is
    /// closed; null when there is no row yet.
    /// </summary>
    Task<bool?> PostAsync(ISession session, OrganizationId organization, UsagePeriod period, DateTimeOffset now);

    /// <summary>The first month after this one that is not closed; null when there is none.</summary>
    Task<UsagePeriod?> NextOpenAsync(ISession session, OrganizationId organization, UsagePeriod after);

    /// <summary>Puts late usage on the invoice of a month that is not closed.</summary>
    Task InsertLateAsync(ISession session, OrganizationId organization, UsagePeriod billed, IReadOnlyList<(Guid Id, UsagePosting Usage)> late);
}
