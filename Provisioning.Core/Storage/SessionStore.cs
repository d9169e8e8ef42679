using System.Text.Json;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;
using Provisioning.Core.SignIn;

namespace Provisioning.Core.Storage;

/// <summary>Sessions, codes and sign-in settings in SQL.</summary>
public sealed class SessionStore : ISessionStore, ISignInSettingsStore, IConnectionSessions, ISeatSessions
{
    private const string Select =
        """
        SELECT id, organization_id, member_id, connection_id, index_hash, logout_hint, created_at, expires_at, ended_at, end_reason, recovery_id
        FROM sign_in_sessions
        """;

    /// <summary>Of a session that no identity provider vouched for: the column is as old as the belief that one always does.</summary>
    private static readonly byte[] NoConnection = new byte[16];

    public Task LockMemberAsync(ISession session, OrganizationId organization, MemberId member) =>
        SqlSession.Of(session).ExecuteAsync(
            "UPDATE member_seats SET version = version WHERE member_id = @member AND organization_id = @organization",
            new { member = Ids.ToBytes(member), organization = Ids.ToBytes(organization) });

    public Task InsertAsync(ISession session, MemberSession added, string subject, byte[] cookieHash) =>
        SqlSession.Of(session).ExecuteAsync(
            """
            INSERT INTO sign_in_sessions (id, organization_id, member_id, connection_id, subject_key, index_hash, cookie_hash, logout_hint, created_at,
                expires_at, ended_at, end_reason, recovery_id)
            VALUES (@id, @organization, @member, @connection, @subject, @IndexHash, @cookieHash, @LogoutHint, @created, @expires, NULL, NULL, @recovery)
            """,
            new
            {
                id = Ids.ToBytes(added.Id), organization = Ids.ToBytes(added.Organization), member = Ids.ToBytes(added.Member),
                connection = Rows.OptionalBytes(added.Connection) ?? NoConnection, subject = TextKey.Exact(subject), added.IndexHash, cookieHash, added.LogoutHint,
                created = Instants.ToMicroseconds(added.CreatedAt), expires = Instants.ToMicroseconds(added.ExpiresAt),
                recovery = Rows.OptionalBytes(added.Recovery),
            });

    public async Task<MemberSession?> FindAsync(ISession session, OrganizationId organization, SessionId id) =>
        (await SqlSession.Of(session).FindAsync<SessionRow>(
            $"{Select} WHERE id = @id AND organization_id = @organization",
            new { id = Ids.ToBytes(id), organization = Ids.ToBytes(organization) }))?.ToSession();

    public async Task<MemberSession?> FindByCookieAsync(ISession session, byte[] cookieHash) =>
        (await SqlSession.Of(session).FindAsync<SessionRow>($"{Select} WHERE cookie_hash = @cookieHash", new { cookieHash }))?.ToSession();

    public async Task<Page<MemberSession>> ListAsync(ISession session, OrganizationId organization, MemberId member, byte[]? after, int limit)
    {
        var sql = SqlSession.Of(session);
        var rows = await sql.QueryAsync<SessionRow>(
            $"{Select} WHERE member_id = @member AND organization_id = @organization{(after is null ? "" : " AND id < @after")} ORDER BY id DESC {sql.Dialect.Page}",
            new { member = Ids.ToBytes(member), organization = Ids.ToBytes(organization), after, limit = limit + 1, offset = 0 });
        return Pages.Of(rows, limit, row => row.ToSession(), row => row.Id);
    }

    public async Task<bool> EndAsync(ISession session, OrganizationId organization, SessionId id, SessionEnd reason, DateTimeOffset now) =>
        await SqlSession.Of(session).ExecuteAsync(
            """
            UPDATE sign_in_sessions SET ended_at = @now, end_reason = @reason
            WHERE id = @id AND organization_id = @organization AND ended_at IS NULL
            """,
            new { id = Ids.ToBytes(id), organization = Ids.ToBytes(organization), reason = Words.Text(reason), now = Instants.ToMicroseconds(now) }) == 1;

    public async Task<IReadOnlyList<MemberSession>> FindOpenAsync(
        ISession session, ConnectionId connection, string? subject, byte[]? indexHash, int limit)
    {
        var sql = SqlSession.Of(session);
        var where = (subject, indexHash) switch
        {
            (not null, not null) => " AND subject_key = @subject AND (index_hash = @indexHash OR index_hash IS NULL)",
            (not null, null) => " AND subject_key = @subject",
            _ => " AND index_hash = @indexHash",
        };
        return [.. (await sql.QueryAsync<SessionRow>(
            $"{Select} WHERE connection_id = @connection AND ended_at IS NULL{where} ORDER BY id {sql.Dialect.Page}",
            new { connection = Ids.ToBytes(connection), subject = Rows.OptionalExact(subject), indexHash, limit, offset = 0 }))
            .Select(row => row.ToSession())];
    }

    public Task InsertCodeAsync(ISession session, OrganizationId organization, SessionId id, byte[] codeHash, DateTimeOffset expiresAt) =>
        SqlSession.Of(session).ExecuteAsync(
            "INSERT INTO sign_in_codes (code_hash, organization_id, session_id, expires_at, used_at) VALUES (@codeHash, @organization, @id, @expires, NULL)",
            new { codeHash, organization = Ids.ToBytes(organization), id = Ids.ToBytes(id), expires = Instants.ToMicroseconds(expiresAt) });

