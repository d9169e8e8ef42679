using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Organizations;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Contracts;

/// <summary>Invoices after they are issued (rules BILL-7, BILL-8, invariant I-8).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class InvoiceTests(string engine) : ContractCore(engine)
{
    private Organization org = null!;
    private Invoice issued = null!;

    [SetUp]
    public async Task SignAsync()
    {
        org = await Desk.OrganizationAsync();
        Ok(await Desk.SignAsync(org, ContractDesk.New("2026-01-01", 20)));
        issued = (await Desk.InvoicesAsync(org)).Single();
    }

    [Test]
    public async Task I_8_paying_and_crediting_leave_everything_but_the_state_as_it_was()
    {
        await CreditAsync(100, "a discount");
        Ok(await Desk.PayAsync(org, issued.Id, reference: "transfer 7"));
        var after = (await Desk.InvoiceAsync(org, issued.Id))!;
        Assert.That((after.State, after.Credited, after.PaymentReference), Is.EqualTo((InvoiceState.Paid, 100L, "transfer 7")));
        Assert.That(after.Lines, Is.EqualTo(issued.Lines));
        Assert.That(
            after with { State = issued.State, Credited = 0, PaymentReference = null, PaidAt = null, Version = issued.Version, Lines = issued.Lines }, Is.EqualTo(issued));
    }

    [Test]
    public async Task BILL_7_an_issued_invoice_is_cancelled_by_a_full_credit_note_only_and_keeps_its_number()
    {
        var note = await CreditAsync(null, "wrong customer");
        Assert.That((note.Kind, note.Total.Minor, note.Credits, note.Number != issued.Number), Is.EqualTo((InvoiceKind.CreditNote, -issued.Total.Minor, (InvoiceId?)issued.Id, true)));
        var after = (await Desk.InvoiceAsync(org, issued.Id))!;
        Assert.That((after.State, after.Number), Is.EqualTo((InvoiceState.Void, issued.Number)));
        Assert.That(ContractDesk.Code(await Desk.InvoiceDesk.CreditAsync(org, CoreStack.Actor, issued.Id, null, "again", null, default)), Is.EqualTo("invoice_not_creditable"));
        Assert.That(ContractDesk.Code(await Desk.InvoiceDesk.CreditAsync(org, CoreStack.Actor, note.Id, null, "note", null, default)), Is.EqualTo("invoice_not_creditable"));
        Assert.That(ContractDesk.Code(await Desk.PayAsync(org, issued.Id)), Is.EqualTo("invoice_not_payable"));
        Assert.That(await Desk.PurchasedAsync(org), Is.EqualTo((20, 0)), "SEAT-6: seats stay");
        Assert.That(await Stack.AuditAsync(org), Has.Member("invoice.credited"));
    }

    [Test]
    public async Task BILL_7_a_paid_invoice_that_is_wholly_credited_has_nothing_left_for_another_note()
    {
        Ok(await Desk.PayAsync(org, issued.Id));
        await CreditAsync(null, "all of it");
        Assert.That(ContractDesk.Code(await Desk.InvoiceDesk.CreditAsync(org, CoreStack.Actor, issued.Id, null, "again", null, default)), Is.EqualTo("invoice_not_creditable"));
        Assert.That((await Desk.InvoicesAsync(org)).Count(invoice => invoice.Kind == InvoiceKind.CreditNote), Is.EqualTo(1));
    }

    [Test]
    public async Task What_was_credited_is_not_due_any_more()
    {
        await CreditAsync(100, "a discount");
        Assert.That(ContractDesk.Code(await Desk.PayAsync(org, issued.Id, amount: issued.Total)), Is.EqualTo("total_mismatch"));
        Assert.That(Ok(await Desk.PayAsync(org, issued.Id, amount: issued.Total with { Minor = issued.Total.Minor - 100 })).State, Is.EqualTo(InvoiceState.Paid));
    }

    [Test]
    public async Task Nobody_is_credited_more_than_was_billed_however_many_try()
    {
        var half = (issued.Total.Minor / 2) + 1;
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 6).Select(i =>
            Desk.InvoiceDesk.CreditAsync(org, CoreStack.Actor, issued.Id, half, $"try {i}", null, default)));
        Assert.That(outcomes.Select(ContractDesk.Code).Order(StringComparer.Ordinal), Is.EqualTo(new[] { "accepted" }.Concat(Enumerable.Repeat("invoice_not_creditable", 5))));
        Assert.That((await Desk.InvoiceAsync(org, issued.Id))!.Credited, Is.EqualTo(half));
    }

    [Test]
    public async Task A_payment_told_many_times_is_one_and_another_one_is_refused()
    {
        var paid = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Desk.PayAsync(org, issued.Id, reference: "p")));
        Assert.That(paid.Select(outcome => Ok(outcome).State), Is.All.EqualTo(InvoiceState.Paid));
        Assert.That((await Stack.AuditAsync(org)).Count(action => action == "invoice.paid"), Is.EqualTo(1));
        Assert.That(ContractDesk.Code(await Desk.PayAsync(org, issued.Id, reference: "q")), Is.EqualTo("invoice_not_payable"));
    }

    [Test]
    public async Task An_unpaid_invoice_is_overdue_after_its_due_date_once_and_can_be_paid_then()
    {
        Assert.That(issued.DueOn, Is.EqualTo(new DateOnly(2026, 3, 31)));
        Desk.At("2026-03-31T23:59:59Z");
        await Desk.RunLeasedJobAsync();
        Assert.That((await Desk.InvoiceAsync(org, issued.Id))!.State, Is.EqualTo(InvoiceState.Issued));
        Desk.At("2026-04-01T00:00:00Z");
        await Desk.RunLeasedJobAsync();
        await Desk.RunLeasedJobAsync("other");
        Assert.That((await Desk.InvoiceAsync(org, issued.Id))!.State, Is.EqualTo(InvoiceState.Overdue));
        Assert.That((await Stack.AuditAsync(org)).Count(action => action == "invoice.overdue"), Is.EqualTo(1));
        Assert.That(Ok(await Desk.PayAsync(org, issued.Id)).State, Is.EqualTo(InvoiceState.Paid));
    }

    [Test]
    public async Task BILL_7_numbers_run_per_year_of_the_issue_date()
    {
        Desk.At("2026-12-31T23:59:59Z");
        var last = await Desk.BuyAsync(org, ContractDesk.Add(Standard, 1));
        Assert.That(last.Number, Does.StartWith("INV-2026-"));
        Desk.At("2027-01-01T00:00:00Z");
        await Desk.RunJobAsync();
        var first = (await Desk.InvoicesAsync(org))[^1];
        Assert.That((first.Kind, first.Number![..9]), Is.EqualTo((InvoiceKind.Renewal, "INV-2027-")));
    }

    private async Task<Invoice> CreditAsync(long? amount, string reason) =>
        Ok(await Desk.InvoiceDesk.CreditAsync(org, CoreStack.Actor, issued.Id, amount, reason, null, default));
}
