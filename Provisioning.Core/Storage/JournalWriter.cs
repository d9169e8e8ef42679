using System.Text.Json;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Storage;

/// <summary>Writes what a unit recorded: audit records, their details, and the events for the outbox, each with one statement.</summary>
internal static class JournalWriter
{
    /// <summary>Parameters of one statement.</summary>
    private const int Chunk = 500;

    private static readonly string[] AuditColumns =
        ["id", "organization_id", "at", "actor_kind", "actor_id", "channel", "action", "target_kind", "target_id", "reason", "correlation_id"];

    private static readonly string[] DetailColumns = ["audit_id", "salt", "before_state", "after_state"];

    private static readonly string[] OutboxColumns = ["id", "organization_id", "type", "subject_kind", "subject_id", "occurred_at", "data", "subject_version"];

    /// <summary>What has a version, by the kind of the subject; the same version as REST and SCIM show.</summary>
    private static readonly Dictionary<string, string> Versions = new()
    {
        ["member"] = "SELECT m.id, CAST(m.version + COALESCE(s.version, 0) AS BIGINT) FROM members m LEFT JOIN member_seats s ON s.member_id = m.id WHERE m.id IN @ids",
        ["user"] = "SELECT id, CAST(version AS BIGINT) FROM directory_entries WHERE id IN @ids",
        ["group"] = "SELECT id, CAST(version AS BIGINT) FROM directory_groups WHERE id IN @ids",
        ["organization"] = "SELECT id, CAST(version AS BIGINT) FROM organizations WHERE id IN @ids",
        ["contract"] = "SELECT id, CAST(version AS BIGINT) FROM contracts WHERE id IN @ids",
    };

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
        var versions = await VersionsAsync(session, events.Select(item => item.Row.Target));
        await session.InsertAsync("outbox", OutboxColumns, events, item =>
        [
            item.Id, Ids.ToBytes(item.Row.Organization), item.Row.Action, item.Row.Target.Kind, item.Row.Target.Id, now,
            $$"""{"before":{{item.Before ?? "null"}},"after":{{item.After ?? "null"}},"reason":{{JsonSerializer.Serialize(item.Row.Reason)}}}""",
            versions.TryGetValue(item.Row.Target, out var version) ? version : null,
        ]);
    }

    /// <summary>As the unit leaves them: one statement for each kind that has versions.</summary>
    private static async Task<Dictionary<Target, long>> VersionsAsync(SqlSession session, IEnumerable<Target> subjects)
    {
        var versions = new Dictionary<Target, long>();
        foreach (var kind in subjects.Where(subject => Versions.ContainsKey(subject.Kind)).Distinct().GroupBy(subject => subject.Kind))
        {
            var byId = kind.ToDictionary(subject => Guid.Parse(subject.Id.AsSpan(subject.Id.LastIndexOf('_') + 1)));
            foreach (var chunk in byId.Keys.Chunk(Chunk))
            {
                var rows = await session.QueryAsync<(byte[] Id, long Version)>(Versions[kind.Key], new { ids = chunk.Select(id => id.ToByteArray(bigEndian: true)) });
                foreach (var (id, version) in rows) versions[byId[new Guid(id, bigEndian: true)]] = version;
            }
        }
        return versions;
    }
}
