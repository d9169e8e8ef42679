using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.SignIn;

/// <summary>What group mapping does at a sign-in (rule JIT-7). With mapping off everybody may come in and nothing is refreshed.</summary>
public sealed class MappedSignIn(Placements placements, MemberPlacing placing, MemberLifecycle lifecycle, MassGuard guard, SeatEngine seats)
{
    private const string Cause = "sign-ins without a mapped group";

    /// <summary>Without a lock: whether nothing would have to be written.</summary>
    public async Task<bool> HoldsAsync(ISession session, Organization organization, SeatedMember member, SignInRequest request) =>
        !organization.Mapping.Enabled
        || ((await placements.AtSignInAsync(session, organization, member, request.Groups)).Holds(member)
            && !await guard.IsKeptAsync(session, organization, member.Member.Id));

    /// <summary>Where the person belongs, as of this unit: the pools are locked, so a change of a group comes before or after.</summary>
    public async Task<Placement> PlaceOfAsync(UnitScope scope, Organization organization, SeatedMember? member, SignInRequest request)
    {
        if (!organization.Mapping.Enabled) return Placement.Unmapped;
        await seats.LockAsync(scope, organization.Id);
        return await placements.AtSignInAsync(scope.Session, organization, member, request.Groups);
    }

    /// <summary>
    /// Refreshes role and tier of an active member, or suspends one whom no mapped group contains. The primary owner and the last one who
    /// can administer come in nevertheless, and so does somebody whose suspension the mass-removal guard parks (rule SCIM-14): an identity
    /// provider that stops sending groups locks nobody out but the first few.
    /// </summary>
    public async Task<SeatedMember> RefreshAsync(UnitScope scope, Organization organization, SeatedMember member, Placement place)
    {
        if (!organization.Mapping.Enabled) return member;
        var id = member.Member.Id;
        if (place.InEffect)
        {
            await guard.ForgetAsync(scope.Session, organization, [id]);
            return organization.HasAccess(scope.Now) ? await placing.RefreshAsync(scope, organization, member, place) : member;
        }
        if (await lifecycle.IsProtectedAsync(scope.Session, member.Member)) return member;
        if (!(await guard.LetAsync(scope, organization, [id], Cause)).Contains(id)) return member;
        await guard.CountAsync(scope, organization, [id]);
        return await lifecycle.SuspendAsync(scope, organization, member, SuspensionCause.NoMappedGroup);
    }

    /// <summary>A member whom no mapped group contained comes in again when one does now, or when nothing is mapped any more.</summary>
    public async Task<SeatedMember> LiftAsync(UnitScope scope, Organization organization, SeatedMember member, Placement place) =>
        member.Member is { SuspendedBy: SuspensionCause.NoMappedGroup, AdminSuspended: false } && place.InEffect
            ? (await lifecycle.ActivateAsync(scope, organization, member, NoSeatPolicy.Waiting, place)).Value
            : member;
}
