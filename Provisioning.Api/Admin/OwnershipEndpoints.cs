using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Invitations;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Api.Admin;

/// <summary>Who calls, when a member calls in person.</summary>
public sealed record MeForm(string Organization, MemberForm Member);

/// <summary>The ownership of an organisation (rules ROLE-3, INV-6), and who I am in it.</summary>
public static class OwnershipEndpoints
{
    public static void MapOwnership(this IEndpointRouteBuilder organization)
    {
        organization.MapRest("GET", "/me", Access.Member, MeAsync).WithSummary("The member who calls").Produces<MeForm>();
        organization.MapRest("POST", "/ownership-transfer", Access.PrimaryOwner, TransferAsync)
            .WithSummary("Hand the ownership to another member; the primary owner becomes an owner")
            .WithDescription("""Body: {"memberId":"mem_...","confirmEmail":"..."}: the address of the new owner, typed.""")
            .Accepts<TransferBody>("application/json").Produces<MemberForm>().Refuses("last_primary_owner").WithMetadata(new TakesNoKey());
        organization.MapRest("PUT", "/owner", Access.Operator, AppointAsync)
            .WithSummary("Appoint the primary owner, or invite one while there is none")
            .WithDescription("""Body: {"memberId":"mem_..."}, when the primary owner is gone; or {"email":"..."}, as long as there is none: the invitation sent before ends.""")
            .Accepts<AppointmentBody>("application/json").Produces<MemberForm>().Produces<InvitationForm>(201).Refuses("member_exists", "last_primary_owner", "domain_not_verified");
    }

    private static async Task<Outcome<RestReply>> MeAsync(RestRequest request)
    {
        var found = await request.Service<IDatabase>().ReadAsync(
            session => request.Service<IMemberStore>().FindAsync(session, request.Organization.Id, request.Authority.Member!.Value), request.Cancel);
        return found is null ? new NotFound("There is no such member.")
            : new RestReply(200, new MeForm(request.Organization.Slug, MemberForm.ToApi(found)), found.Version);
    }

    private static async Task<Outcome<RestReply>> TransferAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        var member = body.Fields.Text("memberId");
        var typed = body.Fields.Text("confirmEmail");
        if (body.Fields.Problem is { } problem) return problem;
        if (!MemberEndpoints.Parse(member).Try(out var to, out error)) return error;
        var transferred = await request.Service<Ownership>().TransferAsync(
            request.Organization, request.Actor, request.Authority.Member!.Value, to, typed, body.Idempotency, request.Cancel);
        return transferred.Select(Reply);
    }

    private static async Task<Outcome<RestReply>> AppointAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        var member = body.Fields.OptionalText("memberId");
        var email = body.Fields.Has("email") ? InvitationEndpoints.Email(body.Fields) : null;
        if (member is null == email is null) body.Fields.Refuse("Name exactly one: 'memberId', or the 'email' to invite.");
        if (body.Fields.Problem is { } problem) return problem;
        var desk = request.Service<InvitationDesk>();
        if (email is not null)
        {
            var invited = await desk.ReplaceOwnerInvitationAsync(
                request.Organization, request.Actor, email, InvitationEndpoints.Stamp(request, body.Idempotency), request.Cancel);
            return invited.Try(out var invitation, out error) ? new RestReply(201, await InvitationEndpoints.FormAsync(request, invitation)) : error;
        }
        if (!MemberEndpoints.Parse(member!).Try(out var to, out error)) return error;
        var appointed = await request.Service<Ownership>().AppointAsync(
            request.Organization, request.Actor, to, scope => desk.WithdrawOwnerInvitationsAsync(scope, request.Organization), request.Cancel);
        return appointed.Select(Reply);
    }

    private static RestReply Reply(SeatedMember member) => new(200, MemberForm.ToApi(member), member.Version);
}
