using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Notifications;

namespace Provisioning.Core.Storage;

/// <summary>Webhooks and deliveries in SQL. due_at of a webhook is when its next attempt is due, NULL while nothing is pending.</summary>
public sealed class WebhookStore : IWebhookStore
{
    private const string Columns = "id, organization_id, url, types, secret, previous_secret, previous_until, failures, created_at, version";

    private const string DeliveryColumns = "webhook_id, sequence, event_id, type, state, attempts, created_at, last_attempt_at, last_status, last_error";

    private static readonly string[] Inserted = ["webhook_id", "sequence", "event_id", "type", "state", "attempts", "created_at"];

    public async Task<IReadOnlyList<Webhook>> ListAsync(ISession session, OrganizationId organization) =>
        [.. (await SqlSession.Of(session).QueryAsync<WebhookRow>(
            $"SELECT {Columns} FROM webhooks WHERE organization_id = @organization ORDER BY id", new { organization = Ids.ToBytes(organization) })).Select(row => row.ToWebhook())];

    public async Task<IReadOnlyDictionary<WebhookId, (long Pending, long Dead)>> CountsAsync(ISession session, OrganizationId organization)
    {
        var rows = await SqlSession.Of(session).QueryAsync<(byte[] Webhook, string State, long Events)>(
            """
            SELECT d.webhook_id, MIN(d.state) AS state, CAST(COUNT(*) AS BIGINT) AS events FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id
            WHERE w.organization_id = @organization AND d.state IN ('pending', 'dead') GROUP BY d.webhook_id, d.state
            """, new { organization = Ids.ToBytes(organization) });
        return rows.GroupBy(row => Rows.Id<WebhookId>(row.Webhook)).ToDictionary(rowsOf => rowsOf.Key, rowsOf => (
            rowsOf.Where(row => row.State == "pending").Sum(row => row.Events), rowsOf.Where(row => row.State == "dead").Sum(row => row.Events)));
    }

    public async Task<Webhook?> FindAsync(ISession session, OrganizationId organization, WebhookId id) =>
        (await SqlSession.Of(session).FindAsync<WebhookRow>(
            $"SELECT {Columns} FROM webhooks WHERE id = @id AND organization_id = @organization",
            new { id = Ids.ToBytes(id), organization = Ids.ToBytes(organization) }))?.ToWebhook();

    public Task InsertAsync(ISession session, Webhook webhook) =>
        SqlSession.Of(session).ExecuteAsync(
            """
            INSERT INTO webhooks (id, organization_id, url, types, secret, failures, created_at, version)
            VALUES (@id, @organization, @url, @types, @Secret, 0, @created, 1)
            """,
            new
            {
                id = Ids.ToBytes(webhook.Id), organization = Ids.ToBytes(webhook.Organization), url = webhook.Url.AbsoluteUri,
                types = string.Join(' ', webhook.Types), webhook.Secret, created = Instants.ToMicroseconds(webhook.CreatedAt),
            });

    public async Task UpdateSecretsAsync(ISession session, Webhook webhook)
    {
        var updated = await SqlSession.Of(session).ExecuteAsync(
            """
            UPDATE webhooks SET secret = @Secret, previous_secret = @PreviousSecret, previous_until = @until, version = @Version
            WHERE id = @id AND version = @before
            """,
            new
            {
                id = Ids.ToBytes(webhook.Id), webhook.Secret, webhook.PreviousSecret, until = Rows.OptionalMicroseconds(webhook.PreviousUntil),
                webhook.Version, before = webhook.Version - 1,
            });
        if (updated != 1) throw new UnitConflictException("The webhook was changed by somebody else.");
    }

    public async Task<bool> DeleteAsync(ISession session, OrganizationId organization, WebhookId id)
    {
        var sql = SqlSession.Of(session);
        var parameters = new { id = Ids.ToBytes(id), organization = Ids.ToBytes(organization) };
        // The webhook first: it is the lock under which deliveries come and go.
        if (await sql.ExecuteAsync("DELETE FROM webhooks WHERE id = @id AND organization_id = @organization", parameters) == 0) return false;
        await sql.ExecuteAsync("DELETE FROM webhook_deliveries WHERE webhook_id = @id", parameters);
        return true;
    }

