using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Directory;

/// <summary>
/// An invited person comes in, by whatever way: the invitation ends and its hold becomes the seat, in the unit that makes the member
/// (rules INV-4, INV-7, SEAT-2). The invitation's row is always written before a pool's (rule TIME-2).
/// </summary>
public sealed class InvitationMeeting(IInvitationStore invitations, SeatEngine seats)
{
    /// <summary>The open invitation to an address that may be taken up at a sign-in; null also by rule INV-8.</summary>
    public async Task<Invitation?> FindAsync(ISession session, Organization organization, EmailAddress email, DateTimeOffset now)
    {
        if (await invitations.FindPendingAsync(session, organization.Id, email.Normalized) is not { } found || !found.IsOpen(now)) return null;
        return await IsSentAwayAsync(session, organization, email.Normalized) ? null : found;
    }

    /// <summary>INV-8: an invitation brings nobody back whom the directory sent away while it rules.</summary>
    public async Task<bool> IsSentAwayAsync(ISession session, Organization organization, string email) =>
        organization.FollowsDirectory && await invitations.WasSentAwayAsync(session, organization.Id, email);

    /// <summary>
    /// The seat of a member who comes in or comes back. With an open invitation to the address that is the seat it holds, unless a
    /// mapped tier is another one; else <paramref name="wish"/> decides.
    /// </summary>
    /// <param name="invitation">The one that brought the person, and is accepted by it; null: one that is open for the address is superseded.</param>
    public async Task<Outcome<MemberSeat>> SeatAsync(
        UnitScope scope, Organization organization, Member member, MemberSeat before, SeatWish wish, NoSeatPolicy policy, Target person,
        Invitation? invitation)
    {
        var accepted = invitation is not null;
        if (invitation is null && member.MatchEmail is { } email
            && await invitations.FindPendingAsync(scope.Session, organization.Id, email) is { } pending && pending.IsOpen(scope.Now))
            invitation = pending;
        if (invitation is null) return await seats.EnterAsync(scope, organization.Id, before, wish, policy, person);
        await EndAsync(scope, organization, invitation, member, accepted);
        if (invitation.Hold is { } hold)
        {
            if (wish.Only is not null && wish.Only != invitation.Tier) await seats.ReleaseHoldAsync(scope, organization.Id, hold);
            // Gone already when a node whose clock is ahead has ended it: then the person takes a seat like anybody.
            else if (await seats.ConvertHoldAsync(scope, organization.Id, hold, before) is { IsOk: true } converted) return converted;
        }
        return await seats.EnterAsync(scope, organization.Id, before, wish, policy, person);
    }

    private async Task EndAsync(UnitScope scope, Organization organization, Invitation invitation, Member member, bool accepted)
    {
        if (!accepted && invitation.Role == Role.PrimaryOwner)
        {
            // The directory gives a seat, not the ownership: that is still the person's to accept.
            await invitations.DropHoldAsync(scope.Session, invitation.Id);
            scope.Note(organization.Id, "invitation.seat_taken", Target.Invitation(invitation.Id), invitation.Describe());
            return;
        }
        var state = accepted ? InvitationState.Accepted : InvitationState.Superseded;
        await invitations.EndAsync(scope.Session, invitation.Id, state, member.Id, scope.Now);
        scope.Record(organization.Id, "invitation." + Words.Text(state), Target.Invitation(invitation.Id),
            invitation.Describe(), (invitation with { State = state }).Describe());
    }
}
