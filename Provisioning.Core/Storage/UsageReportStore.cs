using System.Text;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Spend;

namespace Provisioning.Core.Storage;

/// <summary>Sums of usage in SQL.</summary>
public sealed class UsageReportStore : IUsageReportStore
{
    public async Task<IReadOnlyList<UsageStanding>> StandingsAsync(ISession session, OrganizationId organization, UsagePeriod period)
    {
        var sql = SqlSession.Of(session);
        var key = new { organization = Ids.ToBytes(organization), period = (long)period.Value };
        var counters = await sql.QueryAsync<CounterRow>(
            """
            SELECT k.scope, k.ref, k.settled, k.settled_whole, k.held FROM cap_counters k
            WHERE k.organization_id = @organization AND k.period = @period AND k.scope IN ('organisation', 'tier')
            """, key);
        var caps = await sql.QueryAsync<CapRow>(
            """
            SELECT c.scope, c.ref, c.basis, c.amount FROM caps c
            WHERE c.organization_id = @organization AND c.scope IN ('organisation', 'tier') AND c.is_set = 1
            """, key);
        var capOf = caps.ToDictionary(cap => Tier(cap.Scope, cap.Ref) ?? "", StringComparer.Ordinal);
        var counterOf = counters.ToDictionary(counter => Tier(counter.Scope, counter.Ref) ?? "", StringComparer.Ordinal);
        return
        [
            .. capOf.Keys.Union(counterOf.Keys).Order(StringComparer.Ordinal).Select(name =>
            {
                var (counter, cap) = (counterOf.GetValueOrDefault(name), capOf.GetValueOrDefault(name));
                return new UsageStanding(
                    name.Length == 0 ? null : name, UsageCost.Of(counter?.Settled_Whole ?? 0, counter?.Settled ?? 0), new UsageCost(counter?.Held ?? 0), cap?.Basis, cap?.Amount);
            }),
        ];
    }

    /// <summary>In the order of the rollups' key, so that a page ends where its limit is, whatever the number of members.</summary>
    public async Task<Page<MemberUsage>> MembersAsync(ISession session, OrganizationId organization, UsagePeriod period, byte[]? after, int limit)
    {
        var sql = SqlSession.Of(session);
        var rows = await sql.QueryAsync<MemberRow>(
            $"""
            SELECT r.member_id, SUM(r.input_tokens) AS input, SUM(r.output_tokens) AS output, SUM(r.cache_write_tokens) AS cache_write,
                SUM(r.cache_read_tokens) AS cache_read, SUM(r.cost % CAST(1000000000000 AS BIGINT)) AS cost,
                SUM(r.cost_whole + r.cost / CAST(1000000000000 AS BIGINT)) AS cost_whole
            FROM usage_rollups r WHERE r.organization_id = @organization AND r.period = @period AND r.member_id > @after
            GROUP BY r.member_id ORDER BY r.member_id {sql.Dialect.Page}
            """,
            new { organization = Ids.ToBytes(organization), period = (long)period.Value, after = after ?? [], limit = limit + 1, offset = 0 });
        var facts = rows.Count == 0 ? [] : (await sql.QueryAsync<FactsRow>(
            """
            SELECT m.id, m.user_name, COALESCE(k.settled, 0) AS settled, COALESCE(k.settled_whole, 0) AS settled_whole, COALESCE(k.held, 0) AS held, c.amount AS cap FROM members m
            LEFT JOIN cap_counters k ON k.organization_id = @organization AND k.period = @period AND k.scope = 'individual' AND k.ref = m.id
            LEFT JOIN caps c ON c.organization_id = @organization AND c.scope = 'individual' AND c.ref = m.id AND c.is_set = 1
            WHERE m.id IN @members
            """,
            new { organization = Ids.ToBytes(organization), period = (long)period.Value, members = rows.Select(row => row.Member_Id).ToList() }))
            .ToDictionary(row => Rows.Id<MemberId>(row.Id));
        return Pages.Of(rows, limit, row => row.ToUsage(facts[Rows.Id<MemberId>(row.Member_Id)]), row => row.Member_Id);
    }

    private static string? Tier(string scope, byte[] name) => scope == "tier" ? Encoding.UTF8.GetString(name) : null;

    private sealed record CounterRow(string Scope, byte[] Ref, long Settled, long Settled_Whole, long Held);

    private sealed record CapRow(string Scope, byte[] Ref, string? Basis, long? Amount);

    private sealed record FactsRow(byte[] Id, string? User_Name, long Settled, long Settled_Whole, long Held, long? Cap);

    private sealed record MemberRow(byte[] Member_Id, long Input, long Output, long Cache_Write, long Cache_Read, long Cost, long Cost_Whole)
    {
        public MemberUsage ToUsage(FactsRow facts) => new(
            Rows.Id<MemberId>(Member_Id), facts.User_Name, new TokenCounts(Input, Output, Cache_Write, Cache_Read), UsageCost.Of(Cost_Whole, Cost),
            UsageCost.Of(facts.Settled_Whole, facts.Settled),
            new UsageCost(facts.Held), facts.Cap);
    }
}
