using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Spend;

namespace Provisioning.Core.Storage;

/// <summary>Authorisations, recorded usage and its rollups in SQL.</summary>
public sealed class UsageStore : IUsageStore
{
    private const string HoldColumns =
        "h.id, h.organization_id, h.member_id, h.tier, h.model, h.period, h.amount, h.included, h.credits, h.state, h.created_at, h.expires_at";

    private const string EventColumns =
        """
        e.id, e.organization_id, e.source, e.event_id, e.member_id, e.tier, e.model, e.input_tokens, e.output_tokens, e.cache_write_tokens,
        e.cache_read_tokens, e.occurred_at, e.period, e.cost, e.billed, e.is_unpriced, e.hold_id, e.batch_id, e.recorded_at
        """;

    private static readonly string[] InsertColumns =
    [
        "id", "organization_id", "source", "source_key", "event_id", "event_key", "member_id", "tier", "tier_key", "model", "model_key", "input_tokens",
        "output_tokens", "cache_write_tokens", "cache_read_tokens", "occurred_at", "period", "cost", "billed", "is_unpriced", "hold_id", "batch_id",
        "recorded_at", "actor_kind", "actor_id", "correlation_id",
    ];

    public async Task<UsageHold?> FindHoldAsync(ISession session, OrganizationId organization, AuthorizationId hold) =>
        (await SqlSession.Of(session).FindAsync<HoldRow>(
            $"SELECT {HoldColumns} FROM usage_holds h WHERE h.id = @hold AND h.organization_id = @organization",
            new { hold = Ids.ToBytes(hold), organization = Ids.ToBytes(organization) }))?.ToHold();

    public Task InsertHoldAsync(ISession session, UsageHold hold) =>
        SqlSession.Of(session).ExecuteAsync(
            """
            INSERT INTO usage_holds (id, organization_id, member_id, tier, tier_key, model, period, amount, included, credits, state, created_at, expires_at, ended_at)
            VALUES (@id, @organization, @member, @Tier, @tierKey, @Model, @period, @amount, @included, @credits, @state, @created, @expires, NULL)
            """,
            new
            {
                id = Ids.ToBytes(hold.Id), organization = Ids.ToBytes(hold.Organization), member = Ids.ToBytes(hold.Member), hold.Tier,
                tierKey = TextKey.Exact(hold.Tier), hold.Model, period = (long)hold.Period.Value, amount = hold.Split.Billed.Units,
                included = hold.Split.Included.Units, credits = hold.Credits.Units, state = Words.Text(hold.State),
                created = Instants.ToMicroseconds(hold.CreatedAt), expires = Instants.ToMicroseconds(hold.ExpiresAt),
            });

    public async Task<bool> EndHoldAsync(ISession session, AuthorizationId hold, HoldState from, HoldState to, DateTimeOffset now) =>
        await SqlSession.Of(session).ExecuteAsync(
            "UPDATE usage_holds SET state = @to, ended_at = @now WHERE id = @hold AND state = @from",
            new { hold = Ids.ToBytes(hold), from = Words.Text(from), to = Words.Text(to), now = Instants.ToMicroseconds(now) }) == 1;

    public async Task<IReadOnlyList<UsageHold>> DueHoldsAsync(ISession session, OrganizationId organization, DateTimeOffset now, int limit)
    {
        var sql = SqlSession.Of(session);
        return [.. (await sql.QueryAsync<HoldRow>(
            $"""
            SELECT {HoldColumns} FROM usage_holds h WHERE h.organization_id = @organization AND h.state = 'held' AND h.expires_at <= @now
            ORDER BY h.expires_at, h.id {sql.Dialect.Page}
            """,
            new { organization = Ids.ToBytes(organization), now = Instants.ToMicroseconds(now), limit, offset = 0 })).Select(row => row.ToHold())];
    }

    public Task<int> ExpireHoldsAsync(ISession session, IReadOnlyCollection<AuthorizationId> holds, DateTimeOffset now) =>
        SqlSession.Of(session).ExecuteAsync(
            "UPDATE usage_holds SET state = 'expired', ended_at = @now WHERE id IN @ids AND state = 'held'",
            new { ids = holds.Select(Ids.ToBytes), now = Instants.ToMicroseconds(now) });

    public async Task<IReadOnlyList<OrganizationId>> WithDueHoldsAsync(ISession session, DateTimeOffset now, int limit)
    {
        var sql = SqlSession.Of(session);
        return [.. (await sql.QueryAsync<byte[]>(
            $"SELECT h.organization_id FROM usage_holds h WHERE h.state = 'held' AND h.expires_at <= @now GROUP BY h.organization_id ORDER BY MIN(h.expires_at) {sql.Dialect.Page}",
            new { now = Instants.ToMicroseconds(now), limit, offset = 0 })).Select(Rows.Id<OrganizationId>)];
    }

