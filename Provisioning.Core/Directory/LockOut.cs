using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Directory;

/// <summary>Whether a mapping takes the ownership away from the owner who saves it (rule GRP-9).</summary>
public sealed class LockOut(IMemberStore members, Placements placements)
{
    /// <summary>
    /// The acting member is an owner and would be none. Behind a token stands nobody in particular: then every owner would have to go, and
    /// no primary owner, whom no mapping touches, be there.
    /// </summary>
    /// <param name="after">The organisation with the mapping already written in this unit.</param>
    public async Task<bool> ThreatensAsync(UnitScope scope, Organization after)
    {
        if (!after.Mapping.Enabled) return false;
        var acting = scope.Actor.Kind == ActorKind.Member && Ids.TryParse<MemberId>(scope.Actor.Id, out var id)
            ? await members.FindAsync(scope.Session, after.Id, id) : null;
        if (acting is not null)
            return acting.Member.Role == Role.Owner && !await StaysAsync(scope.Session, after, [acting]);
        if ((await OwnersAsync(scope.Session, after, Role.PrimaryOwner)).Count > 0) return false;
        var owners = await OwnersAsync(scope.Session, after, Role.Owner);
        return owners.Count > 0 && !await StaysAsync(scope.Session, after, owners);
    }

    /// <summary>Whether one of them stays an owner. Who is in no directory stays as long as some group gives the role at a sign-in.</summary>
    private async Task<bool> StaysAsync(ISession session, Organization after, IReadOnlyList<SeatedMember> owners)
    {
        var table = await placements.TableAsync(session, after);
        var pushed = after.FollowsDirectory ? owners.Where(owner => owner.Entry is not null).ToList() : [];
        if (pushed.Count < owners.Count && table.GivesRole(Role.Owner)) return true;
        var places = await placements.OfEntriesAsync(session, table, pushed.ConvertAll(owner => owner.Entry!.Value));
        return places.Values.Any(place => place.InEffect && place.Role <= Role.Owner);
    }

    private async Task<IReadOnlyList<SeatedMember>> OwnersAsync(ISession session, Organization organization, Role role) =>
        (await members.ListAsync(session, organization.Id, new MemberQuery(null, null, null, null, MemberState.Active, role, null, 500))).Items;
}
