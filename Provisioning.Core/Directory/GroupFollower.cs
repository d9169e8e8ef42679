using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Directory;

/// <summary>
/// Makes members follow a change of a group, in the unit of that change (rules GRP-1, SCIM-13). Up to <see cref="InUnit"/> people; more are
/// due, and a job carries on with them. Without mapping and reservations it does nothing.
/// </summary>
public sealed class GroupFollower(
    Placements placements, IMappingStore mappings, IMemberStore members, MemberPlacing placing, SeatEngine seats)
{
    /// <summary>People evaluated in the unit of the change itself (design D2).</summary>
    public const int InUnit = 500;

    private static bool Matters(Organization organization) => organization.Mapping.Enabled || organization.HasReservations;

    /// <summary>Before anything of the group is written: locks what may be locked later (rule TIME-2) and reads who is in what.</summary>
    public async Task<MappingTable> BeginAsync(UnitScope scope, Organization organization)
    {
        if (!Matters(organization)) return MappingTable.Off;
        await seats.LockAsync(scope, organization.Id);
        return await placements.TableAsync(scope.Session, organization);
    }

    /// <summary>After rows of the group were added or removed, or its name changed.</summary>
    /// <param name="before">What <see cref="BeginAsync"/> gave.</param>
    /// <param name="changed">Users and groups that were added or removed; ids that name neither are left alone.</param>
    /// <param name="named">The group is new or is called differently: a mapping may have waited for that name.</param>
    public async Task FollowAsync(
        UnitScope scope, Organization organization, Group group, MappingTable before, IReadOnlyCollection<ResourceId> changed, bool named)
    {
        if (before.IsOn)
        {
            var bound = named && await mappings.BindAsync(scope.Session, group);
            var nested = changed.Count == 0 ? [] : await mappings.GroupsAmongAsync(scope.Session, organization.Id, changed);
            var after = bound || nested.Count > 0 ? await placements.TableAsync(scope.Session, organization) : before;
            var cause = Cause(group);
            if (bound) await EvaluateUsersOfAsync(scope, organization, after, after.Within(group.Id), cause);
            else if (after.Covers(group.Id) || before.Covers(group.Id))
            {
                // Together: whoever is there twice is looked at once.
                var within = nested.SelectMany(after.Within).Distinct().ToList();
                var users = within.Count == 0 ? [] : await mappings.UsersInAsync(scope.Session, within, InUnit + 1);
                if (users.Count > InUnit)
                {
                    await mappings.MakeUsersDueAsync(scope.Session, organization.Id, within, cause);
                    users = [];
                }
                await EvaluateAsync(scope, organization, after, changed.Union(users).ToList(), cause);
            }
        }
        if (organization.HasReservations && changed.Count > 0) await seats.DrainAsync(scope, organization.Id);
    }

    /// <summary>Before a group is deleted: who will have to be looked at. Too many are due at once, while it is still known who they are.</summary>
    public async Task<IReadOnlyList<ResourceId>> BeforeDeletionAsync(UnitScope scope, Organization organization, Group group, MappingTable before)
    {
        if (organization.HasReservations) await seats.ForgetGroupAsync(scope, organization.Id, group.Id);
        if (!before.IsOn) return [];
        await mappings.UnbindAsync(scope.Session, organization.Id, group.Id);
        if (!before.Covers(group.Id)) return [];
        var within = before.Within(group.Id);
        var users = await mappings.UsersInAsync(scope.Session, within, InUnit + 1);
        if (users.Count <= InUnit) return users;
        await mappings.MakeUsersDueAsync(scope.Session, organization.Id, within, Cause(group));
        return [];
    }

    public async Task AfterDeletionAsync(UnitScope scope, Organization organization, Group group, IReadOnlyList<ResourceId> users)
    {
        if (users.Count > 0)
            await EvaluateAsync(scope, organization, await placements.TableAsync(scope.Session, organization), users, Cause(group));
    }

    /// <summary>Looks at some of the people who are due; answers how many were taken off the list.</summary>
    public async Task<int> EvaluateDueAsync(UnitScope scope, Organization organization, int limit)
    {
        await seats.LockAsync(scope, organization.Id);
        var due = await mappings.TakeDueAsync(scope.Session, organization.Id, limit);
        if (due.Count == 0 || !organization.Mapping.Enabled) return due.Count;
        var table = await placements.TableAsync(scope.Session, organization);
        foreach (var cause in due.GroupBy(entry => entry.Cause))
            await EvaluateNowAsync(scope, organization, table, [.. cause.Select(entry => entry.Entry)], cause.Key);
        return due.Count;
    }

    private async Task EvaluateUsersOfAsync(
        UnitScope scope, Organization organization, MappingTable table, IReadOnlyCollection<ResourceId> groups, string cause)
    {
        var users = await mappings.UsersInAsync(scope.Session, groups, InUnit + 1);
        if (users.Count <= InUnit) await EvaluateAsync(scope, organization, table, users, cause);
        else await mappings.MakeUsersDueAsync(scope.Session, organization.Id, groups, cause);
    }

    private async Task EvaluateAsync(
        UnitScope scope, Organization organization, MappingTable table, IReadOnlyCollection<ResourceId> users, string cause)
    {
        if (users.Count <= InUnit) await EvaluateNowAsync(scope, organization, table, users, cause);
        else await mappings.MakeDueAsync(scope.Session, organization.Id, users, cause);
    }

    /// <summary>Members whose entry is active; nobody else is moved by a group.</summary>
    /// <param name="confirmed">See <see cref="MemberPlacing.PlaceManyAsync"/>.</param>
    /// <returns>How many changed.</returns>
    public async Task<int> EvaluateNowAsync(
        UnitScope scope, Organization organization, MappingTable table, IReadOnlyCollection<ResourceId> users, string cause, bool confirmed = false)
    {
        if (users.Count == 0 || !organization.FollowsDirectory) return 0;
        var followers = await mappings.FollowersAsync(scope.Session, organization.Id, users);
        if (followers.Count == 0) return 0;
        var places = await placements.OfEntriesAsync(scope.Session, table, [.. followers.Values]);
        var found = await members.FindManyAsync(scope.Session, organization.Id, [.. followers.Keys]);
        return await placing.PlaceManyAsync(
            scope, organization, found.Select(member => new MemberToPlace(member, places[followers[member.Member.Id]])), cause, confirmed);
    }

    private static string Cause(Group group)
    {
        var name = group.DisplayName.Length <= 100 ? group.DisplayName : group.DisplayName[..100];
        return "group " + name;
    }
}
