using Provisioning.Core.Common;

namespace Provisioning.Core.Spend;

/// <summary>Usage as a client reports it.</summary>
/// <param name="Source">Who reports; event ids are its own. At most 64 characters.</param>
/// <param name="EventId">At most 128 characters.</param>
/// <param name="OccurredAt">Null: now.</param>
public sealed record UsageReport(string Source, string EventId, MemberId Member, string Model, TokenCounts Tokens, DateTimeOffset? OccurredAt)
{
    public const int LongestSource = 64, LongestEventId = 128;

    /// <summary>The source of what settles authorisations; their ids are the event ids.</summary>
    public const string OfAuthorizations = "authorization";

    /// <summary>Whether the report says the same as what was recorded under its id (rule USE-5). A time that was left out is not compared.</summary>
    public bool IsSame(UsageEvent recorded) =>
        Member == recorded.Member && Model == recorded.Model && Tokens == recorded.Tokens && (OccurredAt is null || OccurredAt == recorded.OccurredAt);
}

/// <summary>Recorded usage (invariant I-9): never changed.</summary>
/// <param name="Tier">The member's tier when it was authorised, or recorded; empty for one who never had a seat.</param>
/// <param name="Cost">Exact (rule PRICE-2).</param>
/// <param name="Billed">What of it counts against caps and is paid for; the rest was included in the seat (rule USE-14).</param>
/// <param name="IsUnpriced">The model was unknown; the fallback rate was used (rule PRICE-3).</param>
/// <param name="Hold">The authorisation it settled.</param>
/// <param name="Batch">Of events reported together.</param>
public sealed record UsageEvent(
    UsageEventId Id, OrganizationId Organization, string Source, string EventId, MemberId Member, string Tier, string Model, TokenCounts Tokens,
    DateTimeOffset OccurredAt, UsagePeriod Period, UsageCost Cost, UsageCost Billed, bool IsUnpriced, AuthorizationId? Hold, Guid? Batch,
    DateTimeOffset RecordedAt)
{
    public UsageCost Included => Cost - Billed;
}

public enum HoldState { Held, Settled, Released, Expired }

/// <summary>Money set aside for a request under way (rule USE-9).</summary>
/// <param name="Period">That in which it was placed (rule CAP-9).</param>
/// <param name="Split">What is held at the included limit, and at the caps.</param>
/// <param name="Credits">What is held of the credits; zero for who pays in arrears.</param>
public sealed record UsageHold(
    AuthorizationId Id, OrganizationId Organization, MemberId Member, string Tier, string Model, UsagePeriod Period, UsageSplit Split, UsageCost Credits,
    HoldState State, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt)
{
    /// <summary>TIME-4: over by time, whether or not the job came by.</summary>
    public HoldState StateAt(DateTimeOffset now) => State == HoldState.Held && ExpiresAt <= now ? HoldState.Expired : State;
}

/// <summary>How usage is metered, by the settings of the deployment (domain.md section 3).</summary>
/// <param name="HoldLife">How long an authorisation holds money.</param>
/// <param name="LateWindow">How old reported usage may be (rule USE-6).</param>
/// <param name="FutureSkew">How far ahead of this clock it may be.</param>
/// <param name="Thresholds">Percentages of a cap that are told, ascending (rule NOTI-4).</param>
/// <param name="OpenWithoutStore">Usage is allowed while the database is out of reach; by default it is not.</param>
public sealed record UsagePolicy(TimeSpan HoldLife, TimeSpan LateWindow, TimeSpan FutureSkew, IReadOnlyList<int> Thresholds, bool OpenWithoutStore)
{
    public static readonly UsagePolicy Standard = new(TimeSpan.FromMinutes(15), TimeSpan.FromDays(35), TimeSpan.FromMinutes(5), [50, 75, 90, 100], false);

    /// <summary>Null when usage of this instant may be recorded now.</summary>
    public Error? Check(DateTimeOffset occurredAt, DateTimeOffset now) =>
        occurredAt < now - LateWindow || occurredAt > now + FutureSkew
            ? new Unprocessable("event_out_of_window",
                $"'occurredAt' is {Instants.Text(occurredAt)}; usage is recorded up to {LateWindow.TotalDays:0} days late and {FutureSkew.TotalMinutes:0} minutes ahead.")
            : null;
}
