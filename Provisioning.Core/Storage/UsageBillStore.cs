using System.Buffers.Binary;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;
using Provisioning.Core.Spend;

namespace Provisioning.Core.Storage;

/// <summary>What is billed for months of usage, in SQL.</summary>
public sealed class UsageBillStore : IUsageBillStore
{
    /// <summary>First byte of a line's key: usage of the month itself, then late usage.</summary>
    private const byte Own = 0, Late = 1;

    /// <summary>What of the sums of a month is not late usage: units, and whole currency units. Sums of either stay within 64 bits.</summary>
    private const string Part = "(SUM(r.billed % CAST(1000000000000 AS BIGINT)) - COALESCE(MAX(l.cost), 0))",
        Whole = "(SUM(r.billed_whole + r.billed / CAST(1000000000000 AS BIGINT)) - COALESCE(MAX(l.cost_whole), 0))";

    private const int MemberAt = 5, ModelAt = MemberAt + 16;

    public async Task<IReadOnlyList<(OrganizationId Organization, UsagePeriod Period)>> DueAsync(ISession session, DateTimeOffset now, int limit)
    {
        var sql = SqlSession.Of(session);
        return [.. (await sql.QueryAsync<DueRow>(
            $"SELECT organization_id, period FROM usage_periods WHERE due_at IS NOT NULL AND due_at <= @now ORDER BY due_at {sql.Dialect.Page}",
            new { now = Instants.ToMicroseconds(now), limit, offset = 0 }))
            .Select(row => (Rows.Id<OrganizationId>(row.Organization_Id), new UsagePeriod((int)row.Period)))];
    }

    public async Task<UsageBill?> LockAsync(ISession session, OrganizationId organization, UsagePeriod period)
    {
        var sql = SqlSession.Of(session);
        var key = new { organization = Ids.ToBytes(organization), period = (long)period.Value };
        if (await sql.ExecuteAsync("UPDATE usage_periods SET billed = billed WHERE organization_id = @organization AND period = @period", key) == 0) return null;
        return (await sql.FindAsync<BillRow>(
            """
            SELECT ends_at, due_at, state, invoice_id, posted, billed, line_key FROM usage_periods
            WHERE organization_id = @organization AND period = @period
            """, key))!.ToBill(organization, period);
    }

    public Task SaveAsync(ISession session, UsageBill bill) =>
        SqlSession.Of(session).ExecuteAsync(
            """
            UPDATE usage_periods SET due_at = @due, state = @state, invoice_id = @invoice, billed = @Billed, line_key = @LineKey
            WHERE organization_id = @organization AND period = @period
            """,
            new
            {
                organization = Ids.ToBytes(bill.Organization), period = (long)bill.Period.Value, due = Rows.OptionalMicroseconds(bill.DueAt),
                state = Words.Text(bill.State), invoice = Rows.OptionalBytes(bill.Invoice), bill.Billed, bill.LineKey,
            });

    public async Task<IReadOnlyList<BilledUsage>> LinesAsync(ISession session, OrganizationId organization, UsagePeriod period, byte[]? after, int limit)
    {
        var own = after is null || after[0] == Own ? await OwnAsync(SqlSession.Of(session), organization, period, after, limit) : [];
        if (own.Count == limit) return own;
        var late = await LateAsync(SqlSession.Of(session), organization, period, after is not null && after[0] == Late ? after : null, limit - own.Count);
        return [.. own, .. late];
    }

