using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Spend;
using Provisioning.Core.Storage;
using Provisioning.Tests.Contracts;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Spend;

/// <summary>Sums beyond what 64 bits of 1e-12 hold, and what is refused before anything overflows.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class UsageBoundTests(string engine) : UsageCore(engine)
{
    /// <summary>The most that one event may cost.</summary>
    private const long Million = 1_000_000;

    [Test]
    public async Task PRICE_2_a_month_of_many_millions_is_counted_capped_reported_and_billed_exactly()
    {
        var org = await Desk.OrganizationAsync();
        var ada = await Desk.MemberAsync(org);
        await Desk.CapAsync(org, CapSubject.Organisation, "24000005.00");
        await Desk.ReportAsync(org, [.. Enumerable.Range(0, 11).Select(at => UsageDesk.Report(ada, "a" + at, Million))]);
        await Desk.SpendAsync(org, ada, Million);
        await Desk.ReportAsync(org, [.. Enumerable.Range(0, 11).Select(at => UsageDesk.Report(ada, "b" + at, Million))]);
        await Desk.SpendAsync(org, ada, Million);
        await Desk.SpendAsync(org, ada, 3);
        Assert.That(await Desk.CounterAsync(org, March, CounterKind.Organisation), Is.EqualTo("24000003+0"));
        Assert.That(await Desk.DeniedAsync(org, ada, 3), Is.EqualTo("organisation_cap"));
        await Desk.SpendAsync(org, ada, 2);
        Assert.That((await Desk.ToldAsync(org)).TakeLast(2), Is.EqualTo((string[])["cap.threshold 100", "usage.stopped organisation_cap"]));
        var (standings, members, lines) = await Stack.Database.ReadAsync(async session => (
            await new UsageReportStore().StandingsAsync(session, org.Id, March), await new UsageReportStore().MembersAsync(session, org.Id, March, null, 10),
            await new UsageBillStore().LinesAsync(session, org.Id, March, null, 10)), default);
        Assert.That(standings.Select(standing => standing.Settled.Text()), Is.All.EqualTo("24000005.000000"));
        Assert.That(members.Items.Select(member => (member.Cost.Text(), member.Settled.Text())), Is.EqualTo(new[] { ("24000005.000000", "24000005.000000") }));
        Assert.That(lines.Single().Cost.ToMinor(UsageDesk.Usd), Is.EqualTo(2_400_000_500));
    }

    [Test]
    public async Task USE_9_what_is_held_at_once_is_bounded_and_more_is_refused_precisely()
    {
        var org = await Desk.OrganizationAsync();
        var ada = await Desk.MemberAsync(org);
        var holds = new List<AuthorizationId>();
        for (var i = 0; i < 8; i++) holds.Add(await Desk.AllowedAsync(org, ada, Million));
        Assert.That(ContractDesk.Code(await AskAsync()), Is.EqualTo("held_total_exceeded"));
        await Desk.SettleAsync(org, holds[0], 1);
        Assert.That((await AskAsync()).Value.IsAllowed, Is.True);

        Task<Outcome<AuthorizationAnswer>> AskAsync() => Desk.Meter.AuthorizeAsync(
            org.Id, CoreStack.Actor, new UsageRequest(ada, UsageDesk.Unit, new TokenCounts(Million, 0)), null, default);
    }

    [Test]
    public async Task CRED_4_what_is_owed_beyond_credits_is_bounded_and_nothing_is_half_recorded()
    {
        var org = await Desk.OrganizationAsync(Funding.Prepaid);
        var ada = await Desk.MemberAsync(org);
        await Desk.ReportAsync(org, [.. Enumerable.Range(0, 8).Select(at => UsageDesk.Report(ada, "a" + at, Million))]);
        Assert.That(ContractDesk.Code(await Desk.Ingestion.RecordAsync(org, CoreStack.Actor, [UsageDesk.Report(ada, "b", 1)], null, default)), Is.EqualTo("credit_limit"));
        Assert.That(ContractDesk.Code(await Desk.Ingestion.RecordAsync(
            org, CoreStack.Actor, [.. Enumerable.Range(0, 100).Select(at => UsageDesk.Report(ada, "c" + at, Million))], null, default)), Is.EqualTo("credit_limit"));
        Assert.That((await Desk.BalanceAsync(org)).Text(), Is.EqualTo("-8000000.000000"));
        await Desk.GrantAsync(org, "5");
        await Desk.ReportAsync(org, UsageDesk.Report(ada, "b", 5));
        Assert.That(await Desk.CounterAsync(org, March, CounterKind.Organisation), Is.EqualTo("8000005+0"));
    }

    [Test]
    public void A_cap_in_a_currency_of_small_units_is_as_high_as_it_needs_to_be()
    {
        var cap = new Cap(default, CapSubject.Organisation, null, 50_000_000_000, new Currency("KRW"), true, default, 1);
        Assert.That((cap.Limit!.Value.Text(), cap.Amount < Cap.Most), Is.EqualTo(("50000000000.000000", true)));
    }
}