    public async Task EnqueueAsync(ISession session, WebhookId webhook, IReadOnlyList<SealedEvent> events, DateTimeOffset now)
    {
        var sql = SqlSession.Of(session);
        var (id, at) = (Ids.ToBytes(webhook), Instants.ToMicroseconds(now));
        // Also when it is awake: the row is the lock (see RecordAsync). No row: deleted meanwhile.
        if (await sql.ExecuteAsync("UPDATE webhooks SET due_at = CASE WHEN due_at IS NULL THEN @at ELSE due_at END WHERE id = @id", new { id, at }) == 0) return;
        await sql.InsertAsync("webhook_deliveries", Inserted, events, item =>
            [id, item.Sequence, item.Id.ToByteArray(bigEndian: true), item.Type, Words.Text(DeliveryState.Pending), 0, at]);
    }

    public async Task<IReadOnlyList<(OrganizationId Organization, WebhookId Webhook)>> DueAsync(ISession session, DateTimeOffset now, int limit)
    {
        var sql = SqlSession.Of(session);
        var rows = await sql.QueryAsync<(byte[] Organization, byte[] Webhook)>(
            $"SELECT organization_id, id FROM webhooks WHERE due_at IS NOT NULL AND due_at <= @now ORDER BY due_at {sql.Dialect.Page}",
            new { now = Instants.ToMicroseconds(now), limit, offset = 0 });
        return [.. rows.Select(row => (Rows.Id<OrganizationId>(row.Organization), Rows.Id<WebhookId>(row.Webhook)))];
    }

    public async Task<DueDelivery?> NextAsync(ISession session, OrganizationId organization, WebhookId webhook, DateTimeOffset now)
    {
        var sql = SqlSession.Of(session);
        if (await FindAsync(session, organization, webhook) is not { } found) return null;
        var rows = await sql.QueryAsync<DueRow>(
            $"""
            SELECT d.sequence, d.event_id, d.type, d.attempts, d.created_at, o.subject_kind, o.subject_id, o.occurred_at, o.data, o.subject_version
            FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id JOIN outbox o ON o.id = d.event_id
            WHERE d.webhook_id = @id AND d.state = 'pending' AND w.due_at <= @now ORDER BY d.sequence {sql.Dialect.Page}
            """, new { id = Ids.ToBytes(webhook), now = Instants.ToMicroseconds(now), limit = 1, offset = 0 });
        return rows.Count == 0 ? null : rows[0].ToDue(found);
    }

    public async Task RecordAsync(ISession session, Delivery delivery, int failures, DateTimeOffset next, DateTimeOffset? giveUpBefore)
    {
        var sql = SqlSession.Of(session);
        var parameters = new
        {
            id = Ids.ToBytes(delivery.Webhook), delivery.Sequence, state = Words.Text(delivery.State), delivery.Attempts,
            at = Rows.OptionalMicroseconds(delivery.LastAttemptAt), delivery.LastStatus, delivery.LastError, failures, old = Rows.OptionalMicroseconds(giveUpBefore),
        };
        if (await sql.ExecuteAsync("UPDATE webhooks SET failures = @failures WHERE id = @id", parameters) == 0) return; // deleted meanwhile
        await sql.ExecuteAsync(
            """
            UPDATE webhook_deliveries SET state = @state, attempts = @Attempts, last_attempt_at = @at, last_status = @LastStatus, last_error = @LastError
            WHERE webhook_id = @id AND sequence = @Sequence AND state = 'pending'
            """, parameters);
        if (giveUpBefore is not null)
            await sql.ExecuteAsync("UPDATE webhook_deliveries SET state = 'dead' WHERE webhook_id = @id AND state = 'pending' AND created_at < @old", parameters);
        await ScheduleAsync(sql, delivery.Webhook, next);
    }

