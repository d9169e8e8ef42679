using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Contracts;

/// <summary>The answer of a confirmation.</summary>
/// <param name="Number">Null while a card payment is awaited: the number comes with the payment (rule QUO-8).</param>
/// <param name="Drained">Who got a seat from the waiting list, in order.</param>
public sealed record ConfirmedQuote(QuoteId Quote, QuoteState State, InvoiceId Invoice, string? Number, IReadOnlyList<MemberId> Drained);

/// <summary>
/// Buys what a quote offers: pools, members, invoice, audit, events and the waiting list in one transaction (rules QUO-2 to QUO-8,
/// BILL-1).
/// </summary>
public sealed class QuoteConfirmation(IDatabase database, IQuoteStore quotes, IInvoiceStore invoices, QuoteFulfilment fulfilment, InvoiceBook book, TimeProvider time)
{
    /// <param name="expected">The total the caller has seen; another one is 422 <c>total_mismatch</c>.</param>
    public Task<Outcome<ConfirmedQuote>> ConfirmAsync(
        Organization organization, Actor actor, QuoteId id, Money expected, Idempotency idempotency, CancellationToken cancel)
    {
        var invoice = Ids.New<InvoiceId>(time);
        return database.WriteAsync(new WriteUnit<ConfirmedQuote>(idempotency.Id, "quote.confirm", actor, Instants.Now(time), async scope =>
        {
            var ground = await fulfilment.LockAsync(scope, organization.Id);
            if (await quotes.FindAsync(scope.Session, organization.Id, id) is not { } quote) return SeatQuotes.NoSuchQuote();
            var today = BillingZone.DateOf(scope.Now, BillingZone.Of(organization.BillingZone));
            if (Check(scope, quote, ground, today) is { } refused) return refused;
            if (expected != quote.Total)
                return new Unprocessable("total_mismatch", $"The total of the quote is {quote.Total}, not {expected}.");
            var planned = await fulfilment.PlanAsync(scope.Session, organization.Id, ground.Pools, quote.Changes, withoutMissing: false);
            if (!planned.Try(out var plan, out var error)) return error;
            // Nobody can pay nothing: what is free is bought at once.
            var collects = ground.Contract!.Conditions.Collection == PaymentMethod.Card && quote.Total.Minor > 0;
            return collects ? await AwaitPaymentAsync(scope, organization, quote, invoice) : await BuyAsync(scope, organization, quote, ground, plan, invoice);
        }) { Organization = organization.Id, RequestHash = idempotency.RequestHash }, cancel);
    }

    /// <summary>Drops a quote that is open or waits for a payment; the draft of its invoice goes with it.</summary>
    public Task<Outcome<Done>> CancelAsync(Organization organization, Actor actor, QuoteId id, Idempotency? idempotency, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<Done>(idempotency?.Id ?? Ids.New<UnitId>(time), "quote.cancel", actor, Instants.Now(time), async scope =>
        {
            if (await quotes.FindAsync(scope.Session, organization.Id, id) is not { } quote) return SeatQuotes.NoSuchQuote();
            if (quote.State == QuoteState.Cancelled) return default(Done);
            if (quote.State is not (QuoteState.Open or QuoteState.PaymentPending)) return NotOpen(quote.State);
            return await CancelAsync(scope, quote);
        }) { Organization = organization.Id, RequestHash = idempotency?.RequestHash }, cancel);

    /// <summary>Part of a unit: an owner, a conversion or the end of the term cancels the quote.</summary>
    internal async Task<Done> CancelAsync(UnitScope scope, SeatQuote quote)
    {
        if (!await quotes.MoveAsync(scope.Session, quote, quote.State, QuoteState.Cancelled, quote.Invoice))
            throw new UnitConflictException("The quote was changed meanwhile.");
        if (quote.Invoice is { } draft) await invoices.DeleteDraftAsync(scope.Session, quote.Organization, draft);
        scope.Record(quote.Organization, "quote.cancelled", quote.Subject, quote.Describe(), (quote with { State = QuoteState.Cancelled }).Describe());
        return default;
    }

    /// <summary>Part of a unit: the term ends, and with it the price of what still waits for its payment.</summary>
    internal async Task CancelPendingAsync(UnitScope scope, ContractId contract)
    {
        foreach (var quote in await quotes.PendingAsync(scope.Session, contract)) await CancelAsync(scope, quote);
    }

