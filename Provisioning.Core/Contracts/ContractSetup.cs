using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Contracts;

/// <summary>A contract to be made.</summary>
/// <param name="Conditions">With an empty single tier: the lowest one.</param>
/// <param name="Start">Null: today in the billing zone.</param>
public sealed record NewContract(ContractConditions Conditions, DateOnly? Start, bool AutoRenew, IReadOnlyList<NewTier> Tiers);

/// <summary>A priced tier and the seats the contract begins with.</summary>
/// <param name="Rank">Needed for a tier the organisation does not have yet.</param>
public sealed record NewTier(string Tier, long Price, bool Surcharged, int Quantity, int? Rank, JsonObject? Features);

/// <summary>The operator makes contracts (rules CON-1 to CON-5).</summary>
public sealed class ContractSetup(
    IDatabase database, IContractStore contracts, IOrganizationStore organizations, SeatPurchases purchases, TermOpening opening, TimeProvider time)
{
    /// <summary>
    /// The contract with its first term; the term is opened at once when its start is not in the future, else by the job on its day.
    /// </summary>
    public Task<Outcome<Contract>> CreateAsync(
        Organization caller, Actor actor, NewContract wanted, Idempotency? idempotency, CancellationToken cancel)
    {
        var (id, invoice) = (Ids.New<ContractId>(time), Ids.New<InvoiceId>(time));
        return database.WriteAsync(new WriteUnit<Contract>(
            idempotency?.Id ?? Ids.New<UnitId>(time), "contract.create", actor, Instants.Now(time), async scope =>
        {
            var pools = await purchases.LockAsync(scope, caller.Id);
            if (await contracts.FindActiveAsync(scope.Session, caller.Id) is { } existing)
                return new Conflict("contract_exists", $"The organisation has an active contract, {existing.Id}; there is one at a time.");
            if (await contracts.FindLatestAsync(scope.Session, caller.Id) is { } earlier && earlier.Conditions.Currency != wanted.Conditions.Currency)
                return new Conflict("currency_fixed",
                    $"The contracts of the organisation are in {earlier.Conditions.Currency.Code}; its caps, credits and usage are counted in it.");
            var organization = (await organizations.FindAsync(scope.Session, caller.Id.ToString()))!;
            var zone = BillingZone.Of(organization.BillingZone);
            var today = BillingZone.DateOf(scope.Now, zone);
            var start = wanted.Start ?? today;
            if (start.AddMonths(ServiceMonths.PerTerm) <= today)
                return new InvalidValue($"A contract that starts on {Dates.Text(start)} would have ended already; its first term has twelve months.");
            if (!Tiers(pools, wanted).Try(out var tiers, out var refused)) return refused;
            var quantities = tiers.ToDictionary(tier => tier.Tier, tier => tier.Purchased);
            if (RenewalRules.Check(pools, quantities) is { } below) return below;
            if (quantities.Values.Sum() < wanted.Conditions.MinimumSeats)
                return new Unprocessable("below_minimum_seats", $"The contract's minimum is {wanted.Conditions.MinimumSeats} seats; {quantities.Values.Sum()} are asked for.");
            var contract = new Contract(
                id, organization.Id, Complete(wanted.Conditions, tiers), start, wanted.AutoRenew, false, ContractState.Active, 1, new Dictionary<string, int>(),
                [.. wanted.Tiers.Select(tier => new TierPrice(tier.Tier, tier.Price, tier.Surcharged, 1))], scope.Now, 1);
            await contracts.InsertAsync(scope.Session, contract);
            await contracts.SetPricesAsync(scope.Session, id, 1, contract.Prices);
            var term = ContractTerm.Scheduled(id, organization.Id, contract.Months, zone, quantities);
            await contracts.InsertTermAsync(scope.Session, term);
            scope.Note(organization.Id, "contract.created", TermOpening.Subject(contract), contract.Describe());
            if (term.StartsAt <= scope.Now)
                return (await opening.OpenAsync(scope, organization, contract, term, pools, tiers, invoice)).Select(_ => contract);
            // Its tiers are there from now on, without seats: the operator and the job find them.
            foreach (var tier in tiers.Where(tier => pools.All(pool => pool.Tier != tier.Tier)))
                if ((await purchases.OpenTermAsync(scope, organization.Id, pools, [tier with { Purchased = 0 }])).Error is { } error) return error;
            return contract;
        })
        {
            Organization = caller.Id, RequestHash = idempotency?.RequestHash, Remember = contract => contract.Id.ToString(),
            Recall = async (session, _) => await contracts.FindLatestAsync(session, caller.Id) is { } made ? made : NoContract(),
        }, cancel);
    }

    /// <summary>The tier of a conversion is the lowest one unless said otherwise.</summary>
    private static ContractConditions Complete(ContractConditions conditions, IReadOnlyList<TierSeats> tiers) =>
        conditions.SingleTier.Length > 0 ? conditions : conditions with { SingleTier = tiers.MinBy(tier => tier.Rank)!.Tier };

    internal static NotFound NoContract() => new("The organisation has no contract.");

    private static Outcome<IReadOnlyList<TierSeats>> Tiers(IReadOnlyList<SeatPool> pools, NewContract wanted)
    {
        var tiers = new List<TierSeats>();
        foreach (var tier in wanted.Tiers)
        {
            var pool = pools.FirstOrDefault(pool => pool.Tier == tier.Tier);
            if ((tier.Rank ?? pool?.Rank) is not { } rank)
                return new Unprocessable("unknown_tier", $"The organisation has no tier {tier.Tier}; give its rank to make it.");
            tiers.Add(new TierSeats(tier.Tier, rank, tier.Quantity, tier.Features ?? pool?.Features ?? []));
        }
        var ranks = pools.Where(pool => tiers.All(tier => tier.Tier != pool.Tier)).Select(pool => pool.Rank).Concat(tiers.Select(tier => tier.Rank));
        if (ranks.GroupBy(rank => rank).FirstOrDefault(group => group.Count() > 1) is { } twins)
            return new InvalidValue($"Two tiers have rank {twins.Key}; the highest tier must be unambiguous.");
        return tiers;
    }
}
