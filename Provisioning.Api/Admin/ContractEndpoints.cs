using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Organizations;

namespace Provisioning.Api.Admin;

/// <summary>The contract of an organisation (domain.md section 8): made and changed by the operator, read and renewed by owners.</summary>
public static class ContractEndpoints
{
    private const int MostTiers = 20;

    public static void MapContract(this IEndpointRouteBuilder organization)
    {
        organization.MapRest("GET", "/contract", Access.Owner, GetAsync).WithSummary("The contract, its prices, and what the next renewal would be").Produces<ContractForm>();
        organization.MapRest("POST", "/contract", Access.Operator, CreateAsync).WithSummary("Make a contract; its first invoice is issued when the term starts")
            .WithDescription("""Body: {"currency":"USD","tiers":[{"tier":"standard","price":"40.00","quantity":100,"surcharge":false?,"rank":10?,"features":{}?}],"start":"2026-01-01"?,"minimumSeats":20?,"autoRenew":true?,"planModel":"seat_included"|"usage_multi_tier"|"usage_single_tier"?,"singleTier":"standard"?,"surcharge":"5.00"?,"collection":"card"|"invoiced"?,"funding":"prepaid"|"arrears"?,"proration":"service_month"|"whole_month"|"annual_days"?,"compliance":false?,"kind":"annual"|"custom"?}.""")
            .Accepts<NewContractBody>("application/json").Produces<ContractForm>(201).Refuses("contract_exists", "below_minimum_seats", "quantity_below_in_use");
        organization.MapRest("PATCH", "/contract", Access.Operator, ChangeAsync).WithSummary("Turn automatic renewal on or off, cancel to the end of the term, or take that back")
            .WithDescription("""Body: {"autoRenew":false} or {"cancelled":true}. Needs If-Match.""")
            .Accepts<ContractChangeBody>("application/json").Produces<ContractForm>().NeedsVersion();
        organization.MapRest("PUT", "/contract/prices", Access.Operator, PricesAsync).WithSummary("Set prices from the next term on; those of this term are fixed")
            .WithDescription("""Body: {"tiers":[{"tier":"standard","price":"42.00","surcharge":false?}]}. Needs If-Match.""")
            .Accepts<PricesBody>("application/json").Produces<ContractForm>().NeedsVersion().Refuses("price_not_in_contract");
        organization.MapRest("POST", "/contract/convert", Access.Operator, ConvertAsync).WithSummary("Move everybody to the single tier now instead of at the renewal")
            .Produces<ContractForm>().NeedsVersion().Refuses("plan_not_convertible", "term_inactive", "contract_not_annual");
        organization.MapRest("GET", "/contract/terms", Access.Owner, TermsAsync).WithSummary("Terms of all contracts, newest first")
            .WithDescription("Query: limit (1-500), cursor.").Produces<TermsForm>();
        organization.MapRest("PUT", "/contract/renewal", Access.Owner, RenewalAsync).WithSummary("Ask for more seats at the next renewal than are in use")
            .WithDescription("""Body: {"quantities":{"standard":95}}; {"quantities":{}} takes the choice back. Needs If-Match.""")
            .Accepts<RenewalBody>("application/json").Produces<ContractForm>().NeedsVersion().Refuses("quantity_below_in_use", "below_minimum_seats", "price_not_in_contract");
    }

    private static async Task<Outcome<RestReply>> GetAsync(RestRequest request) =>
        await request.Service<ContractChanges>().FindAsync(request.Organization.Id, request.Cancel) is { } contract
            ? await ReplyAsync(request, contract) : new NotFound("The organisation has no contract.");

