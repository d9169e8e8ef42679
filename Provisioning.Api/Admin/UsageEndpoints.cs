using System.Text.Json.Nodes;
using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Spend;

namespace Provisioning.Api.Admin;

/// <summary>Metering (rules USE-5 to USE-14): authorise, settle, release, report; and what organisations settle about their usage.</summary>
public static class UsageEndpoints
{
    private const string Tokens = """input, output, cacheWrite and cacheRead are tokens, 0 when left out.""";

    public static void MapUsage(this IEndpointRouteBuilder organization)
    {
        organization.MapRest("POST", "/usage/authorizations", Access.Meter, AuthorizeAsync).WithSummary("Ask before using a model; the estimate is set aside")
            .WithDescription($$$"""Body: {"memberId":"mem_...","estimate":{"model":"m1","input":12000,"output":4000}}; {{{Tokens}}} Without an estimate, {"memberId":"mem_...","model":"m1"}: the model's default estimate is set aside. A deny is a normal answer, with every reason.""")
            .Accepts<AuthorizationBody>("application/json").Produces<AuthorizationForm>().Refuses("held_total_exceeded");
        organization.MapRest("GET", "/usage/authorizations/{id}", Access.Meter, FindAsync).WithSummary("Read an authorisation").Produces<HoldForm>();
        organization.MapRest("POST", "/usage/authorizations/{id}/settle", Access.Meter, SettleAsync).WithSummary("Report what was used; never refused for a cap or a balance")
            .WithDescription($$$"""Body: {"input":11800,"output":3150,"model":"m1"?,"occurredAt":"..."?,"memberId":"mem_..."?}; {{{Tokens}}} model: when it is another than was authorised. memberId and model: needed when the authorisation is unknown here. Again: the same answer, counted once.""")
            .Accepts<SettlementBody>("application/json").Produces<SettledForm>().Refuses("event_conflict", "event_out_of_window", "credit_limit");
        organization.MapRest("POST", "/usage/authorizations/{id}/release", Access.Meter, ReleaseAsync).WithSummary("Give back what was set aside; nothing was used")
            .Produces<HoldForm>().Refuses("authorization_settled");
        organization.MapRest("POST", "/usage/events", Access.Meter, RecordAsync).WithSummary("Report usage that was not authorised before, up to 1,000 events")
            .WithDescription($$$"""Body: {"events":[{"source":"worker","eventId":"e-1","memberId":"mem_...","model":"m1","input":1200,"output":80,"occurredAt":"2026-03-01T10:00:00Z"?}]}; {{{Tokens}}} Each event is recorded, known already, or refused by itself. (source, eventId) is the key: reporting again counts once.""")
            .Accepts<UsageEventsBody>("application/json").Produces<BatchForm>().Refuses("credit_limit");
        organization.MapRest("GET", "/usage/events", Access.Owner, ListAsync).WithSummary("Recorded usage of a month, oldest first")
            .WithDescription("Query: period (2026-03; default: this month), memberId, limit (1-500), cursor.").Produces<UsageEventsForm>();
        organization.MapRest("GET", "/usage/settings", Access.Owner, SettingsAsync).WithSummary("How caps combine, and whether extra usage is on").Produces<UsageSettingsForm>();
        organization.MapRest("PUT", "/usage/settings", Access.Owner, ChangeSettingsAsync).WithSummary("Change how caps combine, or extra usage")
            .WithDescription("""Needs If-Match. Body: {"capCombination":"most_restrictive"|"individual_overrides_tier"?,"extraUsage":true?}; what is left out stays.""")
            .Accepts<UsageSettingsBody>("application/json").Produces<UsageSettingsForm>().NeedsVersion();
        organization.MapRest("PUT", "/members/{id}/extra-usage", Access.Owner, ExtraUsageAsync).WithSummary("Switch extra usage off, or on again, for one member")
            .WithDescription("""Body: {"enabled":false}. On for everybody unless switched off; the organisation's switch stands above it.""")
            .Accepts<ExtraUsageBody>("application/json").Produces<ExtraUsageForm>();
        organization.MapRest("GET", "/usage/included-limits", Access.Owner, IncludedAsync).WithSummary("What a seat of each tier includes per month").Produces<IncludedLimitsForm>();
        organization.MapRest("PUT", "/usage/included-limits", Access.Operator, SetIncludedAsync).WithSummary("Set what seats include per member and month, on plans of kind seat_included")
            .WithDescription("""Body: {"currency":"USD","limits":[{"tier":"standard","amount":"20.00"}]}; a tier without one includes nothing.""")
            .Accepts<IncludedLimitsBody>("application/json").Produces<IncludedLimitsForm>();
    }

