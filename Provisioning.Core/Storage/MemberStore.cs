using System.Buffers.Binary;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Storage;

/// <summary>Members and identities in SQL; a member is always read together with the seat side and the link to the entry.</summary>
public sealed class MemberStore : IMemberStore, ISeatRequestStore
{
    internal const string Columns =
        """
        m.id, m.organization_id, m.user_name, m.match_email, m.display_name, m.role, m.state, m.admin_suspended, m.suspended_by, m.source,
        m.last_sign_in_on, m.created_at, m.version
        """;

    internal const string Select =
        $"""
        SELECT {Columns}, {SeatStore.SeatColumns}, e.id AS entry_id
        FROM members m JOIN member_seats s ON s.member_id = m.id
        LEFT JOIN directory_entries e ON e.member_id = m.id AND e.deleted_at IS NULL
        """;

    public async Task<SeatedMember?> FindAsync(ISession session, OrganizationId organization, MemberId member) =>
        (await SqlSession.Of(session).FindAsync<MemberRow>(
            $"{Select} WHERE m.id = @id AND m.organization_id = @organization",
            new { id = Ids.ToBytes(member), organization = Ids.ToBytes(organization) }))?.ToMember();

    public async Task<IReadOnlyList<SeatedMember>> FindManyAsync(ISession session, OrganizationId organization, IReadOnlyCollection<MemberId> members) =>
        [.. (await SqlSession.Of(session).QueryAsync<MemberRow>(
            $"{Select} WHERE m.organization_id = @organization AND m.id IN @ids",
            new { organization = Ids.ToBytes(organization), ids = members.Select(Ids.ToBytes) })).Select(row => row.ToMember())];

    public async Task<SeatedMember?> FindByUserNameAsync(ISession session, OrganizationId organization, string userName) =>
        (await SqlSession.Of(session).FindAsync<MemberRow>(
            $"{Select} WHERE m.organization_id = @organization AND m.user_name_key = @key AND m.state <> 'removed'",
            new { organization = Ids.ToBytes(organization), key = TextKey.Fold(userName) }))?.ToMember();

    public async Task<IReadOnlyList<SeatedMember>> FindByUserNamesAsync(
        ISession session, OrganizationId organization, IReadOnlyCollection<string> userNames)
    {
        var found = new List<SeatedMember>();
        foreach (var chunk in userNames.Chunk(500))
            found.AddRange((await SqlSession.Of(session).QueryAsync<MemberRow>(
                $"{Select} WHERE m.organization_id = @organization AND m.user_name_key IN @keys AND m.state <> 'removed'",
                new { organization = Ids.ToBytes(organization), keys = chunk.Select(TextKey.Fold) })).Select(row => row.ToMember()));
        return found;
    }

    public async Task<IReadOnlyList<SeatedMember>> FindByEmailAsync(ISession session, OrganizationId organization, string email, int limit)
    {
        var sql = SqlSession.Of(session);
        return [.. (await sql.QueryAsync<MemberRow>(
            $"{Select} WHERE m.organization_id = @organization AND m.match_email_key = @key ORDER BY CASE WHEN m.state = 'removed' THEN 1 ELSE 0 END, m.id {sql.Dialect.Page}",
            new { organization = Ids.ToBytes(organization), key = TextKey.Fold(email), limit, offset = 0 })).Select(row => row.ToMember())];
    }

    public async Task<SeatedMember?> FindByIdentityAsync(ISession session, OrganizationId organization, ConnectionId connection, string subject) =>
        (await SqlSession.Of(session).FindAsync<MemberRow>(
            $"""
            {Select} JOIN member_identities i ON i.member_id = m.id
            WHERE i.organization_id = @organization AND i.connection_id = @connection AND i.subject_key = @subject
            """,
            new { organization = Ids.ToBytes(organization), connection = Ids.ToBytes(connection), subject = TextKey.Exact(subject) }))?.ToMember();

