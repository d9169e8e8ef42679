using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Contracts;

/// <summary>What a payment service, or the operator, says about an invoice.</summary>
/// <param name="Reference">The payment's own name there; the same one again is the same payment.</param>
/// <param name="Amount">What was taken; null when a person vouches for it. Another amount than is due pays nothing.</param>
public sealed record PaymentNotice(InvoiceId Invoice, bool Succeeded, string Reference, Money? Amount = null);

/// <summary>What became of it.</summary>
/// <param name="Quote">The quote that waited for this payment, if one did.</param>
public sealed record PaymentResult(InvoiceId Invoice, InvoiceState? State, string? Number, QuoteId? Quote, QuoteState? QuoteState);

/// <summary>
/// The payment port: requests leave as <c>payment.requested</c> events, and notices come in here, from the operator ("mark paid") or from a
/// payment service's signed call. Repeating a notice changes nothing.
/// </summary>
public sealed class Payments(
    IDatabase database, IInvoiceStore invoices, IQuoteStore quotes, QuoteFulfilment fulfilment, QuoteConfirmation confirmation, InvoiceBook book,
    TimeProvider time)
{
    public Task<Outcome<PaymentResult>> ReceiveAsync(
        Organization organization, Actor actor, PaymentNotice notice, CancellationToken cancel, Idempotency? idempotency = null) =>
        database.WriteAsync(new WriteUnit<PaymentResult>(idempotency?.Id ?? Ids.New<UnitId>(time), "payment.receive", actor, Instants.Now(time), async scope =>
        {
            var invoice = await invoices.FindAsync(scope.Session, organization.Id, notice.Invoice);
            if (invoice is null or { State: InvoiceState.Draft }) return await PayQuoteAsync(scope, organization, notice);
            if (invoice.State == InvoiceState.Paid && invoice.PaymentReference == notice.Reference) return Result(invoice, null);
            if (!notice.Succeeded)
            {
                scope.Note(organization.Id, "payment.failed", invoice.Subject, new JsonObject { ["reference"] = notice.Reference });
                return Result(invoice, null);
            }
            if (invoice.State is not (InvoiceState.Issued or InvoiceState.Overdue))
                return new Conflict("invoice_not_payable", $"The invoice {invoice.Number} is {Words.Text(invoice.State)}; give the money back.");
            if (CheckAmount(scope, invoice, notice) is { } other) return other;
            return Result(await book.PayAsync(scope, invoice, notice.Reference), null);
        }) { Organization = organization.Id, RequestHash = idempotency?.RequestHash }, cancel);

    /// <summary>The seats of a quote by card come with the payment, and so does the number (rule QUO-8).</summary>
    private async Task<Outcome<PaymentResult>> PayQuoteAsync(UnitScope scope, Organization organization, PaymentNotice notice)
    {
        var ground = await fulfilment.LockAsync(scope, organization.Id);
        if (await quotes.FindByInvoiceAsync(scope.Session, organization.Id, notice.Invoice) is not { } quote)
            return InvoiceAdministration.NoSuchInvoice(notice.Invoice);
        // Under the locks: another notice of the same payment may have issued it meanwhile.
        var invoice = await invoices.FindAsync(scope.Session, organization.Id, notice.Invoice);
        if (invoice is not null and not { State: InvoiceState.Draft }) throw new UnitConflictException("The payment arrived by another way.");
        if (invoice is null || quote.State != QuoteState.PaymentPending)
            return notice.Succeeded
                ? new Conflict("quote_expired", "The quote was cancelled before it was paid; give the money back.")
                : new PaymentResult(notice.Invoice, null, null, quote.Id, quote.State);
        if (!notice.Succeeded)
        {
            // Another card may still succeed: an owner, a conversion or the end of the term cancels the quote, not a failure.
            scope.Note(organization.Id, "payment.failed", invoice.Subject, new JsonObject { ["reference"] = notice.Reference });
            return new PaymentResult(notice.Invoice, invoice.State, null, quote.Id, quote.State);
        }
        if (ground.Contract?.Id != quote.Contract || ground.Contract.Term != quote.Term)
            return new Conflict("quote_stale", "The contract is another one, or in another term, than when the quote was made; give the money back.");
        if (CheckAmount(scope, invoice, notice) is { } other) return other;
        var planned = await fulfilment.PlanAsync(scope.Session, organization.Id, ground.Pools, quote.Changes, withoutMissing: true);
        if (!planned.Try(out var plan, out var error)) return Blocked(scope, quote, error);
        if ((await fulfilment.ApplyAsync(scope, quote, ground.Pools, plan)).Error is { } full) return Blocked(scope, quote, full);
        await confirmation.ConfirmAsync(scope, quote, invoice.Id);
        return Result(await book.PayAsync(scope, await book.IssueAsync(scope, invoice), notice.Reference), quote.Id);
    }

    /// <summary>Credit notes lower what is due.</summary>
    private static Unprocessable? CheckAmount(UnitScope scope, Invoice invoice, PaymentNotice notice)
    {
        var due = invoice.Total with { Minor = invoice.Total.Minor - invoice.Credited };
        if (notice.Amount is null || notice.Amount == due) return null;
        scope.Refuse(invoice.Organization, "payment.refused", invoice.Subject, new JsonObject { ["reference"] = notice.Reference }, "total_mismatch");
        return new Unprocessable("total_mismatch", $"What is due is {due}, not {notice.Amount}; give the money back.");
    }

    /// <summary>Paid, but seats to be upgraded were taken meanwhile: owners are told, and the notice is to be repeated when seats are free.</summary>
    private static Error Blocked(UnitScope scope, SeatQuote quote, Error error)
    {
        scope.Refuse(quote.Organization, "quote.blocked", quote.Subject, quote.Describe(), error is Conflict conflict ? conflict.Code : "from_tier_in_use");
        return error;
    }

    private static PaymentResult Result(Invoice invoice, QuoteId? quote) =>
        new(invoice.Id, invoice.State, invoice.Number, quote, quote is null ? null : Provisioning.Core.Contracts.QuoteState.Confirmed);
}
