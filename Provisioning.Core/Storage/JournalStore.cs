using System.Text;
using Dapper;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Storage;

/// <summary>Numbers and links of the journal in SQL.</summary>
public sealed class JournalStore : IJournalStore
{
    /// <summary>Rows of one statement: each is looked up in its CASE.</summary>
    private const int Chunk = 100;

    private const string Columns =
        """
        a.id, a.organization_id, a.at, a.actor_kind, a.actor_id, a.channel, a.action, a.target_kind, a.target_id, a.reason, a.correlation_id,
        a.sequence, a.chain, a.detail_digest, d.salt, d.before_state, d.after_state, d.erased_by
        """;

    public async Task<OrganizationId?> NextUnsealedAsync(ISession session, OrganizationId? after)
    {
        var sql = SqlSession.Of(session);
        var next = await sql.QueryAsync<byte[]>(
            $"SELECT organization_id FROM audit_records WHERE sequence IS NULL AND organization_id > @after ORDER BY organization_id {sql.Dialect.Page}",
            new { after = after is { } id ? Ids.ToBytes(id) : [], limit = 1, offset = 0 });
        return next.Count == 0 ? null : Rows.Id<OrganizationId>(next[0]);
    }

    public async Task<JournalHead?> HeadAsync(ISession session, OrganizationId organization) =>
        (await SqlSession.Of(session).FindAsync<HeadRow>(
            "SELECT audit_sequence, chain, event_sequence FROM journal_heads WHERE organization_id = @organization",
            new { organization = Ids.ToBytes(organization) }))?.ToHead();

    public async Task<IReadOnlyList<UnsealedRecord>> UnsealedAsync(ISession session, OrganizationId organization, int limit)
    {
        var sql = SqlSession.Of(session);
        var rows = await sql.QueryAsync<UnsealedRow>(
            $"""
            SELECT {Columns}, o.data FROM audit_records a LEFT JOIN audit_details d ON d.audit_id = a.id LEFT JOIN outbox o ON o.id = a.id
            WHERE a.organization_id = @organization AND a.sequence IS NULL ORDER BY a.id {sql.Dialect.Page}
            """, new { organization = Ids.ToBytes(organization), limit, offset = 0 });
        return [.. rows.Select(row => new UnsealedRecord(row.ToRecord(), row.ToDetail(), row.Data))];
    }

    public async Task SealAsync(ISession session, OrganizationId organization, JournalHead? before, JournalHead after, IReadOnlyList<Seal> seals)
    {
        var sql = SqlSession.Of(session);
        var parameters = new { organization = Ids.ToBytes(organization), old = before?.AuditSequence, after.AuditSequence, after.Chain, after.EventSequence };
        // The head first: it is the lock, and tells a sealer that was overtaken.
        if (before is null)
        {
            await sql.ExecuteAsync(
                "INSERT INTO journal_heads (organization_id, audit_sequence, chain, event_sequence) VALUES (@organization, @AuditSequence, @Chain, @EventSequence)", parameters);
        }
        else if (await sql.ExecuteAsync(
            """
            UPDATE journal_heads SET audit_sequence = @AuditSequence, chain = @Chain, event_sequence = @EventSequence
            WHERE organization_id = @organization AND audit_sequence = @old
            """, parameters) != 1)
        {
            throw new UnitConflictException("The journal was sealed by somebody else.");
        }
        foreach (var chunk in seals.Chunk(Chunk))
            await SealAsync(sql, "audit_records", chunk, ("sequence", seal => seal.Sequence), ("chain", seal => seal.Chain), ("detail_digest", seal => seal.DetailDigest));
        foreach (var chunk in seals.Where(seal => seal.EventSequence is not null).Chunk(Chunk))
            await SealAsync(sql, "outbox", chunk, ("sequence", seal => seal.EventSequence));
    }

    public async Task<IReadOnlyList<SealedRecord>> SealedAsync(ISession session, OrganizationId organization, long after, int limit)
    {
        var sql = SqlSession.Of(session);
        var rows = await sql.QueryAsync<SealedRow>(
            $"""
            SELECT {Columns} FROM audit_records a LEFT JOIN audit_details d ON d.audit_id = a.id
            WHERE a.organization_id = @organization AND a.sequence IS NOT NULL AND a.sequence > @after ORDER BY a.sequence {sql.Dialect.Page}
            """, new { organization = Ids.ToBytes(organization), after, limit, offset = 0 });
        return [.. rows.Select(row => new SealedRecord(row.Sequence!.Value, row.Chain!, row.Detail_Digest, row.ToRecord(), row.ToDetail()))];
    }

    public async Task<long> LastSequenceAsync(ISession session, OrganizationId organization)
    {
        var sql = SqlSession.Of(session);
        var last = await sql.QueryAsync<long>(
            $"SELECT sequence FROM audit_records WHERE organization_id = @organization AND sequence IS NOT NULL ORDER BY sequence DESC {sql.Dialect.Page}",
            new { organization = Ids.ToBytes(organization), limit = 1, offset = 0 });
        return last.Count == 0 ? 0 : last[0];
    }

    public Task<long> CountUnsealedAsync(ISession session, OrganizationId organization) =>
        SqlSession.Of(session).ScalarAsync<long>(
            "SELECT COUNT(*) FROM audit_records WHERE organization_id = @organization AND sequence IS NULL", new { organization = Ids.ToBytes(organization) });

