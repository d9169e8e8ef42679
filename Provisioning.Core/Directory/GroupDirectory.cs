using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Directory;

/// <summary>What a create, replace or patch wants a group's own attributes to be.</summary>
public sealed record GroupContent(string DisplayName, string? ExternalId, JsonObject Attributes)
{
    public static GroupContent Of(JsonObject attributes) =>
        new((string)attributes["displayName"]!, (string?)attributes["externalId"], attributes);
}

/// <summary>A change of a group: its attributes (null: untouched), and steps over its rows.</summary>
/// <param name="ScanLimit">Most comparisons of members that all steps together may need; beyond it <see cref="TooMany"/>.</param>
public sealed record GroupChange(Func<Group, Outcome<GroupContent>>? Attributes, IReadOnlyList<MembershipStep> Steps, int ScanLimit);

/// <summary>The one write path of groups. Steps touch only the rows they name, so that a group of a million costs what a group of ten costs.</summary>
public sealed class GroupDirectory(IDatabase database, IGroupStore groups, GroupMembership membership, GroupFollower follower, TimeProvider time)
{
    public Task<Group?> FindAsync(Organization organization, ResourceId id, CancellationToken cancel) =>
        database.ReadAsync(session => groups.FindAsync(session, organization.Id, id), cancel);

    public Task<Outcome<ResourcePage<Group>>> ListAsync(Organization organization, ResourceQuery query, CancellationToken cancel) =>
        database.ReadAsync(session => groups.ListAsync(session, organization.Id, query), cancel);

    /// <summary>Where every match stands, in the order of the query.</summary>
    public Task<Outcome<IReadOnlyList<ListPosition>>> PositionsAsync(Organization organization, ResourceQuery query, CancellationToken cancel) =>
        database.ReadAsync(session => groups.PositionsAsync(session, organization.Id, query), cancel);

    /// <summary>Those of the ids that are there, in no order.</summary>
    public Task<IReadOnlyList<Group>> FindManyAsync(Organization organization, IReadOnlyCollection<ResourceId> ids, CancellationToken cancel) =>
        database.ReadAsync(session => groups.FindManyAsync(session, organization.Id, ids), cancel);

    /// <summary>Members by id, up to <paramref name="limit"/>, behind <paramref name="after"/>.</summary>
    public Task<IReadOnlyList<GroupMember>> MembersAsync(ResourceId group, ResourceId? after, int limit, CancellationToken cancel) =>
        database.ReadAsync(session => groups.MembersAsync(session, group, after, limit), cancel);

    /// <summary>The members of a group that has at most so many; null for a bigger one, whose list is not read.</summary>
    public Task<IReadOnlyList<GroupMember>?> FewMembersAsync(ResourceId group, int most, CancellationToken cancel) =>
        database.ReadAsync(async session => await groups.HasMoreThanAsync(session, group, most) ? null : await groups.MembersAsync(session, group, null, most), cancel);

    /// <summary>Members of several groups; null when there are more than <paramref name="limit"/> together.</summary>
    public Task<ILookup<ResourceId, GroupMember>?> MembersOfAsync(IReadOnlyCollection<ResourceId> ids, int limit, CancellationToken cancel) =>
        database.ReadAsync(session => groups.MembersOfAsync(session, ids, limit), cancel);

    /// <summary>POST. displayName is unique, without regard to case (rule SCIM-3); members nobody knows are left out and audited.</summary>
    public Task<Outcome<Group>> CreateAsync(
        Organization organization, Actor actor, GroupContent content, IReadOnlyList<MemberRef> members, CancellationToken cancel)
    {
        var id = Ids.New<ResourceId>(time);
        return WriteAsync("group.create", organization, actor, async scope =>
        {
            var mapping = await follower.BeginAsync(scope, organization);
            if (await groups.FindByNameAsync(scope.Session, organization.Id, content.DisplayName) is not null) return NameTaken(content);
            var group = new Group(id, organization.Id, content.DisplayName, content.ExternalId, content.Attributes, 1, scope.Now, scope.Now);
            await groups.InsertAsync(scope.Session, group);
            scope.Note(organization.Id, "group.created", Target.Group(id), Describe(group));
            var changed = new HashSet<ResourceId>();
            if (members.Count > 0) await membership.AddAsync(scope, group, members, changed);
            await follower.FollowAsync(scope, organization, group, mapping, changed, named: true);
            return group;
        }, cancel);
    }