    public async Task<Page<Delivery>> DeliveriesAsync(ISession session, WebhookId webhook, DeliveryState? state, long? before, int limit)
    {
        var sql = SqlSession.Of(session);
        var where = "webhook_id = @id" + (state is null ? "" : " AND state = @state") + (before is null ? "" : " AND sequence < @before");
        var rows = await sql.QueryAsync<DeliveryRow>(
            $"SELECT {DeliveryColumns} FROM webhook_deliveries WHERE {where} ORDER BY sequence DESC {sql.Dialect.Page}",
            new { id = Ids.ToBytes(webhook), state = state is { } word ? Words.Text(word) : null, before, limit = limit + 1, offset = 0 });
        return Pages.Of(rows, limit, row => row.ToDelivery(), row => SequenceKey(row.Sequence));
    }

    public async Task<int> ResendAsync(ISession session, WebhookId webhook, long? sequence, DateTimeOffset now)
    {
        var sql = SqlSession.Of(session);
        var parameters = new { id = Ids.ToBytes(webhook), sequence, now = Instants.ToMicroseconds(now) };
        await sql.ExecuteAsync("UPDATE webhooks SET failures = 0 WHERE id = @id", parameters);
        // As old as now: otherwise what was given up for its age would be given up again at once.
        var again = await sql.ExecuteAsync(
            "UPDATE webhook_deliveries SET state = 'pending', attempts = 0, created_at = @now WHERE webhook_id = @id AND "
            + (sequence is null ? "state = 'dead'" : "sequence = @sequence"), parameters);
        await ScheduleAsync(sql, webhook, now);
        return again;
    }

    /// <summary>The key of a page of deliveries.</summary>
    public static byte[] SequenceKey(long sequence)
    {
        var key = new byte[8];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(key, sequence);
        return key;
    }

    /// <summary>The caller has locked the webhook.</summary>
    private static async Task ScheduleAsync(SqlSession sql, WebhookId webhook, DateTimeOffset next) =>
        await sql.ExecuteAsync(
            """
            UPDATE webhooks SET due_at = CASE WHEN EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.webhook_id = @id AND d.state = 'pending')
                THEN @next ELSE NULL END WHERE id = @id
            """, new { id = Ids.ToBytes(webhook), next = Instants.ToMicroseconds(next) });

    private sealed record WebhookRow(
        byte[] Id, byte[] Organization_Id, string Url, string Types, string Secret, string? Previous_Secret, long? Previous_Until, long Failures,
        long Created_At, long Version)
    {
        public Webhook ToWebhook() => new(
            Rows.Id<WebhookId>(Id), Rows.Id<OrganizationId>(Organization_Id), new Uri(Url), Types.Split(' ', StringSplitOptions.RemoveEmptyEntries), Secret,
            Previous_Secret, Rows.OptionalInstant(Previous_Until), (int)Failures, Instants.FromMicroseconds(Created_At), Version);
    }

    private sealed record DeliveryRow(
        byte[] Webhook_Id, long Sequence, byte[] Event_Id, string Type, string State, long Attempts, long Created_At, long? Last_Attempt_At,
        long? Last_Status, string? Last_Error)
    {
        public Delivery ToDelivery() => new(
            Rows.Id<WebhookId>(Webhook_Id), Sequence, new Guid(Event_Id, bigEndian: true), Type, Words.Parse<DeliveryState>(State), (int)Attempts,
            Instants.FromMicroseconds(Created_At), Rows.OptionalInstant(Last_Attempt_At), (int?)Last_Status, Last_Error);
    }

    private sealed record DueRow(
        long Sequence, byte[] Event_Id, string Type, long Attempts, long Created_At, string Subject_Kind, string Subject_Id, long Occurred_At, string Data,
        long? Subject_Version)
    {
        public DueDelivery ToDue(Webhook webhook)
        {
            var id = new Guid(Event_Id, bigEndian: true);
            return new DueDelivery(
                webhook, new Delivery(webhook.Id, Sequence, id, Type, DeliveryState.Pending, (int)Attempts, Instants.FromMicroseconds(Created_At), null, null, null),
                new SealedEvent(Sequence, id, Type, new Target(Subject_Kind, Subject_Id), Instants.FromMicroseconds(Occurred_At), Data) { SubjectVersion = Subject_Version });
        }
    }
}
