using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Spend;

/// <summary>Whose spending a cap limits (rule CAP-1).</summary>
public enum CapScope { Organisation, Tier, Individual }

/// <summary>How a tier's cap counts (rule CAP-2): everybody of the tier together, or each by himself. There is no default.</summary>
public enum CapBasis { Aggregate, PerMember }

/// <summary>Rules CAP-3 and CAP-4.</summary>
public enum CapCombination { MostRestrictive, IndividualOverridesTier }

/// <summary>What a cap is about.</summary>
/// <param name="Tier">Of a tier's cap.</param>
/// <param name="Member">Of an individual cap.</param>
public sealed record CapSubject(CapScope Scope, string? Tier = null, MemberId? Member = null)
{
    public static readonly CapSubject Organisation = new(CapScope.Organisation);

    public static CapSubject Of(string tier) => new(CapScope.Tier, tier);

    public static CapSubject Of(MemberId member) => new(CapScope.Individual, null, member);

    /// <summary>As in the path: organisation, tier/premium, individual/mem_...</summary>
    public string Text => Scope switch
    {
        CapScope.Tier => "tier/" + Tier, CapScope.Individual => "individual/" + Member, _ => "organisation",
    };
}

/// <summary>A monthly limit of spending (rule CAP-1), effective at once (rule CAP-6).</summary>
/// <param name="Basis">Of a tier's cap; else null.</param>
/// <param name="Amount">Minor units; null is unlimited, 0 is blocked.</param>
/// <param name="IsSet">False once it was removed; the row stays, so that versions go on.</param>
public sealed record Cap(CapId Id, CapSubject Subject, CapBasis? Basis, long? Amount, Currency Currency, bool IsSet, DateTimeOffset ChangedAt, long Version)
{
    /// <summary>The highest limit, in whole currency units.</summary>
    public const long Most = 1_000_000_000_000;

    /// <summary>In units of usage; null is unlimited.</summary>
    public UsageCost? Limit => Amount is { } amount ? UsageCost.OfMinor(amount, Currency) : (UsageCost?)null;

    /// <summary>The counter it is compared with.</summary>
    public CounterKind Counter => Subject.Scope switch
    {
        CapScope.Organisation => CounterKind.Organisation,
        CapScope.Tier when Basis == CapBasis.Aggregate => CounterKind.Tier,
        _ => CounterKind.Individual,
    };

    /// <summary>The reason of a refusal (rule USE-13).</summary>
    public UsageDenial Denial => Subject.Scope switch
    {
        CapScope.Organisation => UsageDenial.OrganisationCap, CapScope.Tier => UsageDenial.TierCap, _ => UsageDenial.IndividualCap,
    };

    public Target Target => new("cap", Subject.Text);

    public JsonObject Describe() => new()
    {
        ["scope"] = Words.Text(Subject.Scope), ["tier"] = Subject.Tier, ["memberId"] = Subject.Member?.ToString(),
        ["basis"] = Basis is { } basis ? Words.Text(basis) : null, ["amount"] = Amount is { } amount ? Currency.Text(amount) : null,
        ["currency"] = Currency.Code, ["set"] = IsSet, ["version"] = Version,
    };
}

/// <summary>What an organisation decided about its usage.</summary>
/// <param name="ExtraUsage">Beyond what seats include (rule USE-14).</param>
public sealed record UsageAccount(OrganizationId Organization, CapCombination Combination, bool ExtraUsage, long Version)
{
    public static UsageAccount Standard(OrganizationId organization) => new(organization, CapCombination.MostRestrictive, false, 1);

    public JsonObject Describe() => new() { ["capCombination"] = Words.Text(Combination), ["extraUsage"] = ExtraUsage };
}

/// <summary>What a counter counts: spending against caps, or against what the seat includes.</summary>
public enum CounterKind { Organisation, Tier, Individual, Included }

/// <summary>A counter of a period.</summary>
public readonly record struct CounterKey(UsagePeriod Period, CounterKind Kind, string? Tier = null, MemberId? Member = null);

/// <summary>What was spent, and what is set aside for requests under way.</summary>
public readonly record struct CounterState(UsageCost Settled, UsageCost Held)
{
    public UsageCost Used => Settled + Held;

    public CounterState Plus(UsageCost settled, UsageCost held) => new(Settled + settled, Held + held);
}
