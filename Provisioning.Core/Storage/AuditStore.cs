using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Storage;

/// <summary>Reads the audit trail.</summary>
public sealed class AuditStore : IAuditStore
{
    public async Task<Page<AuditRecord>> ListAsync(ISession session, OrganizationId organization, AuditQuery query, CancellationToken cancel)
    {
        var sql = SqlSession.Of(session);
        var where = new List<string> { "a.organization_id = @organization" };
        if (query.After is not null) where.Add("a.id < @After");
        if (query.Target is not null) where.Add("a.target_id = @Target");
        if (query.Actor is not null) where.Add("a.actor_id = @Actor");
        if (query.Action is not null) where.Add("a.action = @Action");
        var rows = await sql.QueryAsync<AuditRow>(
            $"""
            SELECT a.id, a.at, a.actor_kind, a.actor_id, a.channel, a.action, a.target_kind, a.target_id, a.reason, a.correlation_id,
                d.before_state, d.after_state
            FROM audit_records a LEFT JOIN audit_details d ON d.audit_id = a.id
            WHERE {string.Join(" AND ", where)} ORDER BY a.id DESC {sql.Dialect.Page}
            """,
            new { organization = Ids.ToBytes(organization), query.After, query.Target, query.Actor, query.Action, limit = query.Limit + 1, offset = 0 });
        return Pages.Of(rows, query.Limit, row => row.ToRecord(), row => row.Id);
    }

    private sealed record AuditRow(
        byte[] Id, long At, string Actor_Kind, string Actor_Id, string Channel, string Action, string Target_Kind, string Target_Id,
        string? Reason, string Correlation_Id, string? Before_State, string? After_State)
    {
        public AuditRecord ToRecord() => new(
            "aud_" + new Guid(Id, bigEndian: true).ToString("D"), Instants.FromMicroseconds(At), Actor_Kind, Actor_Id, Channel, Action,
            new Target(Target_Kind, Target_Id), Before_State is null ? null : JsonNode.Parse(Before_State),
            After_State is null ? null : JsonNode.Parse(After_State), Reason, Correlation_Id);
    }
}
