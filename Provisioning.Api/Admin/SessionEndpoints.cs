using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Admin;

/// <summary>What applications and administrators do with sessions (design D7).</summary>
public static class SessionEndpoints
{
    public static void MapSessions(this IEndpointRouteBuilder organization)
    {
        organization.MapRest("POST", "/sign-ins/exchange", Access.Application, ExchangeAsync)
            .WithSummary("Exchange the code of a finished sign-in, once, within 60 seconds")
            .WithDescription("""Body: {"code":"..."}, which the person's browser brought to your return address.""")
            .Accepts<CodeBody>("application/json").Produces<SessionStateForm>().Refuses("code_invalid");
        organization.MapRest("GET", "/sessions/{id}", Access.Application, GetAsync).WithSummary("Whether a session is good, and what its member may use right now")
            .Produces<SessionStateForm>();
        organization.MapRest("DELETE", "/sessions/{id}", Access.Application, EndAsync).WithSummary("End a session").Produces(204);
        organization.MapRest("GET", "/members/{id}/sessions", Access.Admin, ListAsync).WithSummary("Sessions of a member, newest first").WithDescription("Query: limit (1-500), cursor.").Produces<SessionsForm>();
        organization.MapRest("POST", "/members/{id}/recovery-links", Access.Operator, RecoverAsync).WithSummary("Make a one-time link to the administration for an owner or admin; it is shown once")
            .WithDescription("For when sign-in is broken. The link is good for 15 minutes and once; it opens the administration for an hour, never the product. A body is not needed.")
            .Produces<RecoveryLinkForm>(201).Refuses("not_an_administrator");
    }

    private static async Task<Outcome<RestReply>> ExchangeAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        var code = body.Fields.Text("code");
        if (body.Fields.Problem is { } problem) return problem;
        var exchanged = await request.Service<SessionDirectory>().ExchangeAsync(
            request.Organization, request.Actor, code, body.Idempotency, request.Cancel);
        if (!exchanged.Try(out var view, out error)) return error;
        return RestReply.Ok(await FormAsync(request, view));
    }

    private static async Task<Outcome<RestReply>> GetAsync(RestRequest request)
    {
        if (!Ids.TryParse<SessionId>(request.Id, out var id)
            || await request.Service<SessionDirectory>().FindAsync(request.Organization, id, request.Cancel) is not { } view) return NoSuchSession();
        return RestReply.Ok(await FormAsync(request, view));
    }

    private static async Task<Outcome<RestReply>> EndAsync(RestRequest request)
    {
        if (!Ids.TryParse<SessionId>(request.Id, out var id)) return NoSuchSession();
        // A product signs its people out, whoever they are; one person another only as the roles allow.
        var authority = request.Caller is Caller.Bearer { Grant.Token.Door: Door.Application } ? null : request.Authority;
        var ended = await request.Service<SessionDirectory>().EndAsync(request.Organization, request.Actor, authority, id, SessionEnd.Revoked, request.Cancel);
        return ended.Select(_ => RestReply.NoContent);
    }

    private static async Task<Outcome<RestReply>> ListAsync(RestRequest request)
    {
        if (!MemberEndpoints.Parse(request.Id).Try(out var id, out var error)) return error;
        if (!request.Limit().Try(out var limit, out error)) return error;
        if (!Cursor.Read(request.Query("cursor"), 16).Try(out var after, out error)) return error;
        if (!(await MemberEndpoints.FindAsync(request)).Try(out _, out error)) return error;
        var page = await request.Service<SessionDirectory>().ListAsync(request.Organization, id, after, limit, request.Cancel);
        return RestReply.Ok(new SessionsForm([.. page.Items.Select(SessionForm.ToApi)], page.Next));
    }

    private static async Task<Outcome<RestReply>> RecoverAsync(RestRequest request)
    {
        if (!MemberEndpoints.Parse(request.Id).Try(out var id, out var error)) return error;
        if (!(await request.BodyAsync(mayBeEmpty: true)).Try(out var body, out error)) return error;
        if (body.Fields.Problem is { } problem) return problem;
        var issued = await request.Service<RecoveryLinks>().IssueAsync(request.Organization, request.Actor, id, body.Idempotency, request.Cancel);
        return issued.Select(made => new RestReply(201, new RecoveryLinkForm(
            made.Link.Id.ToString(), made.Link.Member.ToString(), made.Token is { } token ? request.Service<RecoveryAddresses>().Of(token).AbsoluteUri : null,
            Instants.Text(made.Link.ExpiresAt), made.Token is null)));
    }

    private static async Task<SessionStateForm> FormAsync(RestRequest request, SessionView view)
    {
        var (member, tier) = (view.Member.Member, view.Member.Seat.Tier);
        var features = !view.ProductAccess ? null : (await request.Service<IDatabase>().ReadAsync(
            session => request.Service<ISeatStore>().PoolsAsync(session, request.Organization.Id), request.Cancel))
            .FirstOrDefault(pool => pool.Tier == tier)?.Features;
        return new SessionStateForm(
            view.Session.Id.ToString(), view.Active, view.InactiveReason, member.Id.ToString(), member.UserName, member.MatchEmail, member.DisplayName,
            Words.Text(member.Role), tier, view.ProductAccess, features ?? [], Instants.Text(view.Session.ExpiresAt));
    }

    private static NotFound NoSuchSession() => new("There is no such session.");
}