    public async Task<IReadOnlyList<ConnectionId>> ConnectionsOfAsync(ISession session, MemberId member) =>
        [.. (await SqlSession.Of(session).QueryAsync<byte[]>(
            "SELECT DISTINCT connection_id FROM member_identities WHERE member_id = @member", new { member = Ids.ToBytes(member) }))
            .Select(Rows.Id<ConnectionId>)];

    public Task InsertIdentityAsync(
        ISession session, OrganizationId organization, ConnectionId connection, string subject, MemberId member, DateTimeOffset now) =>
        SqlSession.Of(session).ExecuteAsync(
            """
            INSERT INTO member_identities (organization_id, connection_id, subject_key, subject, member_id, created_at)
            VALUES (@organization, @connection, @key, @subject, @member, @now)
            """,
            new
            {
                organization = Ids.ToBytes(organization), connection = Ids.ToBytes(connection), key = TextKey.Exact(subject), subject,
                member = Ids.ToBytes(member), now = Instants.ToMicroseconds(now),
            });

    public Task InsertAsync(ISession session, Member member) =>
        SqlSession.Of(session).ExecuteAsync(
            """
            INSERT INTO members (id, organization_id, user_name, user_name_key, match_email, match_email_key, display_name, role, state,
                admin_suspended, suspended_by, source, last_sign_in_on, created_at, version)
            VALUES (@id, @organization, @UserName, @userNameKey, @MatchEmail, @matchEmailKey, @DisplayName, @role, @state,
                @adminSuspended, @suspendedBy, @source, NULL, @created, 1)
            """, Parameters(member));

    public async Task<Member> UpdateAsync(ISession session, Member member)
    {
        var updated = await SqlSession.Of(session).ExecuteAsync(
            """
            UPDATE members SET user_name = @UserName, user_name_key = @userNameKey, match_email = @MatchEmail, match_email_key = @matchEmailKey,
                display_name = @DisplayName, role = @role, state = @state, admin_suspended = @adminSuspended, suspended_by = @suspendedBy,
                version = version + 1
            WHERE id = @id AND organization_id = @organization AND version = @Version
            """, Parameters(member));
        return updated == 1 ? member with { Version = member.Version + 1 } : throw new UnitConflictException("The member was changed by somebody else.");
    }

    public Task SetSignedInAsync(ISession session, MemberId member, DateOnly day, string? provenEmail) =>
        SqlSession.Of(session).ExecuteAsync(
            """
            UPDATE members SET last_sign_in_on = CASE WHEN last_sign_in_on > @day THEN last_sign_in_on ELSE @day END,
                proven_email_key = COALESCE(@proven, proven_email_key)
            WHERE id = @id AND (last_sign_in_on IS NULL OR last_sign_in_on < @day OR proven_email_key IS NULL OR proven_email_key <> COALESCE(@proven, proven_email_key))
            """, new { id = Ids.ToBytes(member), day = MemberRow.Days(day), proven = Rows.OptionalFold(provenEmail) });

    public Task ProveEmailAsync(ISession session, MemberId member, string email) =>
        SqlSession.Of(session).ExecuteAsync(
            "UPDATE members SET proven_email_key = @key WHERE id = @id", new { id = Ids.ToBytes(member), key = TextKey.Fold(email) });

    public async Task<IReadOnlyList<MemberId>> ProvenByEmailAsync(ISession session, OrganizationId organization, string email) =>
        [.. (await SqlSession.Of(session).QueryAsync<byte[]>(
            "SELECT id FROM members WHERE organization_id = @organization AND match_email_key = @key AND proven_email_key = @key",
            new { organization = Ids.ToBytes(organization), key = TextKey.Fold(email) })).Select(Rows.Id<MemberId>)];

