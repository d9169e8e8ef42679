using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Storage;

/// <summary>Mapped groups and who is in them, in SQL; every statement is over ids that are at hand, never one per person.</summary>
public sealed class MappingStore : IMappingStore
{
    private const int Chunk = 500;

    public async Task<IReadOnlyList<GroupMapping>> MappingsAsync(ISession session, OrganizationId organization) =>
        [.. (await SqlSession.Of(session).QueryAsync<MappingRow>(
            """
            SELECT m.kind, m.group_name, m.group_id, m.grants, g.display_name, g.external_id
            FROM group_mappings m LEFT JOIN directory_groups g ON g.id = m.group_id
            WHERE m.organization_id = @organization ORDER BY m.id
            """, new { organization = Ids.ToBytes(organization) })).Select(row => row.ToMapping())];

    public async Task ReplaceAsync(ISession session, OrganizationId organization, IReadOnlyList<(Guid Row, GroupMapping Mapping)> mappings)
    {
        var sql = SqlSession.Of(session);
        await sql.ExecuteAsync("DELETE FROM group_mappings WHERE organization_id = @organization", new { organization = Ids.ToBytes(organization) });
        await sql.InsertAsync("group_mappings", ["id", "organization_id", "kind", "group_key", "group_name", "group_id", "grants"], mappings, item =>
        [
            item.Row.ToByteArray(bigEndian: true), Ids.ToBytes(organization), item.Mapping.Role is null ? "tier" : "role",
            TextKey.Fold(item.Mapping.Group), item.Mapping.Group, Rows.OptionalBytes(item.Mapping.Id),
            item.Mapping.Role is { } role ? Words.Text(role) : item.Mapping.Tier!,
        ]);
    }

    public Task CloseTiersAsync(ISession session, OrganizationId organization) =>
        SqlSession.Of(session).ExecuteAsync(
            "DELETE FROM group_mappings WHERE organization_id = @organization AND kind = 'tier'", new { organization = Ids.ToBytes(organization) });

    public async Task<bool> BindAsync(ISession session, Group group) =>
        await SqlSession.Of(session).ExecuteAsync(
            """
            UPDATE group_mappings SET group_id = @id
            WHERE organization_id = @organization AND group_id IS NULL AND (group_key = @name OR group_key = @external)
            """,
            new
            {
                id = Ids.ToBytes(group.Id), organization = Ids.ToBytes(group.Organization), name = TextKey.Fold(group.DisplayName),
                external = TextKey.Fold(group.ExternalId ?? group.DisplayName),
            }) > 0;

    public Task UnbindAsync(ISession session, OrganizationId organization, ResourceId group) =>
        SqlSession.Of(session).ExecuteAsync(
            "UPDATE group_mappings SET group_id = NULL WHERE organization_id = @organization AND group_id = @group",
            new { organization = Ids.ToBytes(organization), group = Ids.ToBytes(group) });

    public async Task<IReadOnlyList<Group>> NamedAsync(ISession session, OrganizationId organization, IReadOnlyCollection<string> names)
    {
        var found = new List<Group>();
        foreach (var chunk in names.Chunk(Chunk))
            found.AddRange((await SqlSession.Of(session).QueryAsync<NamedRow>(
                """
                SELECT g.id, g.display_name, g.external_id FROM directory_groups g
                WHERE g.organization_id = @organization AND (g.display_name_key IN @folded OR g.external_id_key IN @exact OR g.id IN @ids)
                """,
                new
                {
                    organization = Ids.ToBytes(organization), folded = chunk.Select(TextKey.Fold), exact = chunk.Select(TextKey.Exact),
                    ids = chunk.Where(name => Ids.TryParse<ResourceId>(name, out _)).Select(name => Guid.Parse(name).ToByteArray(bigEndian: true)),
                })).Select(row => row.ToGroup(organization)));
        return [.. found.DistinctBy(group => group.Id)];
    }

    public async Task<IReadOnlyList<Nesting>> NestingAsync(ISession session, OrganizationId organization, int limit)
    {
        var sql = SqlSession.Of(session);
        return [.. (await sql.QueryAsync<PairRow>(
            $"""
            SELECT group_id AS one, member_id AS other FROM group_members
            WHERE organization_id = @organization AND is_group = 1 ORDER BY group_id, member_id {sql.Dialect.Page}
            """, new { organization = Ids.ToBytes(organization), limit, offset = 0 }))
            .Select(row => new Nesting(Rows.Id<ResourceId>(row.One), Rows.Id<ResourceId>(row.Other)))];
    }

    public async Task<ILookup<ResourceId, ResourceId>> GroupsOfAsync(
        ISession session, IReadOnlyCollection<ResourceId> users, IReadOnlyCollection<ResourceId> groups)
    {
        var rows = new List<PairRow>();
        foreach (var some in users.Chunk(Chunk))
            foreach (var among in groups.Chunk(Chunk))
                rows.AddRange(await SqlSession.Of(session).QueryAsync<PairRow>(
                    "SELECT member_id AS one, group_id AS other FROM group_members WHERE member_id IN @users AND group_id IN @groups",
                    new { users = some.Select(Ids.ToBytes), groups = among.Select(Ids.ToBytes) }));
        return rows.ToLookup(row => Rows.Id<ResourceId>(row.One), row => Rows.Id<ResourceId>(row.Other));
    }

