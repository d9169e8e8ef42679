using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Storage;

/// <summary>Directory entries in SQL, with the rows by which their values are searched.</summary>
public sealed class EntryStore : IEntryStore
{
    internal const string Columns =
        "e.id, e.organization_id, e.user_name, e.external_id, e.active, e.attributes, e.version, e.created_at, e.modified_at, e.member_id";

    private const string ViewColumns =
        $"""
        {Columns}, m.user_name AS member_user_name, m.match_email, m.display_name, m.role, m.state, m.admin_suspended, m.suspended_by, m.source,
        m.last_sign_in_on, m.created_at AS member_created_at, m.version AS member_version,
        s.status, s.tier, s.desired_tier, s.last_tier, s.waiting_since, s.version AS seat_version
        """;

    private const string From =
        "FROM directory_entries e LEFT JOIN members m ON m.id = e.member_id LEFT JOIN member_seats s ON s.member_id = e.member_id";

    private const string Live = "e.organization_id = @organization AND e.deleted_at IS NULL";

    private static readonly ListStatements Lists = new(
        $"SELECT {ViewColumns} {From}", Live, $"SELECT COUNT(*) FROM directory_entries e WHERE {Live}",
        "SELECT users FROM directory_counts WHERE organization_id = @organization", "e.id", SearchedAttributes.Place, SearchedAttributes.Sort);

    public Task<DirectoryEntry?> FindAsync(ISession session, OrganizationId organization, ResourceId id) =>
        FindAsync(session, organization, "e.id = @key", Ids.ToBytes(id));

    public Task<DirectoryEntry?> FindByUserNameAsync(ISession session, OrganizationId organization, string userName) =>
        FindAsync(session, organization, "e.user_name_key = @key", TextKey.Fold(userName));

    public Task<DirectoryEntry?> FindByMemberAsync(ISession session, OrganizationId organization, MemberId member) =>
        FindAsync(session, organization, "e.member_id = @key", Ids.ToBytes(member));

    public async Task<IReadOnlyList<DirectoryEntry>> FindByExternalIdAsync(ISession session, OrganizationId organization, string externalId, int limit)
    {
        var sql = SqlSession.Of(session);
        return [.. (await sql.QueryAsync<EntryRow>(
            $"SELECT {Columns} FROM directory_entries e WHERE {Live} AND e.external_id_key = @key ORDER BY e.id {sql.Dialect.Page}",
            new { organization = Ids.ToBytes(organization), key = TextKey.Exact(externalId), limit, offset = 0 })).Select(row => row.ToEntry())];
    }

    public Task<IReadOnlyList<MemberId>> FormerMembersByExternalIdAsync(ISession session, OrganizationId organization, string externalId) =>
        FormerMembersAsync(session, organization, "external_id_key = @key AND (deleted_at IS NOT NULL OR active = 0)", TextKey.Exact(externalId));

    public Task<IReadOnlyList<MemberId>> FormerMembersByUserNameAsync(ISession session, OrganizationId organization, string userName) =>
        FormerMembersAsync(session, organization, "user_name_key = @key AND deleted_at IS NOT NULL", TextKey.Fold(userName));

    public async Task InsertAsync(ISession session, DirectoryEntry entry)
    {
        var sql = SqlSession.Of(session);
        await sql.ExecuteAsync(
            """
            INSERT INTO directory_entries (id, organization_id, user_name, user_name_key, external_id, external_id_key, active, active_shown,
                attributes, member_id, created_at, modified_at, deleted_at, version)
            VALUES (@id, @organization, @UserName, @userNameKey, @ExternalId, @externalIdKey, @active, @shown,
                @attributes, @member, @created, @modified, NULL, @Version)
            """, Parameters(entry, entry.Version));
        await InsertValuesAsync(sql, entry);
        await CountAsync(sql, entry.Organization, 1);
    }

    public async Task UpdateAsync(ISession session, DirectoryEntry before, DirectoryEntry after)
    {
        var sql = SqlSession.Of(session);
        var updated = await sql.ExecuteAsync(
            """
            UPDATE directory_entries SET user_name = @UserName, user_name_key = @userNameKey, external_id = @ExternalId,
                external_id_key = @externalIdKey, active = @active, active_shown = @shown, attributes = @attributes, modified_at = @modified,
                version = @Version
            WHERE id = @id AND organization_id = @organization AND version = @before AND deleted_at IS NULL
            """, Parameters(after, before.Version));
        if (updated != 1) throw new UnitConflictException("The user was changed by somebody else.");
        if (SearchedAttributes.AreSame(before.Attributes, after.Attributes)) return;
        await sql.ExecuteAsync("DELETE FROM entry_values WHERE entry_id = @id", new { id = Ids.ToBytes(after.Id) });
        await InsertValuesAsync(sql, after);
    }

