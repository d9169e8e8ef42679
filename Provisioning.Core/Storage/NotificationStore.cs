using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Notifications;

namespace Provisioning.Core.Storage;

/// <summary>Mails, thresholds and the running day in SQL.</summary>
public sealed class NotificationStore : INotificationStore
{
    private const string Columns = "id, organization_id, kind, member_id, subject_id, facts, state, attempts, created_at, sent_at, address, error";

    private static readonly string[] Inserted = ["id", "organization_id", "kind", "member_id", "subject_id", "facts", "state", "attempts", "created_at", "due_at"];

    public async Task<IReadOnlyList<Owner>> OwnersAsync(ISession session, OrganizationId organization) =>
        [.. (await SqlSession.Of(session).QueryAsync<(byte[] Id, string Address)>(
            """
            SELECT id, match_email FROM members WHERE organization_id = @organization AND role IN ('primary_owner', 'owner') AND state = 'active'
                AND match_email IS NOT NULL ORDER BY CASE WHEN role = 'primary_owner' THEN 0 ELSE 1 END, id
            """, new { organization = Ids.ToBytes(organization) })).Select(row => new Owner(Rows.Id<MemberId>(row.Id), row.Address))];

    public async Task<(string Organization, string? Member)> NamesAsync(ISession session, OrganizationId organization, MemberId? member)
    {
        var sql = SqlSession.Of(session);
        var parameters = new { organization = Ids.ToBytes(organization), member = Rows.OptionalBytes(member) };
        var name = await sql.FindAsync<string>("SELECT name FROM organizations WHERE id = @organization", parameters);
        var person = member is null ? null
            : await sql.FindAsync<string>("SELECT user_name FROM members WHERE id = @member AND organization_id = @organization AND state <> 'removed'", parameters);
        return (name ?? "", person);
    }

    public async Task<IReadOnlyList<TierLevel>> TiersAsync(ISession session, OrganizationId organization) =>
        [.. (await SqlSession.Of(session).QueryAsync<TierRow>(
            "SELECT tier, purchased, assigned, held, queued FROM seat_pools WHERE organization_id = @organization ORDER BY tier_rank DESC",
            new { organization = Ids.ToBytes(organization) })).Select(row => row.ToLevel())];

    public async Task<IReadOnlyDictionary<string, SeatAlert>> AlertsAsync(ISession session, OrganizationId organization) =>
        (await SqlSession.Of(session).QueryAsync<(string Tier, string Alert)>(
            "SELECT tier, alert FROM seat_alerts WHERE organization_id = @organization", new { organization = Ids.ToBytes(organization) }))
        .ToDictionary(row => row.Tier, row => Words.Parse<SeatAlert>(row.Alert), StringComparer.Ordinal);

    public async Task SetAlertAsync(ISession session, OrganizationId organization, string tier, SeatAlert before, SeatAlert after)
    {
        var sql = SqlSession.Of(session);
        var parameters = new
        {
            organization = Ids.ToBytes(organization), tier, key = TextKey.Exact(tier), before = Words.Text(before), after = Words.Text(after),
        };
        var changed = await sql.ExecuteAsync(
            "UPDATE seat_alerts SET alert = @after WHERE organization_id = @organization AND tier_key = @key AND alert = @before", parameters);
        if (changed == 0)
            await sql.ExecuteAsync("INSERT INTO seat_alerts (organization_id, tier_key, tier, alert) VALUES (@organization, @key, @tier, @after)", parameters);
    }

    public async Task<NoticeWindow?> WindowAsync(ISession session, OrganizationId organization) =>
        (await SqlSession.Of(session).FindAsync<WindowRow>(
            "SELECT until_at, refused, waiting FROM notice_windows WHERE organization_id = @organization",
            new { organization = Ids.ToBytes(organization) }))?.ToWindow();

    public async Task SetWindowAsync(ISession session, OrganizationId organization, NoticeWindow? before, NoticeWindow? after)
    {
        var sql = SqlSession.Of(session);
        var parameters = new
        {
            organization = Ids.ToBytes(organization), until = Rows.OptionalMicroseconds(after?.Until), refused = after?.Refused, waiting = after?.Waiting,
            oldUntil = Rows.OptionalMicroseconds(before?.Until), oldRefused = before?.Refused, oldWaiting = before?.Waiting,
        };
        const string same = "WHERE organization_id = @organization AND until_at = @oldUntil AND refused = @oldRefused AND waiting = @oldWaiting";
        var changed = (before, after) switch
        {
            (null, not null) => await sql.ExecuteAsync(
                "INSERT INTO notice_windows (organization_id, until_at, refused, waiting) VALUES (@organization, @until, @refused, @waiting)", parameters),
            (not null, null) => await sql.ExecuteAsync("DELETE FROM notice_windows " + same, parameters),
            _ => await sql.ExecuteAsync("UPDATE notice_windows SET until_at = @until, refused = @refused, waiting = @waiting " + same, parameters),
        };
        if (changed != 1) throw new UnitConflictException("The day of the notices was changed by somebody else.");
    }

