using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Storage;

/// <summary>Pools, assignments, holds and the waiting list in SQL. Each statement that takes a seat carries the bounds of I-4 as its guard.</summary>
public sealed partial class SeatStore : ISeatStore
{
    internal const string SeatColumns = "s.member_id, s.status, s.tier, s.desired_tier, s.last_tier, s.waiting_since, s.version AS seat_version";

    private const string HigherWish =
        """
        JOIN seat_pools w ON w.organization_id = s.organization_id AND w.tier = s.desired_tier
        JOIN seat_pools h ON h.organization_id = s.organization_id AND h.tier = s.tier AND h.tier_rank < w.tier_rank
        """;

    private const string Wishes = "s.status = 'assigned' AND s.desired_tier IS NOT NULL";

    public async Task<IReadOnlyList<SeatPool>> PoolsAsync(ISession session, OrganizationId organization) =>
        [.. (await SqlSession.Of(session).QueryAsync<PoolRow>(
            """
            SELECT tier, tier_rank, features, purchased, assigned, held, queued, reserved FROM seat_pools
            WHERE organization_id = @organization ORDER BY tier_rank DESC
            """, new { organization = Ids.ToBytes(organization) })).Select(row => row.ToPool())];

    public async Task<ILookup<OrganizationId, SeatPool>> PoolsOfAsync(ISession session, IReadOnlyCollection<OrganizationId> organizations) =>
        (await SqlSession.Of(session).QueryAsync<PoolOfRow>(
            """
            SELECT organization_id, tier, tier_rank, features, purchased, assigned, held, queued, reserved FROM seat_pools
            WHERE organization_id IN @organizations ORDER BY tier_rank DESC
            """, new { organizations = organizations.Select(Ids.ToBytes) }))
        .ToLookup(row => Rows.Id<OrganizationId>(row.Organization_Id), row => row.ToPool());

    public async Task<IReadOnlyList<SeatPool>> LockPoolsAsync(ISession session, OrganizationId organization)
    {
        // Whoever writes to the embedded engine holds all of it already.
        if (SqlSession.Of(session).Dialect.HasOneWriter) return await PoolsAsync(session, organization);
        // One statement per row: the order in which one statement locks several rows is the engine's affair.
        foreach (var pool in await PoolsAsync(session, organization))
            await SqlSession.Of(session).ExecuteAsync(
                "UPDATE seat_pools SET touched = touched + 1 WHERE organization_id = @organization AND tier_key = @tier",
                new { organization = Ids.ToBytes(organization), tier = TextKey.Exact(pool.Tier) });
        return await PoolsAsync(session, organization);
    }

    private const string Change =
        """
        UPDATE seat_pools SET assigned = assigned + @Assigned, held = held + @Held, queued = queued + @Queued
        WHERE organization_id = @organization AND tier_key = @tier
          AND assigned + @Assigned >= 0 AND held + @Held >= 0 AND queued + @Queued >= 0
          AND assigned + held + queued + @Assigned + @Held + @Queued <= purchased
        """;

    public async Task<bool> TryClaimUnreservedAsync(ISession session, OrganizationId organization, string tier, PoolChange change) =>
        await SqlSession.Of(session).ExecuteAsync(Change + " AND reserved = 0",
            new { organization = Ids.ToBytes(organization), tier = TextKey.Exact(tier), change.Assigned, change.Held, change.Queued }) == 1;

    public async Task<bool> TryChangeAsync(ISession session, OrganizationId organization, string tier, PoolChange change, int others = 0) =>
        await SqlSession.Of(session).ExecuteAsync(Change + " - @others",
            new { organization = Ids.ToBytes(organization), tier = TextKey.Exact(tier), change.Assigned, change.Held, change.Queued, others }) == 1;

    public Task InsertPoolAsync(ISession session, OrganizationId organization, TierSeats tier) =>
        SqlSession.Of(session).ExecuteAsync(
            """
            INSERT INTO seat_pools (organization_id, tier, tier_key, tier_rank, features, purchased, assigned, held, queued, touched)
            VALUES (@organization, @Tier, @key, @Rank, @features, @Purchased, 0, 0, 0, 0)
            """,
            new
            {
                organization = Ids.ToBytes(organization), tier.Tier, key = TextKey.Exact(tier.Tier), tier.Rank,
                features = tier.Features.ToJsonString(), tier.Purchased,
            });

