using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Spend;
using Provisioning.Tests.Contracts;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Spend;

/// <summary>One pool for everybody, what it costs without a cap, why it refuses, and what outlives a contract (rules USE-1, USE-2, USE-13, CRED-6).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class UsagePoolTests(string engine) : UsageCore(engine)
{
    private static readonly IfMatch Any = new((IReadOnlyList<long>?)null);

    [Test]
    public async Task USE_1_all_usage_of_all_members_draws_on_one_pool_whatever_seats_include()
    {
        var org = await Desk.OrganizationAsync(Funding.Prepaid);
        ContractDesk.Ok(await Desk.Accounts.SetIncludedAsync(org.Id, Core.CoreStack.Actor, UsageDesk.Usd, new Dictionary<string, long> { [Premium] = 100 }, default));
        await Desk.GrantAsync(org, "10");
        var (ada, bob) = (await Desk.MemberAsync(org), await Desk.MemberAsync(org, "bob", Standard));
        await Desk.SpendAsync(org, ada, 6); // far beyond what a seat would include, which counts on plans with included usage only
        await Desk.ReportAsync(org, UsageDesk.Report(bob, "1", 3));
        Assert.That((await Desk.BalanceAsync(org)).Text(), Is.EqualTo("1.000000"));
        Assert.That(await Desk.CounterAsync(org, March, CounterKind.Organisation), Is.EqualTo("9+0"));
        Assert.That(await Desk.DeniedAsync(org, bob, 2), Is.EqualTo("credits_exhausted"));
    }

    [Test]
    public async Task USE_2_unlimited_usage_is_billed_all_the_same()
    {
        var org = await Desk.OrganizationAsync();
        var ada = await Desk.MemberAsync(org);
        await Desk.CapAsync(org, CapSubject.Organisation, null);
        await Desk.CapAsync(org, CapSubject.Of(ada), null);
        var settled = await Desk.SettleAsync(org, await Desk.AllowedAsync(org, ada, 5000), 5000);
        Assert.That((new UsageCost(settled.Cost).Text(), new UsageCost(settled.Billed).Text()), Is.EqualTo(("5000.000000", "5000.000000")));
        Assert.That(await Desk.CounterAsync(org, March, CounterKind.Organisation), Is.EqualTo("5000+0"));
    }

    [Test]
    public async Task USE_13_all_failing_reasons_are_told_the_cap_with_the_smallest_remainder_first()
    {
        var org = await Desk.OrganizationAsync();
        var ada = await Desk.MemberAsync(org);
        foreach (var (individual, tier, organisation, primary) in ((string, string, string, string)[])
        [
            ("5.00", "5.00", "5.00", "individual_cap"), ("6.00", "5.00", "5.00", "tier_cap"), ("6.00", "5.00", "4.00", "organisation_cap"),
        ])
        {
            await Desk.CapAsync(org, CapSubject.Of(ada), individual);
            await Desk.CapAsync(org, CapSubject.Of(Premium), tier, CapBasis.Aggregate);
            await Desk.CapAsync(org, CapSubject.Organisation, organisation);
            var denied = (await Desk.DeniedAsync(org, ada, 7)).Split(' ');
            Assert.That(denied[0], Is.EqualTo(primary));
            Assert.That(denied, Is.EquivalentTo((string[])["individual_cap", "tier_cap", "organisation_cap"]));
        }
    }

    [Test]
    public async Task CRED_6_credits_survive_renewal_and_conversion_of_the_plan()
    {
        var org = await Desk.Contracts.OrganizationAsync();
        ContractDesk.Ok(await Desk.Contracts.SignAsync(org, ContractDesk.New(
            "2026-01-01", 10, 10, change: conditions => conditions with { Funding = Funding.Prepaid, Compliance = false })));
        await TestPrices.AddAsync(Stack.Database);
        org = await Desk.Contracts.FindAsync(org);
        await Desk.GrantAsync(org, "10");
        var ada = await Desk.MemberAsync(org);
        await Desk.SpendAsync(org, ada, 3);
        ContractDesk.Ok(await Desk.Contracts.Conversion.ConvertAsync(org, Core.CoreStack.Actor, Any, null, default));
        Assert.That((await Desk.BalanceAsync(org)).Text(), Is.EqualTo("7.000000"));
        Desk.Contracts.At("2027-01-01T00:00:00Z");
        await Desk.Contracts.RunJobAsync();
        Assert.That((await Desk.Contracts.InvoicesAsync(org)).Select(invoice => invoice.Kind), Does.Contain(InvoiceKind.Renewal));
        Assert.That((await Desk.BalanceAsync(org)).Text(), Is.EqualTo("7.000000"));
        await Desk.SpendAsync(org, ada, 7);
        Assert.That(await Desk.DeniedAsync(org, ada, 1), Is.EqualTo("credits_exhausted"));
    }
}
