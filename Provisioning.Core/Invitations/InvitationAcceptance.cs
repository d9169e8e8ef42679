using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Invitations;

/// <summary>An invitation and what it is to: what the invited person sees.</summary>
public sealed record OpenedInvitation(Invitation Invitation, Organization Organization);

/// <summary>Who came of it.</summary>
public sealed record AcceptedInvitation(Invitation Invitation, Organization Organization, SeatedMember Member);

/// <summary>The invited person, who knows nothing but the token (rules INV-2, INV-4, INV-6).</summary>
public sealed class InvitationAcceptance(
    IDatabase database, IInvitationStore invitations, IOrganizationStore organizations, IMemberStore members, MemberLifecycle lifecycle,
    EntryLinks links, InvitationRules rules, Ownership ownership, LinkConfirmations confirmations, TimeProvider time)
{
    /// <summary>Looks without changing anything; ended ones are refused, an accepted one is shown.</summary>
    public async Task<Outcome<OpenedInvitation>> OpenAsync(string token, CancellationToken cancel)
    {
        var now = Instants.Now(time);
        if (await FindAsync(token, cancel) is not { } found) return Unknown;
        var state = found.Invitation.StateAt(now);
        return state != InvitationState.Accepted && InvitationRules.RefuseEnded(state) is { } ended ? ended : found;
    }

    /// <summary>The held seat becomes the member's, in one unit; accepting twice answers the same.</summary>
    public async Task<Outcome<AcceptedInvitation>> AcceptAsync(string token, string correlationId, CancellationToken cancel)
    {
        if (await FindAsync(token, cancel) is not { } found) return Unknown;
        var (id, newMember) = (found.Invitation.Id, Ids.New<MemberId>(time));
        var organization = found.Organization;
        var actor = new Actor(ActorKind.Member, newMember.ToString(), Channel.AdminApi, correlationId);
        return await database.WriteAsync(new WriteUnit<AcceptedInvitation>(
            Ids.New<UnitId>(time), "invitation.accept", actor, Instants.Now(time), scope => AcceptAsync(scope, organization, id, newMember))
        {
            Organization = organization.Id,
            Remember = accepted => accepted.Invitation.Id.ToString(),
            Recall = async (session, _) => await AcceptedAsync(session, organization, id) is { } accepted ? accepted : Unknown,
        }, cancel);
    }

    private async Task<Outcome<AcceptedInvitation>> AcceptAsync(UnitScope scope, Organization organization, InvitationId id, MemberId newMember)
    {
        if (await invitations.FindAsync(scope.Session, organization.Id, id) is not { } invitation) return Unknown;
        if (invitation.State == InvitationState.Accepted)
            return await AcceptedAsync(scope.Session, organization, id) is { } before ? before : Unknown;
        if (InvitationRules.RefuseEnded(invitation.StateAt(scope.Now)) is { } ended) return ended;
        var address = InvitationRules.Address(invitation);
        if (await rules.RefuseAddressAsync(scope.Session, organization, new NewInvitation(address, invitation.Role, null)) is { } refused) return refused;
        if (invitation.Role == Role.PrimaryOwner && await members.PrimaryOwnerAsync(scope.Session, organization.Id) is not null)
            return new Gone("invitation_revoked", "The organisation has a primary owner by now.");

        // The groups decide who comes in (rules GRP-1, JIT-7), and a link brings none: the sign-in does, and accepts the invitation (rule INV-7).
        if (organization.Mapping.Enabled && invitation.Role != Role.PrimaryOwner)
            return new Conflict("managed_by_directory", "Groups decide who comes in here: sign in with your organisation's account, which accepts the invitation.");

        if (await rules.FindMemberAsync(scope.Session, organization, address) is { } known)
        {
            // Pushed by the directory meanwhile: the person is a member with a seat, and what is left of the offer is the ownership.
            if (invitation is not { Role: Role.PrimaryOwner, Hold: null } || known.Member.State != MemberState.Active)
                return new Conflict("member_exists", "Somebody with this address is a member already.");
            var owner = await ownership.TakeAsync(scope, organization, known);
            await EndAsync(scope, organization, invitation, owner.Member.Id);
            await confirmations.LeaveAsync(scope, organization, owner.Member.Id, owner.Member.Role, invitation.Email);
            return new AcceptedInvitation(invitation with { State = InvitationState.Accepted, Member = owner.Member.Id }, organization, owner);
        }
        var member = new Member(
            newMember, organization.Id, invitation.Email, invitation.Email, null, invitation.Role, MemberState.Active, false, null,
            MemberSource.Invite, null, scope.Now, 1);
        var created = await lifecycle.CreateAsync(scope, organization, member, null, NoSeatPolicy.Waiting, Target.Member(newMember), null, invitation);
        if (!created.Try(out var seated, out var error)) return error;
        seated = seated with { Entry = await links.LinkStagedAsync(scope, organization, member) };
        await confirmations.LeaveAsync(scope, organization, newMember, invitation.Role, invitation.Email);
        return new AcceptedInvitation(invitation with { State = InvitationState.Accepted, Member = newMember }, organization, seated);
    }

    private async Task EndAsync(UnitScope scope, Organization organization, Invitation invitation, MemberId member)
    {
        await invitations.EndAsync(scope.Session, invitation.Id, InvitationState.Accepted, member, scope.Now);
        scope.Record(organization.Id, "invitation.accepted", Target.Invitation(invitation.Id), invitation.Describe(),
            (invitation with { State = InvitationState.Accepted }).Describe());
    }

    private async Task<AcceptedInvitation?> AcceptedAsync(ISession session, Organization organization, InvitationId id) =>
        await invitations.FindAsync(session, organization.Id, id) is { Member: { } member } invitation
        && await members.FindAsync(session, organization.Id, member) is { } seated ? new AcceptedInvitation(invitation, organization, seated) : null;

    private Task<OpenedInvitation?> FindAsync(string token, CancellationToken cancel) =>
        database.ReadAsync(async session =>
            await invitations.FindByTokenAsync(session, TokenSecret.Hash(token)) is { } invitation
            && await organizations.FindAsync(session, invitation.Organization.ToString()) is { } organization
                ? new OpenedInvitation(invitation, organization) : null, cancel);

    private static NotFound Unknown => new("There is no such invitation; use the whole link of the mail.");
}
