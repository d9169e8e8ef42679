using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Directory;

namespace Provisioning.Core.Spend;

/// <summary>Why usage is refused (rule USE-13), in the order in which USE-9 asks.</summary>
public enum UsageDenial
{
    MemberSuspended, SeatRequired, TermInactive, UnknownModel, IncludedLimitReached, ExtraUsageDisabled, IndividualCap, TierCap, OrganisationCap,
    CreditsExhausted, StoreUnavailable,
}

/// <summary>What decides about a member's usage, read in the unit of the request.</summary>
/// <param name="HasSeat">Sits on a seat now.</param>
/// <param name="Tier">That of the seat, else of the last one; empty when there never was one.</param>
/// <param name="HasAccess">A term is running and nobody suspended the organisation (rule SEAT-16).</param>
/// <param name="Plan">Of the latest contract; null without one: then there is no currency, and nothing to pay with.</param>
/// <param name="ExtraUsage">Enabled for the organisation and not switched off for the member (rule USE-14).</param>
/// <param name="Included">What the seat includes per month; nothing where it was never said.</param>
public sealed record UsageGround(
    MemberId Member, MemberState State, bool HasSeat, string Tier, bool HasAccess, string Zone, PlanModel? Plan, Funding? Funding, Currency? Currency,
    CapCombination Combination, bool ExtraUsage, UsageCost Included)
{
    public TimeZoneInfo BillingZone => Contracts.BillingZone.Of(Zone);

    /// <summary>USE-14: the seat's limit is used first.</summary>
    public bool IncludesUsage => Plan == PlanModel.SeatIncluded;

    /// <summary>USE-4: usage is taken from credits. Extra usage on seats is always paid in arrears (rule USE-14).</summary>
    public bool IsPrepaid => Funding == Contracts.Funding.Prepaid && !IncludesUsage;

    public CounterKey Counter(CounterKind kind, UsagePeriod period) => kind switch
    {
        CounterKind.Organisation => new CounterKey(period, kind),
        CounterKind.Tier => new CounterKey(period, kind, Tier),
        _ => new CounterKey(period, kind, null, Member),
    };

    /// <summary>The counters that a request of this member touches.</summary>
    public IReadOnlyList<CounterKind> Counters => IncludesUsage
        ? [CounterKind.Organisation, CounterKind.Tier, CounterKind.Individual, CounterKind.Included]
        : [CounterKind.Organisation, CounterKind.Tier, CounterKind.Individual];
}

/// <summary>A part that the seat includes, and a part that counts against caps and is paid for.</summary>
public readonly record struct UsageSplit(UsageCost Included, UsageCost Billed)
{
    public UsageCost Whole => Included + Billed;
}

/// <summary>What was decided about a request, credits apart.</summary>
/// <param name="Denials">Every failing reason, the primary one first (rule USE-13); empty: allowed.</param>
public sealed record Admission(IReadOnlyList<UsageDenial> Denials, UsageSplit Split, IReadOnlyList<CapStanding> Caps);

/// <summary>The decision of USE-9 and USE-10 over what was read: member and seat, term, included limit, caps. Credits decide by themselves.</summary>
public static class AdmissionRules
{
    /// <param name="amount">Of the estimate, or the model's default; null when the model is unknown.</param>
    /// <param name="rule">Without an estimate something must be left before it is added, so one request overshoots at the edge.</param>
    public static Admission Decide(
        UsageGround ground, UsageCost? amount, CreditRule rule, IReadOnlyList<Cap> caps, IReadOnlyDictionary<CounterKind, CounterState> counters)
    {
        var standings = CapRules.Applying(caps, ground.Combination, counters);
        var split = amount is { } wanted ? Split(ground, wanted, rule, counters.GetValueOrDefault(CounterKind.Included)) : default;
        var first = new List<UsageDenial>();
        if (ground.State != MemberState.Active) first.Add(UsageDenial.MemberSuspended);
        else if (!ground.HasSeat) first.Add(UsageDenial.SeatRequired);
        if (!ground.HasAccess || ground.Plan is null) first.Add(UsageDenial.TermInactive);
        if (amount is null && ground.Plan is not null) first.Add(UsageDenial.UnknownModel);
        if (ground.IncludesUsage && !ground.ExtraUsage && !split.Billed.IsZero)
        {
            first.Add(UsageDenial.IncludedLimitReached);
            first.Add(UsageDenial.ExtraUsageDisabled);
        }
        var failing = standings.Where(standing => amount is not null && !Fits(standing, split.Billed, rule)).ToList();
        var primary = CapRules.Binding(failing)?.Cap.Denial;
        return new Admission([.. first, .. primary is { } cap ? [cap] : (UsageDenial[])[], .. failing.Select(standing => standing.Cap.Denial).Where(denial => denial != primary)],
            split, standings);
    }

    /// <summary>
    /// The seat's limit is used first (rule USE-14). Without extra usage a request without an estimate may overshoot what is included, at
    /// the edge, and nothing of it is billed.
    /// </summary>
    public static UsageSplit Split(UsageGround ground, UsageCost amount, CreditRule rule, CounterState included)
    {
        if (!ground.IncludesUsage) return new UsageSplit(UsageCost.Zero, amount);
        var left = UsageCost.Max(ground.Included - included.Used, UsageCost.Zero);
        if (!ground.ExtraUsage && rule == CreditRule.Overshoot && left > UsageCost.Zero) return new UsageSplit(amount, UsageCost.Zero);
        var part = UsageCost.Min(left, amount);
        return new UsageSplit(part, amount - part);
    }

    /// <summary>What usage that happened costs: whoever has no extra usage is never billed for it (rules USE-11, USE-14).</summary>
    public static UsageSplit SplitOfSettled(UsageGround ground, UsageCost cost, CounterState included)
    {
        if (!ground.IncludesUsage) return new UsageSplit(UsageCost.Zero, cost);
        if (!ground.ExtraUsage) return new UsageSplit(cost, UsageCost.Zero);
        var part = UsageCost.Min(UsageCost.Max(ground.Included - included.Used, UsageCost.Zero), cost);
        return new UsageSplit(part, cost - part);
    }

    /// <summary>USE-10. Nothing to pay fits everywhere.</summary>
    public static bool Fits(CapStanding standing, UsageCost billed, CreditRule rule) =>
        billed.IsZero || (rule == CreditRule.Estimate ? billed <= standing.Remaining : standing.Remaining > UsageCost.Zero);
}
