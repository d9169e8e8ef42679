using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Directory;
using Provisioning.Core.Spend;
using Provisioning.Tests.Contracts;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Spend;

/// <summary>Caps at every scope, alone and together (rules CAP-1 to CAP-10, NOTI-4; examples E13, E14).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class CapTests(string engine) : UsageCore(engine)
{
    [Test]
    public async Task E13_the_cap_with_the_smallest_remainder_refuses()
    {
        var org = await Desk.OrganizationAsync();
        var (ada, bob) = (await Desk.MemberAsync(org), await Desk.MemberAsync(org, "bob"));
        await Desk.SpendAsync(org, bob, 270);
        await Desk.SpendAsync(org, ada, 10);
        await Desk.CapAsync(org, CapSubject.Organisation, "1000.00");
        await Desk.CapAsync(org, CapSubject.Of(Premium), "300.00", CapBasis.Aggregate);
        await Desk.CapAsync(org, CapSubject.Of(ada), "50.00");
        var answer = await Desk.AskAsync(org, ada, 30);
        Assert.That(answer.Denials, Is.EqualTo((UsageDenial[])[UsageDenial.TierCap]));
        Assert.That((answer.Remaining[CapScope.Individual], answer.Remaining[CapScope.Tier], answer.Remaining[CapScope.Organisation]), Is.EqualTo((4000, 2000, 72000)));
        var effective = ContractDesk.Ok(await Desk.Caps.EffectiveAsync(org.Id, ada, default));
        Assert.That((effective.Binding!.Cap.Subject.Text, effective.Binding.Remaining.Text()), Is.EqualTo(("tier/premium", "20.000000")));
        Assert.That((await Desk.AskAsync(org, ada, 20)).IsAllowed, Is.True);
    }

    [Test]
    public async Task E14_an_individual_cap_replaces_a_cap_per_member_only_where_it_overrides()
    {
        var org = await Desk.OrganizationAsync();
        var ada = await Desk.MemberAsync(org);
        await Desk.SpendAsync(org, ada, 10);
        await Desk.CapAsync(org, CapSubject.Of(Premium), "25.00", CapBasis.PerMember);
        await Desk.CapAsync(org, CapSubject.Of(ada), "50.00");
        var refused = await Desk.AskAsync(org, ada, 30);
        Assert.That((Words.Text(refused.Denials.Single()), refused.Remaining[CapScope.Tier]), Is.EqualTo(("tier_cap", 1500)));
        await Desk.CombineAsync(org, CapCombination.IndividualOverridesTier);
        var allowed = await Desk.AskAsync(org, ada, 30);
        Assert.That((allowed.IsAllowed, allowed.Remaining[CapScope.Individual], allowed.Remaining.ContainsKey(CapScope.Tier)), Is.EqualTo((true, 1000, false)));
    }

    [Test]
    public async Task CAP_4_aggregate_and_organisation_caps_still_apply_and_an_unlimited_individual_cap_overrides_too()
    {
        var org = await Desk.OrganizationAsync();
        var ada = await Desk.MemberAsync(org);
        await Desk.CombineAsync(org, CapCombination.IndividualOverridesTier);
        await Desk.CapAsync(org, CapSubject.Of(Premium), "5.00", CapBasis.PerMember);
        await Desk.CapAsync(org, CapSubject.Of(ada), null);
        Assert.That(await Desk.DeniedAsync(org, ada, 30), Is.Empty);
        await Desk.CapAsync(org, CapSubject.Of(Premium), "35.00", CapBasis.Aggregate);
        Assert.That(await Desk.DeniedAsync(org, ada, 30), Is.EqualTo("tier_cap"));
    }

    [Test]
    public async Task CAP_2_a_tier_cap_says_what_it_counts()
    {
        var org = await Desk.OrganizationAsync();
        var wanted = new WantedCap(CapSubject.Of(Premium), null, 100, UsageDesk.Usd);
        var refused = await Desk.Caps.SetAsync(org.Id, CoreStack.Actor, new IfMatch((IReadOnlyList<long>?)null), wanted, default);
        Assert.That(ContractDesk.Code(refused), Is.EqualTo("cap_basis_required"));
        var unknown = await Desk.Caps.SetAsync(
            org.Id, CoreStack.Actor, new IfMatch((IReadOnlyList<long>?)null), wanted with { Subject = CapSubject.Of("gold"), Basis = CapBasis.Aggregate }, default);
        Assert.That(ContractDesk.Code(unknown), Is.EqualTo("unknown_tier"));
    }

    [Test]
    public async Task CAP_3_nobody_exceeds_any_limit_and_ties_name_the_individual_cap_first()
    {
        var org = await Desk.OrganizationAsync();
        var ada = await Desk.MemberAsync(org);
        await Desk.CapAsync(org, CapSubject.Organisation, "10.00");
        await Desk.CapAsync(org, CapSubject.Of(Premium), "10.00", CapBasis.Aggregate);
        await Desk.CapAsync(org, CapSubject.Of(ada), "10.00");
        Assert.That(await Desk.DeniedAsync(org, ada, 11), Is.EqualTo("individual_cap tier_cap organisation_cap"));
        await Desk.CapAsync(org, CapSubject.Organisation, "9.00");
        Assert.That(await Desk.DeniedAsync(org, ada, 11), Is.EqualTo("organisation_cap individual_cap tier_cap"));
    }

    [Test]
    public async Task CAP_5_a_reached_cap_stops_usage_until_it_is_raised_removed_or_the_month_is_over()
    {
        var org = await Desk.OrganizationAsync(Funding.Prepaid);
        await Desk.GrantAsync(org, "1000");
        var ada = await Desk.MemberAsync(org);
        await Desk.CapAsync(org, CapSubject.Organisation, "20.00");
        await Desk.SpendAsync(org, ada, 20);
        Assert.That(await Desk.DeniedAsync(org, ada, 1), Is.EqualTo("organisation_cap"), "with credits left (CAP-7)");
        await Desk.CapAsync(org, CapSubject.Organisation, "30.00");
        await Desk.SpendAsync(org, ada, 10);
        Assert.That(await Desk.DeniedAsync(org, ada, null), Is.EqualTo("organisation_cap"));
        await Desk.RemoveCapAsync(org, CapSubject.Organisation);
        await Desk.SpendAsync(org, ada, 1);
        await Desk.CapAsync(org, CapSubject.Organisation, "0.00");
        Assert.That(await Desk.DeniedAsync(org, ada, null), Is.EqualTo("organisation_cap"), "0 is blocked");
        await Desk.CapAsync(org, CapSubject.Organisation, "30.00");
        Desk.Contracts.At("2026-03-31T23:59:59Z");
        Assert.That(await Desk.DeniedAsync(org, ada, 1), Is.EqualTo("organisation_cap"));
        Desk.Contracts.At("2026-04-01T00:00:01Z");
        Assert.That(await Desk.DeniedAsync(org, ada, 30), Is.Empty);
        Assert.That(Ok(await Desk.Resumption.ResumeAsync(org.Id, CoreStack.Actor, null, default)), Is.EqualTo(1));
        Assert.That(Ok(await Desk.Resumption.ResumeAsync(org.Id, CoreStack.Actor, null, default)), Is.Zero, "told once");
        Assert.That(await Desk.ToldAsync(org), Is.EqualTo((string[])
        [
            "usage.resumed credits_exhausted", // the first credits
            "cap.threshold 50", "cap.threshold 75", "cap.threshold 90", "cap.threshold 100", "usage.stopped organisation_cap", "usage.resumed organisation_cap",
            "cap.threshold 75", "cap.threshold 90", "cap.threshold 100", "usage.stopped organisation_cap", "usage.resumed organisation_cap",
            "usage.stopped organisation_cap", // blocked; raised to less than was spent, nothing is told again
            "usage.resumed organisation_cap", // a new month
        ]));
    }

    [Test]
    public async Task CAP_5_a_new_month_lets_go_on_who_stopped_unless_blocked_or_stopped_again()
    {
        var org = await Desk.OrganizationAsync();
        var (ada, bob, cyd) = (await Desk.MemberAsync(org), await Desk.MemberAsync(org, "bob"), await Desk.MemberAsync(org, "cyd"));
        await Desk.CapAsync(org, CapSubject.Of(Premium), "10.00", CapBasis.PerMember);
        await Desk.CapAsync(org, CapSubject.Of(ada), "12.00");
        foreach (var member in (MemberId[])[ada, bob]) await Desk.SpendAsync(org, member, 10); // both stop at the tier's cap
        await Desk.CapAsync(org, CapSubject.Of(cyd), "0.00"); // blocked
        Assert.That(Ok(await Desk.Resumption.ResumeAsync(org.Id, CoreStack.Actor, null, default)), Is.Zero, "the month runs");
        Desk.Contracts.At("2026-04-01T00:00:01Z");
        await Desk.SpendAsync(org, bob, 10); // stops again, before anybody looked
        await Desk.ReportAsync(org, UsageDesk.Report(ada, "late", 5, "2026-03-20T00:00:00Z")); // over the individual cap of March, which stops nobody any more
        Assert.That(Ok(await Desk.Resumption.ResumeAsync(org.Id, CoreStack.Actor, null, default)), Is.EqualTo(3));
        Assert.That((await Desk.ToldAsync(org)).Where(told => !told.StartsWith("cap.", StringComparison.Ordinal)), Is.EqualTo((string[])
            ["usage.stopped tier_cap", "usage.stopped tier_cap", "usage.stopped individual_cap", "usage.stopped tier_cap", "usage.resumed tier_cap"]));
        Desk.Contracts.At("2026-05-01T00:00:01Z");
        await Desk.RemoveCapAsync(org, CapSubject.Of(Premium));
        Assert.That(Ok(await Desk.Resumption.ResumeAsync(org.Id, CoreStack.Actor, null, default)), Is.EqualTo(1), "of a cap that is gone too");
        Assert.That((await Desk.ToldAsync(org))[^1], Is.EqualTo("usage.resumed tier_cap"));
    }

    [Test]
    public async Task CAP_6_lowering_below_what_is_spent_stops_new_requests_and_holds_stay_valid()
    {
        var org = await Desk.OrganizationAsync();
        var ada = await Desk.MemberAsync(org);
        var hold = await Desk.AllowedAsync(org, ada, 50);
        await Desk.CapAsync(org, CapSubject.Of(ada), "10.00");
        Assert.That(await Desk.DeniedAsync(org, ada, 1), Is.EqualTo("individual_cap"));
        await Desk.SettleAsync(org, hold, 60);
        Assert.That(await Desk.CounterAsync(org, March, CounterKind.Individual, null, ada), Is.EqualTo("60+0"));
    }

    [Test]
    public async Task CAP_8_spending_stays_with_the_old_tier_and_goes_with_the_member()
    {
        var org = await Desk.OrganizationAsync();
        var ada = await Desk.MemberAsync(org);
        await Desk.SpendAsync(org, ada, 10);
        var hold = await Desk.AllowedAsync(org, ada, 5);
        ContractDesk.Ok(await Stack.AdminAsync(org, ada, new MemberCommand.Seat(Standard, false)));
        await Desk.SettleAsync(org, hold, 5);
        await Desk.SpendAsync(org, ada, 7);
        Assert.That(await Desk.CounterAsync(org, March, CounterKind.Tier, Premium), Is.EqualTo("15+0"));
        Assert.That(await Desk.CounterAsync(org, March, CounterKind.Tier, Standard), Is.EqualTo("7+0"));
        Assert.That(await Desk.CounterAsync(org, March, CounterKind.Individual, null, ada), Is.EqualTo("22+0"));
        await Desk.CapAsync(org, CapSubject.Of(Standard), "25.00", CapBasis.PerMember);
        Assert.That(await Desk.DeniedAsync(org, ada, 4), Is.EqualTo("tier_cap"));
        ContractDesk.Ok(await Stack.AdminAsync(org, ada, new MemberCommand.Suspend()));
        ContractDesk.Ok(await Stack.AdminAsync(org, ada, new MemberCommand.Restore()));
        Assert.That(await Desk.CounterAsync(org, March, CounterKind.Individual, null, ada), Is.EqualTo("22+0"), "survives");
    }

    [Test]
    public async Task E17_CAP_9_a_month_rolls_over_in_the_billing_zone()
    {
        var org = await Desk.OrganizationAsync(zone: "Europe/Paris");
        var utc = await Desk.OrganizationAsync();
        var (ada, bob) = (await Desk.MemberAsync(org), await Desk.MemberAsync(utc, "bob"));
        Desk.Contracts.At("2026-03-31T21:30:00Z");
        var hold = await Desk.AllowedAsync(org, ada, 10); // March in Paris
        Desk.Contracts.At("2026-03-31T22:30:00Z");
        await Desk.SettleAsync(org, hold, 8);
        await Desk.ReportAsync(utc, UsageDesk.Report(bob, "e", 8, "2026-03-31T22:30:00Z"));
        Assert.That(await Desk.CounterAsync(org, March, CounterKind.Organisation), Is.EqualTo("0+0"), "the hold belonged to March");
        Assert.That(await Desk.CounterAsync(org, March.Next, CounterKind.Organisation), Is.EqualTo("8+0"), "00:30 on 1 April");
        Assert.That(await Desk.CounterAsync(utc, March, CounterKind.Organisation), Is.EqualTo("8+0"));
    }

    [Test]
    public async Task CAP_10_a_member_asks_for_more_an_owner_approves_or_denies()
    {
        var org = await Desk.OrganizationAsync();
        var ada = await Desk.MemberAsync(org);
        await Desk.CapAsync(org, CapSubject.Of(ada), "10.00");
        var asked = ContractDesk.Ok(await AskAsync(8000));
        Assert.That(ContractDesk.Code(await AskAsync(9000)), Is.EqualTo("request_pending"));
        ContractDesk.Ok(await Desk.Requests.DenyAsync(org.Id, CoreStack.Actor, asked.Id, null, default));
        Assert.That(ContractDesk.Ok(await Desk.Requests.DenyAsync(org.Id, CoreStack.Actor, asked.Id, null, default)).State, Is.EqualTo(CapRequestState.Denied));
        Assert.That(ContractDesk.Code(await Desk.Requests.ApproveAsync(org.Id, CoreStack.Actor, asked.Id, null, null, default)), Is.EqualTo("request_decided"));
        Assert.That(await Desk.DeniedAsync(org, ada, 20), Is.EqualTo("individual_cap"));
        var again = ContractDesk.Ok(await AskAsync(8000));
        for (var times = 0; times < 2; times++) ContractDesk.Ok(await Desk.Requests.ApproveAsync(org.Id, CoreStack.Actor, again.Id, null, null, default));
        var cap = ContractDesk.Ok(await Desk.Caps.FindAsync(org.Id, CapSubject.Of(ada), default));
        Assert.That((cap.Amount, cap.Version), Is.EqualTo((8000, 2)));
        Assert.That(await Desk.DeniedAsync(org, ada, 80), Is.Empty);

        Task<Outcome<CapRequest>> AskAsync(long amount) => Desk.Requests.AskAsync(org.Id, CoreStack.Actor, ada, amount, UsageDesk.Usd, "a project", null, default);
    }

    [Test]
    public async Task NOTI_4_one_event_per_cap_threshold_period_and_version()
    {
        var org = await Desk.OrganizationAsync();
        var ada = await Desk.MemberAsync(org);
        await Desk.CapAsync(org, CapSubject.Of(ada), "100.00");
        await Desk.SpendAsync(org, ada, 49);
        Assert.That(await Desk.ToldAsync(org), Is.Empty);
        await Desk.SpendAsync(org, ada, 1);
        await Desk.SpendAsync(org, ada, 1);
        Assert.That(await Desk.ToldAsync(org), Is.EqualTo((string[])["cap.threshold 50"]));
        await Desk.SpendAsync(org, ada, 29); // 80
        await Desk.CapAsync(org, CapSubject.Of(ada), "160.00"); // half of it: 50 is not told again
        Assert.That(await Desk.ToldAsync(org), Is.EqualTo((string[])["cap.threshold 50", "cap.threshold 75"]));
        await Desk.SpendAsync(org, ada, 40); // 120: three quarters of the new one
        Assert.That(await Desk.ToldAsync(org), Is.EqualTo((string[])["cap.threshold 50", "cap.threshold 75", "cap.threshold 75"]));
        Desk.Contracts.At("2026-04-02T09:00:00Z");
        await Desk.SpendAsync(org, ada, 80);
        Assert.That((await Desk.ToldAsync(org)).Count, Is.EqualTo(4), "another period");
        await Desk.ReportAsync(org, UsageDesk.Report(ada, "late", 30, "2026-03-20T00:00:00Z"));
        Assert.That((await Desk.ToldAsync(org)).Count(told => told == "cap.threshold 90"), Is.EqualTo(1), "of March, by late usage (USE-8)");
    }

    [Test]
    public async Task NOTI_4_a_batch_tells_each_threshold_once_and_a_cap_per_member_of_each_member()
    {
        var org = await Desk.OrganizationAsync();
        var (ada, bob) = (await Desk.MemberAsync(org), await Desk.MemberAsync(org, "bob"));
        await Desk.CapAsync(org, CapSubject.Of(Premium), "10.00", CapBasis.PerMember);
        await Desk.CapAsync(org, CapSubject.Organisation, "20.00");
        await Desk.ReportAsync(org, UsageDesk.Report(ada, "1", 4), UsageDesk.Report(ada, "2", 4), UsageDesk.Report(bob, "3", 6), UsageDesk.Report(bob, "4", 1));
        Assert.That((await Desk.ToldAsync(org)).Order(), Is.EqualTo((string[])
            ["cap.threshold 50", "cap.threshold 50", "cap.threshold 50", "cap.threshold 75", "cap.threshold 75"]), "ada 80 %, bob 70 %, together 75 %");
    }
}
