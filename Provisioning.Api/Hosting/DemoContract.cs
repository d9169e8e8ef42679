using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Api.Hosting;

/// <summary>A contract for the demo organisation over the seats it has, so that more can be bought: premium at 100.00, everything else at 40.00.</summary>
public sealed class DemoContract(IDatabase database, IOrganizationStore organizations, ISeatStore seats, ContractSetup setup, ContractChanges changes)
{
    public async Task PrepareAsync(CancellationToken cancel)
    {
        var organization = (await database.ReadAsync(session => organizations.FindAsync(session, DemoOrganization.Slug), cancel))!;
        if (await changes.FindAsync(organization.Id, cancel) is not null) return;
        var pools = await database.ReadAsync(session => seats.PoolsAsync(session, organization.Id), cancel);
        var conditions = new ContractConditions(
            ContractKind.Annual, PlanModel.UsageMultiTier, Funding.Arrears, PaymentMethod.Invoiced, ProrationPolicy.ServiceMonth, new Currency("USD"),
            0, 0, Compliance: true, "");
        var wanted = new NewContract(conditions, null, true,
            [.. pools.Select(pool => new NewTier(pool.Tier, pool.Tier == "premium" ? 10_000 : 4_000, false, pool.Purchased, null, null))]);
        // Somebody was faster: another node, or the operator.
        _ = await setup.CreateAsync(organization, new Actor(ActorKind.Job, "demo", Channel.Job, "demo"), wanted, null, cancel);
    }
}