    /// <summary>PUT and PATCH, in one unit; a change that changes nothing moves neither version nor lastModified.</summary>
    public Task<Outcome<Group>> ChangeAsync(
        Organization organization, Actor actor, ResourceId id, IfMatch? condition, GroupChange change, CancellationToken cancel) =>
        WriteAsync("group.change", organization, actor, async scope =>
        {
            var mapping = await follower.BeginAsync(scope, organization);
            if (await groups.FindAsync(scope.Session, organization.Id, id) is not { } before) return NoSuchGroup(id);
            if (condition is not null && !condition.Accepts(before.Version)) return Stale(before.Version);
            var group = before;
            if (change.Attributes is not null)
            {
                if (!change.Attributes(before).Try(out var content, out var error)) return error;
                if (!JsonNode.DeepEquals(content.Attributes, before.Attributes))
                {
                    var taken = await groups.FindByNameAsync(scope.Session, organization.Id, content.DisplayName);
                    if (taken is not null && taken.Id != id) return NameTaken(content);
                    group = before with
                    {
                        DisplayName = content.DisplayName, ExternalId = content.ExternalId, Attributes = content.Attributes,
                        Version = before.Version + 1, LastModified = scope.Now,
                    };
                    await groups.UpdateAsync(scope.Session, before, group);
                    scope.Record(organization.Id, "group.updated", Target.Group(id), Describe(before), Describe(group));
                }
            }
            var rows = 0;
            var scan = new ScanBudget(change.ScanLimit);
            var changed = new HashSet<ResourceId>();
            foreach (var step in change.Steps)
            {
                if (!(await membership.ApplyAsync(scope, group, step, scan, changed)).Try(out var moved, out var tooMany)) return tooMany;
                rows += moved;
            }
            if (rows > 0 && group.Version == before.Version)
                group = group with { Version = await groups.TouchAsync(scope.Session, group, scope.Now), LastModified = scope.Now };
            var named = group.DisplayName != before.DisplayName || group.ExternalId != before.ExternalId;
            if (rows > 0 || named) await follower.FollowAsync(scope, organization, group, mapping, changed, named);
            return group;
        }, cancel);

    public Task<Outcome<Done>> DeleteAsync(Organization organization, Actor actor, ResourceId id, IfMatch? condition, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<Done>(Ids.New<UnitId>(time), "group.delete", actor, Instants.Now(time), async scope =>
        {
            var mapping = await follower.BeginAsync(scope, organization);
            if (await groups.FindAsync(scope.Session, organization.Id, id) is not { } group) return NoSuchGroup(id);
            if (condition is not null && !condition.Accepts(group.Version)) return Stale(group.Version);
            var concerned = await follower.BeforeDeletionAsync(scope, organization, group, mapping);
            await groups.DeleteAsync(scope.Session, group, scope.Now);
            scope.Record(organization.Id, "group.deleted", Target.Group(id), Describe(group), null);
            await follower.AfterDeletionAsync(scope, organization, group, concerned);
            return default(Done);
        }) { Organization = organization.Id }, cancel);

    private Task<Outcome<Group>> WriteAsync(
        string kind, Organization organization, Actor actor, Func<UnitScope, Task<Outcome<Group>>> run, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<Group>(Ids.New<UnitId>(time), kind, actor, Instants.Now(time), run)
        {
            Organization = organization.Id,
            Remember = group => group.Id.ToString(),
            Recall = async (session, id) =>
                Ids.TryParse<ResourceId>(id, out var group) && await groups.FindAsync(session, organization.Id, group) is { } found
                    ? found : new NotFound($"Group {id} was changed, and has been deleted since."),
        }, cancel);

    private static NotUnique NameTaken(GroupContent content) =>
        new($"A group with displayName \"{content.DisplayName}\" exists already; displayName is compared without regard to case.");

    private static NotFound NoSuchGroup(ResourceId id) => new($"There is no group {id}.");

    private static VersionConflict Stale(long version) => new($"The group was changed meanwhile; its version is W/\"{version}\" now.");

    private static JsonObject Describe(Group group) => new() { ["displayName"] = group.DisplayName, ["externalId"] = group.ExternalId };
}
