using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;

namespace Provisioning.Api.Admin;

/// <summary>Buys seats (domain.md section 8): a quote, and its confirmation.</summary>
public static class QuoteEndpoints
{
    public static void MapQuotes(this IEndpointRouteBuilder organization)
    {
        organization.MapRest("POST", "/seat-quotes", Access.Owner, CreateAsync).WithSummary("Price seats to add or upgrade, together")
            .WithDescription("""Body: {"changes":[{"kind":"add","tier":"standard","quantity":5},{"kind":"upgrade","from":"standard","to":"premium","quantity":10,"members":["mem_..."]?}]}, or one change by itself, such as the purchaseHint of a refusal. Members are those who sit on the lower tier and move along.""")
            .Accepts<QuoteBody>("application/json").Produces<QuoteForm>(201).Refuses("contract_not_annual", "term_inactive", "from_tier_in_use", "seats_not_removable", "price_not_in_contract", "unknown_tier");
        organization.MapRest("GET", "/seat-quotes/{id}", Access.Owner, GetAsync).WithSummary("Read a quote").Produces<QuoteForm>();
        organization.MapRest("POST", "/seat-quotes/{id}/confirm", Access.Owner, ConfirmAsync).WithSummary("Buy what the quote offers; who waits gets a seat at once")
            .WithDescription("""Needs an Idempotency-Key. Body: {"expectedTotal":{"amount":"8000.00","currency":"USD"}}. State payment_pending: the seats come with the card payment.""")
            .Accepts<ConfirmationBody>("application/json").Produces<ConfirmedForm>().Refuses("quote_stale", "quote_expired", "quote_already_confirmed", "from_tier_in_use", "term_inactive", "contract_not_annual", "total_mismatch");
        organization.MapRest("POST", "/seat-quotes/{id}/cancel", Access.Owner, CancelAsync).WithSummary("Drop a quote that is open or waits for its payment")
            .Produces(204).Refuses("quote_already_confirmed", "quote_expired");
    }

    private static async Task<Outcome<RestReply>> CreateAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        var changes = new List<QuoteChange>();
        // A hint names one change by itself; it is accepted as it came.
        foreach (var fields in body.Fields.Has("kind") ? [body.Fields] : body.Fields.Objects("changes", QuoteRules.MostChanges))
        {
            if (!Change(fields).Try(out var change, out error)) return error;
            if (fields != body.Fields) body.Fields.Check(fields);
            changes.Add(change);
        }
        if (body.Fields.Problem is { } problem) return problem;
        var made = await request.Service<SeatQuotes>().CreateAsync(request.Organization, request.Actor, changes, body.Idempotency, request.Cancel);
        return made.Select(quote => new RestReply(201, QuoteForm.ToApi(quote)));
    }

    private static async Task<Outcome<RestReply>> GetAsync(RestRequest request) =>
        Ids.TryParse<QuoteId>(request.Id, out var id) && await request.Service<SeatQuotes>().FindAsync(request.Organization, id, request.Cancel) is { } quote
            ? RestReply.Ok(QuoteForm.ToApi(quote)) : NoSuchQuote();

    private static async Task<Outcome<RestReply>> ConfirmAsync(RestRequest request)
    {
        if (!Ids.TryParse<QuoteId>(request.Id, out var id)) return NoSuchQuote();
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        var expected = MoneyFields.Money(body.Fields, "expectedTotal");
        if (body.Fields.Problem is { } problem) return problem;
        if (body.Idempotency is not { } idempotency)
            return new InvalidValue("A confirmation needs an Idempotency-Key, so that repeating it never buys twice.");
        var confirmed = await request.Service<QuoteConfirmation>().ConfirmAsync(request.Organization, request.Actor, id, expected!, idempotency, request.Cancel);
        return confirmed.Select(done => RestReply.Ok(ConfirmedForm.ToApi(done)));
    }

    private static async Task<Outcome<RestReply>> CancelAsync(RestRequest request)
    {
        if (!Ids.TryParse<QuoteId>(request.Id, out var id)) return NoSuchQuote();
        if (!(await request.BodyAsync(mayBeEmpty: true)).Try(out var body, out var error)) return error;
        if (body.Fields.Problem is { } problem) return problem;
        var cancelled = await request.Service<QuoteConfirmation>().CancelAsync(request.Organization, request.Actor, id, body.Idempotency, request.Cancel);
        return cancelled.Select(_ => RestReply.NoContent);
    }

    private static Outcome<QuoteChange> Change(JsonFields fields)
    {
        var kind = fields.OptionalWord<ChangeKind>("kind");
        if (kind is null) fields.Refuse($"'kind' is required: one of {Words.All<ChangeKind>()}.");
        var quantity = fields.Integer("quantity", 1, QuoteRules.MostSeats);
        if (kind != ChangeKind.Upgrade) return new QuoteChange(ChangeKind.Add, fields.Text("tier", 64), null, quantity, []);
        var (from, to) = (fields.Text("from", 64), fields.Text("to", 64));
        var members = new List<MemberId>();
        foreach (var text in fields.Texts("members", QuoteRules.MostMembers))
        {
            if (!MemberEndpoints.Parse(text).Try(out var member, out var error)) return error;
            members.Add(member);
        }
        return new QuoteChange(ChangeKind.Upgrade, to, from, quantity, members);
    }

    private static NotFound NoSuchQuote() => new("There is no such quote.");
}
