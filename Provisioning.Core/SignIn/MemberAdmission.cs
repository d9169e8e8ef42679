using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.SignIn;

/// <summary>What a sign-in does to a member, each inside the unit of the decision.</summary>
public sealed class MemberAdmission(
    IMemberStore members, EntryLinks links, IOrganizationStore organizations, ISeatRequestStore requests, MemberLifecycle lifecycle,
    ILinkConfirmationStore confirmations, InvitationMeeting meeting, SeatEngine seats)
{
    /// <summary>JIT-1 (4): the open invitation to the address the connection vouches for, within a verified domain (rule DOM-1).</summary>
    public async Task<Invitation?> InvitationAsync(UnitScope scope, Organization organization, SignInRequest request) =>
        request.VerifiedEmail is { } email && await organizations.IsVerifiedDomainAsync(scope.Session, organization.Id, email.Domain)
            ? await meeting.FindAsync(scope.Session, organization, email, scope.Now) : null;

    /// <summary>
    /// JIT-2: a new member with role user (or the mapped one), the identity, and a seat, or <see cref="SeatDenied"/> and nothing. INV-7: who was invited
    /// has the role and the seat of the invitation.
    /// </summary>
    public async Task<Outcome<SeatedMember>> CreateAsync(
        UnitScope scope, Organization organization, SignInRequest request, EmailAddress email, MemberId id, Placement place,
        Invitation? invitation)
    {
        var name = request.Name is { } text && TextKey.IsStorable(text) && TextKey.Fits(text) ? text : null;
        var role = invitation?.Role == Role.PrimaryOwner ? Role.PrimaryOwner : place.Role ?? invitation?.Role ?? Role.User;
        var member = new Member(
            id, organization.Id, email.Text, email.Normalized, name, role, MemberState.Active, false, null,
            invitation is null ? MemberSource.Jit : MemberSource.Invite, null, scope.Now, 1);
        var created = await lifecycle.CreateAsync(
            scope, organization, member, null, Policy(invitation), Target.Connection(request.Connection.Id), place.Wish, invitation);
        if (!created.Try(out var seated, out var error)) return error;
        await LinkAsync(scope, organization, request, id);
        return seated with { Entry = await links.LinkStagedAsync(scope, organization, member) };
    }

    /// <summary>Links a member who was there; a confirmation of the link is used up, by one sign-in of several at once.</summary>
    public async Task LinkAsync(UnitScope scope, Organization organization, SignInRequest request, PersonMatch match)
    {
        var member = match.Member!.Member.Id;
        if (!await confirmations.EndAsync(scope.Session, member) && match.ByConfirmation)
            throw new UnitConflictException("Somebody else used the confirmation meanwhile.");
        await LinkAsync(scope, organization, request, member);
    }

    /// <summary>Stores the link by which the person is recognised from now on, and audits it.</summary>
    private async Task LinkAsync(UnitScope scope, Organization organization, SignInRequest request, MemberId member)
    {
        await members.InsertIdentityAsync(scope.Session, organization.Id, request.Connection.Id, request.Subject, member, scope.Now);
        scope.Note(organization.Id, "identity.linked", Target.Member(member), new JsonObject
        {
            ["connection"] = request.Connection.Id.ToString(), ["subject"] = request.Subject,
        });
    }

    /// <summary>When the seat is refused, no member is made; one open request per address is kept (rule JIT-2).</summary>
    public void KeepRequest(UnitScope scope, Organization organization, SignInRequest request)
    {
        if (request.VerifiedEmail is { } email)
            scope.KeepOnRefusal(() => requests.RecordAsync(scope.Session, organization.Id, email.Normalized, scope.Now));
    }

    /// <summary>Whether somebody else has taken the name of a removed member meanwhile: the person cannot be added again under it.</summary>
    public Task<bool> IsNameTakenAsync(UnitScope scope, SeatedMember removed) => lifecycle.IsNameTakenAsync(scope.Session, removed.Member);

    /// <summary>JIT-6: removed in mode jit, the person is added again.</summary>
    public Task<Outcome<SeatedMember>> RestoreAsync(UnitScope scope, Organization organization, SeatedMember member, Placement place, Invitation? invitation) =>
        lifecycle.ActivateAsync(scope, organization, member, Policy(invitation), place, invitation);

    /// <summary>Who is invited to own or administer comes in without a seat too (rules ROLE-4, JIT-4).</summary>
    private static NoSeatPolicy Policy(Invitation? invitation) =>
        invitation is { Role: Role.PrimaryOwner or Role.Owner or Role.Admin } ? NoSeatPolicy.Waiting : NoSeatPolicy.Reject;

    /// <summary>JIT-4: who waits gets one attempt at each sign-in; without success everything stays.</summary>
    public async Task<SeatedMember> TrySeatAsync(UnitScope scope, Organization organization, SeatedMember member)
    {
        var wish = new SeatWish(member.Seat.DesiredTier, member.Seat.LastTier);
        var seat = await seats.EnterAsync(scope, organization.Id, member.Seat, wish, NoSeatPolicy.Waiting, Target.Member(member.Member.Id));
        return member with { Seat = seat.Value };
    }

    /// <summary>JIT-10: the address of a member without a directory entry follows the identity provider, within verified domains.</summary>
    public async Task<SeatedMember> FollowEmailAsync(UnitScope scope, Organization organization, SignInRequest request, SeatedMember member)
    {
        if (member.Entry is not null || request.VerifiedEmail is not { } email || email.Normalized == member.Member.MatchEmail
            || !await organizations.IsVerifiedDomainAsync(scope.Session, organization.Id, email.Domain))
            return member;
        var updated = await members.UpdateAsync(scope.Session, member.Member with { MatchEmail = email.Normalized });
        scope.Note(organization.Id, "member.email_changed", Target.Member(updated.Id), new JsonObject
        {
            ["before"] = member.Member.MatchEmail, ["after"] = updated.MatchEmail,
        });
        return member with { Member = updated };
    }

    /// <summary>How full the tiers are that the member could have had.</summary>
    public Task<IReadOnlyList<TierUse>> TiersAsync(UnitScope scope, Organization organization, SeatedMember member) =>
        seats.UseAsync(scope.Session, organization.Id, member.Seat.DesiredTier);
}