    public async Task<UsageEvent?> FindEventAsync(ISession session, OrganizationId organization, string source, string eventId) =>
        (await SqlSession.Of(session).FindAsync<EventRow>(
            $"SELECT {EventColumns} FROM usage_events e WHERE e.organization_id = @organization AND e.event_key = @event AND e.source_key = @source",
            new { organization = Ids.ToBytes(organization), source = TextKey.Exact(source), @event = TextKey.Exact(eventId) }))?.ToEvent();

    public async Task<IReadOnlyList<UsageEvent>> FindEventsAsync(ISession session, OrganizationId organization, IReadOnlyCollection<UsageReport> reports)
    {
        var found = new List<EventRow>();
        foreach (var chunk in reports.Chunk(500))
            found.AddRange(await SqlSession.Of(session).QueryAsync<EventRow>(
                $"SELECT {EventColumns} FROM usage_events e WHERE e.organization_id = @organization AND e.event_key IN @events AND e.source_key IN @sources",
                new
                {
                    organization = Ids.ToBytes(organization), events = chunk.Select(report => report.EventId).Distinct().Select(TextKey.Exact),
                    sources = chunk.Select(report => report.Source).Distinct().Select(TextKey.Exact),
                }));
        // Pairs that nobody asked for do no harm; a pair may be found by two chunks.
        return [.. found.DistinctBy(row => (row.Source, row.Event_Id)).Select(row => row.ToEvent())];
    }

    public Task InsertEventsAsync(ISession session, IReadOnlyCollection<UsageEvent> events, Actor actor)
    {
        var (kind, batch) = (Words.Text(actor.Kind), events.First().Batch?.ToByteArray(bigEndian: true));
        return SqlSession.Of(session).InsertAsync("usage_events", InsertColumns, events, item =>
        [
            Ids.ToBytes(item.Id), Ids.ToBytes(item.Organization), item.Source, TextKey.Exact(item.Source), item.EventId, TextKey.Exact(item.EventId),
            Ids.ToBytes(item.Member), item.Tier, TextKey.Exact(item.Tier), item.Model, TextKey.Exact(item.Model), item.Tokens.Input, item.Tokens.Output,
            item.Tokens.CacheWrite, item.Tokens.CacheRead, Instants.ToMicroseconds(item.OccurredAt), (long)item.Period.Value, item.Cost.Units,
            item.Billed.Units, (long)Rows.Flag(item.IsUnpriced), Rows.OptionalBytes(item.Hold), batch, Instants.ToMicroseconds(item.RecordedAt), kind, actor.Id,
            actor.CorrelationId,
        ]);
    }

    public async Task AddToRollupAsync(ISession session, UsageEvent recorded)
    {
        var parameters = new
        {
            organization = Ids.ToBytes(recorded.Organization), period = (long)recorded.Period.Value, member = Ids.ToBytes(recorded.Member),
            tierKey = TextKey.Exact(recorded.Tier), modelKey = TextKey.Exact(recorded.Model), recorded.Tier, recorded.Model, input = recorded.Tokens.Input,
            output = recorded.Tokens.Output, write = recorded.Tokens.CacheWrite, read = recorded.Tokens.CacheRead, cost = recorded.Cost.Units,
            billed = recorded.Billed.Units,
        };
        if (await SqlSession.Of(session).ExecuteAsync(
            """
            UPDATE usage_rollups SET events = events + 1, input_tokens = input_tokens + @input, output_tokens = output_tokens + @output,
                cache_write_tokens = cache_write_tokens + @write, cache_read_tokens = cache_read_tokens + @read, cost = cost + @cost, billed = billed + @billed
            WHERE organization_id = @organization AND period = @period AND member_id = @member AND tier_key = @tierKey AND model_key = @modelKey
            """, parameters) == 1) return;
        await SqlSession.Of(session).ExecuteAsync(
            """
            INSERT INTO usage_rollups (organization_id, period, member_id, tier_key, model_key, tier, model, events, input_tokens, output_tokens,
                cache_write_tokens, cache_read_tokens, cost, billed)
            VALUES (@organization, @period, @member, @tierKey, @modelKey, @Tier, @Model, 1, @input, @output, @write, @read, @cost, @billed)
            """, parameters);
    }