    public async Task<bool> UpdatePoolAsync(ISession session, OrganizationId organization, TierSeats tier)
    {
        var sql = SqlSession.Of(session);
        var parameters = new
        {
            organization = Ids.ToBytes(organization), key = TextKey.Exact(tier.Tier), tier.Tier, tier.Rank, features = tier.Features.ToJsonString(),
            tier.Purchased,
        };
        var updated = await sql.ExecuteAsync(
            """
            UPDATE seat_pools SET purchased = @Purchased, tier_rank = @Rank, features = @features,
                reserved = CASE WHEN reserved > @Purchased THEN 0 ELSE reserved END
            WHERE organization_id = @organization AND tier_key = @key AND assigned + held + queued <= @Purchased
            """, parameters);
        if (updated != 1) return false;
        // What was reserved beyond what is left lapses (rule SEAT-15).
        await sql.ExecuteAsync(
            """
            DELETE FROM seat_reservations WHERE organization_id = @organization AND tier = @Tier AND NOT EXISTS
              (SELECT 1 FROM seat_pools p WHERE p.organization_id = @organization AND p.tier_key = @key AND p.reserved > 0)
            """, parameters);
        return true;
    }

    public async Task<MemberSeat?> FindAsync(ISession session, OrganizationId organization, MemberId member) =>
        (await SqlSession.Of(session).FindAsync<SeatRow>(
            $"SELECT {SeatColumns} FROM member_seats s WHERE s.member_id = @member AND s.organization_id = @organization",
            new { member = Ids.ToBytes(member), organization = Ids.ToBytes(organization) }))?.ToSeat();

    public async Task<IReadOnlyList<MemberSeat>> FindManyAsync(ISession session, OrganizationId organization, IReadOnlyCollection<MemberId> members) =>
        [.. (await SqlSession.Of(session).QueryAsync<SeatRow>(
            $"SELECT {SeatColumns} FROM member_seats s WHERE s.organization_id = @organization AND s.member_id IN @members",
            new { organization = Ids.ToBytes(organization), members = members.Select(Ids.ToBytes) })).Select(row => row.ToSeat())];

    public Task InsertAsync(ISession session, OrganizationId organization, MemberSeat seat) =>
        SqlSession.Of(session).ExecuteAsync(
            """
            INSERT INTO member_seats (member_id, organization_id, status, tier, desired_tier, last_tier, waiting_since, version)
            VALUES (@member, @organization, @status, @Tier, @DesiredTier, @LastTier, @since, @Version)
            """, Parameters(organization, seat, seat));

    public async Task<bool> UpdateAsync(ISession session, OrganizationId organization, MemberSeat before, MemberSeat after) =>
        await SqlSession.Of(session).ExecuteAsync(
            """
            UPDATE member_seats SET status = @status, tier = @Tier, desired_tier = @DesiredTier, last_tier = @LastTier, waiting_since = @since,
                version = @Version
            WHERE member_id = @member AND organization_id = @organization AND version = @before
            """, Parameters(organization, after, before)) == 1;

    public Task SeatAsync(ISession session, OrganizationId organization, string tier, IReadOnlyCollection<MemberId> members, string? desired) =>
        SqlSession.Of(session).ExecuteAsync(
            """
            UPDATE member_seats SET status = 'assigned', tier = @tier, last_tier = @tier, desired_tier = @desired, waiting_since = NULL, version = version + 1
            WHERE organization_id = @organization AND member_id IN @members
            """, new { desired, organization = Ids.ToBytes(organization), tier, members = members.Select(Ids.ToBytes) });

    public Task OpenAssignmentsAsync(ISession session, OrganizationId organization, IReadOnlyCollection<SeatGrant> grants, DateTimeOffset now) =>
        SqlSession.Of(session).InsertAsync("seat_assignments", ["organization_id", "member_id", "tier_key", "from_at"], grants, grant =>
            [Ids.ToBytes(organization), Ids.ToBytes(grant.Member), TextKey.Exact(grant.Tier), Instants.ToMicroseconds(now)]);

    public Task<int> CloseAssignmentsAsync(ISession session, OrganizationId organization, IReadOnlyCollection<MemberId> members, DateTimeOffset now) =>
        SqlSession.Of(session).ExecuteAsync(
            // The clocks of two nodes differ: nothing ends before it began.
            """
            UPDATE seat_assignments SET to_at = CASE WHEN from_at > @now THEN from_at ELSE @now END
            WHERE member_id IN @members AND organization_id = @organization AND to_at IS NULL
            """,
            new { organization = Ids.ToBytes(organization), members = members.Select(Ids.ToBytes), now = Instants.ToMicroseconds(now) });

