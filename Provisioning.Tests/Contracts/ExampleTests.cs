using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Contracts;

/// <summary>The worked examples E1 to E12 of the specification, to the cent.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class ExampleTests(string engine) : ContractCore(engine)
{
    private Organization org = null!;

    [SetUp]
    public async Task OrganizationAsync() => org = await Desk.OrganizationAsync();

    [Test]
    public async Task E1_a_term_of_100_standard_seats_is_billed_in_advance()
    {
        Desk.At("2026-01-01T00:00:00Z");
        await SignAsync("2026-01-01", 100);
        var invoice = (await Desk.InvoicesAsync(org)).Single();
        Assert.That((invoice.Kind, invoice.State, invoice.Total.ToString()), Is.EqualTo((InvoiceKind.TermStart, InvoiceState.Issued, "48000.00 USD")));
        Assert.That((invoice.Start, invoice.End), Is.EqualTo((new DateOnly(2026, 1, 1), new DateOnly(2027, 1, 1))));
        Assert.That(invoice.Number, Does.Match("^INV-2026-[0-9]{6}$"));
    }

    [Test]
    public async Task E2_adding_and_upgrading_on_a_boundary_is_one_invoice()
    {
        await SignAsync("2026-01-01", 100);
        Desk.At("2026-03-01T09:00:00Z");
        var invoice = await Desk.BuyAsync(org, ContractDesk.Add(Standard, 5), ContractDesk.Upgrade(10));
        Assert.That(invoice.Lines.Select(line => (line.Kind, line.Months.Exact(), line.Amount)),
            Is.EqualTo(new[] { (LineKind.Add, "10", 200_000L), (LineKind.Upgrade, "10", 600_000L) }));
        Assert.That(invoice.Total.ToString(), Is.EqualTo("8000.00 USD"));
        Assert.That(await Desk.PurchasedAsync(org), Is.EqualTo((95, 10)));
    }

    [Test]
    public async Task E3_adding_premium_instead_of_upgrading()
    {
        await SignAsync("2026-01-01", 100);
        Desk.At("2026-03-01T09:00:00Z");
        var invoice = await Desk.BuyAsync(org, ContractDesk.Add(Standard, 5), ContractDesk.Add(Premium, 10));
        Assert.That(invoice.Total.ToString(), Is.EqualTo("12000.00 USD"));
        Assert.That(await Desk.PurchasedAsync(org), Is.EqualTo((105, 10)));
    }

    [Test]
    public async Task E4_within_a_month_the_days_left_count()
    {
        await SignAsync("2026-01-01", 100);
        Desk.At("2026-03-15T23:59:59Z");
        var invoice = await Desk.BuyAsync(org, ContractDesk.Add(Standard, 5), ContractDesk.Upgrade(10));
        Assert.That(invoice.Lines.Select(line => line.Amount), Is.EqualTo(new[] { 190_968L, 572_903L }));
        Assert.That(invoice.Total.ToString(), Is.EqualTo("7638.71 USD"));
    }

    [Test]
    public async Task E5_on_the_last_day_one_day_is_left()
    {
        await SignAsync("2026-01-01", 100);
        Desk.At("2026-12-31T12:00:00Z");
        Assert.That((await Desk.BuyAsync(org, ContractDesk.Add(Standard, 5))).Total.ToString(), Is.EqualTo("6.45 USD"));
    }

    [Test]
    public async Task E6_ten_more_after_three_months()
    {
        Desk.At("2026-01-01T08:00:00Z");
        Ok(await Desk.SignAsync(org, ContractDesk.New("2026-01-01", 50, standardPrice: 2000)));
        Desk.At("2026-04-01T08:00:00Z");
        await Desk.BuyAsync(org, ContractDesk.Add(Standard, 10));
        Assert.That((await Desk.InvoicesAsync(org)).Select(invoice => invoice.Total.ToString()), Is.EqualTo(new[] { "12000.00 USD", "1800.00 USD" }));
    }

    [Test]
    public async Task E7_a_contract_of_the_31st_bills_21_of_31_days()
    {
        Desk.At("2026-03-10T12:00:00Z");
        await SignAsync("2026-01-31", 100);
        var invoice = await Desk.BuyAsync(org, ContractDesk.Add(Standard, 1));
        Assert.That((invoice.Lines[0].Months.Exact(), invoice.Total.ToString(), invoice.End), Is.EqualTo(("10 21/31", "427.10 USD", new DateOnly(2027, 1, 31))));
    }

    [Test]
    public async Task E8_renewals_of_a_contract_of_29_February()
    {
        Desk.At("2028-02-29T00:00:00Z");
        await SignAsync("2028-02-29", 20);
        for (var year = 2029; year <= 2032; year++)
        {
            Desk.At($"{year}-03-01T00:00:00Z");
            await Desk.RunJobAsync();
        }
        var terms = (await Desk.Changes.TermsAsync(org.Id, null, 10, default)).Items.Reverse().ToList();
        Assert.That(terms.Select(term => Dates.Text(term.Start)), Is.EqualTo(new[] { "2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29" }));
        Assert.That(terms.Select(term => Dates.Text(term.End)), Is.EqualTo(new[] { "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29", "2033-02-28" }));
    }

    [Test]
    public async Task E9_an_upgrade_of_occupied_seats_needs_members_to_move_along()
    {
        await SignAsync("2026-01-01", 100);
        var members = await Desk.PushAsync(org, "u", 100);
        var refused = await Desk.QuoteAsync(org, ContractDesk.Upgrade(10));
        Assert.That(ContractDesk.Code(refused), Is.EqualTo("from_tier_in_use"));
        await Desk.BuyAsync(org, ContractDesk.Upgrade(10, [.. members.Take(10)]));
        var (standard, premium) = (await Stack.PoolAsync(org, Standard), await Stack.PoolAsync(org, Premium));
        Assert.That((standard.Assigned, standard.Purchased, premium.Assigned, premium.Purchased), Is.EqualTo((90, 90, 10, 10)));
        foreach (var member in members.Take(10)) Assert.That(Sits((await Stack.FindAsync(org, member)).Seat), Is.EqualTo("assigned:premium"));
        Assert.That(Sits((await Stack.FindAsync(org, members[10])).Seat), Is.EqualTo("assigned:standard"));
    }

    [Test]
    public async Task E10_four_sign_ins_at_once_and_three_seats()
    {
        Ok(await Desk.SignAsync(org, ContractDesk.New("2026-01-01", 2, premium: 1, change: conditions => conditions with { MinimumSeats = 0 })));
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => Stack.SignInAsync(org, $"sub{i}", $"p{i}@{org.Slug}.example")));
        Assert.That(answers.Select(answer => answer.Allowed ? answer.Tier! : answer.Reason).Order(StringComparer.Ordinal),
            Is.EqualTo(new[] { "premium", "seat_unavailable", "standard", "standard" }));
        Assert.That(answers.Count(answer => answer.Allowed), Is.EqualTo(3), "members");
    }

    [Test]
    public async Task E11_an_invitation_holds_the_last_seat_for_21_days()
    {
        Ok(await Desk.SignAsync(org, ContractDesk.New("2026-01-01", 1, change: conditions => conditions with { MinimumSeats = 0 })));
        var until = Instants.Now(Stack.Time) + TimeSpan.FromDays(21);
        Ok(await Stack.UnitAsync(scope => Stack.Engine.HoldAsync(scope, org.Id, Ids.New<SeatHoldId>(Stack.Time), Standard, until), org));
        var denied = await Stack.SignInAsync(org, "sub", $"a@{org.Slug}.example");
        Assert.That((denied.Allowed, denied.Reason), Is.EqualTo((false, "seat_unavailable")));
        Stack.Time.Advance(TimeSpan.FromDays(21));
        var allowed = await Stack.SignInAsync(org, "sub", $"a@{org.Slug}.example");
        Assert.That((allowed.Allowed, allowed.Tier), Is.EqualTo((true, Standard)));
    }

    [Test]
    public async Task E12_a_renewal_is_for_what_is_in_use()
    {
        await SignAsync("2026-01-01", 105);
        await Desk.PushAsync(org, "u", 88);
        for (var i = 0; i < 3; i++)
            Ok(await Stack.UnitAsync(scope => Stack.Engine.HoldAsync(
                scope, org.Id, Ids.New<SeatHoldId>(Stack.Time), Standard, new DateTimeOffset(2027, 1, 20, 0, 0, 0, TimeSpan.Zero)), org));
        Desk.At("2027-01-01T00:00:00Z");
        await Desk.RunJobAsync();
        Assert.That(await Desk.PurchasedAsync(org), Is.EqualTo((91, 0)));
        var renewal = (await Desk.InvoicesAsync(org))[^1];
        Assert.That((renewal.Kind, renewal.Lines.Single().Quantity, renewal.Total.ToString()), Is.EqualTo((InvoiceKind.Renewal, 91, "43680.00 USD")));
    }

    private async Task SignAsync(string start, int standard) => Ok(await Desk.SignAsync(org, ContractDesk.New(start, standard)));
}
