using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Notifications;

namespace Provisioning.Core.Storage;

/// <summary>Deletes what was delivered long ago.</summary>
public sealed class DeliverySweep : IDeliverySweep
{
    public async Task<int> DeleteEventsAsync(ISession session, DateTimeOffset before, int limit)
    {
        var sql = SqlSession.Of(session);
        // Ids sort by creation: the oldest come first, by the primary key.
        var ids = await sql.QueryAsync<byte[]>(
            $"""
            SELECT o.id FROM outbox o WHERE o.id < @first AND o.sequence IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.event_id = o.id AND d.state = 'pending')
            ORDER BY o.id {sql.Dialect.Page}
            """, new { first = AuditStore.FirstId(before, TimeSpan.Zero), limit, offset = 0 });
        if (ids.Count == 0) return 0;
        await sql.ExecuteAsync("DELETE FROM webhook_deliveries WHERE state <> 'pending' AND event_id IN @ids", new { ids });
        return await sql.ExecuteAsync("DELETE FROM outbox WHERE id IN @ids", new { ids });
    }

    public async Task<int> DeleteNotificationsAsync(ISession session, DateTimeOffset before, int limit)
    {
        var sql = SqlSession.Of(session);
        return await sql.ExecuteAsync(
            $"DELETE FROM notifications WHERE id IN (SELECT id FROM notifications WHERE id < @first AND due_at IS NULL ORDER BY id {sql.Dialect.Page})",
            new { first = AuditStore.FirstId(before, TimeSpan.Zero), limit, offset = 0 });
    }
}
