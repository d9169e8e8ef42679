using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Storage;

/// <summary>Groups and their rows in SQL. No statement reads or writes a whole member list unless the whole list was asked for.</summary>
public sealed class GroupStore : IGroupStore
{
    private const int Chunk = 500;

    private const string Columns =
        "g.id, g.organization_id, g.display_name, g.external_id, g.attributes, g.version, g.created_at, g.modified_at";

    private const string MemberColumns = "gm.group_id, gm.member_id, gm.is_group, gm.ref, gm.type, gm.display";

    private static readonly ListStatements Lists = new(
        $"SELECT {Columns} FROM directory_groups g", "g.organization_id = @organization",
        "SELECT COUNT(*) FROM directory_groups g WHERE g.organization_id = @organization",
        "SELECT user_groups FROM directory_counts WHERE organization_id = @organization", "g.id", Place, Sort);

    public Task<Group?> FindAsync(ISession session, OrganizationId organization, ResourceId id) =>
        FindAsync(session, organization, "g.id = @key", Ids.ToBytes(id));

    public Task<Group?> FindByNameAsync(ISession session, OrganizationId organization, string displayName) =>
        FindAsync(session, organization, "g.display_name_key = @key", TextKey.Fold(displayName));

    public async Task InsertAsync(ISession session, Group group)
    {
        await SqlSession.Of(session).ExecuteAsync(
            """
            INSERT INTO directory_groups (id, organization_id, display_name, display_name_key, external_id, external_id_key, attributes,
                created_at, modified_at, version)
            VALUES (@id, @organization, @DisplayName, @nameKey, @ExternalId, @externalIdKey, @attributes, @created, @modified, @Version)
            """, Parameters(group, group.Version));
        await CountAsync(SqlSession.Of(session), group.Organization, 1);
    }

    public async Task UpdateAsync(ISession session, Group before, Group after)
    {
        var updated = await SqlSession.Of(session).ExecuteAsync(
            """
            UPDATE directory_groups SET display_name = @DisplayName, display_name_key = @nameKey, external_id = @ExternalId,
                external_id_key = @externalIdKey, attributes = @attributes, modified_at = @modified, version = @Version
            WHERE id = @id AND organization_id = @organization AND version = @before
            """, Parameters(after, before.Version));
        if (updated != 1) throw new UnitConflictException("The group was changed by somebody else.");
    }

    public async Task<long> TouchAsync(ISession session, Group group, DateTimeOffset now)
    {
        var parameters = new { id = Ids.ToBytes(group.Id), now = Instants.ToMicroseconds(now) };
        await SqlSession.Of(session).ExecuteAsync("UPDATE directory_groups SET version = version + 1, modified_at = @now WHERE id = @id", parameters);
        if (SqlSession.Of(session).Dialect.HasOneWriter) return group.Version + 1; // read in this unit, and nobody else writes
        return await SqlSession.Of(session).ScalarAsync<long>("SELECT version FROM directory_groups WHERE id = @id", parameters);
    }

    public async Task DeleteAsync(ISession session, Group group, DateTimeOffset now)
    {
        var sql = SqlSession.Of(session);
        var parameters = new { id = Ids.ToBytes(group.Id) };
        // Locked first: whoever adds this group to another one now waits, and then does not know it any more.
        if (!sql.Dialect.HasOneWriter) await sql.ExecuteAsync("UPDATE directory_groups SET version = version WHERE id = @id", parameters);
        await RemoveEverywhereAsync(sql, group.Id, now);
        await sql.ExecuteAsync("DELETE FROM group_members WHERE group_id = @id", parameters);
        if (await sql.ExecuteAsync("DELETE FROM directory_groups WHERE id = @id", parameters) != 1)
            throw new UnitConflictException("The group was deleted by somebody else.");
        await CountAsync(sql, group.Organization, -1);
    }

    public async Task<IReadOnlyDictionary<ResourceId, bool>> KnownAsync(
        ISession session, OrganizationId organization, IReadOnlyCollection<ResourceId> ids)
    {
        if (ids.Count == 0) return new Dictionary<ResourceId, bool>();
        var parameters = new { organization = Ids.ToBytes(organization), ids = ids.Select(Ids.ToBytes) };
        if (!SqlSession.Of(session).Dialect.HasOneWriter) await LockAsync(SqlSession.Of(session), parameters);
        var users = await SqlSession.Of(session).QueryAsync<byte[]>(
            "SELECT id FROM directory_entries WHERE id IN @ids AND organization_id = @organization AND deleted_at IS NULL", parameters);
        var groups = users.Count == ids.Count ? [] : await SqlSession.Of(session).QueryAsync<byte[]>(
            "SELECT id FROM directory_groups WHERE id IN @ids AND organization_id = @organization", parameters);
        return users.Select(id => (id, isGroup: false)).Concat(groups.Select(id => (id, isGroup: true)))
            .ToDictionary(item => Rows.Id<ResourceId>(item.id), item => item.isGroup);
    }

