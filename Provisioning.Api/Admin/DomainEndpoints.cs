using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;

namespace Provisioning.Api.Admin;

/// <summary>What to publish: a TXT record at the root of the domain, with exactly this text.</summary>
public sealed record TxtRecordForm(string Type, string Name, string Value);

/// <param name="ProofMissingSince">Since when the record of a verified domain has been missing; two weeks later it is pending again.</param>
public sealed record DomainForm(string Id, string Name, string State, TxtRecordForm? Record, string CreatedAt, string? VerifiedAt, string? ProofMissingSince)
{
    public static DomainForm ToApi(ClaimedDomain domain) => new(
        domain.Id.ToString(), domain.Name, Words.Text(domain.State), domain.Record is { } record ? new TxtRecordForm("TXT", domain.Name, record) : null,
        Instants.Text(domain.CreatedAt), MemberForm.Optional(domain.VerifiedAt), MemberForm.Optional(domain.ProofMissingSince));
}

public sealed record ClaimedDomainsForm(IReadOnlyList<DomainForm> Domains, string? NextCursor);

/// <summary>Domains of an organisation (rules DOM-1 to DOM-4).</summary>
public static class DomainEndpoints
{
    public static void MapDomains(this IEndpointRouteBuilder organization)
    {
        organization.MapRest("GET", "/domains", Access.Owner, ListAsync).WithSummary("Claimed and verified domains").WithDescription("Query: limit (1-500), cursor.").Produces<ClaimedDomainsForm>();
        organization.MapRest("POST", "/domains", Access.Owner, ClaimAsync).WithSummary("Claim a domain; again: a new token while it is pending")
            .WithDescription("""Body: {"name":"acme.example"}. Publish the record of the answer, then POST /domains/{id}/verify.""")
            .Accepts<DomainBody>("application/json").Produces<DomainForm>(201).Refuses("domain_taken");
        organization.MapRest("POST", "/domains/{id}/verify", Access.Owner, VerifyAsync).WithSummary("Look for the TXT record")
            .Produces<DomainForm>().Refuses("domain_taken", "domain_not_verified");
        organization.MapRest("DELETE", "/domains/{id}", Access.Owner, RemoveAsync)
            .WithSummary("Give a domain up: members stay, nobody new comes in by it").Produces(204).Refuses("domain_routed");
    }

    private static async Task<Outcome<RestReply>> ListAsync(RestRequest request)
    {
        if (!request.Limit().Try(out var limit, out var error)) return error;
        if (!Cursor.Read(request.Query("cursor"), 16).Try(out var after, out error)) return error;
        var page = await request.Service<DomainClaims>().ListAsync(request.Organization, after, limit, request.Cancel);
        return RestReply.Ok(new ClaimedDomainsForm([.. page.Items.Select(DomainForm.ToApi)], page.Next));
    }

    private static async Task<Outcome<RestReply>> ClaimAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        if (!DomainName.TryParse(body.Fields.Text("name"), out var name)) body.Fields.Refuse("'name' must be a domain name such as acme.example.");
        if (body.Fields.Problem is { } problem) return problem;
        var claimed = await request.Service<DomainClaims>().ClaimAsync(request.Organization, request.Actor, name!, body.Idempotency, request.Cancel);
        return claimed.Select(domain => new RestReply(201, DomainForm.ToApi(domain)));
    }

    private static async Task<Outcome<RestReply>> VerifyAsync(RestRequest request)
    {
        if (!Parse(request.Id).Try(out var id, out var error)) return error;
        if (!(await request.BodyAsync(mayBeEmpty: true)).Try(out var body, out error)) return error;
        if (body.Fields.Problem is { } problem) return problem;
        var verified = await request.Service<DomainClaims>().VerifyAsync(request.Organization, request.Actor, id, body.Idempotency, request.Cancel);
        return verified.Select(domain => RestReply.Ok(DomainForm.ToApi(domain)));
    }

    private static async Task<Outcome<RestReply>> RemoveAsync(RestRequest request)
    {
        if (!Parse(request.Id).Try(out var id, out var error)) return error;
        return (await request.Service<DomainClaims>().RemoveAsync(request.Organization, request.Actor, id, request.Cancel)).Select(_ => RestReply.NoContent);
    }

    private static Outcome<DomainId> Parse(string text) => Ids.TryParse<DomainId>(text, out var id) ? id : new NotFound("There is no such domain.");
}