    public async Task<IReadOnlyList<ResourceId>> UsersInAsync(ISession session, IReadOnlyCollection<ResourceId> groups, int limit)
    {
        var sql = SqlSession.Of(session);
        var users = new HashSet<ResourceId>();
        foreach (var chunk in groups.Chunk(Chunk))
        {
            users.UnionWith((await sql.QueryAsync<byte[]>(
                $"SELECT DISTINCT member_id FROM group_members WHERE group_id IN @groups AND is_group = 0 ORDER BY member_id {sql.Dialect.Page}",
                new { groups = chunk.Select(Ids.ToBytes), limit, offset = 0 })).Select(Rows.Id<ResourceId>));
            if (users.Count >= limit) break;
        }
        return [.. users];
    }

    public async Task<IReadOnlyList<ResourceId>> GroupsAmongAsync(ISession session, OrganizationId organization, IReadOnlyCollection<ResourceId> ids)
    {
        var found = new List<ResourceId>();
        foreach (var chunk in ids.Chunk(Chunk))
            found.AddRange((await SqlSession.Of(session).QueryAsync<byte[]>(
                "SELECT id FROM directory_groups WHERE id IN @ids AND organization_id = @organization",
                new { organization = Ids.ToBytes(organization), ids = chunk.Select(Ids.ToBytes) })).Select(Rows.Id<ResourceId>));
        return found;
    }

    public async Task<IReadOnlyDictionary<MemberId, ResourceId>> FollowersAsync(
        ISession session, OrganizationId organization, IReadOnlyCollection<ResourceId> entries)
    {
        var found = new Dictionary<MemberId, ResourceId>();
        foreach (var chunk in entries.Chunk(Chunk))
            foreach (var row in await SqlSession.Of(session).QueryAsync<PairRow>(
                """
                SELECT member_id AS one, id AS other FROM directory_entries
                WHERE id IN @ids AND organization_id = @organization AND deleted_at IS NULL AND active = 1 AND member_id IS NOT NULL
                """, new { organization = Ids.ToBytes(organization), ids = chunk.Select(Ids.ToBytes) }))
                found[Rows.Id<MemberId>(row.One)] = Rows.Id<ResourceId>(row.Other);
        return found;
    }

    public async Task MakeDueAsync(ISession session, OrganizationId organization, IReadOnlyCollection<ResourceId> entries, string cause)
    {
        var sql = SqlSession.Of(session);
        foreach (var chunk in entries.Chunk(Chunk))
        {
            var known = await sql.QueryAsync<byte[]>(
                "SELECT entry_id FROM directory_due WHERE organization_id = @organization AND entry_id IN @ids",
                new { organization = Ids.ToBytes(organization), ids = chunk.Select(Ids.ToBytes) });
            var already = known.Select(Rows.Id<ResourceId>).ToHashSet();
            await sql.InsertAsync("directory_due", ["organization_id", "entry_id", "cause"], [.. chunk.Where(entry => !already.Contains(entry))],
                entry => [Ids.ToBytes(organization), Ids.ToBytes(entry), cause]);
        }
    }

    public async Task MakeUsersDueAsync(ISession session, OrganizationId organization, IReadOnlyCollection<ResourceId> groups, string cause)
    {
        foreach (var chunk in groups.Chunk(Chunk))
            await SqlSession.Of(session).ExecuteAsync(
                """
                INSERT INTO directory_due (organization_id, entry_id, cause)
                SELECT DISTINCT @organization, gm.member_id, CAST(@cause AS VARCHAR(256)) FROM group_members gm
                WHERE gm.group_id IN @groups AND gm.is_group = 0
                  AND NOT EXISTS (SELECT 1 FROM directory_due d WHERE d.organization_id = @organization AND d.entry_id = gm.member_id)
                """, new { organization = Ids.ToBytes(organization), cause, groups = chunk.Select(Ids.ToBytes) });
    }

    public async Task<IReadOnlyList<DueEntry>> TakeDueAsync(ISession session, OrganizationId organization, int limit)
    {
        var sql = SqlSession.Of(session);
        var rows = await sql.QueryAsync<DueRow>(
            $"SELECT entry_id, cause FROM directory_due WHERE organization_id = @organization ORDER BY entry_id {sql.Dialect.Page}",
            new { organization = Ids.ToBytes(organization), limit, offset = 0 });
        if (rows.Count > 0)
            await sql.ExecuteAsync("DELETE FROM directory_due WHERE organization_id = @organization AND entry_id IN @ids",
                new { organization = Ids.ToBytes(organization), ids = rows.Select(row => row.Entry_Id) });
        return [.. rows.Select(row => new DueEntry(Rows.Id<ResourceId>(row.Entry_Id), row.Cause))];
    }

    public async Task<IReadOnlyList<OrganizationId>> WithDueAsync(ISession session, int limit)
    {
        var sql = SqlSession.Of(session);
        return [.. (await sql.QueryAsync<byte[]>(
            $"SELECT DISTINCT organization_id FROM directory_due ORDER BY organization_id {sql.Dialect.Page}",
            new { limit, offset = 0 })).Select(Rows.Id<OrganizationId>)];
    }

    private sealed record MappingRow(string Kind, string Group_Name, byte[]? Group_Id, string Grants, string? Display_Name, string? External_Id)
    {
        public GroupMapping ToMapping() => new(
            Group_Name, Rows.OptionalId<ResourceId>(Group_Id), Kind == "role" ? Words.Parse<Role>(Grants) : null, Kind == "tier" ? Grants : null)
        {
            DisplayName = Display_Name, ExternalId = External_Id,
        };
    }

    /// <summary>What a mapping needs of a group.</summary>
    private sealed record NamedRow(byte[] Id, string Display_Name, string? External_Id)
    {
        public Group ToGroup(OrganizationId organization) =>
            new(Rows.Id<ResourceId>(Id), organization, Display_Name, External_Id, new JsonObject(), 0, default, default);
    }

    private sealed record PairRow(byte[] One, byte[] Other);

    private sealed record DueRow(byte[] Entry_Id, string Cause);
}
