using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.SignIn;

/// <summary>What group mapping does at a sign-in (rule JIT-7). With mapping off everybody may come in and nothing is refreshed.</summary>
public sealed class MappedSignIn(Placements placements, MemberPlacing placing, MemberLifecycle lifecycle, MassGuard guard, SeatEngine seats)
{
    /// <summary>Without a lock: only to see whether anything would have to be written.</summary>
    public Task<Placement> LookAsync(ISession session, Organization organization, SeatedMember member, SignInRequest request) =>
        placements.AtSignInAsync(session, organization, member, request.Groups);

    /// <summary>Where the person belongs, as of this unit: the pools are locked, so a change of a group comes before or after.</summary>
    public async Task<Placement> PlaceOfAsync(UnitScope scope, Organization organization, SeatedMember? member, SignInRequest request)
    {
        if (!organization.Mapping.Enabled) return Placement.Unmapped;
        await seats.LockAsync(scope, organization.Id);
        return await placements.AtSignInAsync(scope.Session, organization, member, request.Groups);
    }

    /// <summary>
    /// Refreshes role and tier of an active member, or suspends one whom no mapped group contains. The primary owner and the last one who
    /// can administer come in nevertheless, and so does somebody whose suspension is parked.
    /// </summary>
    public async Task<SeatedMember> RefreshAsync(UnitScope scope, Organization organization, SeatedMember member, Placement place)
    {
        if (!organization.Mapping.Enabled) return member;
        if (place.InEffect)
            return organization.HasAccess(scope.Now) ? await placing.RefreshAsync(scope, organization, member, place) : member;
        return await lifecycle.IsProtectedAsync(scope.Session, member.Member) || await guard.IsKeptAsync(scope.Session, organization, member.Member.Id)
            ? member
            : await lifecycle.SuspendAsync(scope, organization, member, SuspensionCause.NoMappedGroup);
    }

    /// <summary>A member whom no mapped group contained comes in again when one does now, or when nothing is mapped any more.</summary>
    public async Task<SeatedMember> LiftAsync(UnitScope scope, Organization organization, SeatedMember member, Placement place) =>
        member.Member is { SuspendedBy: SuspensionCause.NoMappedGroup, AdminSuspended: false } && place.InEffect
            ? (await lifecycle.ActivateAsync(scope, organization, member, NoSeatPolicy.Waiting, place)).Value
            : member;
}
