using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Contracts;

/// <summary>Changes of a contract that runs: by the operator, and the renewal by owners (rules CON-1, REN-3, REN-4).</summary>
public sealed class ContractChanges(
    IDatabase database, IContractStore contracts, IOrganizationStore organizations, ISeatStore seats, TermOpening opening, TimeProvider time)
{
    public Task<Contract?> FindAsync(OrganizationId organization, CancellationToken cancel) =>
        database.ReadAsync(session => contracts.FindLatestAsync(session, organization), cancel);

    public Task<Page<ContractTerm>> TermsAsync(OrganizationId organization, byte[]? after, int limit, CancellationToken cancel) =>
        database.ReadAsync(session => contracts.ListTermsAsync(session, organization, after, limit), cancel);

    /// <summary>What the renewal would be if it came now.</summary>
    public Task<RenewalForecast> ForecastAsync(Contract contract, CancellationToken cancel) => database.ReadAsync(
        async session => RenewalRules.Forecast(contract, await seats.PoolsAsync(session, contract.Organization)), cancel);

    /// <summary>Whether a next term begins by itself; access follows (rule CON-6).</summary>
    public Task<Outcome<Contract>> SetAutoRenewAsync(Organization organization, Actor actor, bool autoRenew, IfMatch condition, CancellationToken cancel) =>
        ChangeAsync(organization, actor, "contract.change", condition, (_, contract) => Task.FromResult<Outcome<Contract>>(contract with { AutoRenew = autoRenew }), cancel);

    /// <summary>Cancelled contracts end with their term; <paramref name="cancels"/> false takes it back before (domain.md section 5).</summary>
    public Task<Outcome<Contract>> SetCancelsAsync(Organization organization, Actor actor, bool cancels, IfMatch condition, CancellationToken cancel) =>
        ChangeAsync(organization, actor, "contract.cancel", condition, (_, contract) => Task.FromResult<Outcome<Contract>>(contract with { Cancels = cancels }), cancel);

    /// <summary>Prices from the next term on: those of this term are fixed (rule CON-1).</summary>
    public Task<Outcome<Contract>> SetPricesAsync(
        Organization organization, Actor actor, IReadOnlyList<TierPrice> prices, IfMatch condition, CancellationToken cancel) =>
        ChangeAsync(organization, actor, "contract.prices", condition, async (scope, contract) =>
        {
            var pools = await seats.PoolsAsync(scope.Session, organization.Id);
            foreach (var price in prices)
                if (pools.All(pool => pool.Tier != price.Tier)) return UnknownTier(price.Tier, pools);
            var next = prices.Select(price => price with { FromTerm = contract.Term + 1 }).ToList();
            await contracts.SetPricesAsync(scope.Session, contract.Id, contract.Term + 1, next);
            return contract with
            {
                Prices = [.. contract.Prices.Where(price => price.FromTerm <= contract.Term || next.TrueForAll(other => other.Tier != price.Tier)), .. next],
            };
        }, cancel);

    /// <summary>What owners want at least at the renewal, per tier; never less than in use, together not below the minimum (rule REN-3).</summary>
    public Task<Outcome<Contract>> SetRenewalAsync(
        Organization organization, Actor actor, IReadOnlyDictionary<string, int> quantities, IfMatch condition, CancellationToken cancel) =>
        ChangeAsync(organization, actor, "contract.renewal", condition, async (scope, contract) =>
        {
            var pools = await seats.PoolsAsync(scope.Session, organization.Id);
            var prices = contract.PricesOf(contract.Term + 1);
            foreach (var tier in quantities.Keys)
            {
                if (pools.All(pool => pool.Tier != tier)) return UnknownTier(tier, pools);
                if (!prices.ContainsKey(tier))
                    return new Unprocessable("price_not_in_contract", $"The contract has no price for tier {tier}.");
            }
            if (RenewalRules.Check(pools, quantities) is { } below) return below;
            var result = RenewalRules.Quantities(pools, prices.Keys, quantities, 0).Values.Sum();
            if (quantities.Count > 0 && result < contract.Conditions.MinimumSeats)
                return new Unprocessable("below_minimum_seats", $"The contract's minimum is {contract.Conditions.MinimumSeats} seats; this would be {result}.");
            return contract with { RenewalChoice = quantities };
        }, cancel);

    /// <summary>Runs a change on the active contract as this unit reads it; access follows in the same unit.</summary>
    private Task<Outcome<Contract>> ChangeAsync(
        Organization caller, Actor actor, string kind, IfMatch condition, Func<UnitScope, Contract, Task<Outcome<Contract>>> change, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<Contract>(Ids.New<UnitId>(time), kind, actor, Instants.Now(time), async scope =>
        {
            if (await contracts.LockActiveAsync(scope.Session, caller.Id) is not { } before) return ContractSetup.NoContract();
            if (!condition.Accepts(before.Version))
                return new VersionConflict($"The contract was changed meanwhile; its version is \"{before.Version}\" now.");
            if (!(await change(scope, before)).Try(out var after, out var error)) return error;
            after = await contracts.UpdateAsync(scope.Session, after);
            scope.Note(caller.Id, "contract.changed", TermOpening.Subject(after), after.Describe(), kind);
            if (after.Renews == before.Renews) return after;
            var organization = (await organizations.FindAsync(scope.Session, caller.Id.ToString()))!;
            var term = (await contracts.FindTermAsync(scope.Session, after.Id, after.Term))!;
            await opening.SetAccessAsync(scope, organization, after.Renews ? null : term.EndsAt);
            return after;
        })
        {
            Organization = caller.Id, Remember = contract => contract.Id.ToString(),
            Recall = async (session, _) => await contracts.FindLatestAsync(session, caller.Id) is { } made ? made : ContractSetup.NoContract(),
        }, cancel);

    private static Unprocessable UnknownTier(string tier, IReadOnlyList<SeatPool> pools) =>
        new("unknown_tier", $"There is no tier {tier}; the tiers are {string.Join(", ", pools.Select(pool => pool.Tier))}.");
}
