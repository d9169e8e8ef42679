using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Spend;
using Provisioning.Tests.Contracts;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Spend;

/// <summary>Authorise, settle, release, report (rules USE-5 to USE-14, TIME-4; examples E15, E16).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class MeterTests(string engine) : UsageCore(engine)
{
    [Test]
    public async Task E15_a_settle_may_overdraw_then_usage_stops_until_credits_are_bought()
    {
        var org = await Desk.OrganizationAsync(Funding.Prepaid);
        await Desk.GrantAsync(org, "5");
        var ada = await Desk.MemberAsync(org);
        var hold = (await Desk.AskAsync(org, ada, 4)).Id!.Value;
        var settled = ContractDesk.Ok(await Desk.Meter.SettleAsync(
            org, CoreStack.Actor, hold, new SettleRequest(null, UsageDesk.Model, new TokenCounts(0, 0, 0, 21_666_667), null), null, default)); // at 0.30 per million: 6.50
        Assert.That(new UsageCost(settled.Cost).Text(), Is.EqualTo("6.500000"));
        Assert.That((await Desk.BalanceAsync(org)).Text(), Is.EqualTo("-1.500000"));
        Assert.That(await Desk.DeniedAsync(org, ada, null), Is.EqualTo("credits_exhausted"));
        await Desk.GrantAsync(org, "100");
        Assert.That((await Desk.BalanceAsync(org)).Text(), Is.EqualTo("98.500000"));
        Assert.That(await Desk.DeniedAsync(org, ada, 98), Is.Empty);
    }

    [Test]
    public async Task E16_usage_costs_what_the_price_table_says()
    {
        var org = await Desk.OrganizationAsync();
        var ada = await Desk.MemberAsync(org);
        var answer = (await Desk.ReportAsync(org, new UsageReport("w", "1", ada, UsageDesk.Model, new TokenCounts(12_000, 1_500, 20_000, 180_000), null))).Single();
        Assert.That(new UsageCost(answer.Recorded!.Cost).Text(), Is.EqualTo("0.187500"));
    }

    [Test]
    public async Task USE_9_a_hold_is_placed_on_every_counter_and_on_credits_or_on_none()
    {
        var org = await Desk.OrganizationAsync(Funding.Prepaid);
        await Desk.GrantAsync(org, "10");
        var ada = await Desk.MemberAsync(org);
        await Desk.AllowedAsync(org, ada, 6);
        Assert.That(await Desk.DeniedAsync(org, ada, 6), Is.EqualTo("credits_exhausted"));
        Assert.That(await Desk.CounterAsync(org, March, CounterKind.Organisation), Is.EqualTo("0+6"));
        Assert.That(await Desk.CounterAsync(org, March, CounterKind.Tier, Premium), Is.EqualTo("0+6"));
        Assert.That(await Desk.CounterAsync(org, March, CounterKind.Individual, null, ada), Is.EqualTo("0+6"));
        await Desk.CapAsync(org, CapSubject.Organisation, "8.00");
        Assert.That(await Desk.DeniedAsync(org, ada, 5), Is.EqualTo("organisation_cap credits_exhausted"), "every reason");
    }

    [Test]
    public async Task USE_9_member_seat_and_term_are_asked_first()
    {
        var org = await Desk.OrganizationAsync();
        var (ada, bob) = (await Desk.MemberAsync(org), await Desk.MemberAsync(org, "bob"));
        ContractDesk.Ok(await Stack.AdminAsync(org, ada, new MemberCommand.Suspend()));
        ContractDesk.Ok(await Stack.AdminAsync(org, bob, new MemberCommand.Unassign()));
        Assert.That(await Desk.DeniedAsync(org, ada, 1), Is.EqualTo("member_suspended"));
        Assert.That(await Desk.DeniedAsync(org, bob, 1), Is.EqualTo("seat_required"));
        Assert.That(await Desk.DeniedAsync(org, bob, 1, "nobody-knows"), Is.EqualTo("seat_required unknown_model"));
        await Stack.ChangeAsync(org, before => before with { SuspendedAt = Instants.Now(Stack.Time) });
        Assert.That(await Desk.DeniedAsync(org, bob, 1), Is.EqualTo("seat_required term_inactive"));
        var stranger = await Desk.Meter.AuthorizeAsync(org.Id, CoreStack.Actor, new UsageRequest(Ids.New<MemberId>(Stack.Time), UsageDesk.Unit, null), null, default);
        Assert.That(ContractDesk.Code(stranger), Is.EqualTo("not_found"));
    }

    [Test]
    public async Task USE_9_without_a_contract_there_is_nothing_to_pay_with()
    {
        var org = await Stack.ScimAsync();
        Assert.That(await Desk.DeniedAsync(org, await Desk.MemberAsync(org), 1), Is.EqualTo("term_inactive"));
    }

    [Test]
    public async Task USE_10_an_estimate_must_fit_and_without_one_a_single_request_overshoots()
    {
        var org = await Desk.OrganizationAsync();
        var ada = await Desk.MemberAsync(org);
        await Desk.CapAsync(org, CapSubject.Of(ada), "10.00");
        await Desk.AllowedAsync(org, ada, 10);
        Assert.That(await Desk.DeniedAsync(org, ada, null), Is.EqualTo("individual_cap"), "settled + held is not below the cap");
        await Desk.CapAsync(org, CapSubject.Of(ada), "10.50");
        Assert.That(await Desk.DeniedAsync(org, ada, 1), Is.EqualTo("individual_cap"), "an estimate of 1.00 does not fit into 0.50");
        Assert.That(await Desk.DeniedAsync(org, ada, null), Is.Empty, "0.50 is left, and 1.00 is held");
        Assert.That(await Desk.DeniedAsync(org, ada, null), Is.EqualTo("individual_cap"));
    }

    [Test]
    public async Task USE_11_a_settle_replaces_the_hold_and_is_never_refused()
    {
        var org = await Desk.OrganizationAsync();
        var ada = await Desk.MemberAsync(org);
        await Desk.CapAsync(org, CapSubject.Of(ada), "10.00");
        var hold = await Desk.AllowedAsync(org, ada, 10);
        await Desk.SettleAsync(org, hold, 300);
        Assert.That(await Desk.CounterAsync(org, March, CounterKind.Individual, null, ada), Is.EqualTo("300+0"));
    }

    [Test]
    public async Task USE_12_expired_released_and_unknown_holds_never_lose_usage_and_count_it_once()
    {
        var org = await Desk.OrganizationAsync(Funding.Prepaid);
        await Desk.GrantAsync(org, "100");
        var ada = await Desk.MemberAsync(org);
        var (swept, late, released) = (await Desk.AllowedAsync(org, ada, 5), await Desk.AllowedAsync(org, ada, 6), await Desk.AllowedAsync(org, ada, 7));
        ContractDesk.Ok(await Desk.Meter.ReleaseAsync(org.Id, CoreStack.Actor, released, null, default));
        Stack.Time.Advance(TimeSpan.FromMinutes(16));
        Assert.That(ContractDesk.Ok(await Desk.Meter.FindAsync(org.Id, late, default)).State, Is.EqualTo(HoldState.Expired), "by time");
        await Desk.SettleAsync(org, late, 4);
        Assert.That(ContractDesk.Ok(await Desk.Expiry.ExpireAsync(org.Id, CoreStack.Actor, null, default)), Is.EqualTo(1));
        await Desk.SettleAsync(org, swept, 3);
        await Desk.SettleAsync(org, released, 2);
        var unknown = Ids.New<AuthorizationId>(Stack.Time);
        Assert.That(ContractDesk.Code(await Desk.TrySettleAsync(org, unknown, 1)), Is.EqualTo("not_found"));
        for (var times = 0; times < 2; times++) ContractDesk.Ok(await Desk.TrySettleAsync(org, unknown, 1, member: ada, model: UsageDesk.Unit));
        foreach (var (id, units) in ((AuthorizationId, long)[])[(swept, 3), (late, 4), (released, 2)])
            Assert.That((await Desk.SettleAsync(org, id, units)).IsDuplicate, Is.True);
        Assert.That(ContractDesk.Code(await Desk.TrySettleAsync(org, late, 5)), Is.EqualTo("event_conflict"));
        Assert.That(await Desk.CounterAsync(org, March, CounterKind.Organisation), Is.EqualTo("10+0"));
        Assert.That((await Desk.BalanceAsync(org)).Text(), Is.EqualTo("90.000000"));
    }

    [Test]
    public async Task TIME_4_money_that_is_held_for_nobody_refuses_nobody()
    {
        var org = await Desk.OrganizationAsync(Funding.Prepaid);
        await Desk.GrantAsync(org, "10");
        var ada = await Desk.MemberAsync(org);
        await Desk.CapAsync(org, CapSubject.Of(ada), "10.00");
        await Desk.AllowedAsync(org, ada, 9);
        Assert.That(await Desk.DeniedAsync(org, ada, 5), Is.EqualTo("individual_cap credits_exhausted"));
        Stack.Time.Advance(TimeSpan.FromMinutes(15));
        var effective = ContractDesk.Ok(await Desk.Caps.EffectiveAsync(org.Id, ada, default));
        Assert.That(effective.Binding!.Remaining.Text(), Is.EqualTo("10.000000"), "reads decide by time");
        Assert.That(await Desk.DeniedAsync(org, ada, 10), Is.Empty, "no job came by");
    }

    [Test]
    public async Task USE_5_an_event_is_counted_once_and_another_one_under_its_id_is_refused()
    {
        var org = await Desk.OrganizationAsync();
        var ada = await Desk.MemberAsync(org);
        var twice = await Desk.ReportAsync(org, UsageDesk.Report(ada, "1", 5), UsageDesk.Report(ada, "1", 5), UsageDesk.Report(ada, "1", 6), UsageDesk.Report(ada, "2", 1));
        Assert.That(twice.Select(item => item.Error is Conflict conflict ? conflict.Code : item.Recorded!.IsDuplicate ? "duplicate" : "recorded"),
            Is.EqualTo((string[])["recorded", "duplicate", "event_conflict", "recorded"]));
        var again = await Desk.ReportAsync(org, UsageDesk.Report(ada, "2", 1), UsageDesk.Report(ada, "1", 5) with { Source = "another" });
        Assert.That(again.Select(item => item.Recorded!.IsDuplicate), Is.EqualTo((bool[])[true, false]));
        Assert.That(await Desk.CounterAsync(org, March, CounterKind.Individual, null, ada), Is.EqualTo("11+0"));
    }

    /// <summary>The rows are the audit records of usage: no statement of the service takes one back.</summary>
    [Test]
    public async Task I_9_I_11_recorded_usage_names_who_reported_it_and_is_never_changed()
    {
        var org = await Desk.OrganizationAsync();
        await Desk.ReportAsync(org, UsageDesk.Report(await Desk.MemberAsync(org), "1", 5));
        var named = $"actor_id = '{CoreStack.Actor.Id}' AND correlation_id = '{CoreStack.Actor.CorrelationId}' AND recorded_at > 0";
        Assert.That(await Books.CountAsync(Stack, $"SELECT COUNT(*) FROM usage_events WHERE {named}"), Is.Positive);
        Assert.That(await Books.CountAsync(Stack, $"SELECT COUNT(*) FROM usage_events WHERE NOT ({named})"), Is.Zero);
        foreach (var (_, file, text) in Sources.Of("Provisioning.Core"))
            Assert.That(text, Does.Not.Contain("UPDATE usage_events").And.Not.Contain("DELETE FROM usage_events"), file);
    }

    [Test]
    public async Task USE_6_too_late_and_too_early_events_are_refused_one_by_one()
    {
        var org = await Desk.OrganizationAsync();
        var ada = await Desk.MemberAsync(org);
        var answers = await Desk.ReportAsync(org, UsageDesk.Report(ada, "1", 1, "2026-01-25T08:59:00Z"), UsageDesk.Report(ada, "2", 1, "2026-01-25T09:01:00Z"),
            UsageDesk.Report(ada, "3", 1, "2026-03-01T09:04:00Z"), UsageDesk.Report(ada, "4", 1, "2026-03-01T09:06:00Z"), UsageDesk.Report(Ids.New<MemberId>(Stack.Time), "5", 1));
        Assert.That(answers.Select(item => item.Error switch { null => "ok", Unprocessable refused => refused.Code, _ => "not_found" }),
            Is.EqualTo((string[])["event_out_of_window", "ok", "ok", "event_out_of_window", "not_found"]));
        Assert.That(await Desk.CounterAsync(org, new UsagePeriod(202601), CounterKind.Organisation), Is.EqualTo("1+0"), "USE-8: its own period");
        Assert.That(ContractDesk.Code(await Desk.TrySettleAsync(org, await Desk.AllowedAsync(org, ada, 1), 1, "2026-03-02T00:00:00Z")), Is.EqualTo("event_out_of_window"));
    }

    [Test]
    public async Task PRICE_3_an_unknown_model_is_denied_before_and_recorded_and_told_after()
    {
        var org = await Desk.OrganizationAsync();
        var ada = await Desk.MemberAsync(org);
        Assert.That(await Desk.DeniedAsync(org, ada, 1, "m9"), Is.EqualTo("unknown_model"));
        var answers = await Desk.ReportAsync(org, UsageDesk.Report(ada, "1", 1_000_000, model: "m9"), UsageDesk.Report(ada, "2", 1));
        Assert.That(answers.Select(item => item.Recorded!.IsUnpriced), Is.EqualTo((bool[])[true, false]));
        Assert.That(await Desk.ToldAsync(org), Is.EqualTo((string[])["usage.unpriced"]));
    }

    [Test]
    public async Task USE_14_what_the_seat_includes_is_used_first_and_extra_usage_is_off_by_default()
    {
        var org = await Desk.OrganizationAsync(Funding.Prepaid, PlanModel.SeatIncluded);
        var ada = await Desk.MemberAsync(org);
        Assert.That(await Desk.DeniedAsync(org, ada, 1), Is.EqualTo("included_limit_reached extra_usage_disabled"), "nothing is included until it is said");
        ContractDesk.Ok(await Desk.Accounts.SetIncludedAsync(org.Id, CoreStack.Actor, UsageDesk.Usd, new Dictionary<string, long> { [Premium] = 1000 }, default));
        await Desk.CapAsync(org, CapSubject.Of(ada), "5.00");
        var hold = await Desk.AllowedAsync(org, ada, 8);
        Assert.That(await Desk.CounterAsync(org, March, CounterKind.Included, null, ada), Is.EqualTo("0+8"));
        Assert.That(await Desk.DeniedAsync(org, ada, 3), Is.EqualTo("included_limit_reached extra_usage_disabled"));
        Assert.That((await Desk.SettleAsync(org, hold, 9)).Billed, Is.Zero);
        ContractDesk.Ok(await Desk.Accounts.ChangeAsync(org.Id, CoreStack.Actor, new IfMatch((IReadOnlyList<long>?)null), null, true, default));
        Assert.That(await Desk.DeniedAsync(org, ada, 7), Is.EqualTo("individual_cap"), "1.00 is included, 6.00 is extra and counts against the cap");
        var extra = await Desk.AllowedAsync(org, ada, 6);
        Assert.That(await Desk.CounterAsync(org, March, CounterKind.Individual, null, ada), Is.EqualTo("0+5"));
        var settled = await Desk.SettleAsync(org, extra, 4);
        Assert.That((settled.Cost / UsageCost.PerOne, settled.Billed / UsageCost.PerOne), Is.EqualTo((4, 3)), "paid in arrears, whatever the contract says of credits");
        Assert.That(await Desk.BalanceAsync(org), Is.EqualTo(UsageCost.Zero));
        ContractDesk.Ok(await Desk.Accounts.SetExtraUsageAsync(org.Id, CoreStack.Actor, ada, false, default));
        Assert.That(await Desk.DeniedAsync(org, ada, null), Is.EqualTo("included_limit_reached extra_usage_disabled"));
        var mixed = await Desk.ReportAsync(org, UsageDesk.Report(await Desk.MemberAsync(org, "bob"), "b1", 7), UsageDesk.Report(ada, "a1", 2));
        Assert.That(mixed.Select(item => item.Recorded!.Billed), Is.All.Zero, "bob's seat includes it; ada has no extra usage to be billed for");
    }

    [Test]
    public async Task USE_14_a_batch_shares_what_the_seat_includes()
    {
        var org = await Desk.OrganizationAsync(Funding.Arrears, PlanModel.SeatIncluded);
        var ada = await Desk.MemberAsync(org);
        ContractDesk.Ok(await Desk.Accounts.SetIncludedAsync(org.Id, CoreStack.Actor, UsageDesk.Usd, new Dictionary<string, long> { [Premium] = 1000 }, default));
        ContractDesk.Ok(await Desk.Accounts.ChangeAsync(org.Id, CoreStack.Actor, new IfMatch((IReadOnlyList<long>?)null), null, true, default));
        var answers = await Desk.ReportAsync(org, UsageDesk.Report(ada, "1", 7), UsageDesk.Report(ada, "2", 7), UsageDesk.Report(ada, "3", 7));
        Assert.That(answers.Select(item => item.Recorded!.Billed / UsageCost.PerOne), Is.EqualTo((long[])[0, 4, 7]));
    }

    [Test]
    public async Task I_13_a_repeated_authorisation_under_one_key_holds_once()
    {
        var org = await Desk.OrganizationAsync();
        var ada = await Desk.MemberAsync(org);
        var key = Idempotency.Of("tests", "authorise " + org.Slug, "x"u8);
        var ids = new List<AuthorizationId?>();
        for (var times = 0; times < 2; times++)
            ids.Add(ContractDesk.Ok(await Desk.Meter.AuthorizeAsync(org.Id, CoreStack.Actor, new UsageRequest(ada, UsageDesk.Unit, new TokenCounts(3, 0)), key, default)).Id);
        Assert.That(ids[1], Is.EqualTo(ids[0]));
        Assert.That(await Desk.CounterAsync(org, March, CounterKind.Organisation), Is.EqualTo("0+3"));
        for (var times = 0; times < 2; times++) ContractDesk.Ok(await Desk.Meter.ReleaseAsync(org.Id, CoreStack.Actor, ids[0]!.Value, null, default));
        Assert.That(await Desk.CounterAsync(org, March, CounterKind.Organisation), Is.EqualTo("0+0"));
    }
}
