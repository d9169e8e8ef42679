using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Storage;

/// <summary>Sums over all organisations in SQL.</summary>
public sealed class ServiceFigures : IServiceFigures
{
    /// <summary>Operators name tiers as they like: what is watched must not grow with that.</summary>
    internal const int MostTiers = 20;

    internal const string OtherTiers = "(other)";

    public async Task<IReadOnlyList<TierFigures>> SeatsAsync(ISession session)
    {
        var sql = SqlSession.Of(session);
        // By position: an embedded column that is an expression has no type while there is no row.
        var tiers = await sql.QueryAsync<(string Tier, long Purchased, long Assigned, long Held, long Queued)>(
            """
            SELECT MIN(tier) AS tier, CAST(SUM(CAST(purchased AS BIGINT)) AS BIGINT) AS purchased, CAST(SUM(CAST(assigned AS BIGINT)) AS BIGINT) AS assigned,
                CAST(SUM(CAST(held AS BIGINT)) AS BIGINT) AS held, CAST(SUM(CAST(queued AS BIGINT)) AS BIGINT) AS queued
            FROM seat_pools GROUP BY tier_key
            """);
        var waiting = (await sql.QueryAsync<(string Tier, long People)>(
            """
            SELECT MIN(p.tier) AS tier, CAST(COUNT(*) AS BIGINT) AS people FROM member_seats s
            JOIN seat_pools p ON p.organization_id = s.organization_id AND (p.tier = s.desired_tier OR (s.desired_tier IS NULL
              AND p.tier_rank = (SELECT MAX(best.tier_rank) FROM seat_pools best WHERE best.organization_id = s.organization_id)))
            WHERE s.status = 'waiting' GROUP BY p.tier_key
            """)).ToDictionary(row => row.Tier, row => row.People, StringComparer.Ordinal);
        var figures = tiers.Select(row => new TierFigures(row.Tier, row.Purchased, row.Assigned, row.Held, row.Queued, waiting.GetValueOrDefault(row.Tier)))
            .OrderByDescending(tier => tier.Purchased).ThenBy(tier => tier.Tier, StringComparer.Ordinal).ToList();
        if (figures.Count <= MostTiers) return figures;
        var rest = figures.Skip(MostTiers).Aggregate(new TierFigures(OtherTiers, 0, 0, 0, 0, 0), static (sum, tier) => new TierFigures(
            OtherTiers, sum.Purchased + tier.Purchased, sum.Assigned + tier.Assigned, sum.Held + tier.Held, sum.Queued + tier.Queued, sum.Waiting + tier.Waiting));
        return [.. figures.Take(MostTiers), rest];
    }

    public async Task<DateTimeOffset?> OldestUnsealedEventAsync(ISession session)
    {
        var sql = SqlSession.Of(session);
        // Ids sort by creation.
        var at = await sql.QueryAsync<long>(
            $"SELECT occurred_at FROM outbox WHERE sequence IS NULL ORDER BY id {sql.Dialect.Page}", new { limit = 1, offset = 0 });
        return at.Count == 0 ? null : Instants.FromMicroseconds(at[0]);
    }
}
