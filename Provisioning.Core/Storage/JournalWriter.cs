using System.Text.Json;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Storage;

/// <summary>Writes what a unit recorded: audit records, their details, and the events for the outbox, each with one statement.</summary>
internal static class JournalWriter
{
    private static readonly string[] AuditColumns =
        ["id", "organization_id", "at", "actor_kind", "actor_id", "channel", "action", "target_kind", "target_id", "reason", "correlation_id"];

    private static readonly string[] DetailColumns = ["audit_id", "salt", "before_state", "after_state"];

    private static readonly string[] OutboxColumns = ["id", "organization_id", "type", "subject_kind", "subject_id", "occurred_at", "data"];

    public static async Task WriteAsync(SqlSession session, UnitScope scope, IReadOnlyList<JournalRow> rows, TimeProvider time)
    {
        if (rows.Count == 0) return;
        var now = Instants.ToMicroseconds(scope.Now);
        var numbered = rows.Select(row => (
            Id: Ids.NewGuid(time).ToByteArray(bigEndian: true), Row: row, Before: row.Before?.ToJsonString(), After: row.After?.ToJsonString())).ToList();
        await session.InsertAsync("audit_records", AuditColumns, numbered, item =>
        [
            item.Id, Ids.ToBytes(item.Row.Organization), now, Words.Text(scope.Actor.Kind), scope.Actor.Id, Words.Text(scope.Actor.Channel),
            item.Row.Action, item.Row.Target.Kind, item.Row.Target.Id, item.Row.Reason, scope.Actor.CorrelationId,
        ]);
        var details = numbered.Where(item => item.Row.Before is not null || item.Row.After is not null).ToList();
        await session.InsertAsync("audit_details", DetailColumns, details, item =>
            [item.Id, RandomBytes.Get(16), item.Before, item.After]);
        var events = numbered.Where(item => item.Row.HasEvent).ToList();
        await session.InsertAsync("outbox", OutboxColumns, events, item =>
        [
            item.Id, Ids.ToBytes(item.Row.Organization), item.Row.Action, item.Row.Target.Kind, item.Row.Target.Id, now,
            $$"""{"before":{{item.Before ?? "null"}},"after":{{item.After ?? "null"}},"reason":{{JsonSerializer.Serialize(item.Row.Reason)}}}""",
        ]);
    }
}