    private static async Task<IReadOnlyList<BilledUsage>> OwnAsync(SqlSession sql, OrganizationId organization, UsagePeriod period, byte[]? after, int limit)
    {
        var rows = await sql.QueryAsync<LineRow>(
            $"""
            SELECT r.period, r.member_id, r.model_key, MIN(r.model) AS model, SUM(r.input_tokens) - COALESCE(MAX(l.input), 0) AS input,
                SUM(r.output_tokens) - COALESCE(MAX(l.output), 0) AS output, SUM(r.cache_write_tokens) - COALESCE(MAX(l.cache_write), 0) AS cache_write,
                SUM(r.cache_read_tokens) - COALESCE(MAX(l.cache_read), 0) AS cache_read, {Part} AS cost,
                {Whole} AS cost_whole
            FROM usage_rollups r LEFT JOIN (
                SELECT u.member_id, u.model_key, SUM(u.tokens_input) AS input, SUM(u.tokens_output) AS output, SUM(u.tokens_cache_write) AS cache_write,
                    SUM(u.tokens_cache_read) AS cache_read, SUM(u.cost % CAST(1000000000000 AS BIGINT)) AS cost, SUM(u.cost / CAST(1000000000000 AS BIGINT)) AS cost_whole
                FROM usage_late u WHERE u.organization_id = @organization AND u.period = @period GROUP BY u.member_id, u.model_key) l
              ON l.member_id = r.member_id AND l.model_key = r.model_key
            WHERE r.organization_id = @organization AND r.period = @period AND r.member_id >= @member AND (r.member_id > @member OR r.model_key > @model)
            GROUP BY r.period, r.member_id, r.model_key HAVING CASE WHEN {Whole} > 1000000 THEN 1 ELSE {Whole} * CAST(1000000000000 AS BIGINT) + {Part} END > 0
            ORDER BY r.member_id, r.model_key {sql.Dialect.Page}
            """,
            new
            {
                organization = Ids.ToBytes(organization), period = (long)period.Value, member = Member(after), model = Model(after), limit, offset = 0,
            });
        return [.. rows.Select(row => row.ToLine(Own))];
    }

    private static async Task<IReadOnlyList<BilledUsage>> LateAsync(SqlSession sql, OrganizationId organization, UsagePeriod billed, byte[]? after, int limit)
    {
        var rows = await sql.QueryAsync<LineRow>(
            $"""
            SELECT u.period, u.member_id, u.model_key, MIN(u.model) AS model, SUM(u.tokens_input) AS input, SUM(u.tokens_output) AS output,
                SUM(u.tokens_cache_write) AS cache_write, SUM(u.tokens_cache_read) AS cache_read, SUM(u.cost % CAST(1000000000000 AS BIGINT)) AS cost,
                SUM(u.cost / CAST(1000000000000 AS BIGINT)) AS cost_whole
            FROM usage_late u WHERE u.organization_id = @organization AND u.billed_period = @billed
              AND (u.period > @period OR (u.period = @period AND u.member_id > @member) OR (u.period = @period AND u.member_id = @member AND u.model_key > @model))
            GROUP BY u.period, u.member_id, u.model_key HAVING MAX(u.cost) > 0
            ORDER BY u.period, u.member_id, u.model_key {sql.Dialect.Page}
            """,
            new
            {
                organization = Ids.ToBytes(organization), billed = (long)billed.Value, period = after is null ? 0L : BinaryPrimitives.ReadInt32BigEndian(after.AsSpan(1)),
                member = Member(after), model = Model(after), limit, offset = 0,
            });
        return [.. rows.Select(row => row.ToLine(Late))];
    }

    private static byte[] Member(byte[]? after) => after is null ? new byte[16] : after[MemberAt..ModelAt];

    private static byte[] Model(byte[]? after) => after is null ? [] : after[ModelAt..];

    private sealed record DueRow(byte[] Organization_Id, long Period);

    private sealed record BillRow(long Ends_At, long? Due_At, string State, byte[]? Invoice_Id, long Posted, long Billed, byte[]? Line_Key)
    {
        public UsageBill ToBill(OrganizationId organization, UsagePeriod period) => new(
            organization, period, Instants.FromMicroseconds(Ends_At), Rows.OptionalInstant(Due_At), Words.Parse<UsagePeriodState>(State),
            Rows.OptionalId<InvoiceId>(Invoice_Id), Posted, Billed, Line_Key);
    }

    private sealed record LineRow(
        long Period, byte[] Member_Id, byte[] Model_Key, string Model, long Input, long Output, long Cache_Write, long Cache_Read, long Cost, long Cost_Whole)
    {
        public BilledUsage ToLine(byte kind)
        {
            var key = new byte[ModelAt + Model_Key.Length];
            key[0] = kind;
            BinaryPrimitives.WriteInt32BigEndian(key.AsSpan(1), (int)Period);
            Member_Id.CopyTo(key, MemberAt);
            Model_Key.CopyTo(key, ModelAt);
            return new BilledUsage(
                key, new UsagePeriod((int)Period), Rows.Id<MemberId>(Member_Id), Model, new TokenCounts(Input, Output, Cache_Write, Cache_Read),
                UsageCost.Of(Cost_Whole, Cost));
        }
    }
}
