using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Spend;

namespace Provisioning.Api.Admin;

/// <summary>Prepaid credits for owners; grants and corrections for the operator (rules CRED-1 to CRED-6, domain.md section 8).</summary>
public static class CreditEndpoints
{
    public static void MapCredits(this IEndpointRouteBuilder organization)
    {
        organization.MapRest("GET", "/credits", Access.Owner, GetAsync).WithSummary("Balance, what of it is held, and whether it is low").Produces<CreditsForm>();
        organization.MapRest("GET", "/credits/lots", Access.Owner, LotsAsync).WithSummary("Purchases and grants with what is left of them, newest first")
            .WithDescription("Query: limit (1-500), cursor.").Produces<CreditLotsForm>();
        organization.MapRest("GET", "/credits/journals", Access.Owner, JournalsAsync).WithSummary("The double-entry ledger, newest journal first")
            .WithDescription("Query: kind, limit (1-500), cursor.").Produces<CreditJournalsForm>();
        organization.MapRest("POST", "/credits/purchases", Access.Owner, BuyAsync).WithSummary("Buy credits: an invoice is issued, and its payment makes them usable")
            .WithDescription("""Needs an Idempotency-Key. Body: {"amount":{"amount":"100.00","currency":"USD"},"expiresAt":"2027-01-01T00:00:00Z"?,"priority":0?}.""")
            .Accepts<CreditPurchaseBody>("application/json").Produces<CreditPurchaseForm>(201).Refuses("term_inactive", "funding_not_prepaid", "credit_limit");
        organization.MapRest("POST", "/credits/adjustments", Access.Operator, AdjustAsync).WithSummary("Give credits, or take some back: a journal of its own")
            .WithDescription("""Body: {"kind":"give"|"take_back","amount":{"amount":"5.00","currency":"USD"},"reason":"...","expiresAt":"..."?,"priority":0?}.""")
            .Accepts<AdjustmentBody>("application/json").Produces<AdjustmentForm>(201).Refuses("term_inactive", "funding_not_prepaid", "credit_limit", "credits_not_available");
    }

    private static async Task<Outcome<RestReply>> GetAsync(RestRequest request)
    {
        var (account, currency) = await request.Service<CreditReports>().StandingAsync(request.Organization.Id, request.Cancel);
        return RestReply.Ok(CreditsForm.ToApi(account, currency));
    }

    private static async Task<Outcome<RestReply>> LotsAsync(RestRequest request)
    {
        if (!request.Limit().Try(out var limit, out var error)) return error;
        if (!Cursor.Read(request.Query("cursor"), 16).Try(out var after, out error)) return error;
        var now = request.Service<TimeProvider>().GetUtcNow();
        var page = await request.Service<CreditReports>().LotsAsync(request.Organization.Id, after, limit, request.Cancel);
        return RestReply.Ok(new CreditLotsForm([.. page.Items.Select(lot => CreditLotForm.ToApi(lot, now))], page.Next));
    }

    private static async Task<Outcome<RestReply>> JournalsAsync(RestRequest request)
    {
        if (!request.Limit().Try(out var limit, out var error)) return error;
        if (!Cursor.Read(request.Query("cursor"), 16).Try(out var after, out error)) return error;
        if (!request.QueryWord<CreditKind>("kind").Try(out var kind, out error)) return error;
        var page = await request.Service<CreditReports>().JournalsAsync(request.Organization.Id, kind, after, limit, request.Cancel);
        return RestReply.Ok(new CreditJournalsForm([.. page.Items.Select(CreditJournalForm.ToApi)], page.Next));
    }

    private static async Task<Outcome<RestReply>> BuyAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        var wanted = Credits(body.Fields);
        if (body.Fields.Problem is { } problem) return problem;
        if (body.Idempotency is not { } idempotency)
            return new InvalidValue("A purchase needs an Idempotency-Key, so that repeating it never buys twice.");
        var bought = await request.Service<CreditDesk>().BuyAsync(request.Organization, request.Actor, wanted!, idempotency, request.Cancel);
        return bought.Select(purchase => new RestReply(201, new CreditPurchaseForm(
            purchase.Lot.ToString(), "awaiting_payment", MoneyForm.ToApi(wanted!.Amount), new InvoiceNameForm(purchase.Invoice.ToString(), purchase.Number),
            MemberForm.Optional(wanted.ExpiresAt), wanted.Priority)));
    }

    private static async Task<Outcome<RestReply>> AdjustAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        var kind = body.Fields.OptionalWord<Adjustment>("kind");
        if (kind is null) body.Fields.Refuse($"'kind' is required: one of {Words.All<Adjustment>()}.");
        var reason = body.Fields.Text("reason");
        var wanted = Credits(body.Fields);
        if (kind == Adjustment.TakeBack && (wanted?.ExpiresAt is not null || body.Fields.Has("priority"))) body.Fields.Refuse("What is taken back has no expiry and no priority.");
        if (body.Fields.Problem is { } problem) return problem;
        var desk = request.Service<CreditDesk>();
        var done = kind == Adjustment.Give
            ? (await desk.GiveAsync(request.Organization, request.Actor, wanted!, reason, body.Idempotency, request.Cancel)).Select(lot => lot.ToString())
            : (await desk.TakeBackAsync(request.Organization, request.Actor, wanted!.Amount, reason, body.Idempotency, request.Cancel)).Select(_ => "");
        return done.Select(lot => new RestReply(201, new AdjustmentForm(Words.Text(kind!.Value), MoneyForm.ToApi(wanted!.Amount), reason, lot.Length == 0 ? null : lot)));
    }

    private static NewCredits? Credits(JsonFields fields)
    {
        var amount = MoneyFields.Money(fields, "amount");
        var expires = fields.OptionalInstant("expiresAt");
        if (expires is { Year: > 2200 }) fields.Refuse("'expiresAt' must not lie after the year 2200.");
        var priority = fields.OptionalInteger("priority", 0, 1000) ?? 0;
        return amount is null ? null : new NewCredits(amount, expires is { } end ? Instants.FromMicroseconds(Instants.ToMicroseconds(end)) : null, priority);
    }

    private enum Adjustment { Give, TakeBack }
}