    public Task LinkAsync(ISession session, ResourceId id, MemberId? member) =>
        SqlSession.Of(session).ExecuteAsync(
            "UPDATE directory_entries SET member_id = @member WHERE id = @id", new { id = Ids.ToBytes(id), member = Rows.OptionalBytes(member) });

    public async Task DeleteAsync(ISession session, DirectoryEntry entry, DateTimeOffset now)
    {
        var sql = SqlSession.Of(session);
        var parameters = new { id = Ids.ToBytes(entry.Id), now = Instants.ToMicroseconds(now), before = entry.Version };
        var deleted = await sql.ExecuteAsync(
            """
            UPDATE directory_entries SET deleted_at = @now, attributes = '{}', version = version + 1
            WHERE id = @id AND version = @before AND deleted_at IS NULL
            """, parameters);
        if (deleted != 1) throw new UnitConflictException("The user was changed by somebody else.");
        await sql.ExecuteAsync("DELETE FROM entry_values WHERE entry_id = @id", parameters);
        await GroupStore.RemoveEverywhereAsync(sql, entry.Id, now);
        await CountAsync(sql, entry.Organization, -1);
    }

    public async Task<EntryView?> ViewAsync(ISession session, OrganizationId organization, ResourceId id, bool withGroups)
    {
        var row = await SqlSession.Of(session).FindAsync<EntryViewRow>(
            $"SELECT {ViewColumns} {From} WHERE {Live} AND e.id = @id",
            new { organization = Ids.ToBytes(organization), id = Ids.ToBytes(id) });
        if (row is null) return null;
        return row.ToView(withGroups ? await GroupStore.GroupsOfAsync(SqlSession.Of(session), [row.Id]) : null);
    }

    public async Task<Outcome<ResourcePage<EntryView>>> ListAsync(
        ISession session, OrganizationId organization, ResourceQuery query, bool withGroups)
    {
        var sql = SqlSession.Of(session);
        var found = await ResourceLists.ListAsync(sql, organization, Lists, query, () => TreesAsync(sql, organization, query));
        if (!found.Try(out var page, out var error)) return error;
        return new ResourcePage<EntryView>(await ViewsAsync(sql, page.Items, withGroups), page.Total, page.Last);
    }

    public Task<Outcome<IReadOnlyList<ListPosition>>> PositionsAsync(ISession session, OrganizationId organization, ResourceQuery query) =>
        ResourceLists.PositionsAsync(SqlSession.Of(session), organization, Lists, query, () => TreesAsync(SqlSession.Of(session), organization, query));

    public async Task<IReadOnlyList<EntryView>> ViewManyAsync(
        ISession session, OrganizationId organization, IReadOnlyCollection<ResourceId> ids, bool withGroups)
    {
        var sql = SqlSession.Of(session);
        return await ViewsAsync(sql, await ResourceLists.ManyAsync<EntryViewRow>(sql, organization, Lists, ids), withGroups);
    }

    private static async Task<IReadOnlyList<EntryView>> ViewsAsync(SqlSession sql, IReadOnlyList<EntryViewRow> rows, bool withGroups)
    {
        var groups = withGroups && rows.Count > 0 ? await GroupStore.GroupsOfAsync(sql, [.. rows.Select(row => row.Id)]) : null;
        return [.. rows.Select(row => row.ToView(groups))];
    }

    /// <summary>Whole representations of rows, with the groups if the query looks at them.</summary>
    private static async Task<Outcome<Func<EntryViewRow, JsonObject>>> TreesAsync(SqlSession sql, OrganizationId organization, ResourceQuery query)
    {
        ILookup<ResourceId, GroupOfUser>? all = null;
        if (ResourceLists.Mentions(query, "groups")
            && !(await GroupStore.AllGroupsOfUsersAsync(sql, organization, query.ScanLimit)).Try(out all, out var tooMany)) return tooMany;
        return (Func<EntryViewRow, JsonObject>)(row => ResourceTree.Of(row.ToView(all), query.BaseUrl));
    }