    /// <summary>
    /// Membership rows have no foreign key to what they name, because that is a user or a group. So the named rows are locked until the
    /// commit: a deletion on another node waits and then finds the new membership, or came first and the name is not known any more.
    /// </summary>
    private static async Task LockAsync(SqlSession sql, object parameters)
    {
        await sql.ExecuteAsync("UPDATE directory_entries SET version = version WHERE id IN @ids AND organization_id = @organization AND deleted_at IS NULL", parameters);
        await sql.ExecuteAsync("UPDATE directory_groups SET version = version WHERE id IN @ids AND organization_id = @organization", parameters);
    }

    public async Task<IReadOnlySet<ResourceId>> ContainedAsync(ISession session, ResourceId group, IReadOnlyCollection<ResourceId> ids) =>
        (await SqlSession.Of(session).QueryAsync<byte[]>(
            "SELECT member_id FROM group_members WHERE group_id = @group AND member_id IN @ids",
            new { group = Ids.ToBytes(group), ids = ids.Select(Ids.ToBytes) })).Select(Rows.Id<ResourceId>).ToHashSet();

    public Task InsertMembersAsync(ISession session, OrganizationId organization, ResourceId group, IReadOnlyCollection<GroupMember> members) =>
        SqlSession.Of(session).InsertAsync("group_members", ["group_id", "member_id", "organization_id", "is_group", "ref", "type", "display"], members,
            member => [Ids.ToBytes(group), Ids.ToBytes(member.Member), Ids.ToBytes(organization), Rows.Flag(member.IsGroup), member.Ref, member.Type, member.Display]);

    public Task<int> DeleteMembersAsync(ISession session, ResourceId group, IReadOnlyCollection<ResourceId> ids) =>
        SqlSession.Of(session).ExecuteAsync(
            "DELETE FROM group_members WHERE group_id = @group AND member_id IN @ids",
            new { group = Ids.ToBytes(group), ids = ids.Select(Ids.ToBytes) });

    public async Task<IReadOnlyList<GroupMember>> MembersAsync(ISession session, ResourceId group, ResourceId? after, int limit)
    {
        var sql = SqlSession.Of(session);
        return [.. (await sql.QueryAsync<GroupMemberRow>(
            $"SELECT {MemberColumns} FROM group_members gm WHERE gm.group_id = @group AND gm.member_id > @after ORDER BY gm.member_id {sql.Dialect.Page}",
            new { group = Ids.ToBytes(group), after = after is { } id ? Ids.ToBytes(id) : [], limit, offset = 0 })).Select(row => row.ToMember())];
    }

    public async Task<bool> HasMoreThanAsync(ISession session, ResourceId group, int members)
    {
        var sql = SqlSession.Of(session);
        return (await sql.QueryAsync<byte[]>(
            $"SELECT member_id FROM group_members WHERE group_id = @group ORDER BY member_id {sql.Dialect.Page}",
            new { group = Ids.ToBytes(group), limit = 1, offset = members })).Count > 0;
    }

    public async Task<ILookup<ResourceId, GroupMember>?> MembersOfAsync(ISession session, IReadOnlyCollection<ResourceId> groups, int limit)
    {
        var sql = SqlSession.Of(session);
        var rows = new List<GroupMemberRow>();
        foreach (var chunk in groups.Chunk(Chunk))
        {
            rows.AddRange(await sql.QueryAsync<GroupMemberRow>(
                $"SELECT {MemberColumns} FROM group_members gm WHERE gm.group_id IN @ids ORDER BY gm.group_id, gm.member_id {sql.Dialect.Page}",
                new { ids = chunk.Select(Ids.ToBytes), limit = limit + 1 - rows.Count, offset = 0 }));
            if (rows.Count > limit) return null;
        }
        return rows.ToLookup(row => Rows.Id<ResourceId>(row.Group_Id), row => row.ToMember());
    }

    public async Task<Outcome<ResourcePage<Group>>> ListAsync(ISession session, OrganizationId organization, ResourceQuery query)
    {
        var sql = SqlSession.Of(session);
        var found = await ResourceLists.ListAsync(sql, organization, Lists, query, () => TreesAsync(sql, organization, query));
        return found.Select(page => new ResourcePage<Group>([.. page.Items.Select(row => row.ToGroup())], page.Total, page.Last));
    }

