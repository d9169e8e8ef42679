using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.SignIn;

namespace Provisioning.Core.Storage;

/// <summary>Sign-ins under way in SQL: each step is one guarded statement, so two nodes never both finish one.</summary>
public sealed class FlowStore : IFlowStore
{
    public Task InsertAsync(ISession session, SignInFlow flow) =>
        SqlSession.Of(session).ExecuteAsync(
            """
            INSERT INTO sign_in_flows (state_hash, organization_id, connection_id, browser_hash, return_to, answer, created_at, expires_at, taken_at)
            VALUES (@StateHash, @organization, @connection, @BrowserHash, @ReturnTo, NULL, @created, @expires, NULL)
            """,
            new
            {
                flow.StateHash, organization = Ids.ToBytes(flow.Organization), connection = Ids.ToBytes(flow.Connection), flow.BrowserHash, flow.ReturnTo,
                created = Instants.ToMicroseconds(flow.CreatedAt), expires = Instants.ToMicroseconds(flow.ExpiresAt),
            });

    public async Task<SignInFlow?> FindAsync(ISession session, byte[] stateHash) =>
        (await SqlSession.Of(session).FindAsync<FlowRow>(
            """
            SELECT state_hash, organization_id, connection_id, browser_hash, return_to, answer, created_at, expires_at, taken_at
            FROM sign_in_flows WHERE state_hash = @stateHash
            """, new { stateHash }))?.ToFlow();

    public async Task<bool> AnswerAsync(ISession session, byte[] stateHash, string answer, DateTimeOffset now) =>
        await SqlSession.Of(session).ExecuteAsync(
            "UPDATE sign_in_flows SET answer = @answer WHERE state_hash = @stateHash AND answer IS NULL AND taken_at IS NULL AND expires_at > @now",
            new { stateHash, answer, now = Instants.ToMicroseconds(now) }) == 1;

    public async Task<bool> TakeAsync(ISession session, byte[] stateHash, DateTimeOffset now) =>
        await SqlSession.Of(session).ExecuteAsync(
            "UPDATE sign_in_flows SET taken_at = @now WHERE state_hash = @stateHash AND taken_at IS NULL AND expires_at > @now",
            new { stateHash, now = Instants.ToMicroseconds(now) }) == 1;

    /// <summary>Two at once: a key conflict, and the second attempt of the loser finds the row.</summary>
    public async Task<bool> UseOnceAsync(ISession session, ConnectionId connection, byte[] keyHash, DateTimeOffset expiresAt)
    {
        var sql = SqlSession.Of(session);
        var row = new { connection = Ids.ToBytes(connection), keyHash, expires = Instants.ToMicroseconds(expiresAt) };
        if (await sql.ScalarAsync<long>(
            "SELECT COUNT(*) FROM sign_in_replays WHERE connection_id = @connection AND key_hash = @keyHash", row) > 0) return false;
        await sql.ExecuteAsync("INSERT INTO sign_in_replays (connection_id, key_hash, expires_at) VALUES (@connection, @keyHash, @expires)", row);
        return true;
    }

    private sealed record FlowRow(
        byte[] State_Hash, byte[] Organization_Id, byte[] Connection_Id, byte[] Browser_Hash, string? Return_To, string? Answer, long Created_At,
        long Expires_At, long? Taken_At)
    {
        public SignInFlow ToFlow() => new(
            State_Hash, Rows.Id<OrganizationId>(Organization_Id), Rows.Id<ConnectionId>(Connection_Id), Browser_Hash, Return_To, Answer,
            Instants.FromMicroseconds(Created_At), Instants.FromMicroseconds(Expires_At), Rows.OptionalInstant(Taken_At));
    }
}
