using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Invitations;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Api.Admin;

/// <summary>An invitation as administrators see it: never the token.</summary>
/// <param name="State">As of now: an invitation whose time is over is expired, swept or not.</param>
/// <param name="AcceptUrl">In answers to the operator only, who may have no mail to send it by.</param>
public sealed record InvitationForm(
    string Id, string Email, string Role, string? Tier, string State, string InvitedBy, string CreatedAt, string ExpiresAt, string? EndedAt,
    string? MemberId, string? AcceptUrl)
{
    public static InvitationForm ToApi(Invitation invitation, DateTimeOffset now, Uri? acceptUrl = null) => new(
        invitation.Id.ToString(), invitation.Email, Words.Text(invitation.Role), invitation.Tier, Words.Text(invitation.StateAt(now)),
        invitation.InvitedBy, Instants.Text(invitation.CreatedAt), Instants.Text(invitation.ExpiresAt), MemberForm.Optional(invitation.EndedAt),
        invitation.Member?.ToString(), acceptUrl?.AbsoluteUri);
}

public sealed record InvitationsForm(IReadOnlyList<InvitationForm> Invitations, string? NextCursor);

/// <summary>What became of one address of many.</summary>
/// <param name="Status">As if it had been invited alone: 201, or the status of the refusal.</param>
public sealed record InvitedForm(string Email, int Status, string? Code, string? Detail, InvitationForm? Invitation);

public sealed record BulkForm(IReadOnlyList<InvitedForm> Results);

/// <summary>Answer to an accepted invitation.</summary>
public sealed record AcceptedForm(string Organization, string OrganizationName, string MemberId, string Role, string SeatStatus, string? Tier)
{
    public static AcceptedForm ToApi(AcceptedInvitation accepted) => new(
        accepted.Organization.Slug, accepted.Organization.Name, accepted.Member.Member.Id.ToString(), Words.Text(accepted.Member.Member.Role),
        Words.Text(accepted.Member.Seat.Status), accepted.Member.Seat.Tier);
}

/// <summary>Invitations (rules INV-1 to INV-9).</summary>
public static class InvitationEndpoints
{
    /// <summary>Addresses in one bulk.</summary>
    private const int MostAddresses = 200;

    public static void MapInvitations(this IEndpointRouteBuilder organization)
    {
        organization.MapRest("GET", "/invitations", Access.Admin, ListAsync).WithSummary("Invitations, oldest first")
            .WithDescription("Query: state, limit (1-500), cursor.").Produces<InvitationsForm>();
        organization.MapRest("GET", "/invitations/{id}", Access.Admin, GetAsync).WithSummary("Read an invitation").Produces<InvitationForm>();
        organization.MapRest("POST", "/invitations", Access.Admin, InviteAsync).WithSummary("Invite an address; a seat is held for 21 days")
            .WithDescription("""Body: {"email":"a@acme.example","role":"user"|"admin"|"owner"?,"tier":"premium"?}. Without a tier: the highest with a free seat.""")
            .Accepts<InvitationBody>("application/json").Produces<InvitationForm>(201).Refuses("tier_full", "invitation_exists", "member_exists", "managed_by_directory", "domain_not_verified", "unknown_tier");
        organization.MapRest("POST", "/invitations/bulk", Access.Admin, BulkAsync).WithSummary("Invite many; each address succeeds or fails alone, in order")
            .WithDescription("""Body: {"invitations":[{"email":"...","role":"user"?,"tier":"..."?}]}, at most 200.""")
            .Accepts<InvitationsBody>("application/json").Produces<BulkForm>();
        organization.MapRest("POST", "/invitations/{id}/resend", Access.Admin, ResendAsync)
            .WithSummary("Invite again: a new link and a new term; the link sent before ends")
            .Produces<InvitationForm>(201).Refuses("tier_full", "invitation_exists", "member_exists", "managed_by_directory", "invitation_revoked", "domain_not_verified", "unknown_tier");
        organization.MapRest("DELETE", "/invitations/{id}", Access.Admin, RevokeAsync).WithSummary("Revoke a pending invitation; its seat is free at once")
            .Produces(204).Refuses("member_exists", "invitation_revoked", "invitation_expired");
    }

    public static void MapAcceptance(this IEndpointRouteBuilder routes) =>
        routes.MapGroup("/v1/invitations").WithTags("Invitations").MapRest("POST", "/accept", Access.Anyone, AcceptAsync)
            .WithSummary("Accept an invitation; a second time answers the same")
            .WithDescription("""Body: {"token":"..."}, from the link of the mail.""")
            .Accepts<AcceptanceBody>("application/json").Produces<AcceptedForm>().Refuses("member_exists", "managed_by_directory", "invitation_expired", "invitation_revoked", "domain_not_verified").WithMetadata(new TakesNoKey());

    private static async Task<Outcome<RestReply>> ListAsync(RestRequest request)
    {
        if (!request.Limit().Try(out var limit, out var error)) return error;
        if (!Cursor.Read(request.Query("cursor"), 16).Try(out var after, out error)) return error;
        if (!request.QueryWord<InvitationState>("state").Try(out var state, out error)) return error;
        var now = Now(request);
        var page = await request.Service<InvitationDesk>().ListAsync(request.Organization, state, now, after, limit, request.Cancel);
        return RestReply.Ok(new InvitationsForm([.. page.Items.Select(item => InvitationForm.ToApi(item, now))], page.Next));
    }

