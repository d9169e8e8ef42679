using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Directory;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Contracts;

/// <summary>How contracts begin and how long they serve (rules CON-1 to CON-6).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class ContractTests(string engine) : ContractCore(engine)
{
    private static readonly IfMatch Any = new((IReadOnlyList<long>?)null);

    private Organization org = null!;

    [SetUp]
    public async Task OrganizationAsync() => org = await Desk.OrganizationAsync();

    [Test]
    public async Task CON_1_one_active_contract_and_prices_fixed_for_the_term()
    {
        await SignAsync(20);
        Assert.That(ContractDesk.Code(await Desk.SignAsync(org, ContractDesk.New("2026-01-01", 30))), Is.EqualTo("contract_exists"));
        Ok(await Desk.Changes.SetPricesAsync(org, CoreStack.Actor, [new TierPrice(Standard, 5000, false, 1)], Any, default));
        Assert.That((await Desk.BuyAsync(org, ContractDesk.Add(Standard, 1))).Total.Minor, Is.EqualTo(40_000), "the old price, ten months");
        Desk.At("2027-01-01T00:00:00Z");
        await Desk.RunJobAsync();
        Assert.That((await Desk.InvoicesAsync(org))[^1].Lines.Single().Unit, Is.EqualTo(5000));
        Assert.That((await Desk.BuyAsync(org, ContractDesk.Add(Standard, 1))).Total.Minor, Is.EqualTo(60_000));
    }

    [Test]
    public async Task CON_1_of_contracts_made_at_once_one_is_there()
    {
        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Desk.SignAsync(org, ContractDesk.New("2026-01-01", 20))));
        Assert.That(made.Select(ContractDesk.Code).Order(StringComparer.Ordinal), Is.EqualTo(new[] { "accepted" }.Concat(Enumerable.Repeat("contract_exists", 7))));
        Assert.That((await Desk.InvoicesAsync(org)).Count, Is.EqualTo(1));
    }

    [Test]
    public async Task CON_2_the_first_invoice_is_the_year_of_every_seat_in_advance()
    {
        Ok(await Desk.SignAsync(org, ContractDesk.New("2026-01-01", 20, premium: 3)));
        var first = (await Desk.InvoicesAsync(org)).Single();
        Assert.That(first.Kind, Is.EqualTo(InvoiceKind.TermStart));
        Assert.That(first.Total.Minor, Is.EqualTo((20 * 4000L * 12) + (3 * 10_000L * 12)));
        Assert.That((Dates.Text(first.Start), Dates.Text(first.End)), Is.EqualTo(("2026-01-01", "2027-01-01")));
    }

    [Test]
    public async Task BILL_9_nobody_who_leaves_or_moves_down_is_credited()
    {
        Ok(await Desk.SignAsync(org, ContractDesk.New("2026-01-01", 20, premium: 3)));
        var people = await Desk.PushAsync(org, "u", 3); // all on premium
        Ok(await Stack.AdminAsync(org, people[0], new MemberCommand.Unassign()));
        Ok(await Stack.AdminAsync(org, people[1], new MemberCommand.Suspend()));
        Ok(await Stack.AdminAsync(org, people[2], new MemberCommand.Seat(Standard, false)));
        var only = (await Desk.InvoicesAsync(org)).Single();
        Assert.That((only.Kind, only.Credited), Is.EqualTo((InvoiceKind.TermStart, 0L)));
        Assert.That(await Desk.PurchasedAsync(org), Is.EqualTo((20, 3)));
    }

    [Test]
    public async Task SEAT_14_running_out_buys_nothing()
    {
        Ok(await Desk.SignAsync(org, ContractDesk.New("2026-01-01", 20)));
        await Desk.PushAsync(org, "u", 20);
        Assert.That(Ok(await Stack.PushAsync(org, "late")).Member!.Seat.Status, Is.EqualTo(SeatStatus.Waiting));
        Assert.That(await Desk.PurchasedAsync(org), Is.EqualTo((20, 0)));
        Assert.That((await Desk.InvoicesAsync(org)).Count, Is.EqualTo(1));
    }

    [Test]
    public async Task CON_3_the_minimum_and_what_is_in_use_bound_the_start()
    {
        Assert.That(ContractDesk.Code(await Desk.SignAsync(org, ContractDesk.New("2026-01-01", 19))), Is.EqualTo("below_minimum_seats"));
        Ok(await Stack.BuyAsync(org, (Standard, 10, 30)));
        await Desk.PushAsync(org, "u", 25);
        Assert.That(ContractDesk.Code(await Desk.SignAsync(org, ContractDesk.New("2026-01-01", 24))), Is.EqualTo("quantity_below_in_use"));
        Assert.That((await Desk.InvoicesAsync(org)).Count, Is.Zero);
        Ok(await Desk.SignAsync(org, ContractDesk.New("2026-01-01", 25)));
        Assert.That(await Desk.PurchasedAsync(org), Is.EqualTo((25, 0)), "what was set before the contract is no purchase");
    }

    [Test]
    public async Task CON_5_a_contract_starts_at_the_first_instant_of_its_day_in_the_billing_zone()
    {
        var paris = await Desk.OrganizationAsync("Europe/Paris");
        Ok(await Desk.SignAsync(paris, ContractDesk.New("2026-04-01", 20)));
        Assert.That(await Desk.PurchasedAsync(paris), Is.EqualTo((0, 0)));
        Assert.That(ContractDesk.Code(await Desk.QuoteAsync(paris, ContractDesk.Add(Standard, 1))), Is.EqualTo("term_inactive"));
        Desk.At("2026-03-31T21:59:59Z");
        await Desk.RunJobAsync();
        Assert.That(await Desk.PurchasedAsync(paris), Is.EqualTo((0, 0)));
        Desk.At("2026-03-31T22:00:00Z");
        await Desk.RunJobAsync();
        await Desk.RunJobAsync();
        Assert.That(await Desk.PurchasedAsync(paris), Is.EqualTo((20, 0)));
        var invoice = (await Desk.InvoicesAsync(paris)).Single();
        Assert.That((invoice.Kind, invoice.Start, invoice.IssuedOn), Is.EqualTo((InvoiceKind.TermStart, new DateOnly(2026, 4, 1), new DateOnly(2026, 3, 31))), "issued on the issuer's date");
    }

    [Test]
    public async Task CON_6_a_contract_that_renews_serves_however_late_the_job_is()
    {
        await SignAsync(20);
        await Desk.PushAsync(org, "u", 5);
        Desk.At("2027-01-09T00:00:00Z");
        Assert.That((await Desk.FindAsync(org)).HasAccess(Stack.Time.GetUtcNow()), Is.True);
        Assert.That(ContractDesk.Code(await Desk.QuoteAsync(org, ContractDesk.Add(Standard, 1))), Is.EqualTo("term_inactive"), "no price before the renewal");
        await Desk.RunJobAsync();
        Assert.That((await Desk.FindAsync(org)).AccessUntil, Is.Null);
        Assert.That((await Desk.ContractAsync(org))!.Term, Is.EqualTo(2));
        Ok(await Desk.QuoteAsync(org, ContractDesk.Add(Standard, 1)));
    }

    private async Task SignAsync(int standard) => Ok(await Desk.SignAsync(org, ContractDesk.New("2026-01-01", standard)));
}
