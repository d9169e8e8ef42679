using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Contracts;

/// <summary>Everybody to the single tier, inside a unit that holds the pools and the contract (rules REN-5, REN-6).</summary>
public sealed class TierConversion(SeatPurchases purchases, IMappingStore mappings, IInvitationStore invitations)
{
    /// <summary>
    /// Moves members, held seats and wishes, and closes what meant the old tiers: mappings of groups to tiers, and reservations, which
    /// lapse with the seats. One event reports all of it.
    /// </summary>
    /// <param name="seats">Seats of the single tier afterwards, at least what is in use.</param>
    /// <returns>The contract with its new plan model, to be written.</returns>
    public async Task<Contract> ConvertAsync(UnitScope scope, Contract contract, IReadOnlyList<SeatPool> pools, int seats)
    {
        var single = contract.Conditions.SingleTier;
        var closed = (await mappings.MappingsAsync(scope.Session, contract.Organization)).Where(mapping => mapping.Tier is not null).ToList();
        if (closed.Count > 0) await mappings.CloseTiersAsync(scope.Session, contract.Organization);
        await purchases.ConvertAsync(scope, contract.Organization, pools, single, seats);
        await invitations.MoveTiersAsync(scope.Session, contract.Organization, single);
        scope.Record(contract.Organization, "plan.converted", TermOpening.Subject(contract),
            new JsonObject
            {
                ["planModel"] = Words.Text(contract.Conditions.PlanModel), ["tiers"] = SeatEngine.Describe(pools.Select(pool => pool.Use)),
                ["tierMappings"] = new JsonArray([.. closed.Select(mapping => new JsonObject { ["group"] = mapping.Group, ["tier"] = mapping.Tier })]),
                ["reserved"] = new JsonArray([.. pools.Where(pool => pool.Reserved > 0 && pool.Tier != single)
                    .Select(pool => new JsonObject { ["tier"] = pool.Tier, ["seats"] = pool.Reserved })]),
            },
            new JsonObject { ["planModel"] = Words.Text(PlanModel.UsageSingleTier), ["tier"] = single, ["seats"] = seats });
        return contract with { Conditions = contract.Conditions with { PlanModel = PlanModel.UsageSingleTier } };
    }
}
