using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Contracts;

/// <summary>What a quote rests on, locked until the commit.</summary>
/// <param name="Pools">Best rank first.</param>
public sealed record LockedGround(IReadOnlyList<SeatPool> Pools, Contract? Contract);

/// <summary>Carries out the changes of a quote inside the unit that confirms it, or that records its payment (rules QUO-3, QUO-6).</summary>
public sealed class QuoteFulfilment(IContractStore contracts, ISeatStore seats, SeatPurchases purchases, InvoiceBook book)
{
    /// <summary>The lines that the invoice of these changes will have.</summary>
    public IReadOnlyList<ChargeLine> Price(Organization organization, Contract contract, IReadOnlyList<QuoteChange> changes, DateOnly today) =>
        book.WithTax(organization, contract.Conditions.Currency, Pricing.Of(contract, changes, today));

    /// <summary>
    /// Pools first, then the contract: a batch of units holds the best pool before anything else, so everybody meets there.
    /// </summary>
    public async Task<LockedGround> LockAsync(UnitScope scope, OrganizationId organization)
    {
        var pools = await purchases.LockAsync(scope, organization);
        return new LockedGround(pools, await contracts.LockActiveAsync(scope.Session, organization));
    }

    /// <summary>The resulting allocation as the pools and members are now.</summary>
    /// <param name="withoutMissing">Members who do not sit on the lower tier any more simply do not move along.</param>
    public async Task<Outcome<SeatPlan>> PlanAsync(
        ISession session, OrganizationId organization, IReadOnlyList<SeatPool> pools, IReadOnlyList<QuoteChange> changes, bool withoutMissing)
    {
        var named = changes.SelectMany(change => change.Members).ToList();
        var found = named.Count == 0 ? [] : await seats.FindManyAsync(session, organization, named);
        if (!withoutMissing) return QuoteRules.Plan(pools, changes, found);
        var tierOf = found.ToDictionary(seat => seat.Member, seat => seat.Tier);
        return QuoteRules.Plan(
            pools, [.. changes.Select(change => change with { Members = [.. change.Members.Where(member => tierOf.GetValueOrDefault(member) == change.From)] })], found);
    }

    /// <summary>Changes the pools, moves the members, serves the waiting, and records what was bought.</summary>
    public async Task<Outcome<IReadOnlyList<SeatGrant>>> ApplyAsync(UnitScope scope, SeatQuote quote, IReadOnlyList<SeatPool> pools, SeatPlan plan)
    {
        foreach (var kind in quote.Changes.Select(change => change.Kind).Distinct())
            scope.Record(quote.Organization, kind == ChangeKind.Add ? "seats.purchased" : "seats.upgraded", quote.Subject,
                Allocations.Describe(plan.Before), Allocations.Describe(plan.After));
        return await purchases.BuyAsync(scope, quote.Organization, pools, plan.After, plan.Moves);
    }

    /// <summary>Whether seats can be bought on the date: 409 <c>term_inactive</c> when no term runs, or its renewal is late.</summary>
    public static Error? CheckTerm(Contract? contract, DateOnly today)
    {
        if (contract is null) return new Conflict("term_inactive", "The organisation has no active contract; the operator makes one.");
        if (today < contract.Months.Start) return new Conflict("term_inactive", $"The contract starts on {Dates.Text(contract.Months.Start)}.");
        return contract.Months.Contains(today) ? null
            : new Conflict("term_inactive", $"The term ended on {Dates.Text(contract.Months.End)} and the next one is being opened; try again in a moment.");
    }
}
