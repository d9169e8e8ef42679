using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Storage;

/// <summary>Reads the audit trail.</summary>
public sealed class AuditStore : IAuditStore
{
    private const string Select =
        """
        SELECT a.id, a.at, a.actor_kind, a.actor_id, a.channel, a.action, a.target_kind, a.target_id, a.reason, a.correlation_id,
            a.sequence, a.chain, d.before_state, d.after_state, d.erased_by
        FROM audit_records a LEFT JOIN audit_details d ON d.audit_id = a.id
        """;

    /// <summary>How far the instant in an id may lie from the record's own: a unit waits and is repeated after its instant was taken.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromHours(1);

    public async Task<Page<AuditRecord>> ListAsync(ISession session, OrganizationId organization, AuditQuery query, CancellationToken cancel)
    {
        var sql = SqlSession.Of(session);
        var where = Where(query);
        if (query.After is not null) where += " AND a.id < @After";
        var rows = await sql.QueryAsync<AuditRow>(
            $"{Select} WHERE {where} ORDER BY a.id DESC {sql.Dialect.Page}", Parameters(organization, query, 0, 0, query.Limit + 1));
        return Pages.Of(rows, query.Limit, row => row.ToRecord(), row => row.Id);
    }

    public async Task<IReadOnlyList<AuditRecord>> ListSealedAsync(
        ISession session, OrganizationId organization, AuditQuery query, long after, long last, int limit)
    {
        var sql = SqlSession.Of(session);
        var rows = await sql.QueryAsync<AuditRow>(
            $"{Select} WHERE {Where(query)} AND a.sequence IS NOT NULL AND a.sequence > @sequence AND a.sequence <= @last ORDER BY a.sequence {sql.Dialect.Page}",
            Parameters(organization, query, after, last, limit));
        return [.. rows.Select(row => row.ToRecord())];
    }

    /// <summary>Ids sort by creation, so a range of time is a range of the list's index, and the instant itself decides within it.</summary>
    private static string Where(AuditQuery query)
    {
        var where = new List<string> { "a.organization_id = @organization" };
        if (query.Target is not null) where.Add("a.target_id = @Target");
        if (query.Actor is not null) where.Add("a.actor_id = @Actor");
        if (query.Action is not null) where.Add("a.action = @Action");
        if (query.Channel is not null) where.Add("a.channel = @Channel");
        if (query.From is not null) where.Add("a.id >= @fromId AND a.at >= @from");
        if (query.To is not null) where.Add("a.id < @toId AND a.at < @to");
        return string.Join(" AND ", where);
    }

    private static object Parameters(OrganizationId organization, AuditQuery query, long sequence, long last, int limit) => new
    {
        organization = Ids.ToBytes(organization), query.After, query.Target, query.Actor, query.Action, query.Channel,
        from = Rows.OptionalMicroseconds(query.From), to = Rows.OptionalMicroseconds(query.To),
        fromId = FirstId(query.From, -Slack), toId = FirstId(query.To, Slack), sequence, last, limit, offset = 0,
    };

    /// <summary>The least id of an instant: 48 bits of milliseconds, then nothing (<see cref="Ids.NewGuid"/>).</summary>
    internal static byte[]? FirstId(DateTimeOffset? instant, TimeSpan shift)
    {
        if (instant is not { } value) return null;
        var id = new byte[16];
        var milliseconds = Math.Clamp((Instants.ToMicroseconds(value) / 1000) + (long)shift.TotalMilliseconds, 0, (1L << 48) - 1);
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(id, milliseconds << 16);
        return id;
    }

    private sealed record AuditRow(
        byte[] Id, long At, string Actor_Kind, string Actor_Id, string Channel, string Action, string Target_Kind, string Target_Id,
        string? Reason, string Correlation_Id, long? Sequence, byte[]? Chain, string? Before_State, string? After_State, byte[]? Erased_By)
    {
        public AuditRecord ToRecord() => new(
            "aud_" + new Guid(Id, bigEndian: true).ToString("D"), Instants.FromMicroseconds(At), Actor_Kind, Actor_Id, Channel, Action,
            new Target(Target_Kind, Target_Id), Before_State is null ? null : JsonNode.Parse(Before_State),
            After_State is null ? null : JsonNode.Parse(After_State), Reason, Correlation_Id, Sequence, Chain, Erased_By is not null);
    }
}
