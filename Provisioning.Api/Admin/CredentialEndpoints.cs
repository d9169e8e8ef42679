using System.Text.Json.Nodes;
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
        organization.MapRest("GET", "/tokens", Access.Owner, TokensAsync).WithSummary("Tokens, without their secrets").Produces<TokensForm>();
        organization.MapRest("POST", "/tokens", Access.Owner, IssueAsync).WithSummary("Make a token; the secret is shown once")
            .WithDescription("""Body: {"door":"scim"|"admin"|"gateway"|"application","role":"owner"|"admin" (door admin only),"name":"...","expiresAt":"..."?}. Two SCIM tokens are valid at once.""")
            .Accepts<JsonObject>("application/json").Produces<IssuedTokenForm>(201).ProducesProblem(409);
        organization.MapRest("DELETE", "/tokens/{id}", Access.Owner, RevokeAsync).WithSummary("Revoke a token at once").Produces(204);
    }

    private static async Task<Outcome<RestReply>> TokensAsync(RestRequest request)
    {
        var tokens = await request.Service<Credentials>().TokensAsync(request.Organization, request.Cancel);
        return RestReply.Ok(new TokensForm([.. tokens.Select(TokenForm.ToApi)]));
    }

    private static async Task<Outcome<RestReply>> IssueAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        var fields = body.Fields;
        var door = fields.OptionalWord<Door>("door");
        var role = fields.OptionalWord<Role>("role");
        var name = fields.Text("name");
        var expires = fields.OptionalInstant("expiresAt");
        if (door is null) fields.Refuse($"'door' is required: one of {Words.All<Door>()}.");
        if (door == Door.Admin && role is not (Role.Owner or Role.Admin)) fields.Refuse("'role' must be owner or admin for the admin door.");
        if (door != Door.Admin && role is not null) fields.Refuse("'role' belongs to the admin door only.");
        if (expires <= request.Service<TimeProvider>().GetUtcNow()) fields.Refuse("'expiresAt' must lie in the future.");
        if (fields.Problem is { } problem) return problem;
        var secret = TokenSecret.New(door!.Value);
        var issued = await request.Service<Credentials>().IssueAsync(
            request.Organization, request.Actor, new NewToken(door.Value, role, name, expires, secret), body.Idempotency, request.Cancel);
        return issued.Select(result => new RestReply(201, new IssuedTokenForm(
            result.Token.Id.ToString(), result.Replayed ? null : secret, Words.Text(result.Token.Door),
            result.Token.Role is { } kept ? Words.Text(kept) : null, result.Token.Name, MemberForm.Optional(result.Token.ExpiresAt), result.Replayed)));
    }

    private static async Task<Outcome<RestReply>> RevokeAsync(RestRequest request)
    {
        if (!Ids.TryParse<TokenId>(request.Id, out var id)) return new NotFound("There is no such token.");
        return (await request.Service<Credentials>().RevokeAsync(request.Organization, request.Actor, id, request.Cancel)).Select(_ => RestReply.NoContent);
    }
}