    /// <summary>Part of a unit: what the contract's quotes were priced on is no more, also of those nobody has confirmed.</summary>
    internal async Task CancelAllAsync(UnitScope scope, ContractId contract)
    {
        await CancelPendingAsync(scope, contract);
        await quotes.EndOpenAsync(scope.Session, contract);
    }

    private async Task<Outcome<ConfirmedQuote>> BuyAsync(
        UnitScope scope, Organization organization, SeatQuote quote, LockedGround ground, SeatPlan plan, InvoiceId invoice)
    {
        if (!(await fulfilment.ApplyAsync(scope, quote, ground.Pools, plan)).Try(out var drained, out var error)) return error;
        await ConfirmAsync(scope, quote, invoice);
        var issued = await book.DraftAndIssueAsync(scope, organization, InvoiceOf(quote, invoice));
        return new ConfirmedQuote(quote.Id, QuoteState.Confirmed, invoice, issued.Number, [.. drained.Select(grant => grant.Member)]);
    }

    /// <summary>The proration is frozen in the draft; no pool changes before the payment (rule QUO-8).</summary>
    private async Task<Outcome<ConfirmedQuote>> AwaitPaymentAsync(UnitScope scope, Organization organization, SeatQuote quote, InvoiceId invoice)
    {
        if (!await quotes.MoveAsync(scope.Session, quote, QuoteState.Open, QuoteState.PaymentPending, invoice))
            throw new UnitConflictException("The quote was changed meanwhile.");
        var draft = await book.DraftAsync(scope, organization, InvoiceOf(quote, invoice));
        scope.Record(organization.Id, "payment.requested", draft.Subject, null, draft.Describe());
        return new ConfirmedQuote(quote.Id, QuoteState.PaymentPending, invoice, null, []);
    }

    /// <summary>Invariant I-7: the guarded move decides.</summary>
    internal async Task ConfirmAsync(UnitScope scope, SeatQuote quote, InvoiceId invoice)
    {
        if (!await quotes.MoveAsync(scope.Session, quote, quote.State, QuoteState.Confirmed, invoice))
            throw new UnitConflictException("The quote was changed meanwhile.");
        var confirmed = quote with { State = QuoteState.Confirmed, Invoice = invoice };
        scope.Record(quote.Organization, "quote.confirmed", quote.Subject, quote.Describe(), confirmed.Describe());
    }

    private static NewInvoice InvoiceOf(SeatQuote quote, InvoiceId invoice) => new(
        invoice, InvoiceKind.SeatChange, quote.Contract, quote.Total.Currency, quote.EffectiveOn, quote.Lines[0].End, quote.Lines);

    private Error? Check(UnitScope scope, SeatQuote quote, LockedGround ground, DateOnly today)
    {
        switch (quote.StateAt(scope.Now, today))
        {
            case QuoteState.Open when IsStale(quote, ground):
            case QuoteState.Stale:
                return Keep(scope, quote, QuoteState.Stale, "quote.stale",
                    new Conflict("quote_stale", "Since the quote was made the date, the contract or the seats bought have changed; ask for a new one."));
            case QuoteState.Expired:
                return Keep(scope, quote, QuoteState.Expired, "quote.expired",
                    new Conflict("quote_expired", $"The quote was valid until {Instants.Text(quote.ExpiresAt)}; ask for a new one."));
            case QuoteState.Open:
                return QuoteFulfilment.CheckTerm(ground.Contract, today);
            default:
                return NotOpen(quote.State);
        }
    }

    private static bool IsStale(SeatQuote quote, LockedGround ground) =>
        ground.Contract?.Id != quote.Contract || ground.Contract.Term != quote.Term
        || !Allocations.AreEqual(quote.Before, ground.Pools.ToDictionary(pool => pool.Tier, pool => pool.Purchased));

    /// <summary>The state is written although the unit is refused, once.</summary>
    private Conflict Keep(UnitScope scope, SeatQuote quote, QuoteState to, string action, Conflict error)
    {
        if (quote.State != QuoteState.Open) return error;
        scope.Refuse(quote.Organization, action, quote.Subject, (quote with { State = to }).Describe(), error.Code);
        scope.KeepOnRefusal(() => quotes.MoveAsync(scope.Session, quote, QuoteState.Open, to, null));
        return error;
    }

    private static Conflict NotOpen(QuoteState state) => state == QuoteState.Cancelled
        ? new Conflict("quote_expired", "The quote was cancelled; ask for a new one.")
        : new Conflict("quote_already_confirmed", state == QuoteState.PaymentPending
            ? "The quote was confirmed with another Idempotency-Key and waits for its payment."
            : "The quote was confirmed with another Idempotency-Key.");
}
