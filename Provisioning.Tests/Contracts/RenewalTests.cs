using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Directory;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Contracts;

/// <summary>How contracts are renewed and end (rules REN-1 to REN-6, NOTI-5).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class RenewalTests(string engine) : ContractCore(engine)
{
    private static readonly IfMatch Any = new((IReadOnlyList<long>?)null);

    private Organization org = null!;

    [SetUp]
    public async Task OrganizationAsync() => org = await Desk.OrganizationAsync();

    [Test]
    public async Task REN_1_a_renewal_happens_once_whoever_runs_it_and_how_often()
    {
        await SignAsync(100);
        Desk.At("2027-01-01T00:00:00Z");
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Desk.RunJobAsync()));
        await Desk.RunJobAsync();
        Assert.That((await Desk.InvoicesAsync(org)).Select(invoice => invoice.Kind), Is.EqualTo(new[] { InvoiceKind.TermStart, InvoiceKind.Renewal }));
        Assert.That((await Stack.AuditAsync(org)).Count(action => action == "term.renewed"), Is.EqualTo(1));
        var terms = (await Desk.Changes.TermsAsync(org.Id, null, 10, default)).Items;
        Assert.That(terms.Select(term => (term.No, term.State)), Is.EqualTo(new[] { (2, TermState.Active), (1, TermState.Closed) }));
    }

    [Test]
    public async Task REN_1_a_job_that_slept_for_years_makes_up_for_every_term()
    {
        await SignAsync(20);
        Desk.At("2029-06-01T00:00:00Z");
        for (var round = 0; round < 4; round++) await Desk.RunJobAsync();
        Assert.That((await Desk.InvoicesAsync(org)).Select(invoice => Dates.Text(invoice.Start)), Is.EqualTo(new[] { "2026-01-01", "2027-01-01", "2028-01-01", "2029-01-01" }));
    }

    [Test]
    public async Task REN_2_the_gap_to_the_minimum_goes_to_the_lowest_tier_and_the_waiting_are_not_counted()
    {
        Ok(await Desk.SignAsync(org, ContractDesk.New("2026-01-01", 3, premium: 4, change: conditions => conditions with { MinimumSeats = 5 })));
        await Desk.PushAsync(org, "u", 7);
        await Desk.PushAsync(org, "w", 3); // wait: nothing is free
        Desk.At("2027-01-01T00:00:00Z");
        await Desk.RunJobAsync();
        Assert.That(await Desk.PurchasedAsync(org), Is.EqualTo((3, 4)));

        var small = await Desk.OrganizationAsync();
        Ok(await Desk.SignAsync(small, ContractDesk.New("2026-01-02", 30, premium: 10)));
        await Desk.PushAsync(small, "u", 2); // both take premium
        Desk.At("2027-01-02T00:00:00Z");
        await Desk.RunJobAsync();
        Assert.That(await Desk.PurchasedAsync(small), Is.EqualTo((18, 2)), "two in use, twenty at least");
    }

    [Test]
    public async Task REN_3_an_owner_may_ask_for_more_but_never_for_less_than_is_in_use()
    {
        await SignAsync(50);
        await Desk.PushAsync(org, "u", 30);
        Assert.That(ContractDesk.Code(await RenewAsync((Standard, 29))), Is.EqualTo("quantity_below_in_use"));
        Assert.That(ContractDesk.Code(await RenewAsync(("tin", 29))), Is.EqualTo("unknown_tier"));
        Ok(await RenewAsync((Standard, 35), (Premium, 2)));
        var forecast = await Desk.Changes.ForecastAsync((await Desk.ContractAsync(org))!, default);
        Assert.That((forecast.Seats[Standard], forecast.Seats[Premium], forecast.Total), Is.EqualTo((35, 2, (35 * 48_000L) + (2 * 120_000L))));
        Desk.At("2027-01-01T00:00:00Z");
        await Desk.RunJobAsync();
        Assert.That(await Desk.PurchasedAsync(org), Is.EqualTo((35, 2)));
        Assert.That((await Desk.ContractAsync(org))!.RenewalChoice, Is.Empty, "a choice is for one renewal");
        Assert.That((await Desk.InvoicesAsync(org))[^1].Total.Minor, Is.EqualTo(forecast.Total));
    }

    [Test]
    public async Task REN_3_the_choice_is_guarded_by_its_version()
    {
        await SignAsync(50);
        var contract = (await Desk.ContractAsync(org))!;
        Ok(await RenewAsync((Standard, 60)));
        var stale = await Desk.Changes.SetRenewalAsync(org, CoreStack.Actor, new Dictionary<string, int>(), new IfMatch([contract.Version]), default);
        Assert.That(ContractDesk.Code(stale), Is.EqualTo("version_conflict"));
    }

    [Test]
    public async Task REN_4_without_renewal_the_contract_expires_and_access_ends_but_data_and_seats_stay()
    {
        Ok(await Desk.SignAsync(org, ContractDesk.New("2026-01-01", 20, autoRenew: false)));
        await Desk.PushAsync(org, "u", 5);
        Assert.That(Instants.Text((await Desk.FindAsync(org)).AccessUntil!.Value), Is.EqualTo("2027-01-01T00:00:00Z"));
        var before = await Stack.SignInAsync(await Desk.FindAsync(org), "s", $"s@{org.Slug}.example");
        Assert.That(before.Allowed, Is.True);
        Desk.At("2027-01-01T00:00:00Z"); // before the job: reads decide by time
        Assert.That((await Stack.SignInAsync(await Desk.FindAsync(org), "s", $"s@{org.Slug}.example")).Reason, Is.EqualTo("term_inactive"));
        await Desk.RunJobAsync();
        Assert.That((await Desk.ContractAsync(org))!.State, Is.EqualTo(ContractState.Expired));
        Assert.That((await Stack.PoolAsync(org, Standard)).Assigned, Is.EqualTo(6), "members keep what they have");
        Assert.That(await Stack.AuditAsync(org), Has.Member("term.expired"));
        Assert.That((await Desk.InvoicesAsync(org)).Count, Is.EqualTo(1));

        Ok(await Desk.SignAsync(org, ContractDesk.New("2027-01-01", 20)));
        Assert.That((await Stack.SignInAsync(await Desk.FindAsync(org), "s", $"s@{org.Slug}.example")).Allowed, Is.True, "a new contract brings access back");
    }

    [Test]
    public async Task REN_4_a_cancelled_contract_ends_with_its_term()
    {
        await SignAsync(20);
        Ok(await Desk.Changes.SetCancelsAsync(org, CoreStack.Actor, true, Any, default));
        Assert.That((await Desk.FindAsync(org)).AccessUntil, Is.Not.Null);
        Ok(await Desk.Changes.SetCancelsAsync(org, CoreStack.Actor, false, Any, default));
        Assert.That((await Desk.FindAsync(org)).AccessUntil, Is.Null);
        Ok(await Desk.Changes.SetCancelsAsync(org, CoreStack.Actor, true, Any, default));
        Desk.At("2027-01-01T00:00:00Z");
        await Desk.RunJobAsync();
        Assert.That((await Desk.ContractAsync(org))!.State, Is.EqualTo(ContractState.Cancelled));
    }

    [Test]
    public async Task REN_5_older_plan_models_become_the_single_tier_with_everybody_in_it()
    {
        Ok(await Desk.SignAsync(org, ContractDesk.New("2026-01-01", 20, premium: 5, change: conditions => conditions with { Compliance = false, MinimumSeats = 10 })));
        var members = await Desk.PushAsync(org, "u", 12); // five premium, seven standard
        Ok(await Stack.UnitAsync(scope => Stack.Engine.HoldAsync(
            scope, org.Id, Ids.New<SeatHoldId>(Stack.Time), Standard, new DateTimeOffset(2027, 1, 20, 0, 0, 0, TimeSpan.Zero)), org));
        Desk.At("2027-01-01T00:00:00Z");
        await Desk.RunJobAsync();
        var (standard, premium) = (await Stack.PoolAsync(org, Standard), await Stack.PoolAsync(org, Premium));
        Assert.That((standard.Purchased, standard.Assigned, standard.Held, premium.Purchased, premium.Assigned), Is.EqualTo((13, 12, 1, 0, 0)));
        foreach (var member in members) Assert.That(Sits((await Stack.FindAsync(org, member)).Seat), Is.EqualTo("assigned:standard"));
        Assert.That((await Desk.ContractAsync(org))!.Conditions.PlanModel, Is.EqualTo(PlanModel.UsageSingleTier));
        var renewal = (await Desk.InvoicesAsync(org))[^1];
        Assert.That((renewal.Lines.Single().Tier, renewal.Lines.Single().Quantity, renewal.Total.Minor), Is.EqualTo((Standard, 13, 13 * 48_000L)));
        Assert.That(await Stack.AuditAsync(org), Is.SupersetOf(new[] { "plan.converted", "term.renewed" }));
        Desk.At("2028-01-01T00:00:00Z");
        await Desk.RunJobAsync();
        Assert.That((await Stack.AuditAsync(org)).Count(action => action == "plan.converted"), Is.EqualTo(1));
        await Books.CheckAsync(Stack);
    }

    [Test]
    public async Task REN_5_the_operator_converts_earlier_and_the_sum_of_seats_stays()
    {
        Ok(await Desk.SignAsync(org, ContractDesk.New("2026-01-01", 20, premium: 5, change: conditions => conditions with { Compliance = false })));
        await Desk.PushAsync(org, "u", 25);
        await Desk.PushAsync(org, "w", 2);
        Ok(await Desk.Conversion.ConvertAsync(org, CoreStack.Actor, Any, null, default));
        Assert.That(await Desk.PurchasedAsync(org), Is.EqualTo((25, 0)));
        Assert.That((await Desk.InvoicesAsync(org))[^1].Total.Minor, Is.Zero, "the single tier is cheaper: no credit");
        Assert.That(ContractDesk.Code(await Desk.Conversion.ConvertAsync(org, CoreStack.Actor, Any, null, default)), Is.EqualTo("plan_not_convertible"));
        await Books.CheckAsync(Stack);
    }

    [Test]
    public async Task REN_5_a_conversion_ends_quotes_of_the_old_tiers_open_or_waiting_for_a_payment()
    {
        Ok(await Desk.SignAsync(org, ContractDesk.New("2026-01-01", 20, change: conditions => conditions with
        {
            Compliance = false, Collection = PaymentMethod.Card,
        })));
        var open = Ok(await Desk.QuoteAsync(org, ContractDesk.Add(Premium, 1)));
        var quote = Ok(await Desk.QuoteAsync(org, ContractDesk.Add(Premium, 5)));
        var pending = Ok(await Desk.ConfirmAsync(org, quote));
        Ok(await Desk.Conversion.ConvertAsync(org, CoreStack.Actor, Any, null, default));
        Assert.That(ContractDesk.Code(await Desk.PayAsync(org, pending.Invoice)), Is.EqualTo("quote_expired"));
        Assert.That(ContractDesk.Code(await Desk.ConfirmAsync(org, open)), Is.EqualTo("quote_stale"));
        Assert.That(await Desk.PurchasedAsync(org), Is.EqualTo((20, 0)));
        Assert.That(await Stack.AuditAsync(org), Has.Member("quote.cancelled"));
    }

    [Test]
    public async Task REN_6_a_conversion_closes_and_reports_mappings_to_tiers_and_keeps_those_to_roles()
    {
        Ok(await Desk.SignAsync(org, ContractDesk.New("2026-01-01", 20, premium: 5, change: conditions => conditions with { Compliance = false })));
        Ok(await Stack.UnitAsync(async scope =>
        {
            await Stack.Mappings.ReplaceAsync(scope.Session, org.Id,
            [
                (Ids.NewGuid(Stack.Time), new GroupMapping("Staff", null, Role.User, null)), (Ids.NewGuid(Stack.Time), new GroupMapping("Power", null, null, Premium)),
            ]);
            return Outcome.Of(1);
        }, org));
        Ok(await Desk.Conversion.ConvertAsync(org, CoreStack.Actor, Any, null, default));
        var left = await Stack.Database.ReadAsync(session => Stack.Mappings.MappingsAsync(session, org.Id), default);
        Assert.That(left.Select(mapping => (mapping.Group, mapping.Tier)), Is.EqualTo(new[] { ("Staff", (string?)null) }));
        var contract = (await Desk.ContractAsync(org))!;
        var told = await Books.CountAsync(Stack,
            $"SELECT COUNT(*) FROM outbox WHERE type = 'plan.converted' AND subject_id = '{contract.Id}' AND data LIKE '%Power%'");
        Assert.That(told, Is.EqualTo(1));
    }

    [Test]
    public async Task REN_6_a_contract_flagged_compliance_keeps_its_tiers()
    {
        Ok(await Desk.SignAsync(org, ContractDesk.New("2026-01-01", 20, premium: 5)));
        await Desk.PushAsync(org, "u", 25);
        Assert.That(ContractDesk.Code(await Desk.Conversion.ConvertAsync(org, CoreStack.Actor, Any, null, default)), Is.EqualTo("plan_not_convertible"));
        Desk.At("2027-01-01T00:00:00Z");
        await Desk.RunJobAsync();
        Assert.That(await Desk.PurchasedAsync(org), Is.EqualTo((20, 5)));
        Assert.That((await Desk.ContractAsync(org))!.Conditions.PlanModel, Is.EqualTo(PlanModel.UsageMultiTier));
    }

    [Test]
    public async Task The_end_of_the_term_cancels_what_still_awaits_its_payment()
    {
        Ok(await Desk.SignAsync(org, ContractDesk.New("2026-01-01", 20, change: conditions => conditions with { Collection = PaymentMethod.Card })));
        Desk.At("2026-12-31T20:00:00Z");
        var pending = Ok(await Desk.ConfirmAsync(org, Ok(await Desk.QuoteAsync(org, ContractDesk.Add(Standard, 5)))));
        Desk.At("2027-01-01T00:00:00Z");
        await Desk.RunJobAsync();
        Assert.That(ContractDesk.Code(await Desk.PayAsync(org, pending.Invoice)), Is.EqualTo("quote_expired"));
        Assert.That(await Desk.PurchasedAsync(org), Is.EqualTo((20, 0)));
    }

    [Test]
    public async Task NOTI_5_owners_are_reminded_60_30_and_7_days_before_exactly_once_each()
    {
        await SignAsync(20);
        foreach (var day in new[] { "2026-11-01", "2026-11-02", "2026-11-03", "2026-12-01", "2026-12-02", "2026-12-02", "2026-12-24", "2026-12-25", "2026-12-26" })
        {
            Desk.At(day + "T12:00:00Z");
            await Desk.RunLeasedJobAsync();
            await Desk.RunLeasedJobAsync("other"); // two nodes
        }
        var told = await Books.CountAsync(Stack, $"SELECT COUNT(*) FROM outbox WHERE type = 'term.ending' AND subject_id = '{(await Desk.ContractAsync(org))!.Id}'");
        Assert.That(told, Is.EqualTo(3));
    }

    [Test]
    public async Task NOTI_5_a_late_job_tells_the_latest_reminder_only()
    {
        await SignAsync(20);
        Desk.At("2026-12-28T12:00:00Z");
        await Desk.RunLeasedJobAsync();
        await Desk.RunLeasedJobAsync();
        Assert.That((await Stack.AuditAsync(org)).Count(action => action == "term.ending"), Is.EqualTo(1));
    }

    private async Task SignAsync(int standard) => Ok(await Desk.SignAsync(org, ContractDesk.New("2026-01-01", standard)));

    private Task<Outcome<Contract>> RenewAsync(params (string Tier, int Seats)[] choice) =>
        Desk.Changes.SetRenewalAsync(org, CoreStack.Actor, choice.ToDictionary(item => item.Tier, item => item.Seats), Any, default);
}
