using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Notifications;

namespace Provisioning.Core.Storage;

/// <summary>Numbers about deliveries over all organisations in SQL.</summary>
public sealed class DeliveryFiguresStore(TimeProvider time) : IDeliveryFigures
{
    private static readonly TimeSpan Recent = TimeSpan.FromDays(30);

    public async Task<DeliveryFigures> ReadAsync(ISession session)
    {
        var sql = SqlSession.Of(session);
        var now = Instants.Now(time);
        var parameters = new { now = Instants.ToMicroseconds(now), recent = Instants.ToMicroseconds(now - Recent), limit = 1, offset = 0 };
        // Reminders are made weeks before they are due: a mail waits since it was due.
        var mail = await sql.QueryAsync<long>(
            $"SELECT due_at FROM notifications WHERE due_at IS NOT NULL AND due_at <= @now ORDER BY due_at, id {sql.Dialect.Page}", parameters);
        var events = await sql.QueryAsync<long>(
            $"SELECT created_at FROM webhook_deliveries WHERE state = 'pending' ORDER BY created_at {sql.Dialect.Page}", parameters);
        var dead = await sql.ScalarAsync<long>("SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'dead'");
        var failed = await sql.ScalarAsync<long>("SELECT COUNT(*) FROM notifications WHERE state = 'failed' AND created_at >= @recent", parameters);
        var oldest = mail.Concat(events).ToList();
        return new DeliveryFigures(oldest.Count == 0 ? null : Instants.FromMicroseconds(oldest.Min()), dead, failed);
    }
}