    private static async Task<Outcome<RestReply>> GetAsync(RestRequest request)
    {
        if (!Parse(request.Id).Try(out var id, out var error)) return error;
        return await request.Service<InvitationDesk>().FindAsync(request.Organization, id, request.Cancel) is { } found
            ? RestReply.Ok(await FormAsync(request, found)) : NoSuchInvitation();
    }

    private static async Task<Outcome<RestReply>> InviteAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        if (!Wanted(body.Fields).Try(out var wanted, out error)) return error;
        var invited = await request.Service<InvitationDesk>().InviteAsync(
            request.Organization, request.Actor, request.Authority, wanted, Stamp(request, body.Idempotency), request.Cancel);
        return invited.Try(out var invitation, out error) ? await CreatedAsync(request, invitation) : error;
    }

    private static async Task<Outcome<RestReply>> BulkAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        var all = body.Fields.Objects("invitations", MostAddresses).Select(fields => (Email: fields.Peek("email"), Wanted: Wanted(fields))).ToList();
        if (body.Fields.Problem is { } problem) return problem;
        var desk = request.Service<InvitationDesk>();
        if (body.Idempotency is { } whole && await desk.ClaimKeyAsync(request.Organization, request.Actor, whole, Now(request), request.Cancel) is { } reused) return reused;
        // Asked for at once and in order: units of one organisation run one after the other and share their commits.
        var asked = all.Select((one, at) => one.Wanted.Try(out var wanted, out var refused)
            ? desk.InviteAsync(request.Organization, request.Actor, request.Authority, wanted,
                Stamp(request, body.Idempotency is { } key ? Idempotency.Of(key.Id.ToString(), at.ToString(System.Globalization.CultureInfo.InvariantCulture), key.RequestHash) : null),
                request.Cancel)
            : Task.FromResult<Outcome<Invitation>>(refused)).ToList();
        var results = new List<InvitedForm>();
        for (var at = 0; at < all.Count; at++)
        {
            var outcome = await asked[at];
            if (outcome.Try(out var invitation, out var refused))
            {
                results.Add(new InvitedForm(all[at].Email ?? "", 201, null, null, InvitationForm.ToApi(invitation, Now(request))));
                continue;
            }
            var (status, code, _) = Problems.From(refused);
            results.Add(new InvitedForm(all[at].Email ?? "", status, code, refused.Detail, null));
        }
        return RestReply.Ok(new BulkForm(results));
    }

    private static async Task<Outcome<RestReply>> ResendAsync(RestRequest request)
    {
        if (!Parse(request.Id).Try(out var id, out var error)) return error;
        if (!(await request.BodyAsync(mayBeEmpty: true)).Try(out var body, out error)) return error;
        if (body.Fields.Problem is { } problem) return problem;
        var again = await request.Service<InvitationDesk>().ResendAsync(
            request.Organization, request.Actor, request.Authority, id, Stamp(request, body.Idempotency), request.Cancel);
        return again.Try(out var invitation, out error) ? await CreatedAsync(request, invitation) : error;
    }

    private static async Task<Outcome<RestReply>> RevokeAsync(RestRequest request)
    {
        if (!Parse(request.Id).Try(out var id, out var error)) return error;
        var revoked = await request.Service<InvitationDesk>().RevokeAsync(
            request.Organization, request.Actor, request.Authority, id, Stamp(request, null), request.Cancel);
        return revoked.Select(_ => RestReply.NoContent);
    }

    private static async Task<Outcome<RestReply>> AcceptAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        var token = body.Fields.Text("token");
        if (body.Fields.Problem is { } problem) return problem;
        var accepted = await request.Service<InvitationAcceptance>().AcceptAsync(token, request.Context.CorrelationId(), request.Cancel);
        return accepted.Select(result => RestReply.Ok(AcceptedForm.ToApi(result)));
    }

    private static async Task<RestReply> CreatedAsync(RestRequest request, Invitation invitation) => new(
        201, await FormAsync(request, invitation),
        Location: $"{request.Service<PublicUrl>().Root(request.Context.Request)}/v1/organizations/{request.Organization.Slug}/invitations/{invitation.Id}");

    /// <summary>With the link for the operator, as long as it can be used.</summary>
    internal static async Task<InvitationForm> FormAsync(RestRequest request, Invitation invitation)
    {
        var now = Now(request);
        return InvitationForm.ToApi(invitation, now, request.Authority.IsOperator && invitation.IsOpen(now)
            ? await request.Service<InvitationLinks>().LinkAsync(invitation, request.Cancel) : null);
    }

    internal static WriteStamp Stamp(RestRequest request, Idempotency? idempotency) => WriteStamp.Of(request.Service<TimeProvider>(), idempotency);

    internal static EmailAddress? Email(JsonFields fields)
    {
        if (EmailAddress.TryParse(fields.Text("email"), out var email)) return email;
        fields.Refuse("'email' must be an e-mail address.");
        return null;
    }

    private static Outcome<NewInvitation> Wanted(JsonFields fields)
    {
        var email = Email(fields);
        var role = fields.OptionalWord<Role>("role") ?? Role.User;
        var tier = fields.OptionalText("tier", 64);
        return fields.Problem is { } problem ? problem : new NewInvitation(email!, role, tier);
    }

    private static DateTimeOffset Now(RestRequest request) => Instants.Now(request.Service<TimeProvider>());

    private static Outcome<InvitationId> Parse(string text) => Ids.TryParse<InvitationId>(text, out var id) ? id : NoSuchInvitation();

    private static NotFound NoSuchInvitation() => new("There is no such invitation.");
}