    public async Task<bool> AnotherAdministersAsync(ISession session, OrganizationId organization, MemberId but) =>
        await SqlSession.Of(session).ScalarAsync<long>(
            "SELECT COUNT(*) FROM members WHERE organization_id = @organization AND role <> 'user' AND state = 'active' AND id <> @but",
            new { organization = Ids.ToBytes(organization), but = Ids.ToBytes(but) }) > 0;

    public async Task<SeatedMember?> PrimaryOwnerAsync(ISession session, OrganizationId organization) =>
        (await SqlSession.Of(session).FindAsync<MemberRow>(
            $"{Select} WHERE m.organization_id = @organization AND m.role = 'primary_owner' AND m.state <> 'removed'",
            new { organization = Ids.ToBytes(organization) }))?.ToMember();

    public async Task<IReadOnlyDictionary<OrganizationId, IReadOnlyDictionary<MemberState, int>>> CountAsync(
        ISession session, IReadOnlyCollection<OrganizationId> organizations) =>
        (await SqlSession.Of(session).QueryAsync<(byte[] Organization, string State, long People)>(
            """
            SELECT organization_id, state, CAST(COUNT(*) AS BIGINT) FROM members WHERE organization_id IN @organizations
            GROUP BY organization_id, state
            """, new { organizations = organizations.Select(Ids.ToBytes) }))
        .GroupBy(row => Rows.Id<OrganizationId>(row.Organization))
        .ToDictionary(group => group.Key, group => (IReadOnlyDictionary<MemberState, int>)group.ToDictionary(
            row => Words.Parse<MemberState>(row.State), row => (int)row.People));

    public async Task<Page<SeatedMember>> ListAsync(ISession session, OrganizationId organization, MemberQuery query)
    {
        var sql = SqlSession.Of(session);
        var where = new List<string> { "m.organization_id = @organization", "m.id > @after" };
        if (query.Text is not null)
            where.Add($"({sql.Dialect.Contains("m.user_name_key", "@text")} OR {sql.Dialect.Contains("m.match_email_key", "@text")})");
        if (query.SeatStatus is not null) where.Add("s.status = @status");
        if (query.Tier is not null) where.Add("s.tier = @Tier");
        if (query.Source is not null) where.Add("m.source = @source");
        if (query.Role is not null) where.Add("m.role = @role");
        if (query.InactiveSince is not null)
            where.Add(
                """
                (m.last_sign_in_on < @inactive OR (m.last_sign_in_on IS NULL AND m.created_at < @before))
                AND m.id NOT IN (SELECT r.member_id FROM usage_rollups r WHERE r.organization_id = @organization AND r.period >= @month)
                """);
        where.Add(query.State is null ? "m.state <> 'removed'" : "m.state = @state");
        var rows = await sql.QueryAsync<MemberRow>(
            $"{Select} WHERE {string.Join(" AND ", where)} ORDER BY m.id {sql.Dialect.Page}",
            new
            {
                organization = Ids.ToBytes(organization), after = query.After ?? [], text = Rows.OptionalFold(query.Text), query.Tier,
                status = query.SeatStatus is { } status ? Words.Text(status) : null, source = query.Source is { } source ? Words.Text(source) : null,
                role = query.Role is { } role ? Words.Text(role) : null, state = query.State is { } state ? Words.Text(state) : null,
                inactive = query.InactiveSince is { } day ? MemberRow.Days(day) : 0, month = query.InactiveSince is { } of ? (of.Year * 100L) + of.Month : 0,
                before = query.InactiveSince is { } start
                    ? Instants.ToMicroseconds(new DateTimeOffset(start.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero)) : 0,
                limit = query.Limit + 1, offset = 0,
            });
        return Pages.Of(rows, query.Limit, row => row.ToMember(), row => row.Id);
    }

