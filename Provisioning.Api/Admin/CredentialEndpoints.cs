using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Api.Admin;

/// <summary>Tokens of an organisation: owners and the operator.</summary>
public static class CredentialEndpoints
{
    public static void MapCredentials(this IEndpointRouteBuilder organization)
    {
        organization.MapRest("GET", "/tokens", Access.Owner, TokensAsync).WithSummary("Tokens, without their secrets").WithDescription("Query: limit (1-500), cursor. lastUsedAt is written every few minutes.").Produces<TokensForm>();
        organization.MapRest("POST", "/tokens", Access.Owner, IssueAsync).WithSummary("Make a token; the secret is shown once")
            .WithDescription("""Body: {"door":"scim"|"admin"|"gateway"|"application","role":"owner"|"admin" or "memberId":"mem_..." (door admin only),"name":"...","expiresAt":"..."?}. Two SCIM tokens are valid at once. With memberId: a personal token, which acts with the member's role of the moment; a member makes it for himself, or the operator for anybody.""")
            .Accepts<TokenBody>("application/json").Produces<IssuedTokenForm>(201).Refuses("too_many_tokens");
        organization.MapRest("DELETE", "/tokens/{id}", Access.Owner, RevokeAsync).WithSummary("Revoke a token at once").Produces(204);
        organization.MapRest("GET", "/scim-tokens", Access.Owner, ScimTokensAsync).WithSummary("SCIM tokens, without their secrets").WithDescription("Query: limit (1-500), cursor.").Produces<TokensForm>();
        organization.MapRest("POST", "/scim-tokens", Access.Owner, IssueScimAsync).WithSummary("Make a SCIM token; the secret is shown once")
            .WithDescription("""Body: {"name":"...","expiresAt":"..."?}. Two are valid at once, for rotation.""")
            .Accepts<ScimTokenBody>("application/json").Produces<IssuedTokenForm>(201).Refuses("too_many_tokens");
        organization.MapRest("DELETE", "/scim-tokens/{id}", Access.Owner, RevokeAsync).WithSummary("Revoke a token at once").Produces(204);
    }

    private static Task<Outcome<RestReply>> TokensAsync(RestRequest request) => ListAsync(request, null);

    private static Task<Outcome<RestReply>> ScimTokensAsync(RestRequest request) => ListAsync(request, Door.Scim);

    private static async Task<Outcome<RestReply>> ListAsync(RestRequest request, Door? door)
    {
        if (!request.Limit().Try(out var limit, out var error)) return error;
        if (!Cursor.Read(request.Query("cursor"), 16).Try(out var after, out error)) return error;
        var page = await request.Service<Credentials>().TokensAsync(request.Organization, door, after, limit, request.Cancel);
        return RestReply.Ok(new TokensForm([.. page.Items.Select(TokenForm.ToApi)], page.Next));
    }

    private static async Task<Outcome<RestReply>> IssueAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        var fields = body.Fields;
        var door = fields.OptionalWord<Door>("door");
        var role = fields.OptionalWord<Role>("role");
        var person = fields.OptionalText("memberId");
        if (door is null) fields.Refuse($"'door' is required: one of {Words.All<Door>()}.");
        if (door == Door.Admin && person is null && role is not (Role.Owner or Role.Admin)) fields.Refuse("'role' must be owner or admin for the admin door.");
        if (door != Door.Admin && role is not null) fields.Refuse("'role' belongs to the admin door only.");
        if (person is not null && (door != Door.Admin || role is not null)) fields.Refuse("'memberId' belongs to the admin door, and takes the place of 'role'.");
        MemberId? member = null;
        if (person is not null && fields.ProblemOfKnown is null)
        {
            if (!MemberEndpoints.Parse(person).Try(out var known, out error)) return error;
            if (!request.Authority.IsOperator && request.Authority.Member != known)
                return new Forbidden("A personal token is made by the member himself, or by the operator: who has it acts as that member.");
            member = known;
        }
        return await IssueAsync(request, body, door, role, member);
    }

    private static async Task<Outcome<RestReply>> IssueScimAsync(RestRequest request) =>
        (await request.BodyAsync()).Try(out var body, out var error) ? await IssueAsync(request, body, Door.Scim, null, null) : error;

    private static async Task<Outcome<RestReply>> IssueAsync(RestRequest request, RestBody body, Door? door, Role? role, MemberId? member)
    {
        var name = body.Fields.Text("name");
        var expires = body.Fields.OptionalInstant("expiresAt");
        if (expires <= request.Service<TimeProvider>().GetUtcNow()) body.Fields.Refuse("'expiresAt' must lie in the future.");
        if (body.Fields.Problem is { } problem) return problem;
        var secret = TokenSecret.New(door!.Value);
        var issued = await request.Service<Credentials>().IssueAsync(
            request.Organization, request.Actor, new NewToken(door.Value, role, name, expires, secret, member), body.Idempotency, request.Cancel);
        return issued.Select(result => new RestReply(201, IssuedTokenForm.ToApi(result.Token, result.Replayed ? null : secret)));
    }

    private static async Task<Outcome<RestReply>> RevokeAsync(RestRequest request)
    {
        if (!Ids.TryParse<TokenId>(request.Id, out var id)) return new NotFound("There is no such token.");
        return (await request.Service<Credentials>().RevokeAsync(request.Organization, request.Actor, id, request.Cancel)).Select(_ => RestReply.NoContent);
    }
}