    private static async Task<DirectoryEntry?> FindAsync(ISession session, OrganizationId organization, string condition, byte[] key) =>
        (await SqlSession.Of(session).FindAsync<EntryRow>(
            $"SELECT {Columns} FROM directory_entries e WHERE {Live} AND {condition}", new { organization = Ids.ToBytes(organization), key }))?.ToEntry();

    // Distinct here and not in SQL: SQLite before 3.36 takes the partial unique index on member_id as proof that its rows are distinct.
    private static async Task<IReadOnlyList<MemberId>> FormerMembersAsync(ISession session, OrganizationId organization, string condition, byte[] key) =>
        [.. (await SqlSession.Of(session).QueryAsync<byte[]>(
            $"SELECT member_id FROM directory_entries WHERE organization_id = @organization AND member_id IS NOT NULL AND {condition}",
            new { organization = Ids.ToBytes(organization), key })).Select(Rows.Id<MemberId>).Distinct()];

    private static Task InsertValuesAsync(SqlSession sql, DirectoryEntry entry) =>
        sql.InsertAsync("entry_values", ["organization_id", "attribute", "value_key", "entry_id"], SearchedAttributes.Of(entry.Attributes),
            row => [Ids.ToBytes(entry.Organization), row.Attribute, row.Key, Ids.ToBytes(entry.Id)]);

    private static Task<int> CountAsync(SqlSession sql, OrganizationId organization, int change) =>
        sql.ExecuteAsync("UPDATE directory_counts SET users = users + @change WHERE organization_id = @organization",
            new { organization = Ids.ToBytes(organization), change });

    private static object Parameters(DirectoryEntry entry, long before) => new
    {
        id = Ids.ToBytes(entry.Id), organization = Ids.ToBytes(entry.Organization), entry.UserName, userNameKey = TextKey.Fold(entry.UserName),
        entry.ExternalId, externalIdKey = Rows.OptionalExact(entry.ExternalId), active = Rows.Flag(entry.Active),
        shown = Rows.Flag(entry.Attributes["active"] is not null), attributes = entry.Stored.Text,
        member = Rows.OptionalBytes(entry.Member), created = Instants.ToMicroseconds(entry.Created),
        modified = Instants.ToMicroseconds(entry.LastModified), entry.Version, before,
    };
}

internal record EntryRow(
    byte[] Id, byte[] Organization_Id, string User_Name, string? External_Id, long Active, string Attributes, long Version,
    long Created_At, long Modified_At, byte[]? Member_Id)
{
    public DirectoryEntry ToEntry() => new(
        Rows.Id<ResourceId>(Id), Rows.Id<OrganizationId>(Organization_Id), User_Name, External_Id, Active != 0,
        StoredJson.Of(Attributes), Version, Instants.FromMicroseconds(Created_At), Instants.FromMicroseconds(Modified_At),
        Rows.OptionalId<MemberId>(Member_Id));
}

internal sealed record EntryViewRow(
    byte[] Id, byte[] Organization_Id, string User_Name, string? External_Id, long Active, string Attributes, long Version,
    long Created_At, long Modified_At, byte[]? Member_Id,
    string? Member_User_Name, string? Match_Email, string? Display_Name, string? Role, string? State, long? Admin_Suspended, string? Suspended_By,
    string? Source, long? Last_Sign_In_On, long? Member_Created_At, long? Member_Version,
    string? Status, string? Tier, string? Desired_Tier, string? Last_Tier, long? Waiting_Since, long? Seat_Version)
    : EntryRow(Id, Organization_Id, User_Name, External_Id, Active, Attributes, Version, Created_At, Modified_At, Member_Id), IListRow
{
    public EntryView ToView(ILookup<ResourceId, GroupOfUser>? groups)
    {
        var entry = ToEntry();
        var member = Member_Id is null ? null : new MemberRow(
            Member_Id, Organization_Id, Member_User_Name!, Match_Email, Display_Name, Role!, State!, Admin_Suspended!.Value, Suspended_By, Source!,
            Last_Sign_In_On, Member_Created_At!.Value, Member_Version!.Value,
            Member_Id, Status!, Tier, Desired_Tier, Last_Tier, Waiting_Since, Seat_Version!.Value, Id).ToMember();
        return new EntryView(entry, member, groups is null ? [] : [.. groups[entry.Id]]);
    }
}