    public async Task<IReadOnlyList<OrganizationId>> WindowsEndedAsync(ISession session, DateTimeOffset now, int limit)
    {
        var sql = SqlSession.Of(session);
        return [.. (await sql.QueryAsync<byte[]>(
            $"SELECT organization_id FROM notice_windows WHERE until_at <= @now ORDER BY until_at {sql.Dialect.Page}",
            new { now = Instants.ToMicroseconds(now), limit, offset = 0 })).Select(Rows.Id<OrganizationId>)];
    }

    public Task InsertAsync(ISession session, IReadOnlyList<Notification> notifications, DateTimeOffset due) =>
        SqlSession.Of(session).InsertAsync("notifications", Inserted, notifications, item =>
        [
            Ids.ToBytes(item.Id), Ids.ToBytes(item.Organization), Words.Text(item.Kind), Rows.OptionalBytes(item.Recipient), item.Subject,
            item.Facts.ToJsonString(), Words.Text(item.State), item.Attempts, Instants.ToMicroseconds(item.CreatedAt), Instants.ToMicroseconds(due),
        ]);

    public async Task<IReadOnlyList<Notification>> DueAsync(ISession session, DateTimeOffset now, int limit)
    {
        var sql = SqlSession.Of(session);
        return [.. (await sql.QueryAsync<NotificationRow>(
            $"SELECT {Columns} FROM notifications WHERE due_at IS NOT NULL AND due_at <= @now ORDER BY due_at, id {sql.Dialect.Page}",
            new { now = Instants.ToMicroseconds(now), limit, offset = 0 })).Select(row => row.ToNotification())];
    }

    public Task RecordAsync(ISession session, Notification notification, DateTimeOffset next) =>
        SqlSession.Of(session).ExecuteAsync(
            """
            UPDATE notifications SET state = @state, attempts = @Attempts, sent_at = @sent, address = @Address, error = @Error, due_at = @due
            WHERE id = @id AND state = 'pending'
            """,
            new
            {
                id = Ids.ToBytes(notification.Id), state = Words.Text(notification.State), notification.Attempts,
                sent = Rows.OptionalMicroseconds(notification.SentAt), notification.Address, notification.Error,
                due = notification.State == NotificationState.Pending ? Instants.ToMicroseconds(next) : (long?)null,
            });

    public Task<string?> AddressAsync(ISession session, OrganizationId organization, MemberId member, bool proven) =>
        SqlSession.Of(session).FindAsync<string>(
            $"SELECT match_email FROM members WHERE id = @member AND organization_id = @organization AND state = 'active'{(proven ? " AND match_email_key = proven_email_key" : "")}",
            new { member = Ids.ToBytes(member), organization = Ids.ToBytes(organization) });

    public async Task<Page<Notification>> ListAsync(ISession session, OrganizationId organization, NotificationState? state, byte[]? after, int limit)
    {
        var sql = SqlSession.Of(session);
        var where = "organization_id = @organization" + (state is null ? "" : " AND state = @state") + (after is null ? "" : " AND id < @after");
        var rows = await sql.QueryAsync<NotificationRow>(
            $"SELECT {Columns} FROM notifications WHERE {where} ORDER BY id DESC {sql.Dialect.Page}",
            new { organization = Ids.ToBytes(organization), state = state is { } word ? Words.Text(word) : null, after, limit = limit + 1, offset = 0 });
        return Pages.Of(rows, limit, row => row.ToNotification(), row => row.Id);
    }

    private sealed record TierRow(string Tier, long Purchased, long Assigned, long Held, long Queued)
    {
        public TierLevel ToLevel() => new(Tier, (int)Purchased, (int)(Purchased - Assigned - Held - Queued));
    }

    private sealed record WindowRow(long Until_At, long Refused, long Waiting)
    {
        public NoticeWindow ToWindow() => new(Instants.FromMicroseconds(Until_At), (int)Refused, (int)Waiting);
    }

    private sealed record NotificationRow(
        byte[] Id, byte[] Organization_Id, string Kind, byte[]? Member_Id, string? Subject_Id, string Facts, string State, long Attempts,
        long Created_At, long? Sent_At, string? Address, string? Error)
    {
        public Notification ToNotification() => new(
            Rows.Id<NotificationId>(Id), Rows.Id<OrganizationId>(Organization_Id), Words.Parse<NotificationKind>(Kind), Rows.OptionalId<MemberId>(Member_Id),
            Subject_Id, JsonNode.Parse(Facts)!.AsObject(), Words.Parse<NotificationState>(State), (int)Attempts, Instants.FromMicroseconds(Created_At),
            Rows.OptionalInstant(Sent_At), Address, Error);
    }
}