    public async Task AddBatchToRollupsAsync(
        ISession session, OrganizationId organization, Guid batch, IReadOnlyCollection<UsagePeriod> periods, IReadOnlyCollection<MemberId> members)
    {
        const string same =
            """
            e.batch_id = @batch AND e.member_id = usage_rollups.member_id AND e.period = usage_rollups.period AND e.tier_key = usage_rollups.tier_key
            AND e.model_key = usage_rollups.model_key
            """;
        var parameters = new
        {
            organization = Ids.ToBytes(organization), batch = batch.ToByteArray(bigEndian: true), periods = periods.Select(period => (long)period.Value),
            members = members.Select(Ids.ToBytes),
        };
        await SqlSession.Of(session).ExecuteAsync(
            """
            INSERT INTO usage_rollups (organization_id, period, member_id, tier_key, model_key, tier, model, events, input_tokens, output_tokens,
                cache_write_tokens, cache_read_tokens, cost, billed)
            SELECT DISTINCT e.organization_id, e.period, e.member_id, e.tier_key, e.model_key, e.tier, e.model, 0, 0, 0, 0, 0, 0, 0 FROM usage_events e
            WHERE e.batch_id = @batch AND NOT EXISTS (
                SELECT 1 FROM usage_rollups r WHERE r.organization_id = e.organization_id AND r.period = e.period AND r.member_id = e.member_id
                  AND r.tier_key = e.tier_key AND r.model_key = e.model_key)
            """, parameters);
        await SqlSession.Of(session).ExecuteAsync(
            $"""
            UPDATE usage_rollups SET
                events = events + (SELECT COUNT(*) FROM usage_events e WHERE {same}),
                input_tokens = input_tokens + (SELECT SUM(e.input_tokens) FROM usage_events e WHERE {same}),
                output_tokens = output_tokens + (SELECT SUM(e.output_tokens) FROM usage_events e WHERE {same}),
                cache_write_tokens = cache_write_tokens + (SELECT SUM(e.cache_write_tokens) FROM usage_events e WHERE {same}),
                cache_read_tokens = cache_read_tokens + (SELECT SUM(e.cache_read_tokens) FROM usage_events e WHERE {same}),
                cost = cost + (SELECT SUM(e.cost) FROM usage_events e WHERE {same}),
                billed = billed + (SELECT SUM(e.billed) FROM usage_events e WHERE {same})
            WHERE organization_id = @organization AND period IN @periods AND member_id IN @members AND EXISTS (SELECT 1 FROM usage_events e WHERE {same})
            """, parameters);
    }

    public async Task<Page<UsageEvent>> ListEventsAsync(
        ISession session, OrganizationId organization, UsagePeriod period, MemberId? member, byte[]? after, int limit)
    {
        var sql = SqlSession.Of(session);
        var rows = await sql.QueryAsync<EventRow>(
            $"""
            SELECT {EventColumns} FROM usage_events e WHERE e.organization_id = @organization AND e.period = @period AND e.id > @after
              {(member is null ? "" : "AND e.member_id = @member")} ORDER BY e.id {sql.Dialect.Page}
            """,
            new
            {
                organization = Ids.ToBytes(organization), period = (long)period.Value, member = Rows.OptionalBytes(member), after = after ?? [], limit = limit + 1,
                offset = 0,
            });
        return Pages.Of(rows, limit, row => row.ToEvent(), row => row.Id);
    }

    private sealed record HoldRow(
        byte[] Id, byte[] Organization_Id, byte[] Member_Id, string Tier, string Model, long Period, long Amount, long Included, long Credits, string State,
        long Created_At, long Expires_At)
    {
        public UsageHold ToHold() => new(
            Rows.Id<AuthorizationId>(Id), Rows.Id<OrganizationId>(Organization_Id), Rows.Id<MemberId>(Member_Id), Tier, Model, new UsagePeriod((int)Period),
            new UsageSplit(new UsageCost(Included), new UsageCost(Amount)), new UsageCost(Credits), Words.Parse<HoldState>(State),
            Instants.FromMicroseconds(Created_At), Instants.FromMicroseconds(Expires_At));
    }

    private sealed record EventRow(
        byte[] Id, byte[] Organization_Id, string Source, string Event_Id, byte[] Member_Id, string Tier, string Model, long Input_Tokens, long Output_Tokens,
        long Cache_Write_Tokens, long Cache_Read_Tokens, long Occurred_At, long Period, long Cost, long Billed, long Is_Unpriced, byte[]? Hold_Id,
        byte[]? Batch_Id, long Recorded_At)
    {
        public UsageEvent ToEvent() => new(
            Rows.Id<UsageEventId>(Id), Rows.Id<OrganizationId>(Organization_Id), Source, Event_Id, Rows.Id<MemberId>(Member_Id), Tier, Model,
            new TokenCounts(Input_Tokens, Output_Tokens, Cache_Write_Tokens, Cache_Read_Tokens), Instants.FromMicroseconds(Occurred_At),
            new UsagePeriod((int)Period), new UsageCost(Cost), new UsageCost(Billed), Is_Unpriced != 0, Rows.OptionalId<AuthorizationId>(Hold_Id),
            Batch_Id is null ? null : new Guid(Batch_Id, bigEndian: true), Instants.FromMicroseconds(Recorded_At));
    }
}
