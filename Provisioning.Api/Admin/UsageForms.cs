using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Spend;

namespace Provisioning.Api.Admin;

/// <summary>What each applying cap leaves of the month, rounded down to minor units; null: nothing limits there.</summary>
public sealed record RemainingForm(string? Individual, string? Tier, string? Organisation)
{
    public static RemainingForm ToApi(AuthorizationAnswer answer)
    {
        return new RemainingForm(Text(CapScope.Individual), Text(CapScope.Tier), Text(CapScope.Organisation));

        string? Text(CapScope scope) =>
            answer.Currency is { } code && answer.Remaining.TryGetValue(scope, out var minor) ? new Currency(code).Text(minor) : null;
    }
}

/// <summary>The answer to an authorisation. A deny is a normal answer: 200.</summary>
/// <param name="Decision">allow or deny.</param>
/// <param name="Held">In the currency of the contract, with six decimals.</param>
/// <param name="Reason">deny: the primary reason (rule USE-13).</param>
/// <param name="Reasons">deny: all that fail, the primary one first.</param>
public sealed record AuthorizationForm(
    string Decision, string? Id, string? Held, string? Currency, string? ExpiresAt, string? Reason, IReadOnlyList<string> Reasons, RemainingForm Remaining)
{
    public static AuthorizationForm ToApi(AuthorizationAnswer answer)
    {
        var reasons = answer.Denials.Select(Words.Text).ToList();
        return new AuthorizationForm(
            answer.IsAllowed ? "allow" : "deny", answer.Id?.ToString(), answer.IsAllowed ? new UsageCost(answer.Held).Text() : null, answer.Currency,
            MemberForm.Optional(answer.ExpiresAt), reasons.FirstOrDefault(), reasons, RemainingForm.ToApi(answer));
    }
}

/// <param name="State">held, settled, released or expired, by time.</param>
/// <param name="Period">Month in the billing zone.</param>
public sealed record HoldForm(string Id, string MemberId, string Model, string State, string Held, string Period, string CreatedAt, string ExpiresAt)
{
    public static HoldForm ToApi(UsageHold hold) => new(
        hold.Id.ToString(), hold.Member.ToString(), hold.Model, Words.Text(hold.State), hold.Split.Whole.Text(), hold.Period.Text, Instants.Text(hold.CreatedAt),
        Instants.Text(hold.ExpiresAt));
}

/// <param name="Billed">What of the cost counts against caps and is paid for; the rest was included in the seat.</param>
/// <param name="Unpriced">The model is unknown; the fallback rate was used.</param>
/// <param name="Duplicate">It was recorded before, and is counted once.</param>
public sealed record SettledForm(string EventId, string Cost, string Billed, bool Unpriced, bool Duplicate)
{
    public static SettledForm ToApi(SettleAnswer answer) => new(
        answer.Id.ToString(), new UsageCost(answer.Cost).Text(), new UsageCost(answer.Billed).Text(), answer.IsUnpriced, answer.IsDuplicate);
}

/// <summary>What became of one event of a batch.</summary>
/// <param name="Index">Its place in the request, from 0.</param>
/// <param name="Status">recorded, duplicate or refused.</param>
/// <param name="Code">refused: the code that the event by itself would have been refused with.</param>
public sealed record IngestedForm(int Index, string Status, string? Id, string? Cost, string? Billed, bool? Unpriced, string? Code, string? Detail);

public sealed record BatchForm(int Recorded, int Duplicates, int Refused, IReadOnlyList<IngestedForm> Results);

public sealed record UsageEventForm(
    string Id, string Source, string EventId, string MemberId, string? Tier, string Model, long Input, long Output, long CacheWrite, long CacheRead, string OccurredAt,
    string Period, string Cost, string Billed, bool Unpriced, string RecordedAt)
{
    public static UsageEventForm ToApi(UsageEvent item) => new(
        item.Id.ToString(), item.Source, item.EventId, item.Member.ToString(), item.Tier.Length == 0 ? null : item.Tier, item.Model, item.Tokens.Input,
        item.Tokens.Output, item.Tokens.CacheWrite, item.Tokens.CacheRead, Instants.Text(item.OccurredAt), item.Period.Text, item.Cost.Text(), item.Billed.Text(),
        item.IsUnpriced, Instants.Text(item.RecordedAt));
}

public sealed record UsageEventsForm(IReadOnlyList<UsageEventForm> Events, string? NextCursor);

public sealed record UsageSettingsForm(string CapCombination, bool ExtraUsage, long Version)
{
    public static UsageSettingsForm ToApi(UsageAccount account) => new(Words.Text(account.Combination), account.ExtraUsage, account.Version);
}

public sealed record IncludedLimitForm(string Tier, string Amount);

public sealed record IncludedLimitsForm(string? Currency, IReadOnlyList<IncludedLimitForm> Limits);

public sealed record ExtraUsageForm(string MemberId, bool Enabled);
