using System.Globalization;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Contracts;

/// <summary>What an invoice is made of.</summary>
/// <param name="Id">Made before the unit (rule I-13).</param>
public sealed record NewInvoice(
    InvoiceId Id, InvoiceKind Kind, ContractId? Contract, Currency Currency, DateOnly Start, DateOnly End, IReadOnlyList<ChargeLine> Lines)
{
    public InvoiceId? Credits { get; init; }

    public string? Reason { get; init; }
}

/// <summary>
/// Drafts and issues invoices inside the unit of the change they bill (rules BILL-1, BILL-7, BILL-8). Issuing is the last thing a unit
/// does: it takes the next number, and whoever wants one after it waits for the commit.
/// </summary>
public sealed class InvoiceBook(IInvoiceStore store, Issuer issuer, ITaxes taxes, IEnumerable<IInvoicePaid> listeners)
{
    /// <summary>What is charged, with the tax on it (rule BILL-6).</summary>
    public IReadOnlyList<ChargeLine> WithTax(Organization organization, Currency currency, IReadOnlyList<ChargeLine> lines) =>
        [.. lines, .. taxes.Of(organization, currency, lines)];

    /// <summary>A draft: no number yet.</summary>
    public async Task<Invoice> DraftAsync(UnitScope scope, Organization organization, NewInvoice wanted)
    {
        var draft = new Invoice(
            wanted.Id, organization.Id, wanted.Contract, wanted.Kind, InvoiceState.Draft, null, null, null, wanted.Start, wanted.End,
            new Money(Pricing.Total(wanted.Lines), wanted.Currency), 0, wanted.Credits, issuer.Text, organization.Name, wanted.Reason, null, null,
            scope.Now, 1) { Lines = wanted.Lines, LineCount = wanted.Lines.Count };
        await store.InsertDraftAsync(scope.Session, draft);
        return draft;
    }

    /// <summary>
    /// Gives the draft its number. After it only the rows that carry the number are written. One over nothing is paid at once (rule BILL-10):
    /// nobody can be late with it.
    /// </summary>
    public async Task<Invoice> IssueAsync(UnitScope scope, Invoice draft)
    {
        var today = issuer.Today(scope.Now);
        var due = today.AddDays(issuer.PaymentDays);
        var number = await store.NextNumberAsync(scope.Session, issuer.Name, today.Year);
        var issued = draft with
        {
            State = InvoiceState.Issued, Number = string.Create(CultureInfo.InvariantCulture, $"INV-{today.Year:D4}-{number:D6}"),
            IssuedOn = today, DueOn = due, Version = draft.Version + 1,
        };
        await store.IssueAsync(scope.Session, issued, issuer.Name, BillingZone.FirstInstant(due.AddDays(1), BillingZone.Of(issuer.Zone)));
        scope.Record(issued.Organization, "invoice.issued", issued.Subject, null, issued.Describe());
        return issued.Total.Minor == 0 ? await PayAsync(scope, issued, null) : issued;
    }

    public async Task<Invoice> DraftAndIssueAsync(UnitScope scope, Organization organization, NewInvoice wanted) =>
        await IssueAsync(scope, await DraftAsync(scope, organization, wanted));

    /// <summary>Records the payment of an issued invoice, and does what waited for it.</summary>
    /// <param name="reference">Null when there was nothing to pay.</param>
    public async Task<Invoice> PayAsync(UnitScope scope, Invoice issued, string? reference)
    {
        var paid = issued with { State = InvoiceState.Paid, PaidAt = scope.Now, PaymentReference = reference };
        await store.UpdateAsync(scope.Session, paid);
        scope.Record(issued.Organization, "invoice.paid", issued.Subject, issued.Describe(), paid.Describe());
        foreach (var listener in listeners) await listener.PaidAsync(scope, paid);
        return paid with { Version = issued.Version + 1 };
    }
}
