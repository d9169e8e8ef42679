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

    private static readonly byte[] OfAuthorizations = TextKey.Exact(UsageReport.OfAuthorizations);

    /// <summary>What a rollup is found by, and what is added to it.</summary>
    private static readonly string[] RollupKeys = ["organization_id", "period", "member_id", "tier_key", "model_key"];

    private static readonly SumColumn[] RollupSums =
    [
        new("events"), new("input_tokens"), new("output_tokens"), new("cache_write_tokens"), new("cache_read_tokens"), new("cost", "cost_whole"),
        new("billed", "billed_whole"),
    ];

    private static readonly string[] RollupColumns =
    [
        .. RollupKeys, "events", "input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens", "cost", "cost_whole", "billed", "billed_whole",
        "tier", "model",
    ];

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

    public async Task<(UsageHold? Hold, UsageEvent? Recorded)> FindSettlementAsync(ISession session, OrganizationId organization, AuthorizationId hold)
    {
        var row = await SqlSession.Of(session).FindAsync<SettlementRow>(
            $"""
            SELECT {HoldColumns}, e.id AS recorded_id FROM usage_holds h
            LEFT JOIN usage_events e ON e.organization_id = h.organization_id AND e.event_key = @event AND e.source_key = @source
            WHERE h.id = @hold AND h.organization_id = @organization
            """,
            new
            {
                hold = Ids.ToBytes(hold), organization = Ids.ToBytes(organization), @event = TextKey.Exact(hold.ToString()), source = OfAuthorizations,
            });
        var isRecorded = row is null || row.Recorded_Id is not null; // without an authorisation there may be an event all the same
        return (row?.ToHold(), isRecorded ? await FindEventAsync(session, organization, UsageReport.OfAuthorizations, hold.ToString()) : null);
    }

    public Task InsertHoldAsync(ISession session, UsageHold hold) =>
        SqlSession.Of(session).ExecuteAsync(
            """
            INSERT INTO usage_holds (id, organization_id, member_id, tier, tier_key, model, period, amount, included, credits, state, created_at, expires_at, ended_at)
            VALUES (@id, @organization, @member, @Tier, @tierKey, @Model, @period, @amount, @included, @credits, @state, @created, @expires, NULL)
            """,
            new
            {
                id = Ids.ToBytes(hold.Id), organization = Ids.ToBytes(hold.Organization), member = Ids.ToBytes(hold.Member), hold.Tier,
                tierKey = TextKey.Exact(hold.Tier), hold.Model, period = (long)hold.Period.Value, amount = hold.Split.Billed.Narrow,
                included = hold.Split.Included.Narrow, credits = hold.Credits.Narrow, state = Words.Text(hold.State),
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
        var found = new List<UsageEvent>();
        foreach (var source in reports.GroupBy(report => report.Source)) // as a rule there is one
            foreach (var chunk in source.Select(report => report.EventId).Distinct().Chunk(500))
                found.AddRange((await SqlSession.Of(session).QueryAsync<EventRow>(
                    $"SELECT {EventColumns} FROM usage_events e WHERE e.organization_id = @organization AND e.event_key IN @events AND e.source_key = @source",
                    new { organization = Ids.ToBytes(organization), events = chunk.Select(TextKey.Exact), source = TextKey.Exact(source.Key) }))
                    .Select(row => row.ToEvent()));
        return found;
    }

    public Task InsertEventsAsync(ISession session, IReadOnlyCollection<UsageEvent> events, Actor actor)
    {
        var (kind, batch) = (Words.Text(actor.Kind), events.First().Batch?.ToByteArray(bigEndian: true));
        return SqlSession.Of(session).InsertAsync("usage_events", InsertColumns, events, item =>
        [
            Ids.ToBytes(item.Id), Ids.ToBytes(item.Organization), item.Source, TextKey.Exact(item.Source), item.EventId, TextKey.Exact(item.EventId),
            Ids.ToBytes(item.Member), item.Tier, TextKey.Exact(item.Tier), item.Model, TextKey.Exact(item.Model), item.Tokens.Input, item.Tokens.Output,
            item.Tokens.CacheWrite, item.Tokens.CacheRead, Instants.ToMicroseconds(item.OccurredAt), (long)item.Period.Value, item.Cost.Narrow,
            item.Billed.Narrow, (long)Rows.Flag(item.IsUnpriced), Rows.OptionalBytes(item.Hold), batch, Instants.ToMicroseconds(item.RecordedAt), kind, actor.Id,
            actor.CorrelationId,
        ]);
    }

    public async Task AddToRollupsAsync(ISession session, OrganizationId organization, IReadOnlyCollection<UsageEvent> events)
    {
        var sql = SqlSession.Of(session);
        var sums = events.Count == 1
            ? [Rollup.Of(events.First())]
            : events.GroupBy(RollupKey.Of).Select(group => group.Select(Rollup.Of).Aggregate((sum, one) => sum.Plus(one))).ToList();
        var isThere = sums.Count == 1 ? null : await RollupsAsync(sql, organization, sums);
        var of = Ids.ToBytes(organization);
        List<Rollup> known = isThere is null ? sums : [.. sums.Where(sum => isThere.Contains(sum.Key))];
        var found = await sql.AddAsync("usage_rollups", RollupKeys, RollupSums, known, Values);
        List<Rollup> missing = isThere is null ? found == 0 ? sums : [] : [.. sums.Where(sum => !isThere.Contains(sum.Key))];
        await sql.InsertAsync("usage_rollups", RollupColumns, missing, sum => [.. Values(sum), sum.Key.Tier, sum.Key.Model]);

        object?[] Values(Rollup sum) =>
        [
            of, (long)sum.Key.Period.Value, Ids.ToBytes(sum.Key.Member), TextKey.Exact(sum.Key.Tier), TextKey.Exact(sum.Key.Model), sum.Events, sum.Tokens.Input,
            sum.Tokens.Output, sum.Tokens.CacheWrite, sum.Tokens.CacheRead, sum.Cost.Wide.Part, sum.Cost.Wide.Whole, sum.Billed.Wide.Part, sum.Billed.Wide.Whole,
        ];
    }

    /// <summary>Those that are there, of the members and months of these.</summary>
    private static async Task<HashSet<RollupKey>> RollupsAsync(SqlSession sql, OrganizationId organization, IEnumerable<Rollup> sums)
    {
        var found = new HashSet<RollupKey>();
        foreach (var month in sums.GroupBy(sum => sum.Key.Period)) // seldom more than one
            foreach (var chunk in month.Select(sum => sum.Key.Member).Distinct().Chunk(500))
                found.UnionWith((await sql.QueryAsync<RollupRow>(
                    "SELECT member_id, tier, model FROM usage_rollups WHERE organization_id = @organization AND period = @period AND member_id IN @members",
                    new { organization = Ids.ToBytes(organization), period = (long)month.Key.Value, members = chunk.Select(Ids.ToBytes) }))
                    .Select(row => new RollupKey(month.Key, Rows.Id<MemberId>(row.Member_Id), row.Tier, row.Model)));
        return found;
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

    private readonly record struct RollupKey(UsagePeriod Period, MemberId Member, string Tier, string Model)
    {
        public static RollupKey Of(UsageEvent item) => new(item.Period, item.Member, item.Tier, item.Model);
    }

    private sealed record Rollup(RollupKey Key, long Events, TokenCounts Tokens, UsageCost Cost, UsageCost Billed)
    {
        public static Rollup Of(UsageEvent item) => new(RollupKey.Of(item), 1, item.Tokens, item.Cost, item.Billed);

        public Rollup Plus(Rollup other) => new(
            Key, Events + other.Events,
            new TokenCounts(
                Tokens.Input + other.Tokens.Input, Tokens.Output + other.Tokens.Output, Tokens.CacheWrite + other.Tokens.CacheWrite,
                Tokens.CacheRead + other.Tokens.CacheRead),
            Cost + other.Cost, Billed + other.Billed);
    }

    private sealed record RollupRow(byte[] Member_Id, string Tier, string Model);

    private sealed record SettlementRow(
        byte[] Id, byte[] Organization_Id, byte[] Member_Id, string Tier, string Model, long Period, long Amount, long Included, long Credits, string State,
        long Created_At, long Expires_At, byte[]? Recorded_Id)
    {
        public UsageHold ToHold() => new HoldRow(
            Id, Organization_Id, Member_Id, Tier, Model, Period, Amount, Included, Credits, State, Created_At, Expires_At).ToHold();
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