    public async Task<IReadOnlyList<Guid>> ErasedByAsync(ISession session, Guid erasure) =>
        [.. (await SqlSession.Of(session).QueryAsync<byte[]>(
            "SELECT audit_id FROM audit_details WHERE erased_by IS NOT NULL AND erased_by = @erasure",
            new { erasure = erasure.ToByteArray(bigEndian: true) })).Select(id => new Guid(id, bigEndian: true))];

    public async Task<IReadOnlyList<string>> LateErasuresAsync(ISession session, OrganizationId organization, long after) =>
        await SqlSession.Of(session).QueryAsync<string>(
            """
            SELECT d.after_state FROM audit_records a JOIN audit_details d ON d.audit_id = a.id
            WHERE a.organization_id = @organization AND a.action = @action AND d.after_state IS NOT NULL AND (a.sequence IS NULL OR a.sequence > @after)
            """, new { organization = Ids.ToBytes(organization), action = Erasure.Action, after });

    /// <summary>One statement for many rows, each with values of its own; the columns are ours.</summary>
    private static async Task SealAsync(SqlSession sql, string table, Seal[] seals, params (string Name, Func<Seal, object?> Value)[] columns)
    {
        if (sql.Dialect.HasOneWriter)
        {
            // No round trip to save: a prepared statement for each row costs less than looking each row up in a CASE.
            var one = $"UPDATE {table} SET {string.Join(", ", columns.Select((column, at) => $"{column.Name} = @v{at}"))} WHERE sequence IS NULL AND id = @id";
            foreach (var seal in seals)
            {
                var values = new DynamicParameters();
                for (var at = 0; at < columns.Length; at++) values.Add("v" + at, columns[at].Value(seal));
                values.Add("id", seal.Id.ToByteArray(bigEndian: true));
                if (await sql.ExecuteAsync(one, values) != 1) throw new UnitConflictException("A record was sealed by somebody else.");
            }
            return;
        }
        var parameters = new DynamicParameters();
        for (var at = 0; at < seals.Length; at++) parameters.Add("i" + at, seals[at].Id.ToByteArray(bigEndian: true));
        var text = new StringBuilder("UPDATE ").Append(table).Append(" SET ");
        for (var column = 0; column < columns.Length; column++)
        {
            text.Append(column == 0 ? "" : ", ").Append(columns[column].Name).Append(" = CASE id");
            for (var at = 0; at < seals.Length; at++)
            {
                var value = columns[column].Value(seals[at]);
                if (value is null) continue; // and stays NULL
                text.Append(" WHEN @i").Append(at).Append(" THEN @v").Append(column).Append('_').Append(at);
                parameters.Add($"v{column}_{at}", value);
            }
            // An engine must know the type when no row has a value.
            if (seals.All(seal => columns[column].Value(seal) is null)) text.Append(" WHEN @i0 THEN ").Append(columns[column].Name);
            text.Append(" END");
        }
        text.Append(" WHERE sequence IS NULL AND id IN (").AppendJoin(", ", Enumerable.Range(0, seals.Length).Select(at => "@i" + at)).Append(')');
        if (await sql.ExecuteAsync(text.ToString(), parameters) != seals.Length) throw new UnitConflictException("A record was sealed by somebody else.");
    }

    private record RecordRow(
        byte[] Id, byte[] Organization_Id, long At, string Actor_Kind, string Actor_Id, string Channel, string Action, string Target_Kind,
        string Target_Id, string? Reason, string Correlation_Id, long? Sequence, byte[]? Chain, byte[]? Detail_Digest, byte[]? Salt,
        string? Before_State, string? After_State, byte[]? Erased_By)
    {
        public ChainedRecord ToRecord() => new(
            new Guid(Id, bigEndian: true), Rows.Id<OrganizationId>(Organization_Id), Instants.FromMicroseconds(At), Actor_Kind, Actor_Id, Channel, Action,
            new Target(Target_Kind, Target_Id), Reason, Correlation_Id);

        public AuditDetail? ToDetail() => Salt is null ? null
            : new AuditDetail(Salt, Before_State, After_State, Erased_By is null ? null : new Guid(Erased_By, bigEndian: true));
    }

    private sealed record SealedRow(
        byte[] Id, byte[] Organization_Id, long At, string Actor_Kind, string Actor_Id, string Channel, string Action, string Target_Kind,
        string Target_Id, string? Reason, string Correlation_Id, long? Sequence, byte[]? Chain, byte[]? Detail_Digest, byte[]? Salt,
        string? Before_State, string? After_State, byte[]? Erased_By)
        : RecordRow(Id, Organization_Id, At, Actor_Kind, Actor_Id, Channel, Action, Target_Kind, Target_Id, Reason, Correlation_Id, Sequence, Chain,
            Detail_Digest, Salt, Before_State, After_State, Erased_By);

    private sealed record UnsealedRow(
        byte[] Id, byte[] Organization_Id, long At, string Actor_Kind, string Actor_Id, string Channel, string Action, string Target_Kind,
        string Target_Id, string? Reason, string Correlation_Id, long? Sequence, byte[]? Chain, byte[]? Detail_Digest, byte[]? Salt,
        string? Before_State, string? After_State, byte[]? Erased_By, string? Data)
        : RecordRow(Id, Organization_Id, At, Actor_Kind, Actor_Id, Channel, Action, Target_Kind, Target_Id, Reason, Correlation_Id, Sequence, Chain,
            Detail_Digest, Salt, Before_State, After_State, Erased_By);

    private sealed record HeadRow(long Audit_Sequence, byte[] Chain, long Event_Sequence)
    {
        public JournalHead ToHead() => new(Audit_Sequence, Chain, Event_Sequence);
    }
}
