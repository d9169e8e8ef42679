using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Spend;

namespace Provisioning.Core.Storage;

/// <summary>Months of usage and their late usage in SQL.</summary>
public sealed class UsagePeriodStore : IUsagePeriodStore
{
    private static readonly string[] LateColumns =
    [
        "organization_id", "billed_period", "id", "period", "member_id", "model_key", "model", "tokens_input", "tokens_output", "tokens_cache_write",
        "tokens_cache_read", "cost",
    ];

    public async Task OpenAsync(ISession session, OrganizationId organization, UsagePeriod period, DateTimeOffset endsAt)
    {
        var sql = SqlSession.Of(session);
        var row = new { organization = Ids.ToBytes(organization), period = period.Value, ends = Instants.ToMicroseconds(endsAt) };
        if (await sql.ScalarAsync<long>("SELECT COUNT(*) FROM usage_periods WHERE organization_id = @organization AND period = @period", row) > 0) return;
        await sql.ExecuteAsync(
            """
            INSERT INTO usage_periods (organization_id, period, ends_at, due_at, state, invoice_id, posted, billed, line_key)
            VALUES (@organization, @period, @ends, @ends, 'open', NULL, 0, 0, NULL)
            """, row);
    }

    public async Task<bool?> PostAsync(ISession session, OrganizationId organization, UsagePeriod period, DateTimeOffset now)
    {
        var sql = SqlSession.Of(session);
        var row = new { organization = Ids.ToBytes(organization), period = period.Value, now = Instants.ToMicroseconds(now) };
        // A draft that is complete is to be written anew; one that is being written is looked at again when it is complete.
        if (await sql.ExecuteAsync(
            """
            UPDATE usage_periods SET posted = posted + 1, due_at = CASE WHEN state = 'draft' THEN @now ELSE due_at END
            WHERE organization_id = @organization AND period = @period AND state IN ('open', 'drafting', 'draft')
            """, row) == 1) return true;
        return await sql.ScalarAsync<long>("SELECT COUNT(*) FROM usage_periods WHERE organization_id = @organization AND period = @period", row) > 0 ? false : null;
    }

    public async Task<UsagePeriod?> NextOpenAsync(ISession session, OrganizationId organization, UsagePeriod after) =>
        await SqlSession.Of(session).ScalarAsync<long>(
            """
            SELECT COALESCE(MIN(period), 0) FROM usage_periods
            WHERE organization_id = @organization AND period > @after AND state IN ('open', 'drafting', 'draft')
            """, new { organization = Ids.ToBytes(organization), after = after.Value }) is > 0 and var found ? new UsagePeriod((int)found) : null;

    public Task InsertLateAsync(ISession session, OrganizationId organization, UsagePeriod billed, IReadOnlyList<(Guid Id, UsagePosting Usage)> late)
    {
        var of = Ids.ToBytes(organization);
        return SqlSession.Of(session).InsertAsync("usage_late", LateColumns, late, item =>
        [
            of, billed.Value, item.Id.ToByteArray(bigEndian: true), item.Usage.Period.Value, Ids.ToBytes(item.Usage.Member), TextKey.Exact(item.Usage.Model),
            item.Usage.Model, item.Usage.Tokens.Input, item.Usage.Tokens.Output, item.Usage.Tokens.CacheWrite, item.Usage.Tokens.CacheRead, item.Usage.Cost.Narrow,
        ]);
    }
}
