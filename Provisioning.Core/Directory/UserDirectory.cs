using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Directory;

/// <summary>
/// The one write path of pushed people: load, decide, seat, write, journal, commit. The entry takes what was sent; the member follows
/// it in the same unit, in the modes in which the directory rules (rules SCIM-0 to SCIM-11).
/// </summary>
public sealed class UserDirectory(IDatabase database, IEntryStore entries, EntryFollower follower, EntryLinks links, TimeProvider time)
{
    public Task<EntryView?> FindAsync(Organization organization, ResourceId id, bool withGroups, CancellationToken cancel) =>
        database.ReadAsync(session => entries.ViewAsync(session, organization.Id, id, withGroups), cancel);

    public Task<Outcome<ResourcePage<EntryView>>> ListAsync(
        Organization organization, ResourceQuery query, bool withGroups, CancellationToken cancel) =>
        database.ReadAsync(session => entries.ListAsync(session, organization.Id, query, withGroups), cancel);

    /// <summary>The user that the directory pushed about a member.</summary>
    public Task<ResourceId?> FindOfMemberAsync(Organization organization, MemberId member, CancellationToken cancel) =>
        database.ReadAsync(async session => (await entries.FindByMemberAsync(session, organization.Id, member))?.Id, cancel);

    /// <summary>Where every match stands, in the order of the query.</summary>
    public Task<Outcome<IReadOnlyList<ListPosition>>> PositionsAsync(Organization organization, ResourceQuery query, CancellationToken cancel) =>
        database.ReadAsync(session => entries.PositionsAsync(session, organization.Id, query), cancel);

    /// <summary>Those of the ids that are there, in no order.</summary>
    public Task<IReadOnlyList<EntryView>> FindManyAsync(
        Organization organization, IReadOnlyCollection<ResourceId> ids, bool withGroups, CancellationToken cancel) =>
        database.ReadAsync(session => entries.ViewManyAsync(session, organization.Id, ids, withGroups), cancel);

    /// <summary>
    /// POST. A userName of an active entry is 409 uniqueness; an active POST that meets an inactive entry of that name restores it
    /// under its id (rule SCIM-3); anything else makes a new entry with a new id (rule SCIM-10).
    /// </summary>
    public Task<Outcome<EntryView>> CreateAsync(Organization organization, Actor actor, EntryContent content, CancellationToken cancel)
    {
        var id = Ids.New<ResourceId>(time);
        var member = Ids.New<MemberId>(time);
        return WriteAsync("user.create", organization, actor, scope => RunAsync(scope), cancel);

        async Task<Outcome<EntryView>> RunAsync(UnitScope scope)
        {
            if (await RefuseDomainAsync(scope, organization, content) is { } refused) return refused;
            var active = content.Active ?? true;
            var existing = await entries.FindByUserNameAsync(scope.Session, organization.Id, content.UserName);
            if (existing is not null && (existing.Active || !active)) return UserNameTaken(content);
            if (existing is not null && await entries.ViewAsync(scope.Session, organization.Id, existing.Id, withGroups: true) is { } inactive)
                return await ApplyAsync(scope, organization, inactive, content, member, pushedAgain: true);

            var entry = new DirectoryEntry(
                id, organization.Id, content.UserName, content.ExternalId, active, StoredJson.Of(content.Attributes), 1, scope.Now, scope.Now, null);
            await entries.InsertAsync(scope.Session, entry);
            scope.Note(organization.Id, "user.created", Target.User(id), Describe(entry));
            if (!(await links.FindAsync(scope.Session, organization, content)).Try(out var known, out var error)) return error;
            var followed = await follower.FollowAsync(scope, organization, entry, known, member, pushedAgain: true);
            return followed.Select(linked => new EntryView(linked.Entry, linked.Member, []));
        }
    }

    /// <summary>PUT and PATCH: <paramref name="change"/> is pure and runs on the entry as this unit reads it.</summary>
    public Task<Outcome<EntryView>> ChangeAsync(
        Organization organization, Actor actor, ResourceId id, IfMatch? condition,
        Func<DirectoryEntry, Outcome<EntryContent>> change, CancellationToken cancel)
    {
        var member = Ids.New<MemberId>(time);
        return WriteAsync("user.change", organization, actor, RunAsync, cancel);

        async Task<Outcome<EntryView>> RunAsync(UnitScope scope)
        {
            if (await entries.ViewAsync(scope.Session, organization.Id, id, withGroups: true) is not { } view) return NoSuchUser(id);
            var before = view.Entry;
            if (condition is not null && !condition.Accepts(before.Version)) return Stale(before.Version);
            if (!change(before).Try(out var content, out var error)) return error;
            if ((content.Active ?? before.Active) == before.Active && JsonNode.DeepEquals(content.Attributes, before.Attributes))
                return view;
            // Whoever is outside, since an address or the setting changed, can still be sent away (rule SCIM-8).
            if ((content.Active ?? before.Active) && await RefuseDomainAsync(scope, organization, content) is { } refused) return refused;
            if (!TextKey.Fold(content.UserName).AsSpan().SequenceEqual(TextKey.Fold(before.UserName))
                && await entries.FindByUserNameAsync(scope.Session, organization.Id, content.UserName) is not null)
                return UserNameTaken(content);
            return await ApplyAsync(scope, organization, view, content, member, pushedAgain: false);
        }
    }

