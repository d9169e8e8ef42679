using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Directory;

/// <summary>A member whom the directory has switched on, and where the mapping wants the member.</summary>
public sealed record MemberToPlace(SeatedMember Member, Placement Placement);

/// <summary>Puts members where the mapping wants them: state, role and seat, inside the unit of what changed (rules GRP-1 to GRP-7).</summary>
public sealed class MemberPlacing(IMemberStore members, MemberLifecycle lifecycle, SeatEngine seats, MassGuard guard)
{
    /// <summary>One member, by a push of the person or an administrator's word.</summary>
    public async Task<Outcome<SeatedMember>> PlaceAsync(
        UnitScope scope, Organization organization, SeatedMember member, Placement placement, NoSeatPolicy policy, string cause)
    {
        switch (member.Member.State)
        {
            case MemberState.Active when placement.InEffect:
                return await RefreshAsync(scope, organization, member, placement);
            case MemberState.Active:
                return (await WithdrawAsync(scope, organization, [member], cause))[0];
            case MemberState.Suspended when member.Member.AdminSuspended || (!placement.InEffect && member.Member.SuspendedBy == SuspensionCause.NoMappedGroup):
                return member;
            case MemberState.Suspended when !placement.InEffect:
                return member with { Member = await lifecycle.SuspendForAsync(scope, member.Member, member.Member, SuspensionCause.NoMappedGroup) };
            default:
                return await lifecycle.ActivateAsync(scope, organization, member, policy, placement);
        }
    }

    /// <summary>
    /// Members of changed groups, each by itself: some may end up waiting, none stops the others (rule SCIM-13). Who leaves the last mapped
    /// group is suspended, within the mass-removal guard. Answers how many changed.
    /// </summary>
    /// <param name="confirmed">An owner has confirmed how many will lose access: the guard is not asked.</param>
    public async Task<int> PlaceManyAsync(
        UnitScope scope, Organization organization, IEnumerable<MemberToPlace> people, string cause, bool confirmed = false)
    {
        var changed = 0;
        var leaving = new List<SeatedMember>();
        // By id, so that two units lock members in one order (rule TIME-2).
        var ordered = people.OrderBy(item => item.Member.Member.Id.Value).ToList();
        await guard.ForgetAsync(scope.Session, organization, [.. ordered.Where(item => item.Placement.InEffect).Select(item => item.Member.Member.Id)]);
        foreach (var (member, placement) in ordered)
        {
            if (member.Member.State == MemberState.Removed || member.Member.AdminSuspended) continue;
            if (member.Member.State == MemberState.Active && !placement.InEffect)
            {
                leaving.Add(member);
                continue;
            }
            if (member.Member.State == MemberState.Suspended && !placement.InEffect && member.Member.SuspendedBy == SuspensionCause.NoMappedGroup) continue;
            if (member.Member.State == MemberState.Active && placement.Holds(member)) continue;
            var placed = await PlaceAsync(scope, organization, member, placement, NoSeatPolicy.Waiting, cause);
            if (placed.Try(out var after, out var refused)) changed += after != member ? 1 : 0;
            else scope.Note(organization.Id, "member.not_placed", Target.Member(member.Member.Id), null, refused.Detail);
        }
        var left = await WithdrawAsync(scope, organization, leaving, cause, confirmed);
        return changed + left.Count(member => member.Member.State != MemberState.Active);
    }

    /// <summary>Role and tier of an active member (rules GRP-2 to GRP-7, JIT-7).</summary>
    public async Task<SeatedMember> RefreshAsync(UnitScope scope, Organization organization, SeatedMember member, Placement placement)
    {
        if (placement.Role is { } role && role != member.Member.Role && member.Member.Role != Role.PrimaryOwner)
            member = member with { Member = await ChangeRoleAsync(scope, member.Member, role) };
        return organization.Mapping.Enabled
            ? member with { Seat = await seats.PlaceAsync(scope, organization.Id, member.Seat, placement.Wish) }
            : member;
    }

    /// <summary>
    /// Suspends members whom no mapped group contains any more, as far as the guard lets; the primary owner and the last one who can
    /// administer stay. Answers them in the same order.
    /// </summary>
    private async Task<IReadOnlyList<SeatedMember>> WithdrawAsync(
        UnitScope scope, Organization organization, List<SeatedMember> leaving, string cause, bool confirmed = false)
    {
        if (leaving.Count == 0) return leaving;
        var ids = leaving.ConvertAll(member => member.Member.Id);
        var allowed = confirmed ? ids.ToHashSet() : await guard.LetAsync(scope, organization, ids, cause);
        var (after, gone) = (new List<SeatedMember>(leaving.Count), new List<MemberId>(leaving.Count));
        foreach (var member in leaving)
        {
            if (!allowed.Contains(member.Member.Id)) after.Add(member);
            else if (await lifecycle.IsProtectedAsync(scope.Session, member.Member)) after.Add(Keep(scope, member, "leave the last mapped group"));
            else
            {
                after.Add(await lifecycle.SuspendAsync(scope, organization, await lifecycle.AsItIsAsync(scope.Session, member), SuspensionCause.NoMappedGroup));
                gone.Add(member.Member.Id);
            }
        }
        if (!confirmed) await guard.CountAsync(scope, organization, gone);
        return after;
    }

    private async Task<Member> ChangeRoleAsync(UnitScope scope, Member before, Role role)
    {
        var after = before with { Role = role };
        if (before.Administers && !after.Administers && !await members.AnotherAdministersAsync(scope.Session, before.Organization, before.Id))
            return Keep(scope, new SeatedMember(before, MemberSeat.NewFor(before.Id), null), "change role").Member;
        after = await members.UpdateAsync(scope.Session, after);
        scope.Record(before.Organization, "member.role_changed", Target.Member(before.Id), before.Describe(), after.Describe(), "mapping");
        return after;
    }

    private static SeatedMember Keep(UnitScope scope, SeatedMember member, string asked)
    {
        scope.Note(member.Member.Organization, "ignored_primary_owner", Target.Member(member.Member.Id), new JsonObject { ["asked"] = asked },
            "The primary owner, and the last member who can administer, keep membership and role.");
        return member;
    }
}
