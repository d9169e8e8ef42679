using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Directory;

/// <summary>
/// The states of a member and the seat that goes with each (domain.md section 5). Every path that brings a member in, back or out
/// comes through here, inside its own unit.
/// </summary>
public sealed class MemberLifecycle(
    IMemberStore members, ISeatRequestStore requests, ITokenStore tokens, ILinkConfirmationStore confirmations, InvitationMeeting meeting,
    SeatEngine seats)
{
    /// <summary>A new member, active with a seat (or waiting for one), or suspended by the directory without.</summary>
    /// <param name="person">Who the audit record of a refused seat is about: the member itself is then never there.</param>
    /// <param name="wish">The seat wanted; the highest available when not said.</param>
    /// <param name="invitation">The one that brought the person; an open one for the address is met anyway (rule INV-7).</param>
    public async Task<Outcome<SeatedMember>> CreateAsync(
        UnitScope scope, Organization organization, Member member, ResourceId? entry, NoSeatPolicy policy, Target person, SeatWish? wish = null,
        Invitation? invitation = null)
    {
        await members.InsertAsync(scope.Session, member);
        scope.Record(organization.Id, "member.created", Target.Member(member.Id), null, member.Describe());
        if (member.State != MemberState.Active)
            return new SeatedMember(member, await seats.RegisterAsync(scope, organization.Id, member.Id), entry);
        var seat = await meeting.SeatAsync(
            scope, organization, member, MemberSeat.NewFor(member.Id), wish ?? SeatWish.Highest, policy, person, invitation);
        if (seat.Try(out var entered, out _) && entered.Status == SeatStatus.Assigned) await AnswerRequestAsync(scope, organization, member);
        return seat.Select(value => new SeatedMember(member, value, entry));
    }

    /// <summary>
    /// Brings a suspended or removed member back with a seat by SEAT-10. Who was removed comes back as <c>user</c> or as invited, and still suspended
    /// if an administrator's suspension stood when the directory removed the member, or if no mapped group contains the person (rule GRP-1).
    /// The caller has made sure that no other cause of suspension stands. <see cref="NotUnique"/> when the name is somebody else's by now.
    /// </summary>
    /// <param name="placement">What the mapping gives; as without a mapping when not said.</param>
    public async Task<Outcome<SeatedMember>> ActivateAsync(
        UnitScope scope, Organization organization, SeatedMember before, NoSeatPolicy policy, Placement? placement = null,
        Invitation? invitation = null)
    {
        placement ??= Placement.Unmapped;
        var active = before.Member with
        {
            State = MemberState.Active, SuspendedBy = null, AdminSuspended = false,
            Role = before.Member.Role == Role.PrimaryOwner || invitation?.Role == Role.PrimaryOwner ? Role.PrimaryOwner
                : placement.Role ?? (before.Member.State == MemberState.Removed ? invitation?.Role ?? Role.User : before.Member.Role),
        };
        if (before.Member.State == MemberState.Removed && await IsNameTakenAsync(scope.Session, active))
            return new NotUnique($"Another member of the organisation already uses the userName \"{active.UserName}\".");
        if (before.Member.State == MemberState.Removed && (before.Member.AdminSuspended || !placement.InEffect))
        {
            var cause = before.Member.AdminSuspended ? SuspensionCause.Admin : SuspensionCause.NoMappedGroup;
            return before with
            {
                Member = await SuspendForAsync(scope, before.Member, active with { AdminSuspended = before.Member.AdminSuspended }, cause),
            };
        }
        active = await members.UpdateAsync(scope.Session, active);
        scope.Record(organization.Id, "member.activated", Target.Member(active.Id), before.Member.Describe(), active.Describe());
        var seat = await meeting.SeatAsync(
            scope, organization, active, before.Seat, placement.Wish with { First = before.Seat.LastTier }, policy, Target.Member(active.Id), invitation);
        return seat.Select(value => before with { Member = active, Seat = value });
    }

    /// <summary>Suspends a member; the seat is free at once (rule SEAT-11). An administrator's word stands until an administrator lifts it.</summary>
    public async Task<SeatedMember> SuspendAsync(UnitScope scope, Organization organization, SeatedMember before, SuspensionCause cause)
    {
        var seat = await seats.LeaveAsync(scope, organization.Id, before.Seat, SeatStatus.None, Words.Text(cause));
        var suspended = await members.UpdateAsync(scope.Session, before.Member with
        {
            State = MemberState.Suspended, SuspendedBy = cause, AdminSuspended = before.Member.AdminSuspended || cause == SuspensionCause.Admin,
        });
        scope.Record(organization.Id, "member.suspended", Target.Member(suspended.Id), before.Member.Describe(), suspended.Describe(), Words.Text(cause));
        return before with { Member = suspended, Seat = seat };
    }

    /// <summary>Writes a suspension of somebody who has no seat: another cause, or a removed member who comes back suspended.</summary>
    public async Task<Member> SuspendForAsync(UnitScope scope, Member before, Member after, SuspensionCause cause)
    {
        after = await members.UpdateAsync(scope.Session, after with { State = MemberState.Suspended, SuspendedBy = cause });
        scope.Record(before.Organization, "member.suspended", Target.Member(before.Id), before.Describe(), after.Describe(), Words.Text(cause));
        return after;
    }

    /// <summary>
    /// Removes a member; the seat is free at once, the history stays. A removal by the directory does not wipe out an administrator's
    /// suspension: deleting and pushing again would lift it.
    /// </summary>
    public async Task<SeatedMember> RemoveAsync(UnitScope scope, Organization organization, SeatedMember before, SuspensionCause by, string reason)
    {
        if (before.Member.State == MemberState.Removed) return before;
        var seat = await seats.LeaveAsync(scope, organization.Id, before.Seat, SeatStatus.None, reason);
        var removed = await members.UpdateAsync(scope.Session, before.Member with
        {
            State = MemberState.Removed, SuspendedBy = null, AdminSuspended = by == SuspensionCause.Directory && before.Member.AdminSuspended,
        });
        await tokens.RevokeOfMemberAsync(scope.Session, removed.Id, scope.Now);
        await confirmations.EndAsync(scope.Session, removed.Id);
        scope.Record(organization.Id, "member.removed", Target.Member(removed.Id), before.Member.Describe(), removed.Describe(), reason);
        return before with { Member = removed, Seat = seat };
    }

    /// <summary>
    /// The member as it is now, in a unit over many: a seat that one of them left may have gone to another who waited or wished for it
    /// since they were read together.
    /// </summary>
    public async Task<SeatedMember> AsItIsAsync(ISession session, SeatedMember member) =>
        member.Seat is { Status: SeatStatus.Waiting } or { DesiredTier: not null }
            ? await members.FindAsync(session, member.Member.Organization, member.Member.Id) ?? member : member;

    /// <summary>
    /// Nobody suspends or removes the primary owner, nor the last member who can sign in to the administration (rules ROLE-3, SCIM-11).
    /// </summary>
    public async Task<bool> IsProtectedAsync(ISession session, Member member) =>
        member.State == MemberState.Active
        && (member.Role == Role.PrimaryOwner
            || (member.Administers && !await members.AnotherAdministersAsync(session, member.Organization, member.Id)));

    /// <summary>While a member was removed, somebody else may have come in under the name (invariant I-2).</summary>
    public async Task<bool> IsNameTakenAsync(ISession session, Member removed) =>
        await members.FindByUserNameAsync(session, removed.Organization, removed.UserName) is { } other && other.Member.Id != removed.Id;

    private async Task AnswerRequestAsync(UnitScope scope, Organization organization, Member member)
    {
        if (member.MatchEmail is { } email) await requests.RemoveAsync(scope.Session, organization.Id, email);
    }
}
