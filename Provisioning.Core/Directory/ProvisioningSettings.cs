using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Directory;

/// <summary>Provisioning mode, policies and group mapping of an organisation.</summary>
public sealed class ProvisioningSettings(
    IDatabase database, IOrganizationStore organizations, IEntryStore entries, IMappingStore mappings, ISeatStore seats, LockOut lockOut,
    IRunStore runs, GrantCache cache, TimeProvider time)
{
    public Task<ProvisioningState?> FindAsync(OrganizationId organization, CancellationToken cancel) =>
        database.ReadAsync(async session => await organizations.FindAsync(session, organization.ToString()) is { } found
            ? new ProvisioningState(found, await mappings.MappingsAsync(session, organization)) : null, cancel);

    /// <summary>
    /// Sets what is said. A change that makes the directory rule over people it has pushed already answers 409 preview_outdated: it needs a
    /// preview and its apply (rule SCIM-12). A mapping is not applied to members before the next sync (rule GRP-8).
    /// </summary>
    /// <param name="acknowledge">The owner knows that the mapping takes the ownership away (rule GRP-9).</param>
    public async Task<Outcome<ProvisioningState>> ChangeAsync(
        Organization organization, Actor actor, IfMatch condition, ProvisioningChange change, bool acknowledge, CancellationToken cancel)
    {
        var lifted = Ids.New<DirectoryRunId>(time);
        var changed = await database.WriteAsync(new WriteUnit<ProvisioningState>(
            Ids.New<UnitId>(time), "provisioning.change", actor, Instants.Now(time), async scope =>
        {
            if (await organizations.FindAsync(scope.Session, organization.Id.ToString()) is not { } before) return new NotFound("There is no such organisation.");
            if (!condition.Accepts(before.Version))
                return new VersionConflict($"The settings were changed meanwhile; their version is \"{before.Version}\" now.");
            if (change.NeedsPreview(before) && await HasEntriesAsync(scope.Session, before.Id))
                return new Conflict("preview_outdated",
                    "The directory has pushed people whom this change would add or remove. Ask for a preview (POST /provisioning/preview with the same body), then apply it.");
            if (!(await WriteAsync(scope, before, change, acknowledge)).Try(out var after, out var error)) return error;
            // Whom only the mapping kept out comes back (rules SCIM-0, GRP-5).
            if (before.Mapping.Enabled && !after.Organization.Mapping.Enabled && after.Organization.FollowsDirectory)
                await runs.InsertAsync(scope.Session, DirectoryRun.Start(lifted, before.Id, RunKind.Sync, SyncScope.Members, scope.Now));
            return after;
        })
        {
            Organization = organization.Id, Remember = _ => "",
            Recall = async (session, _) => new ProvisioningState(
                (await organizations.FindAsync(session, organization.Id.ToString()))!, await mappings.MappingsAsync(session, organization.Id)),
        }, cancel);
        cache.Forget(organization.Id);
        return changed;
    }

    /// <summary>Writes the change inside a unit, after everything that could forbid it.</summary>
    internal async Task<Outcome<ProvisioningState>> WriteAsync(UnitScope scope, Organization before, ProvisioningChange change, bool acknowledge)
    {
        var after = change.ApplyTo(before);
        var old = await mappings.MappingsAsync(scope.Session, before.Id);
        var wanted = old;
        if (change.Mappings is not null)
        {
            if (!(await ResolveAsync(scope.Session, before, change.Mappings)).Try(out wanted, out var error)) return error;
            if (!Same(old, wanted)) await mappings.ReplaceAsync(scope.Session, before.Id, [.. wanted.Select(mapping => (Ids.NewGuid(time), mapping))]);
        }
        if (after == before && Same(old, wanted)) return new ProvisioningState(before, old);
        if (!await organizations.UpdateAsync(scope.Session, after)) throw new UnitConflictException("The organisation was changed meanwhile.");
        after = after with { Version = before.Version + 1 };
        if (!acknowledge && (after.Mapping != before.Mapping || !Same(old, wanted)) && await lockOut.ThreatensAsync(scope, after))
            return new Conflict("would_lock_out",
                "With this mapping the acting owner would lose the ownership. Map a group of the owner to the role owner, or send \"acknowledge\": true.");
        scope.Record(before.Id, "directory.mode_changed", Target.Organization(before.Id), Describe(before, old), Describe(after, wanted));
        return new ProvisioningState(after, await mappings.MappingsAsync(scope.Session, before.Id));
    }

    internal async Task<bool> HasEntriesAsync(ISession session, OrganizationId organization) =>
        (await entries.ListAsync(session, organization, new ResourceQuery(null, 1, 0, 0, ""), withGroups: false)).Value.Total > 0;

    /// <summary>Ties the mappings to pushed groups, by id, externalId or name; a mapping of a group nobody pushed keeps the name.</summary>
    internal async Task<Outcome<IReadOnlyList<GroupMapping>>> ResolveAsync(
        ISession session, Organization organization, IReadOnlyList<WantedMapping> wanted)
    {
        var tiers = (await seats.PoolsAsync(session, organization.Id)).Select(pool => pool.Tier).ToList();
        if (wanted.FirstOrDefault(mapping => mapping.Tier is { } tier && !tiers.Contains(tier)) is { } unknown)
            return new Unprocessable("unknown_tier", $"There is no tier {unknown.Tier}; the tiers are {string.Join(", ", tiers)}.");
        var groups = await mappings.NamedAsync(session, organization.Id, [.. wanted.Select(mapping => mapping.Group)]);
        var resolved = new List<GroupMapping>();
        foreach (var mapping in wanted)
        {
            var group = groups.FirstOrDefault(group => group.Id.ToString() == mapping.Group)
                ?? groups.FirstOrDefault(group => group.ExternalId == mapping.Group)
                ?? groups.FirstOrDefault(group => TextKey.Fold(group.DisplayName).AsSpan().SequenceEqual(TextKey.Fold(mapping.Group)));
            var named = new GroupMapping(group is not null && group.Id.ToString() == mapping.Group ? group.DisplayName : mapping.Group, group?.Id, mapping.Role, mapping.Tier);
            if (resolved.Exists(other => other.Role is null == named.Role is null
                && ((other.Id is not null && other.Id == named.Id) || TextKey.Fold(other.Group).AsSpan().SequenceEqual(TextKey.Fold(named.Group)))))
                return new InvalidValue($"The group '{mapping.Group}' is mapped twice; a group gives one role and one tier.");
            resolved.Add(named);
        }
        return resolved;
    }

    private static bool Same(IReadOnlyList<GroupMapping> one, IReadOnlyList<GroupMapping> other) =>
        one.Select(Plain).ToHashSet().SetEquals(other.Select(Plain));

    private static GroupMapping Plain(GroupMapping mapping) => mapping with { DisplayName = null, ExternalId = null };

    private static JsonObject Describe(Organization organization, IReadOnlyList<GroupMapping> mappings)
    {
        var described = organization.Describe();
        described["mappings"] = new JsonArray([.. mappings.Select(mapping => new JsonObject
        {
            ["group"] = mapping.Group, ["groupId"] = mapping.Id?.ToString(),
            ["role"] = mapping.Role is { } role ? Words.Text(role) : null, ["tier"] = mapping.Tier,
        })]);
        return described;
    }
}