    private static async Task<Outcome<RestReply>> CreateAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        if (!Wanted(body.Fields).Try(out var wanted, out error)) return error;
        var made = await request.Service<ContractSetup>().CreateAsync(request.Organization, request.Actor, wanted, body.Idempotency, request.Cancel);
        if (!made.Try(out var contract, out error)) return error;
        return await ReplyAsync(request, contract, 201);
    }

    private static async Task<Outcome<RestReply>> ChangeAsync(RestRequest request)
    {
        if (!request.Condition().Try(out var condition, out var error)) return error;
        if (!(await request.BodyAsync()).Try(out var body, out error)) return error;
        var autoRenew = body.Fields.OptionalFlag("autoRenew");
        var cancelled = body.Fields.OptionalFlag("cancelled");
        if (autoRenew is null == cancelled is null) body.Fields.Refuse("Say what to change: exactly one of 'autoRenew' and 'cancelled'.");
        if (body.Fields.Problem is { } problem) return problem;
        var changes = request.Service<ContractChanges>();
        var changed = cancelled is { } cancels
            ? await changes.SetCancelsAsync(request.Organization, request.Actor, cancels, condition, request.Cancel)
            : await changes.SetAutoRenewAsync(request.Organization, request.Actor, autoRenew!.Value, condition, request.Cancel);
        return changed.Try(out var contract, out error) ? await ReplyAsync(request, contract) : error;
    }

    private static async Task<Outcome<RestReply>> PricesAsync(RestRequest request)
    {
        if (!request.Condition().Try(out var condition, out var error)) return error;
        if (!(await request.BodyAsync()).Try(out var body, out error)) return error;
        if (await request.Service<ContractChanges>().FindAsync(request.Organization.Id, request.Cancel) is not { } before)
            return new NotFound("The organisation has no contract.");
        var prices = new List<TierPrice>();
        foreach (var fields in body.Fields.Objects("tiers", MostTiers))
        {
            var price = Price(fields, before.Conditions.Currency);
            if (prices.Exists(other => other.Tier == price.Tier)) fields.Refuse($"The tier {price.Tier} stands in 'tiers' twice.");
            body.Fields.Check(fields);
            prices.Add(price);
        }
        if (body.Fields.Problem is { } problem) return problem;
        var changed = await request.Service<ContractChanges>().SetPricesAsync(request.Organization, request.Actor, prices, condition, request.Cancel);
        return changed.Try(out var contract, out error) ? await ReplyAsync(request, contract) : error;
    }

    private static async Task<Outcome<RestReply>> ConvertAsync(RestRequest request)
    {
        if (!request.Condition().Try(out var condition, out var error)) return error;
        if (!(await request.BodyAsync(mayBeEmpty: true)).Try(out var body, out error)) return error;
        if (body.Fields.Problem is { } problem) return problem;
        var converted = await request.Service<PlanConversion>().ConvertAsync(request.Organization, request.Actor, condition, body.Idempotency, request.Cancel);
        return converted.Try(out var contract, out error) ? await ReplyAsync(request, contract) : error;
    }

    private static async Task<Outcome<RestReply>> TermsAsync(RestRequest request)
    {
        if (!request.Limit().Try(out var limit, out var error)) return error;
        if (!Cursor.Read(request.Query("cursor"), 20).Try(out var after, out error)) return error;
        var page = await request.Service<ContractChanges>().TermsAsync(request.Organization.Id, after, limit, request.Cancel);
        return RestReply.Ok(new TermsForm([.. page.Items.Select(TermForm.ToApi)], page.Next));
    }

    private static async Task<Outcome<RestReply>> RenewalAsync(RestRequest request)
    {
        if (!request.Condition().Try(out var condition, out var error)) return error;
        if (!(await request.BodyAsync()).Try(out var body, out error)) return error;
        var quantities = MoneyFields.Seats(body.Fields, "quantities");
        if (body.Fields.Problem is { } problem) return problem;
        var changed = await request.Service<ContractChanges>().SetRenewalAsync(request.Organization, request.Actor, quantities, condition, request.Cancel);
        return changed.Try(out var contract, out error) ? await ReplyAsync(request, contract) : error;
    }

    /// <summary>A change of the contract may have changed access: this node sees it at once.</summary>
    private static async Task<RestReply> ReplyAsync(RestRequest request, Contract contract, int status = 200)
    {
        if (request.Context.Request.Method != "GET") request.Service<GrantCache>().Forget(request.Organization.Id);
        var forecast = contract.State == ContractState.Active
            ? await request.Service<ContractChanges>().ForecastAsync(contract, request.Cancel) : null;
        return new RestReply(status, ContractForm.ToApi(contract, forecast), contract.Version);
    }

    private static Outcome<NewContract> Wanted(JsonFields fields)
    {
        var currency = MoneyFields.Currency(fields, "currency");
        var tiers = new List<NewTier>();
        foreach (var tier in fields.Objects("tiers", MostTiers))
        {
            var price = Price(tier, currency);
            tiers.Add(new NewTier(
                price.Tier, price.Price, price.Surcharged, tier.Integer("quantity", 0, MoneyFields.MostSeats),
                tier.Has("rank") ? tier.Integer("rank", 0, 1_000_000) : null, tier.OptionalNode("features")));
            if (tiers.FindIndex(other => other.Tier == price.Tier) < tiers.Count - 1) tier.Refuse($"The tier {price.Tier} stands in 'tiers' twice.");
            fields.Check(tier);
        }
        var single = fields.OptionalText("singleTier", 64) ?? "";
        var conditions = new ContractConditions(
            fields.OptionalWord<ContractKind>("kind") ?? ContractKind.Annual,
            fields.OptionalWord<PlanModel>("planModel") ?? PlanModel.UsageMultiTier,
            fields.OptionalWord<Funding>("funding") ?? Funding.Arrears,
            fields.OptionalWord<PaymentMethod>("collection") ?? PaymentMethod.Invoiced,
            fields.OptionalWord<ProrationPolicy>("proration") ?? ProrationPolicy.ServiceMonth,
            currency ?? new Currency("USD"),
            fields.Has("surcharge") ? MoneyFields.Amount(fields, "surcharge", currency, TierPrice.Most) : 5 * (currency?.UnitsOfOne ?? 0),
            fields.Has("minimumSeats") ? fields.Integer("minimumSeats", 0, MoneyFields.MostSeats) : 20,
            fields.OptionalFlag("compliance") ?? false, single);
        var start = MoneyFields.Date(fields, "start");
        var autoRenew = fields.OptionalFlag("autoRenew") ?? true;
        if (single.Length > 0 && tiers.TrueForAll(tier => tier.Tier != single)) fields.Refuse("'singleTier' must be one of 'tiers'.");
        return fields.Problem is { } problem ? problem : new NewContract(conditions, start, autoRenew, tiers);
    }

    private static TierPrice Price(JsonFields fields, Currency? currency)
    {
        var code = fields.Text("tier", 64);
        if (!code.All(letter => letter is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-' or '_'))
            fields.Refuse("'tier' must be 1 to 64 of a-z, 0-9, hyphen and underscore.");
        return new TierPrice(code, MoneyFields.Amount(fields, "price", currency, TierPrice.Most), fields.OptionalFlag("surcharge") ?? false, 1);
    }
}