    public async Task<SessionId?> UseCodeAsync(ISession session, OrganizationId organization, byte[] codeHash, DateTimeOffset now)
    {
        var sql = SqlSession.Of(session);
        var key = new { codeHash, organization = Ids.ToBytes(organization), now = Instants.ToMicroseconds(now) };
        if (await sql.ExecuteAsync(
            """
            UPDATE sign_in_codes SET used_at = @now
            WHERE code_hash = @codeHash AND organization_id = @organization AND used_at IS NULL AND expires_at > @now
            """, key) != 1) return null;
        return Rows.Id<SessionId>(await sql.ScalarAsync<byte[]>("SELECT session_id FROM sign_in_codes WHERE code_hash = @codeHash", key));
    }

    /// <summary>Of a connection.</summary>
    Task IConnectionSessions.EndAsync(ISession session, ConnectionId connection, DateTimeOffset now) =>
        EndAllAsync(session, "connection_id = @id", Ids.ToBytes(connection), SessionEnd.ConnectionOff, now);

    /// <summary>Of a member who leaves a seat.</summary>
    Task ISeatSessions.EndAsync(ISession session, MemberId member, DateTimeOffset now) =>
        EndAllAsync(session, "member_id = @id", Ids.ToBytes(member), SessionEnd.AccessLost, now);

    public async Task<int> DeleteOldAsync(ISession session, DateTimeOffset now, DateTimeOffset sessionsBefore, int limit)
    {
        var deleted = 0;
        foreach (var (table, key) in ((string, string)[])[("sign_in_codes", "code_hash"), ("sign_in_flows", "state_hash"), ("sign_in_sessions", "id"), ("recovery_links", "id")])
            deleted += await DeleteAsync(session, table, key, table is "sign_in_sessions" or "recovery_links" ? sessionsBefore : now, limit);
        // The key of a replay has two columns; a hash stands at more than one connection only if nobody minds.
        return deleted + await DeleteAsync(session, "sign_in_replays", "key_hash", now, limit);
    }

    public async Task<SignInSettings> FindAsync(ISession session, OrganizationId organization) =>
        await SqlSession.Of(session).FindAsync<SettingsRow>(
            "SELECT return_to, recovery_links, version FROM sign_in_settings WHERE organization_id = @organization",
            new { organization = Ids.ToBytes(organization) }) is { } row
            ? new SignInSettings(JsonSerializer.Deserialize<string[]>(row.Return_To)!, row.Version) { RecoveryLinks = row.Recovery_Links == 1 } : SignInSettings.None;

    public async Task<bool> SaveAsync(ISession session, OrganizationId organization, SignInSettings settings)
    {
        var parameters = new { organization = Ids.ToBytes(organization), returnTo = JsonSerializer.Serialize(settings.ReturnTo), recovery = Rows.Flag(settings.RecoveryLinks), settings.Version };
        return settings.Version == 0
            ? await SqlSession.Of(session).ExecuteAsync(
                "INSERT INTO sign_in_settings (organization_id, return_to, recovery_links, version) VALUES (@organization, @returnTo, @recovery, 1)", parameters) == 1
            : await SqlSession.Of(session).ExecuteAsync(
                "UPDATE sign_in_settings SET return_to = @returnTo, recovery_links = @recovery, version = version + 1 WHERE organization_id = @organization AND version = @Version",
                parameters) == 1;
    }

    private static async Task<int> DeleteAsync(ISession session, string table, string key, DateTimeOffset before, int limit)
    {
        var sql = SqlSession.Of(session);
        var old = await sql.QueryAsync<byte[]>(
            $"SELECT {key} FROM {table} WHERE expires_at < @before ORDER BY expires_at {sql.Dialect.Page}",
            new { before = Instants.ToMicroseconds(before), limit, offset = 0 });
        return old.Count == 0 ? 0 : await sql.ExecuteAsync(
            $"DELETE FROM {table} WHERE {key} IN @old AND expires_at < @before", new { old, before = Instants.ToMicroseconds(before) });
    }

    private static Task<int> EndAllAsync(ISession session, string whose, byte[] id, SessionEnd reason, DateTimeOffset now) =>
        SqlSession.Of(session).ExecuteAsync(
            $"UPDATE sign_in_sessions SET ended_at = @now, end_reason = @reason WHERE {whose} AND ended_at IS NULL",
            new { id, reason = Words.Text(reason), now = Instants.ToMicroseconds(now) });

    private sealed record SettingsRow(string Return_To, long? Recovery_Links, long Version);

    private sealed record SessionRow(
        byte[] Id, byte[] Organization_Id, byte[] Member_Id, byte[] Connection_Id, byte[]? Index_Hash, string? Logout_Hint, long Created_At,
        long Expires_At, long? Ended_At, string? End_Reason, byte[]? Recovery_Id)
    {
        public MemberSession ToSession() => new(
            Rows.Id<SessionId>(Id), Rows.Id<OrganizationId>(Organization_Id), Rows.Id<MemberId>(Member_Id),
            Recovery_Id is null ? Rows.Id<ConnectionId>(Connection_Id) : null,
            Index_Hash, Logout_Hint, Instants.FromMicroseconds(Created_At), Instants.FromMicroseconds(Expires_At), Rows.OptionalInstant(Ended_At),
            Rows.OptionalWord<SessionEnd>(End_Reason)) { Recovery = Rows.OptionalId<RecoveryLinkId>(Recovery_Id) };
    }
}
