using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Storage;

/// <summary>Seats reserved for groups (rule SEAT-15). The sum stands in the pool, whose CHECK keeps it within what was bought.</summary>
public sealed partial class SeatStore
{
    /// <summary>People who sit on a tier, and the groups with a reservation of that tier that they are in.</summary>
    private const string Reserving =
        """
        seat_reservations r JOIN group_members gm ON gm.group_id = r.group_id
        JOIN directory_entries e ON e.id = gm.member_id AND e.deleted_at IS NULL
        """;

    public async Task<bool> FallsBackAsync(ISession session, OrganizationId organization) =>
        await SqlSession.Of(session).ScalarAsync<long>(
            "SELECT COUNT(*) FROM organizations WHERE id = @organization AND mapping_enabled = 1 AND mapped_tier_exhausted = @word",
            new { organization = Ids.ToBytes(organization), word = Words.Text(MappedTierExhausted.FallbackLower) }) > 0;

    public async Task<IReadOnlyList<SeatReservation>> ReservationsAsync(ISession session, OrganizationId organization) =>
        [.. (await SqlSession.Of(session).QueryAsync<ReservationRow>(
            "SELECT group_id, tier, quantity FROM seat_reservations WHERE organization_id = @organization ORDER BY group_id, tier",
            new { organization = Ids.ToBytes(organization) })).Select(row => row.ToReservation())];

    public async Task<bool> ReplaceReservationsAsync(ISession session, OrganizationId organization, IReadOnlyList<SeatReservation> reservations)
    {
        var sql = SqlSession.Of(session);
        await sql.ExecuteAsync("DELETE FROM seat_reservations WHERE organization_id = @organization", new { organization = Ids.ToBytes(organization) });
        await sql.InsertAsync("seat_reservations", ["organization_id", "group_id", "tier", "quantity"], reservations,
            item => [Ids.ToBytes(organization), Ids.ToBytes(item.Group), item.Tier, item.Quantity]);
        foreach (var pool in await PoolsAsync(session, organization))
        {
            var sum = reservations.Where(item => item.Tier == pool.Tier).Sum(item => (long)item.Quantity);
            if (await sql.ExecuteAsync(
                "UPDATE seat_pools SET reserved = @sum WHERE organization_id = @organization AND tier_key = @tier AND @sum <= purchased",
                new { organization = Ids.ToBytes(organization), tier = TextKey.Exact(pool.Tier), sum }) != 1) return false;
        }
        return true;
    }

    // A tuple is filled by position: without a row SQLite cannot tell the type of a count.
    public async Task<IReadOnlyList<SeatReservation>> ReservedInUseAsync(ISession session, OrganizationId organization) =>
        [.. (await SqlSession.Of(session).QueryAsync<(byte[] Group, string Tier, long Used)>(
            $"""
            SELECT r.group_id, r.tier, CAST(COUNT(*) AS BIGINT) AS quantity FROM {Reserving}
            JOIN member_seats s ON s.member_id = e.member_id AND s.status = 'assigned' AND s.tier = r.tier
            WHERE r.organization_id = @organization AND NOT EXISTS (
                SELECT 1 FROM seat_reservations lower_one JOIN group_members again ON again.group_id = lower_one.group_id
                WHERE lower_one.organization_id = r.organization_id AND lower_one.tier = r.tier AND lower_one.group_id < r.group_id
                  AND again.member_id = gm.member_id)
            GROUP BY r.group_id, r.tier
            """, new { organization = Ids.ToBytes(organization) })).Select(row => new SeatReservation(Rows.Id<ResourceId>(row.Group), row.Tier, (int)row.Used))];

    public async Task<ILookup<MemberId, ResourceId>> ReservingGroupsOfAsync(
        ISession session, OrganizationId organization, IReadOnlyCollection<MemberId> members)
    {
        var rows = new List<ReservingRow>();
        foreach (var chunk in members.Chunk(500))
            rows.AddRange(await SqlSession.Of(session).QueryAsync<ReservingRow>(
                $"SELECT DISTINCT e.member_id, r.group_id FROM {Reserving} WHERE r.organization_id = @organization AND e.member_id IN @members",
                new { organization = Ids.ToBytes(organization), members = chunk.Select(Ids.ToBytes) }));
        return rows.ToLookup(row => Rows.Id<MemberId>(row.Member_Id), row => Rows.Id<ResourceId>(row.Group_Id));
    }

    public async Task<IReadOnlyList<ResourceId>> ReservingGroupsOfEntryAsync(ISession session, OrganizationId organization, ResourceId entry) =>
        [.. (await SqlSession.Of(session).QueryAsync<byte[]>(
            $"SELECT DISTINCT r.group_id FROM {Reserving} WHERE r.organization_id = @organization AND e.id = @entry",
            new { organization = Ids.ToBytes(organization), entry = Ids.ToBytes(entry) })).Select(Rows.Id<ResourceId>)];

    public async Task<bool> DeleteReservationsAsync(ISession session, OrganizationId organization, ResourceId group)
    {
        var sql = SqlSession.Of(session);
        var parameters = new { organization = Ids.ToBytes(organization), group = Ids.ToBytes(group) };
        await sql.ExecuteAsync(
            """
            UPDATE seat_pools SET reserved = reserved -
                (SELECT r.quantity FROM seat_reservations r
                 WHERE r.organization_id = @organization AND r.group_id = @group AND r.tier = seat_pools.tier)
            WHERE organization_id = @organization
              AND EXISTS (SELECT 1 FROM seat_reservations r WHERE r.organization_id = @organization AND r.group_id = @group AND r.tier = seat_pools.tier)
            """, parameters);
        return await sql.ExecuteAsync("DELETE FROM seat_reservations WHERE organization_id = @organization AND group_id = @group", parameters) > 0;
    }

    private sealed record ReservationRow(byte[] Group_Id, string Tier, long Quantity)
    {
        public SeatReservation ToReservation() => new(Rows.Id<ResourceId>(Group_Id), Tier, (int)Quantity);
    }

    private sealed record ReservingRow(byte[] Member_Id, byte[] Group_Id);
}
