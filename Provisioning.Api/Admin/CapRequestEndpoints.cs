using System.Text.Json.Nodes;
using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Spend;

namespace Provisioning.Api.Admin;

/// <summary>Members ask for a higher cap, owners approve or deny (rule CAP-10).</summary>
public static class CapRequestEndpoints
{
    private const int LongestReason = 256;

    public static void MapCapRequests(this IEndpointRouteBuilder organization)
    {
        organization.MapRest("POST", "/spend-cap-requests", Access.Member, AskAsync).WithSummary("Ask for another individual cap; one request at a time")
            .WithDescription("""Body: {"limit":{"amount":"80.00","currency":"USD"},"reason":"..."?}.""")
            .Accepts<CapRequestBody>("application/json").Produces<CapRequestForm>(201).Refuses("request_pending");
        organization.MapRest("GET", "/spend-cap-requests", Access.OwnerOrSelf, ListAsync).WithSummary("Requests, newest first; a member sees his own")
            .WithDescription($"Query: state ({Words.All<CapRequestState>()}), memberId, limit (1-500), cursor.").Produces<CapRequestsForm>();
        organization.MapRest("POST", "/spend-cap-requests/{id}/approve", Access.Owner, ApproveAsync).WithSummary("Approve: the individual cap is written")
            .WithDescription("""Body, may be empty: {"limit":{"amount":"60.00","currency":"USD"}} when it is another than was asked for.""")
            .Accepts<CapApprovalBody>(true, "application/json").Produces<CapRequestForm>().Refuses("request_decided", "no_contract");
        organization.MapRest("POST", "/spend-cap-requests/{id}/deny", Access.Owner, DenyAsync).WithSummary("Deny; nothing changes")
            .Produces<CapRequestForm>().Refuses("request_decided");
    }

    private static async Task<Outcome<RestReply>> AskAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        var wanted = MoneyFields.Money(body.Fields, "limit");
        var reason = body.Fields.OptionalText("reason", LongestReason);
        if (reason is not null && !TextKey.IsStorable(reason)) body.Fields.Refuse("'reason' holds a character that is none.");
        if (wanted is not null && wanted.Minor > Cap.Most * wanted.Currency.UnitsOfOne) body.Fields.Refuse($"A cap is at most {Cap.Most} {wanted.Currency.Code}.");
        if (body.Fields.Problem is { } problem) return problem;
        var asked = await request.Service<CapRequests>().AskAsync(
            request.Organization.Id, request.Actor, request.Authority.Member!.Value, wanted!.Minor, wanted.Currency, reason, body.Idempotency, request.Cancel);
        return asked.Select(made => new RestReply(201, CapRequestForm.ToApi(made)));
    }

    private static async Task<Outcome<RestReply>> ListAsync(RestRequest request)
    {
        if (!request.Limit().Try(out var limit, out var error)) return error;
        if (!Cursor.Read(request.Query("cursor"), 16).Try(out var after, out error)) return error;
        if (!request.QueryWord<CapRequestState>("state").Try(out var state, out error)) return error;
        if (!CapEndpoints.Whom(request).Try(out var member, out error)) return error;
        var page = await request.Service<CapRequests>().ListAsync(request.Organization.Id, state, member, after, limit, request.Cancel);
        return RestReply.Ok(new CapRequestsForm([.. page.Items.Select(CapRequestForm.ToApi)], page.Next));
    }

    private static async Task<Outcome<RestReply>> ApproveAsync(RestRequest request)
    {
        if (!Ids.TryParse<CapRequestId>(request.Id, out var id)) return NoSuchRequest();
        if (!(await request.BodyAsync(mayBeEmpty: true)).Try(out var body, out var error)) return error;
        var other = body.Fields.Has("limit") ? MoneyFields.Money(body.Fields, "limit") : null;
        if (body.Fields.Problem is { } problem) return problem;
        var approved = await request.Service<CapRequests>().ApproveAsync(request.Organization.Id, request.Actor, id, other, body.Idempotency, request.Cancel);
        return approved.Select(done => RestReply.Ok(CapRequestForm.ToApi(done)));
    }

    private static async Task<Outcome<RestReply>> DenyAsync(RestRequest request)
    {
        if (!Ids.TryParse<CapRequestId>(request.Id, out var id)) return NoSuchRequest();
        if (!(await request.BodyAsync(mayBeEmpty: true)).Try(out var body, out var error)) return error;
        if (body.Fields.Problem is { } problem) return problem;
        return (await request.Service<CapRequests>().DenyAsync(request.Organization.Id, request.Actor, id, body.Idempotency, request.Cancel))
            .Select(done => RestReply.Ok(CapRequestForm.ToApi(done)));
    }

    private static NotFound NoSuchRequest() => new("There is no such request.");
}