    public async Task<Page<SeatedMember>> ListWaitingAsync(ISession session, OrganizationId organization, byte[]? after, int limit)
    {
        var sql = SqlSession.Of(session);
        var since = after is null ? long.MinValue : BinaryPrimitives.ReadInt64BigEndian(after);
        var rows = await sql.QueryAsync<MemberRow>(
            $"""
            {Select} WHERE s.organization_id = @organization AND s.status = 'waiting'
              AND (s.waiting_since > @since OR (s.waiting_since = @since AND s.member_id > @id))
            ORDER BY s.waiting_since, s.member_id {sql.Dialect.Page}
            """, new { organization = Ids.ToBytes(organization), since, id = after?[8..] ?? [], limit = limit + 1, offset = 0 });
        return Pages.Of(rows, limit, row => row.ToMember(), row => row.WaitingKey());
    }

    public async Task RecordAsync(ISession session, OrganizationId organization, string email, DateTimeOffset now)
    {
        var parameters = new { organization = Ids.ToBytes(organization), key = TextKey.Fold(email), email, now = Instants.ToMicroseconds(now) };
        var again = await SqlSession.Of(session).ExecuteAsync(
            "UPDATE seat_requests SET last_at = @now, asked = asked + 1 WHERE organization_id = @organization AND email_key = @key", parameters);
        if (again == 0)
            await SqlSession.Of(session).ExecuteAsync(
                """
                INSERT INTO seat_requests (organization_id, email_key, email, first_at, last_at, asked)
                VALUES (@organization, @key, @email, @now, @now, 1)
                """, parameters);
    }

    public Task RemoveAsync(ISession session, OrganizationId organization, string email) =>
        SqlSession.Of(session).ExecuteAsync(
            "DELETE FROM seat_requests WHERE organization_id = @organization AND email_key = @key",
            new { organization = Ids.ToBytes(organization), key = TextKey.Fold(email) });

    public async Task<Page<SeatRequest>> ListAsync(ISession session, OrganizationId organization, byte[]? after, int limit)
    {
        var sql = SqlSession.Of(session);
        var since = after is null ? long.MinValue : BinaryPrimitives.ReadInt64BigEndian(after);
        // Of those who asked in the very same microsecond so many were shown.
        var shown = after is null ? 0 : BinaryPrimitives.ReadInt32BigEndian(after.AsSpan(8));
        var rows = await sql.QueryAsync<RequestRow>(
            $"SELECT email, first_at, last_at, asked FROM seat_requests WHERE organization_id = @organization AND first_at >= @since ORDER BY first_at, email_key {sql.Dialect.Page}",
            new { organization = Ids.ToBytes(organization), since, limit = limit + 1, offset = Math.Max(0, shown) });
        return Pages.Of(rows, limit, row => row.ToRequest(), row =>
        {
            var key = new byte[12];
            BinaryPrimitives.WriteInt64BigEndian(key, row.First_At);
            BinaryPrimitives.WriteInt32BigEndian(key.AsSpan(8), rows.Take(limit).Count(other => other.First_At == row.First_At) + (row.First_At == since ? shown : 0));
            return key;
        });
    }

    private static object Parameters(Member member) => new
    {
        id = Ids.ToBytes(member.Id), organization = Ids.ToBytes(member.Organization), member.UserName, userNameKey = TextKey.Fold(member.UserName),
        member.MatchEmail, matchEmailKey = Rows.OptionalFold(member.MatchEmail), member.DisplayName, role = Words.Text(member.Role),
        state = Words.Text(member.State), adminSuspended = Rows.Flag(member.AdminSuspended),
        suspendedBy = member.SuspendedBy is { } cause ? Words.Text(cause) : null, source = Words.Text(member.Source),
        created = Instants.ToMicroseconds(member.CreatedAt), member.Version,
    };

    private sealed record RequestRow(string Email, long First_At, long Last_At, long Asked)
    {
        public SeatRequest ToRequest() => new(Email, Instants.FromMicroseconds(First_At), Instants.FromMicroseconds(Last_At), (int)Asked);
    }
}
