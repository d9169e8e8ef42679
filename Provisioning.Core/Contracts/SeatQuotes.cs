using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Contracts;

/// <summary>Prices seat changes (rules QUO-1, QUO-5, QUO-7).</summary>
public sealed class SeatQuotes(
    IDatabase database, IContractStore contracts, IQuoteStore quotes, ISeatStore seats, QuoteFulfilment fulfilment, TimeProvider time)
{
    /// <summary>A quote of today's date; it changes nothing.</summary>
    public Task<Outcome<SeatQuote>> CreateAsync(
        Organization organization, Actor actor, IReadOnlyList<QuoteChange> changes, Idempotency? idempotency, CancellationToken cancel)
    {
        var id = Ids.New<QuoteId>(time);
        return database.WriteAsync(new WriteUnit<SeatQuote>(
            idempotency?.Id ?? Ids.New<UnitId>(time), "quote.create", actor, Instants.Now(time), async scope =>
        {
            var zone = BillingZone.Of(organization.BillingZone);
            var today = BillingZone.DateOf(scope.Now, zone);
            var contract = await contracts.FindActiveAsync(scope.Session, organization.Id);
            if (QuoteFulfilment.CheckTerm(contract, today) is { } inactive) return inactive;
            var pools = await seats.PoolsAsync(scope.Session, organization.Id);
            if (QuoteRules.Check(contract!, pools, changes) is { } refused) return refused;
            var planned = await fulfilment.PlanAsync(scope.Session, organization.Id, pools, changes, withoutMissing: false);
            if (!planned.Try(out var plan, out var error)) return error;
            var lines = fulfilment.Price(organization, contract!, changes, today);
            var quote = new SeatQuote(
                id, organization.Id, contract!.Id, contract.Term, today, changes, lines, new Money(Pricing.Total(lines), contract.Conditions.Currency),
                plan.Before, plan.After, QuoteState.Open, scope.Now, Earlier(scope.Now + QuoteRules.Lifetime, BillingZone.FirstInstant(today.AddDays(1), zone)), null);
            await quotes.InsertAsync(scope.Session, quote);
            scope.Record(organization.Id, "quote.created", quote.Subject, null, quote.Describe());
            return quote;
        })
        {
            Organization = organization.Id, RequestHash = idempotency?.RequestHash, Remember = quote => quote.Id.ToString(),
            Recall = async (session, kept) => Ids.TryParse<QuoteId>(kept, out var made) && await quotes.FindAsync(session, organization.Id, made) is { } quote
                ? quote : NoSuchQuote(),
        }, cancel);
    }

    /// <summary>The quote as time has it: expired and stale without anybody having written so.</summary>
    public async Task<SeatQuote?> FindAsync(Organization organization, QuoteId id, CancellationToken cancel)
    {
        var quote = await database.ReadAsync(session => quotes.FindAsync(session, organization.Id, id), cancel);
        var now = time.GetUtcNow();
        return quote is null ? null : quote with { State = quote.StateAt(now, BillingZone.DateOf(now, BillingZone.Of(organization.BillingZone))) };
    }

    internal static NotFound NoSuchQuote() => new("There is no such quote.");

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;
}