    public Task<Outcome<IReadOnlyList<ListPosition>>> PositionsAsync(ISession session, OrganizationId organization, ResourceQuery query) =>
        ResourceLists.PositionsAsync(SqlSession.Of(session), organization, Lists, query, () => TreesAsync(SqlSession.Of(session), organization, query));

    public async Task<IReadOnlyList<Group>> FindManyAsync(ISession session, OrganizationId organization, IReadOnlyCollection<ResourceId> ids) =>
        [.. (await ResourceLists.ManyAsync<GroupRow>(SqlSession.Of(session), organization, Lists, ids)).Select(row => row.ToGroup())];

    /// <summary>Whole representations of rows, with the members if the query looks at them.</summary>
    private static async Task<Outcome<Func<GroupRow, JsonObject>>> TreesAsync(SqlSession sql, OrganizationId organization, ResourceQuery query)
    {
        ILookup<ResourceId, GroupMember>? all = null;
        if (ResourceLists.Mentions(query, "members")
            && !(await AllMembersAsync(sql, organization, query.ScanLimit)).Try(out all, out var tooMany)) return tooMany;
        return (Func<GroupRow, JsonObject>)(row =>
        {
            var group = row.ToGroup();
            return ResourceTree.Of(group, all?[group.Id], query.BaseUrl);
        });
    }

    /// <summary>The groups of each of these users.</summary>
    internal static async Task<ILookup<ResourceId, GroupOfUser>> GroupsOfAsync(SqlSession sql, IReadOnlyCollection<byte[]> users)
    {
        if (users.Count == 1)
            return Lookup(await sql.QueryAsync<GroupOfUserRow>(
                """
                SELECT gm.member_id, g.id AS group_id, g.display_name FROM group_members gm JOIN directory_groups g ON g.id = gm.group_id
                WHERE gm.member_id = @user ORDER BY gm.group_id
                """, new { user = users.First() }));
        // Many users are in few groups: each group's name is read once.
        var memberships = new List<(ResourceId User, ResourceId Group)>();
        foreach (var chunk in users.Chunk(Chunk))
            memberships.AddRange((await sql.QueryAsync<MembershipRow>(
                "SELECT member_id, group_id FROM group_members WHERE member_id IN @ids ORDER BY member_id, group_id", new { ids = chunk }))
                .Select(row => (Rows.Id<ResourceId>(row.Member_Id), Rows.Id<ResourceId>(row.Group_Id))));
        var names = new Dictionary<ResourceId, string>();
        foreach (var chunk in memberships.Select(row => row.Group).Distinct().Chunk(Chunk))
            foreach (var row in await sql.QueryAsync<NameRow>("SELECT id, display_name FROM directory_groups WHERE id IN @ids", new { ids = chunk.Select(Ids.ToBytes) }))
                names[Rows.Id<ResourceId>(row.Id)] = row.Display_Name;
        return memberships.Where(row => names.ContainsKey(row.Group)).ToLookup(row => row.User, row => new GroupOfUser(row.User, row.Group, names[row.Group]));
    }

    /// <summary>The groups of every user of the organisation, only for filters that SQL cannot decide; bounded like a scan of resources.</summary>
    internal static async Task<Outcome<ILookup<ResourceId, GroupOfUser>>> AllGroupsOfUsersAsync(SqlSession sql, OrganizationId organization, int scanLimit)
    {
        var rows = await sql.QueryAsync<GroupOfUserRow>(
            $"""
            SELECT gm.member_id, g.id AS group_id, g.display_name FROM group_members gm JOIN directory_groups g ON g.id = gm.group_id
            WHERE g.organization_id = @organization AND gm.is_group = 0 ORDER BY gm.group_id, gm.member_id {sql.Dialect.Page}
            """, new { organization = Ids.ToBytes(organization), limit = scanLimit + 1, offset = 0 });
        return rows.Count > scanLimit ? ResourceLists.TooMuchToScan(scanLimit) : Outcome.Of(Lookup(rows));
    }

    /// <summary>Takes a user or group out of every group; those groups' own rows changed, so their versions move (checklist D3, SCIM-16).</summary>
    internal static async Task RemoveEverywhereAsync(SqlSession sql, ResourceId id, DateTimeOffset now)
    {
        var parameters = new { id = Ids.ToBytes(id), now = Instants.ToMicroseconds(now) };
        await sql.ExecuteAsync(
            """
            UPDATE directory_groups SET version = version + 1, modified_at = @now
            WHERE id IN (SELECT group_id FROM group_members WHERE member_id = @id)
            """, parameters);
        await sql.ExecuteAsync("DELETE FROM group_members WHERE member_id = @id", parameters);
    }

