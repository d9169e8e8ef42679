using System.Text.Json.Nodes;
using Provisioning.Core.Common;

namespace Provisioning.Core.Contracts;

/// <summary>An agreement with an organisation (domain.md section 2): at most one is active (rule CON-1).</summary>
/// <param name="Anchor">The first day; every boundary is computed from it (rule CON-4).</param>
/// <param name="AutoRenew">A next term begins by itself when one ends (rule REN-2).</param>
/// <param name="Cancels">Cancelled: ends with the term (domain.md section 5).</param>
/// <param name="Term">The current term, 1 for the first.</param>
/// <param name="RenewalChoice">What an owner wants at least, per tier, at the next renewal (rule REN-3).</param>
public sealed record Contract(
    ContractId Id, OrganizationId Organization, ContractConditions Conditions, DateOnly Anchor, bool AutoRenew, bool Cancels,
    ContractState State, int Term, IReadOnlyDictionary<string, int> RenewalChoice, IReadOnlyList<TierPrice> Prices,
    DateTimeOffset CreatedAt, long Version)
{
    public ServiceMonths Months => new(Anchor, Term);

    /// <summary>Whether a next term begins when this one ends.</summary>
    public bool Renews => AutoRenew && !Cancels;

    /// <summary>Whether the next renewal moves everybody to the single tier (rules REN-5, REN-6).</summary>
    public bool ConvertsAtRenewal => Conditions.PlanModel != PlanModel.UsageSingleTier && !Conditions.Compliance;

    /// <summary>The prices of a term: they are fixed for it, so a change has a first term (rule CON-1). By tier.</summary>
    public IReadOnlyDictionary<string, TierPrice> PricesOf(int term) => Prices.Where(price => price.FromTerm <= term)
        .GroupBy(price => price.Tier).ToDictionary(group => group.Key, group => group.MaxBy(price => price.FromTerm)!);

    /// <summary>The surcharge per seat and month of a tier; 0 for one that is not flagged (rule BILL-5).</summary>
    public long SurchargeOf(TierPrice price) => price.Surcharged ? Conditions.Surcharge : 0;

    /// <summary>What an audit record says.</summary>
    public JsonObject Describe() => new()
    {
        ["planModel"] = Words.Text(Conditions.PlanModel), ["currency"] = Conditions.Currency.Code, ["minimumSeats"] = Conditions.MinimumSeats,
        ["autoRenew"] = AutoRenew, ["cancels"] = Cancels, ["state"] = Words.Text(State), ["term"] = Term,
        ["prices"] = new JsonArray([.. Prices.Select(price => new JsonObject
        {
            ["tier"] = price.Tier, ["price"] = Conditions.Currency.Text(price.Price), ["surcharge"] = price.Surcharged, ["fromTerm"] = price.FromTerm,
        })]),
        ["renewal"] = Allocations.Describe(RenewalChoice),
    };
}

/// <summary>What was agreed and does not change while the contract lives, the plan model of a conversion apart.</summary>
/// <param name="Surcharge">Minor units per seat and month, on flagged tiers.</param>
/// <param name="Compliance">Keeps its tiers at renewal (rule REN-6).</param>
/// <param name="SingleTier">Where a conversion moves everybody (rule REN-5).</param>
public sealed record ContractConditions(
    ContractKind Kind, PlanModel PlanModel, Funding Funding, PaymentMethod Collection, ProrationPolicy Proration, Currency Currency,
    long Surcharge, int MinimumSeats, bool Compliance, string SingleTier);

/// <summary>A price per seat and month.</summary>
/// <param name="Price">Minor units.</param>
/// <param name="FromTerm">The first term it is valid in.</param>
public sealed record TierPrice(string Tier, long Price, bool Surcharged, int FromTerm)
{
    /// <summary>Most minor units per seat and month: with <see cref="QuoteRules.MostSeats"/> no sum leaves 64 bits.</summary>
    public const long Most = 1_000_000_000;
}

/// <summary>Twelve service months, <c>[Start, End)</c>, and the instants of these dates in the billing zone (rules CON-4, CON-5).</summary>
/// <param name="Opening">Seats per tier when the term was opened; what was bought later is on invoices.</param>
public sealed record ContractTerm(
    ContractId Contract, OrganizationId Organization, int No, DateOnly Start, DateOnly End, DateTimeOffset StartsAt, DateTimeOffset EndsAt,
    TermState State, IReadOnlyDictionary<string, int> Opening)
{
    public static ContractTerm Scheduled(
        ContractId contract, OrganizationId organization, ServiceMonths months, TimeZoneInfo zone, IReadOnlyDictionary<string, int> opening) => new(
        contract, organization, months.Term, months.Start, months.End, BillingZone.FirstInstant(months.Start, zone),
        BillingZone.FirstInstant(months.End, zone), TermState.Scheduled, opening);
}

/// <summary>Seats per tier.</summary>
public static class Allocations
{
    public static JsonObject Describe(IReadOnlyDictionary<string, int> seats) =>
        new(seats.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)JsonValue.Create(pair.Value))));

    public static bool AreEqual(IReadOnlyDictionary<string, int> one, IReadOnlyDictionary<string, int> other) =>
        one.Count == other.Count && one.All(pair => other.TryGetValue(pair.Key, out var seats) && seats == pair.Value);
}

/// <summary>Seat changes are for annual contracts (rule CON-3); a custom one is changed by the operator only.</summary>
public enum ContractKind { Annual, Custom }

/// <summary>Written seat_included, usage_multi_tier, usage_single_tier (domain.md section 2).</summary>
public enum PlanModel { SeatIncluded, UsageMultiTier, UsageSingleTier }

/// <summary>How usage is paid for; seats are always annual in advance.</summary>
public enum Funding { Prepaid, Arrears }

/// <summary>How seats are paid for (rule QUO-8).</summary>
public enum PaymentMethod { Card, Invoiced }

public enum ContractState { Active, Expired, Cancelled }

public enum TermState { Scheduled, Active, Closed }