    public async Task<IReadOnlyList<MemberSeat>> WaitingAsync(
        ISession session, OrganizationId organization, IReadOnlyCollection<string> tiers, bool orAny, int limit)
    {
        var sql = SqlSession.Of(session);
        return [.. (await sql.QueryAsync<SeatRow>(
            $"""
            SELECT {SeatColumns} FROM member_seats s WHERE s.organization_id = @organization AND s.status = 'waiting'
              AND (s.desired_tier IN @tiers{(orAny ? " OR s.desired_tier IS NULL" : "")})
            ORDER BY s.waiting_since, s.member_id {sql.Dialect.Page}
            """, new { organization = Ids.ToBytes(organization), tiers, limit, offset = 0 })).Select(row => row.ToSeat())];
    }

    public async Task<IReadOnlyDictionary<string, int>> CountWaitingAsync(ISession session, OrganizationId organization) =>
        (await SqlSession.Of(session).QueryAsync<(string? Tier, long People)>(
            "SELECT desired_tier, CAST(COUNT(*) AS BIGINT) FROM member_seats WHERE organization_id = @organization AND status = 'waiting' GROUP BY desired_tier",
            new { organization = Ids.ToBytes(organization) })).ToDictionary(row => row.Tier ?? "", row => (int)row.People);

    public async Task<IReadOnlyList<MemberSeat>> WishingAsync(
        ISession session, OrganizationId organization, IReadOnlyCollection<string> tiers, int limit)
    {
        var sql = SqlSession.Of(session);
        return [.. (await sql.QueryAsync<SeatRow>(
            $"""
            SELECT {SeatColumns} FROM member_seats s {HigherWish}
            WHERE s.organization_id = @organization AND {Wishes} AND s.desired_tier IN @tiers
            ORDER BY s.member_id {sql.Dialect.Page}
            """, new { organization = Ids.ToBytes(organization), tiers, limit, offset = 0 })).Select(row => row.ToSeat())];
    }

    public async Task<bool> ExtendHoldAsync(
        ISession session, OrganizationId organization, SeatHoldId hold, DateTimeOffset now, DateTimeOffset expiresAt) =>
        await SqlSession.Of(session).ExecuteAsync(
            "UPDATE seat_holds SET expires_at = @expires WHERE id = @id AND organization_id = @organization AND expires_at > @now",
            new
            {
                id = Ids.ToBytes(hold), organization = Ids.ToBytes(organization), now = Instants.ToMicroseconds(now),
                expires = Instants.ToMicroseconds(expiresAt),
            }) == 1;

    public Task InsertHoldAsync(ISession session, OrganizationId organization, SeatHold hold) =>
        SqlSession.Of(session).ExecuteAsync(
            "INSERT INTO seat_holds (id, organization_id, tier, expires_at) VALUES (@id, @organization, @Tier, @expires)",
            new { id = Ids.ToBytes(hold.Id), organization = Ids.ToBytes(organization), hold.Tier, expires = Instants.ToMicroseconds(hold.ExpiresAt) });

    public async Task<SeatHold?> TakeHoldAsync(ISession session, OrganizationId organization, SeatHoldId hold)
    {
        var sql = SqlSession.Of(session);
        var key = new { id = Ids.ToBytes(hold), organization = Ids.ToBytes(organization) };
        var row = await sql.FindAsync<HoldRow>("SELECT id, tier, expires_at FROM seat_holds WHERE id = @id AND organization_id = @organization", key);
        var taken = row is not null && await sql.ExecuteAsync("DELETE FROM seat_holds WHERE id = @id AND organization_id = @organization", key) == 1;
        return taken ? new SeatHold(hold, row!.Tier, Instants.FromMicroseconds(row.Expires_At)) : null;
    }

    public async Task<IReadOnlyDictionary<string, int>> TakeExpiredHoldsAsync(ISession session, OrganizationId organization, DateTimeOffset now)
    {
        var sql = SqlSession.Of(session);
        var expired = await sql.QueryAsync<HoldRow>(
            $"SELECT id, tier, expires_at FROM seat_holds WHERE organization_id = @organization AND expires_at <= @now ORDER BY expires_at {sql.Dialect.Page}",
            new { organization = Ids.ToBytes(organization), now = Instants.ToMicroseconds(now), limit = 500, offset = 0 });
        if (expired.Count == 0) return new Dictionary<string, int>();
        var deleted = await sql.ExecuteAsync("DELETE FROM seat_holds WHERE id IN @ids", new { ids = expired.Select(row => row.Id) });
        return deleted == expired.Count
            ? expired.GroupBy(row => row.Tier).ToDictionary(group => group.Key, group => group.Count())
            : throw new UnitConflictException("A hold was taken by somebody else.");
    }