    private static async Task<Outcome<RestReply>> AuthorizeAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        var fields = body.Fields;
        var member = Member(fields, "memberId");
        var estimate = fields.OptionalObject("estimate");
        var named = fields.OptionalText("model");
        var tokens = estimate is null ? default : ReadTokens(estimate);
        var model = estimate?.OptionalText("model") ?? named;
        if (estimate is not null && tokens == default && fields.ProblemOfKnown is null && estimate.ProblemOfKnown is null)
            fields.Refuse("'estimate' must name some tokens; leave it out when nothing is known.");
        fields.Check(estimate);
        CheckModel(fields, model);
        if (fields.Problem is { } problem) return problem;
        var asked = new UsageRequest(member, model!, estimate is null ? null : tokens);
        var decided = await request.Service<UsageMeter>().AuthorizeAsync(request.Organization.Id, request.Actor, asked, body.Idempotency, request.Cancel);
        if (decided.Error is StoreUnavailable) decided = WithoutStore(request.Service<UsagePolicy>());
        if (decided is { IsOk: true, Value: { IsAllowed: false } answer }) Instruments.Refused(Instruments.AdminDoor, Words.Text(answer.Denials[0]));
        return decided.Select(answer => RestReply.Ok(AuthorizationForm.ToApi(answer)));
    }

    /// <summary>The store is out of reach: closed by default (domain.md section 3). Open: without an id; what was used is reported as an event.</summary>
    private static AuthorizationAnswer WithoutStore(UsagePolicy policy) => new(
        null, 0, null, policy.OpenWithoutStore ? [] : [UsageDenial.StoreUnavailable], null, new Dictionary<CapScope, long>());

    private static async Task<Outcome<RestReply>> FindAsync(RestRequest request)
    {
        if (!Ids.TryParse<AuthorizationId>(request.Id, out var id)) return NoSuchAuthorization();
        return (await request.Service<UsageMeter>().FindAsync(request.Organization.Id, id, request.Cancel)).Select(hold => RestReply.Ok(HoldForm.ToApi(hold)));
    }

    private static async Task<Outcome<RestReply>> SettleAsync(RestRequest request)
    {
        if (!Ids.TryParse<AuthorizationId>(request.Id, out var id)) return NoSuchAuthorization();
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        var fields = body.Fields;
        var member = fields.Has("memberId") ? Member(fields, "memberId") : (MemberId?)null;
        var model = fields.OptionalText("model");
        if (model is not null) CheckModel(fields, model);
        var settle = new SettleRequest(member, model, ReadTokens(fields), fields.OptionalInstant("occurredAt"));
        if (fields.Problem is { } problem) return problem;
        var settled = await request.Service<UsageMeter>().SettleAsync(request.Organization, request.Actor, id, settle, body.Idempotency, request.Cancel);
        return settled.Select(answer => RestReply.Ok(SettledForm.ToApi(answer)));
    }

    private static async Task<Outcome<RestReply>> ReleaseAsync(RestRequest request)
    {
        if (!Ids.TryParse<AuthorizationId>(request.Id, out var id)) return NoSuchAuthorization();
        if (!(await request.BodyAsync(mayBeEmpty: true)).Try(out var body, out var error)) return error;
        if (body.Fields.Problem is { } problem) return problem;
        var released = await request.Service<UsageMeter>().ReleaseAsync(request.Organization.Id, request.Actor, id, body.Idempotency, request.Cancel);
        return released.Select(hold => RestReply.Ok(HoldForm.ToApi(hold)));
    }

    private static async Task<Outcome<RestReply>> RecordAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        var items = body.Fields.Objects("events", UsageIngestion.Most).Select(Report).ToList();
        if (body.Fields.Problem is { } problem) return problem;
        var sound = items.Where(item => item.IsOk).Select(item => item.Value).ToList();
        var recorded = await request.Service<UsageIngestion>().RecordAsync(request.Organization, request.Actor, sound, body.Idempotency, request.Cancel);
        return recorded.Select(answers => RestReply.Ok(Batch(items, answers)));
    }

    private static BatchForm Batch(List<Outcome<UsageReport>> items, IReadOnlyList<IngestedEvent> answers)
    {
        var next = 0;
        var results = items.Select((item, at) => item.IsOk ? Ingested(at, answers[next++]) : Refused(at, item.Error)).ToList();
        return new BatchForm(
            results.Count(result => result.Status == "recorded"), results.Count(result => result.Status == "duplicate"),
            results.Count(result => result.Status == "refused"), results);

        static IngestedForm Ingested(int at, IngestedEvent answer) => answer.Recorded is not { } done ? Refused(at, answer.Error!) : new IngestedForm(
            at, done.IsDuplicate ? "duplicate" : "recorded", done.Id.ToString(), new UsageCost(done.Cost).Text(), new UsageCost(done.Billed).Text(), done.IsUnpriced,
            null, null);

        static IngestedForm Refused(int at, Error error) => new(at, "refused", null, null, null, null, Problems.From(error).Code, error.Detail);
    }

    private static Outcome<UsageReport> Report(JsonFields fields)
    {
        var source = Key(fields, "source", UsageReport.LongestSource);
        var eventId = Key(fields, "eventId", UsageReport.LongestEventId);
        var member = Member(fields, "memberId");
        var model = fields.Text("model");
        CheckModel(fields, model);
        var report = new UsageReport(source, eventId, member, model, ReadTokens(fields), fields.OptionalInstant("occurredAt"));
        return fields.Problem is { } problem ? problem : report;
    }

    private static async Task<Outcome<RestReply>> ListAsync(RestRequest request)
    {
        if (!request.Limit().Try(out var limit, out var error)) return error;
        if (!Cursor.Read(request.Query("cursor"), 16).Try(out var after, out error)) return error;
        var period = UsagePeriod.Of(request.Service<TimeProvider>().GetUtcNow(), Core.Contracts.BillingZone.Of(request.Organization.BillingZone));
        if (request.Query("period") is { } month && !UsagePeriod.TryParse(month, out period)) return new InvalidValue("'period' must be a month such as 2026-03.");
        MemberId? member = null;
        if (request.Query("memberId") is { } text)
        {
            if (!MemberEndpoints.Parse(text).Try(out var id, out error)) return error;
            member = id;
        }
        var page = await request.Service<IDatabase>().ReadAsync(
            session => request.Service<IUsageStore>().ListEventsAsync(session, request.Organization.Id, period, member, after, limit), request.Cancel);
        return RestReply.Ok(new UsageEventsForm([.. page.Items.Select(UsageEventForm.ToApi)], page.Next));
    }

    private static async Task<Outcome<RestReply>> SettingsAsync(RestRequest request)
    {
        var account = await request.Service<UsageAccounts>().FindAsync(request.Organization.Id, request.Cancel);
        return new RestReply(200, UsageSettingsForm.ToApi(account), account.Version);
    }

    private static async Task<Outcome<RestReply>> ChangeSettingsAsync(RestRequest request)
    {
        if (!request.Condition().Try(out var condition, out var error)) return error;
        if (!(await request.BodyAsync()).Try(out var body, out error)) return error;
        var (combination, extra) = (body.Fields.OptionalWord<CapCombination>("capCombination"), body.Fields.OptionalFlag("extraUsage"));
        if (body.Fields.Problem is { } problem) return problem;
        var changed = await request.Service<UsageAccounts>().ChangeAsync(request.Organization.Id, request.Actor, condition, combination, extra, request.Cancel);
        return changed.Select(account => new RestReply(200, UsageSettingsForm.ToApi(account), account.Version));
    }

    private static async Task<Outcome<RestReply>> ExtraUsageAsync(RestRequest request)
    {
        if (!MemberEndpoints.Parse(request.Id).Try(out var member, out var error)) return error;
        if (!(await request.BodyAsync()).Try(out var body, out error)) return error;
        var enabled = body.Fields.OptionalFlag("enabled");
        if (enabled is null) body.Fields.Refuse("'enabled' is required: true or false.");
        if (body.Fields.Problem is { } problem) return problem;
        var set = await request.Service<UsageAccounts>().SetExtraUsageAsync(request.Organization.Id, request.Actor, member, enabled!.Value, request.Cancel);
        return set.Select(_ => RestReply.Ok(new ExtraUsageForm(member.ToString(), enabled.Value)));
    }

    private static async Task<Outcome<RestReply>> IncludedAsync(RestRequest request)
    {
        var (currency, limits) = await request.Service<UsageAccounts>().IncludedAsync(request.Organization.Id, request.Cancel);
        return RestReply.Ok(new IncludedLimitsForm(
            currency?.Code, currency is null ? [] : [.. limits.Select(limit => new IncludedLimitForm(limit.Key, currency.Text(limit.Value)))]));
    }

    private static async Task<Outcome<RestReply>> SetIncludedAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        var currency = MoneyFields.Currency(body.Fields, "currency");
        var limits = new Dictionary<string, long>();
        if (!body.Fields.Has("limits")) body.Fields.Refuse("'limits' is required: an array of {\"tier\",\"amount\"}.");
        foreach (var fields in body.Fields.OptionalObjects("limits", 20))
        {
            if (!limits.TryAdd(fields.Text("tier", 64), MoneyFields.Amount(fields, "amount", currency, (currency?.UnitsOfOne ?? 1) * Cap.Most)))
                fields.Refuse("A tier stands in 'limits' twice.");
            body.Fields.Check(fields);
        }
        if (body.Fields.Problem is { } problem) return problem;
        var set = await request.Service<UsageAccounts>().SetIncludedAsync(request.Organization.Id, request.Actor, currency!, limits, request.Cancel);
        return set.Try(out _, out error) ? await IncludedAsync(request) : error;
    }

    private static TokenCounts ReadTokens(JsonFields fields) => new(
        fields.OptionalLong("input", TokenCounts.Most), fields.OptionalLong("output", TokenCounts.Most), fields.OptionalLong("cacheWrite", TokenCounts.Most),
        fields.OptionalLong("cacheRead", TokenCounts.Most));

    /// <summary>A member's id; one that is none is a problem of the field.</summary>
    internal static MemberId Member(JsonFields fields, string name)
    {
        var text = fields.Text(name);
        if (Ids.TryParse<MemberId>(text, out var member)) return member;
        fields.Refuse($"'{name}' is no member's id.");
        return default;
    }

    private static string Key(JsonFields fields, string name, int longest)
    {
        var text = fields.Text(name, longest);
        if (!TextKey.IsStorable(text)) fields.Refuse($"'{name}' holds a character that is none.");
        return text;
    }

    private static void CheckModel(JsonFields fields, string? model)
    {
        if (string.IsNullOrEmpty(model)) fields.Refuse("'model' is required: the name of a model.");
        else if (!TextKey.IsStorable(model) || !TextKey.Fits(model)) fields.Refuse("'model' is no name of a model.");
    }

    private static NotFound NoSuchAuthorization() => new("There is no such authorisation.");
}