    private static SqlPlace? Place(string name) => name switch
    {
        "id" => new SqlPlace.Id("g.id = {0}", IsAlwaysThere: true),
        "displayName" => new SqlPlace.Key("g.display_name_key", IsNullable: false, IsExact: false),
        "externalId" => new SqlPlace.Key("g.external_id_key", IsNullable: true, IsExact: true),
        "meta.created" => new SqlPlace.Instant("g.created_at"),
        "meta.lastModified" => new SqlPlace.Instant("g.modified_at"),
        "meta.resourceType" => new SqlPlace.Same("Group"),
        "members.value" => new SqlPlace.Id("g.id IN (SELECT gm.group_id FROM group_members gm WHERE gm.member_id = {0})", IsAlwaysThere: false),
        _ => null,
    };

    private static SqlSort? Sort(string name) => name switch
    {
        "id" => SqlSort.Id("g.id"),
        "displayName" => new SqlSort("g.display_name_key", IsNullable: false, IsUnique: true),
        "externalId" => new SqlSort("g.external_id_key", IsNullable: true, IsUnique: false),
        "meta.created" => SqlSort.Instant("g.created_at"),
        "meta.lastModified" => SqlSort.Instant("g.modified_at"),
        _ => null,
    };

    private static async Task<Outcome<ILookup<ResourceId, GroupMember>>> AllMembersAsync(SqlSession sql, OrganizationId organization, int scanLimit)
    {
        var rows = await sql.QueryAsync<GroupMemberRow>(
            $"""
            SELECT {MemberColumns} FROM group_members gm JOIN directory_groups g ON g.id = gm.group_id
            WHERE g.organization_id = @organization ORDER BY gm.group_id, gm.member_id {sql.Dialect.Page}
            """, new { organization = Ids.ToBytes(organization), limit = scanLimit + 1, offset = 0 });
        return rows.Count > scanLimit
            ? ResourceLists.TooMuchToScan(scanLimit) : Outcome.Of(rows.ToLookup(row => Rows.Id<ResourceId>(row.Group_Id), row => row.ToMember()));
    }

    private static async Task<Group?> FindAsync(ISession session, OrganizationId organization, string condition, byte[] key) =>
        (await SqlSession.Of(session).FindAsync<GroupRow>(
            $"SELECT {Columns} FROM directory_groups g WHERE g.organization_id = @organization AND {condition}",
            new { organization = Ids.ToBytes(organization), key }))?.ToGroup();

    private static ILookup<ResourceId, GroupOfUser> Lookup(List<GroupOfUserRow> rows) => rows.ToLookup(
        row => Rows.Id<ResourceId>(row.Member_Id),
        row => new GroupOfUser(Rows.Id<ResourceId>(row.Member_Id), Rows.Id<ResourceId>(row.Group_Id), row.Display_Name));

    private static Task<int> CountAsync(SqlSession sql, OrganizationId organization, int change) =>
        sql.ExecuteAsync("UPDATE directory_counts SET user_groups = user_groups + @change WHERE organization_id = @organization",
            new { organization = Ids.ToBytes(organization), change });

    private static object Parameters(Group group, long before) => new
    {
        id = Ids.ToBytes(group.Id), organization = Ids.ToBytes(group.Organization), group.DisplayName, nameKey = TextKey.Fold(group.DisplayName),
        group.ExternalId, externalIdKey = Rows.OptionalExact(group.ExternalId), attributes = group.Attributes.ToJsonString(),
        created = Instants.ToMicroseconds(group.Created), modified = Instants.ToMicroseconds(group.LastModified), group.Version, before,
    };

    private sealed record GroupRow(
        byte[] Id, byte[] Organization_Id, string Display_Name, string? External_Id, string Attributes, long Version, long Created_At, long Modified_At) : IListRow
    {
        public Group ToGroup() => new(
            Rows.Id<ResourceId>(Id), Rows.Id<OrganizationId>(Organization_Id), Display_Name, External_Id, JsonNode.Parse(Attributes)!.AsObject(),
            Version, Instants.FromMicroseconds(Created_At), Instants.FromMicroseconds(Modified_At));
    }

    private sealed record GroupMemberRow(byte[] Group_Id, byte[] Member_Id, long Is_Group, string? Ref, string? Type, string? Display)
    {
        public GroupMember ToMember() => new(Rows.Id<ResourceId>(Member_Id), Is_Group != 0, Ref, Type, Display);
    }

    private sealed record MembershipRow(byte[] Member_Id, byte[] Group_Id);

    private sealed record NameRow(byte[] Id, string Display_Name);

    private sealed record GroupOfUserRow(byte[] Member_Id, byte[] Group_Id, string Display_Name);
}
