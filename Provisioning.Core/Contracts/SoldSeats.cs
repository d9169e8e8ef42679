using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Contracts;

/// <summary>The operator says what an organisation has bought, where no contract says it (rule SEAT-6).</summary>
public sealed class SoldSeats(IDatabase database, IContractStore contracts, SeatEngine engine, ISeatStore seats, TimeProvider time)
{
    /// <summary>
    /// Sets tiers and seats; new seats go to the waiting in the same unit. While a contract runs, ranks and features can be set and tiers
    /// added without seats, but seats come by a quote, which bills them (rule BILL-1): 409 <c>contract_exists</c>.
    /// </summary>
    public Task<Outcome<IReadOnlyList<SeatPool>>> SetAsync(
        Organization organization, Actor actor, IReadOnlyList<TierSeats> tiers, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<IReadOnlyList<SeatPool>>(Ids.New<UnitId>(time), "seats.set", actor, Instants.Now(time), async scope =>
        {
            await engine.LockAsync(scope, organization.Id);
            if (await contracts.FindActiveAsync(scope.Session, organization.Id) is not null)
            {
                var bought = (await seats.PoolsAsync(scope.Session, organization.Id)).ToDictionary(pool => pool.Tier, pool => pool.Purchased);
                if (tiers.FirstOrDefault(tier => tier.Purchased != bought.GetValueOrDefault(tier.Tier)) is { } other)
                    return new Conflict("contract_exists",
                        $"The organisation has a contract, and {bought.GetValueOrDefault(other.Tier)} {other.Tier} seats; more are bought by a quote (POST /seat-quotes), which bills them.");
            }
            return await engine.SetPurchasedAsync(scope, organization.Id, tiers);
        }) { Organization = organization.Id }, cancel);
}
