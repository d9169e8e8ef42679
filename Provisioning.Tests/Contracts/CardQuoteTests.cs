using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Contracts;

/// <summary>Quotes that are paid by card, and quotes that are cancelled (rule QUO-8).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class CardQuoteTests(string engine) : ContractCore(engine)
{
    private Organization org = null!;

    [SetUp]
    public async Task OrganizationAsync()
    {
        org = await Desk.OrganizationAsync();
        Ok(await Desk.SignAsync(org, ContractDesk.New("2026-01-01", 100)));
    }

    [Test]
    public async Task QUO_8_by_card_the_seats_come_with_the_payment_at_the_price_of_the_quote()
    {
        var card = await CardAsync();
        var quote = Ok(await Desk.QuoteAsync(card, ContractDesk.Add(Standard, 5)));
        var pending = Ok(await Desk.ConfirmAsync(card, quote));
        Assert.That((pending.State, pending.Number), Is.EqualTo((QuoteState.PaymentPending, (string?)null)));
        Assert.That(await Desk.PurchasedAsync(card), Is.EqualTo((100, 0)));
        Assert.That((await Desk.InvoiceAsync(card, pending.Invoice))!.State, Is.EqualTo(InvoiceState.Draft));
        Assert.That(ContractDesk.Code(await Desk.ConfirmAsync(card, quote)), Is.EqualTo("quote_already_confirmed"));
        Stack.Time.Advance(TimeSpan.FromDays(20)); // the proration is frozen
        var paid = Ok(await Desk.PayAsync(card, pending.Invoice));
        Assert.That((paid.State, paid.QuoteState), Is.EqualTo((InvoiceState.Paid, QuoteState.Confirmed)));
        var invoice = (await Desk.InvoiceAsync(card, pending.Invoice))!;
        Assert.That((invoice.Total, invoice.Number, invoice.State), Is.EqualTo((quote.Total, paid.Number, InvoiceState.Paid)));
        Assert.That(await Desk.PurchasedAsync(card), Is.EqualTo((105, 0)));
        Assert.That(Ok(await Desk.PayAsync(card, pending.Invoice)).Number, Is.EqualTo(paid.Number), "a notice that comes twice");
        Assert.That(await Desk.PurchasedAsync(card), Is.EqualTo((105, 0)));
    }

    [Test]
    public async Task QUO_8_a_payment_that_failed_may_still_succeed_and_gives_the_seats_then()
    {
        var card = await CardAsync();
        var pending = Ok(await Desk.ConfirmAsync(card, Ok(await Desk.QuoteAsync(card, ContractDesk.Add(Standard, 5)))));
        Assert.That(Ok(await Desk.PayAsync(card, pending.Invoice, succeeded: false)).QuoteState, Is.EqualTo(QuoteState.PaymentPending));
        Assert.That(Ok(await Desk.PayAsync(card, pending.Invoice, succeeded: false)).QuoteState, Is.EqualTo(QuoteState.PaymentPending));
        Assert.That(await Stack.AuditAsync(card), Has.Member("payment.failed"));
        Assert.That(await Desk.PurchasedAsync(card), Is.EqualTo((100, 0)));
        Assert.That(Ok(await Desk.PayAsync(card, pending.Invoice)).QuoteState, Is.EqualTo(QuoteState.Confirmed));
        Assert.That(await Desk.PurchasedAsync(card), Is.EqualTo((105, 0)));
    }

    [Test]
    public async Task QUO_8_after_a_failure_an_owner_cancels_and_money_that_comes_after_all_goes_back()
    {
        var card = await CardAsync();
        var quote = Ok(await Desk.QuoteAsync(card, ContractDesk.Add(Standard, 5)));
        var pending = Ok(await Desk.ConfirmAsync(card, quote));
        Ok(await Desk.PayAsync(card, pending.Invoice, succeeded: false));
        Ok(await Desk.Confirmation.CancelAsync(card, CoreStack.Actor, quote.Id, null, default));
        Assert.That(await Desk.InvoiceAsync(card, pending.Invoice), Is.Null);
        Assert.That(ContractDesk.Code(await Desk.PayAsync(card, pending.Invoice)), Is.EqualTo("quote_expired"));
        Assert.That(await Desk.PurchasedAsync(card), Is.EqualTo((100, 0)));
    }

    [Test]
    public async Task QUO_8_another_amount_or_currency_than_is_due_pays_nothing()
    {
        var card = await CardAsync();
        var quote = Ok(await Desk.QuoteAsync(card, ContractDesk.Add(Standard, 5)));
        var pending = Ok(await Desk.ConfirmAsync(card, quote));
        foreach (var wrong in (Money[])[quote.Total with { Minor = quote.Total.Minor - 1 }, quote.Total with { Currency = new Currency("EUR") }])
            Assert.That(ContractDesk.Code(await Desk.PayAsync(card, pending.Invoice, amount: wrong)), Is.EqualTo("total_mismatch"));
        Assert.That(await Desk.PurchasedAsync(card), Is.EqualTo((100, 0)));
        Assert.That(await Stack.AuditAsync(card), Has.Member("payment.refused"));
        Assert.That(Ok(await Desk.PayAsync(card, pending.Invoice, amount: quote.Total)).QuoteState, Is.EqualTo(QuoteState.Confirmed));
    }

    [Test]
    public async Task QUO_8_what_costs_nothing_waits_for_no_payment()
    {
        var card = await Desk.OrganizationAsync();
        Ok(await Desk.SignAsync(card, ContractDesk.New(
            "2026-01-01", 100, change: conditions => conditions with { Collection = PaymentMethod.Card }, standardPrice: 0)));
        Assert.That(Ok(await Desk.ConfirmAsync(card, Ok(await Desk.QuoteAsync(card, ContractDesk.Add(Standard, 5))))).State, Is.EqualTo(QuoteState.Confirmed));
        Assert.That(await Desk.PurchasedAsync(card), Is.EqualTo((105, 0)));
    }

    [Test]
    public async Task QUO_8_a_paid_upgrade_whose_seats_were_taken_waits_until_some_are_free()
    {
        var card = await CardAsync();
        var members = await Desk.PushAsync(card, "u", 99);
        var pending = Ok(await Desk.ConfirmAsync(card, Ok(await Desk.QuoteAsync(card, ContractDesk.Upgrade(1)))));
        await Desk.PushAsync(card, "late", 1);
        Assert.That(ContractDesk.Code(await Desk.PayAsync(card, pending.Invoice)), Is.EqualTo("from_tier_in_use"));
        Assert.That(await Stack.AuditAsync(card), Has.Member("quote.blocked"));
        Ok(await Stack.AdminAsync(card, members[0], new Provisioning.Core.Directory.MemberCommand.Suspend()));
        Assert.That(Ok(await Desk.PayAsync(card, pending.Invoice)).QuoteState, Is.EqualTo(QuoteState.Confirmed));
        Assert.That(await Desk.PurchasedAsync(card), Is.EqualTo((99, 1)));
    }

    [Test]
    public async Task An_owner_cancels_a_quote_that_is_open_or_awaits_its_payment()
    {
        var card = await CardAsync();
        var open = Ok(await Desk.QuoteAsync(card, ContractDesk.Add(Standard, 5)));
        Ok(await Desk.Confirmation.CancelAsync(card, CoreStack.Actor, open.Id, null, default));
        Assert.That(ContractDesk.Code(await Desk.ConfirmAsync(card, open)), Is.EqualTo("quote_expired"));
        var quote = Ok(await Desk.QuoteAsync(card, ContractDesk.Add(Standard, 5)));
        var pending = Ok(await Desk.ConfirmAsync(card, quote));
        Ok(await Desk.Confirmation.CancelAsync(card, CoreStack.Actor, quote.Id, null, default));
        Assert.That(await Desk.InvoiceAsync(card, pending.Invoice), Is.Null);
        var bought = Ok(await Desk.QuoteAsync(org, ContractDesk.Add(Standard, 1)));
        Ok(await Desk.ConfirmAsync(org, bought));
        Assert.That(ContractDesk.Code(await Desk.Confirmation.CancelAsync(org, CoreStack.Actor, bought.Id, null, default)), Is.EqualTo("quote_already_confirmed"));
    }

    private async Task<Organization> CardAsync()
    {
        var card = await Desk.OrganizationAsync();
        Ok(await Desk.SignAsync(card, ContractDesk.New("2026-01-01", 100, change: conditions => conditions with { Collection = PaymentMethod.Card })));
        return card;
    }
}