    public async Task<IReadOnlyList<OrganizationId>> NeedingDrainAsync(ISession session, DateTimeOffset now, int limit)
    {
        var sql = SqlSession.Of(session);
        return [.. (await sql.QueryAsync<byte[]>(
            $"""
            SELECT organization_id FROM seat_pools WHERE queued > 0
            UNION SELECT organization_id FROM seat_holds WHERE expires_at <= @now
            UNION SELECT s.organization_id FROM member_seats s {HigherWish}
              WHERE {Wishes} AND w.purchased - w.assigned - w.held - w.queued - w.reserved > 0
            ORDER BY organization_id {sql.Dialect.Page}
            """, new { now = Instants.ToMicroseconds(now), limit, offset = 0 })).Select(Rows.Id<OrganizationId>)];
    }

    public async Task ConvertAsync(ISession session, OrganizationId organization, string tier, DateTimeOffset now)
    {
        // In this order: who moves is read from the members' side, which is written last.
        const string moving =
            """
            SELECT s.member_id FROM members m JOIN member_seats s ON s.member_id = m.id
            WHERE m.organization_id = @organization AND s.status = 'assigned' AND s.tier <> @tier
            """;
        var parameters = new
        {
            organization = Ids.ToBytes(organization), tier, key = TextKey.Exact(tier), now = Instants.ToMicroseconds(now),
        };
        var sql = SqlSession.Of(session);
        await sql.ExecuteAsync($"UPDATE seat_assignments SET to_at = @now WHERE to_at IS NULL AND member_id IN ({moving})", parameters);
        await sql.ExecuteAsync(
            $"""
            INSERT INTO seat_assignments (organization_id, member_id, tier_key, from_at)
            SELECT @organization, moving.member_id, @key, @now FROM ({moving}) moving
            """, parameters);
        await sql.ExecuteAsync(
            """
            UPDATE member_seats SET tier = @tier, last_tier = @tier, desired_tier = NULL, version = version + 1
            WHERE status = 'assigned' AND (tier <> @tier OR desired_tier IS NOT NULL)
              AND member_id IN (SELECT id FROM members WHERE organization_id = @organization)
            """, parameters);
        await sql.ExecuteAsync(
            "UPDATE member_seats SET desired_tier = NULL, version = version + 1 WHERE organization_id = @organization AND status = 'waiting' AND desired_tier IS NOT NULL",
            parameters);
        await sql.ExecuteAsync("UPDATE seat_holds SET tier = @tier WHERE organization_id = @organization", parameters);
    }

    private static object Parameters(OrganizationId organization, MemberSeat seat, MemberSeat before) => new
    {
        member = Ids.ToBytes(seat.Member), organization = Ids.ToBytes(organization), status = Words.Text(seat.Status), seat.Tier, seat.DesiredTier,
        seat.LastTier, since = Rows.OptionalMicroseconds(seat.WaitingSince), seat.Version, before = before.Version,
    };

    private sealed record PoolOfRow(
        byte[] Organization_Id, string Tier, long Tier_Rank, string Features, long Purchased, long Assigned, long Held, long Queued,
        long Reserved) : PoolRow(Tier, Tier_Rank, Features, Purchased, Assigned, Held, Queued, Reserved);

    private record PoolRow(string Tier, long Tier_Rank, string Features, long Purchased, long Assigned, long Held, long Queued, long Reserved)
    {
        public SeatPool ToPool() => new(
            Tier, (int)Tier_Rank, Features == "{}" ? [] : JsonNode.Parse(Features)!.AsObject(), (int)Purchased, (int)Assigned, (int)Held, (int)Queued)
        {
            Reserved = (int)Reserved,
        };
    }

    private sealed record HoldRow(byte[] Id, string Tier, long Expires_At);
}

internal sealed record SeatRow(
    byte[] Member_Id, string Status, string? Tier, string? Desired_Tier, string? Last_Tier, long? Waiting_Since, long Seat_Version)
{
    public MemberSeat ToSeat() => new(
        Rows.Id<MemberId>(Member_Id), Words.Parse<SeatStatus>(Status), Tier, Desired_Tier, Last_Tier, Rows.OptionalInstant(Waiting_Since))
    {
        Version = Seat_Version,
    };
}