    /// <summary>DELETE: the entry is gone, its member removed and the seat free, in one unit (rule SCIM-10).</summary>
    public Task<Outcome<Done>> DeleteAsync(
        Organization organization, Actor actor, ResourceId id, IfMatch? condition, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<Done>(Ids.New<UnitId>(time), "user.delete", actor, Instants.Now(time), async scope =>
        {
            if (await entries.FindAsync(scope.Session, organization.Id, id) is not { } entry) return NoSuchUser(id);
            if (condition is not null && !condition.Accepts(entry.Version)) return Stale(entry.Version);
            await follower.FollowDeletionAsync(scope, organization, entry);
            await entries.DeleteAsync(scope.Session, entry, scope.Now);
            scope.Note(organization.Id, "user.deleted", Target.User(id), Describe(entry));
            return default(Done);
        }) { Organization = organization.Id }, cancel);

    private async Task<Outcome<EntryView>> ApplyAsync(
        UnitScope scope, Organization organization, EntryView view, EntryContent content, MemberId newMember, bool pushedAgain)
    {
        var before = view.Entry;
        var after = before with
        {
            UserName = content.UserName, ExternalId = content.ExternalId, Active = content.Active ?? before.Active,
            Stored = StoredJson.Of(content.Attributes), Version = before.Version + 1, LastModified = scope.Now,
        };
        var (old, changed) = Difference(before.Attributes, after.Attributes);
        scope.Record(organization.Id, "user.updated", Target.User(after.Id), old, changed);
        var followed = await follower.FollowChangeAsync(scope, organization, before, after, view.Member, newMember, pushedAgain);
        if (!followed.Try(out var linked, out var error)) return error;
        await entries.UpdateAsync(scope.Session, before, linked.Entry);
        return view with { Entry = linked.Entry, Member = linked.Member };
    }

    private Task<Outcome<EntryView>> WriteAsync(
        string kind, Organization organization, Actor actor, Func<UnitScope, Task<Outcome<EntryView>>> run, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<EntryView>(Ids.New<UnitId>(time), kind, actor, Instants.Now(time), run)
        {
            Organization = organization.Id,
            Remember = view => view.Entry.Id.ToString(),
            Recall = async (session, id) =>
                Ids.TryParse<ResourceId>(id, out var entry) && await entries.ViewAsync(session, organization.Id, entry, withGroups: true) is { } view
                    ? view : new NotFound($"User {id} was changed, and has been deleted since."),
        }, cancel);

    /// <summary>Rule SCIM-7.</summary>
    private async Task<Error?> RefuseDomainAsync(UnitScope scope, Organization organization, EntryContent content)
    {
        if (!organization.RequireVerifiedDomainScim) return null;
        return await follower.IsInVerifiedDomainAsync(scope.Session, organization, MatchEmail.Of(content))
            ? null
            : new InvalidValue("The user's address lies in no verified domain of the organisation (setting requireVerifiedDomain.scim).");
    }

    private static NotUnique UserNameTaken(EntryContent content) =>
        new($"A user with userName \"{content.UserName}\" exists already; userName is compared without regard to case.");

    private static NotFound NoSuchUser(ResourceId id) => new($"There is no user {id}.");

    private static VersionConflict Stale(long version) => new($"The user was changed meanwhile; its version is W/\"{version}\" now.");

    private static JsonObject Describe(DirectoryEntry entry) => new()
    {
        ["userName"] = entry.UserName, ["externalId"] = entry.ExternalId, ["active"] = entry.Active,
    };

    /// <summary>The top-level attributes that differ, before and after.</summary>
    private static (JsonObject Before, JsonObject After) Difference(JsonObject before, JsonObject after)
    {
        var (old, changed) = (new JsonObject(), new JsonObject());
        foreach (var name in before.Select(pair => pair.Key).Union(after.Select(pair => pair.Key)).ToList())
        {
            if (JsonNode.DeepEquals(before[name], after[name])) continue;
            old[name] = before[name]?.DeepClone();
            changed[name] = after[name]?.DeepClone();
        }
        return (old, changed);
    }
}
