using System.Text;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;
using Provisioning.Core.Spend;

namespace Provisioning.Core.Storage;

/// <summary>Caps, alerts and requests in SQL.</summary>
public sealed class CapStore : ICapStore
{
    private const string Columns = "c.id, c.scope, c.ref, c.tier, c.basis, c.amount, c.currency, c.is_set, c.changed_at, c.version";

    private const string RequestColumns =
        "r.id, r.organization_id, r.member_id, r.amount, r.currency, r.reason, r.state, r.created_at, r.decided_at, r.decided_by";

    public async Task<Cap?> FindAsync(ISession session, OrganizationId organization, CapSubject subject) =>
        (await SqlSession.Of(session).FindAsync<CapRow>(
            $"SELECT {Columns} FROM caps c WHERE c.organization_id = @organization AND c.scope = @scope AND c.ref = @ref",
            new { organization = Ids.ToBytes(organization), scope = Words.Text(subject.Scope), @ref = Ref(organization, subject) }))?.ToCap();

    public async Task<IReadOnlyList<Cap>> OfAsync(
        ISession session, OrganizationId organization, IReadOnlyCollection<string> tiers, IReadOnlyCollection<MemberId> members)
    {
        if (tiers.Count == 1 && members.Count == 1)
            return [.. (await SqlSession.Of(session).QueryAsync<CapRow>(
                $"""
                SELECT {Columns} FROM caps c WHERE c.organization_id = @organization AND c.scope = 'organisation' AND c.ref = @organization AND c.is_set = 1
                UNION ALL SELECT {Columns} FROM caps c WHERE c.organization_id = @organization AND c.scope = 'tier' AND c.ref = @tier AND c.is_set = 1
                UNION ALL SELECT {Columns} FROM caps c WHERE c.organization_id = @organization AND c.scope = 'individual' AND c.ref = @member AND c.is_set = 1
                """,
                new { organization = Ids.ToBytes(organization), tier = TextKey.Exact(tiers.First()), member = Ids.ToBytes(members.First()) })).Select(row => row.ToCap())];
        var found = new List<Cap>();
        foreach (var chunk in (byte[][][])[.. ((byte[][])[Ids.ToBytes(organization), .. tiers.Select(TextKey.Exact), .. members.Select(Ids.ToBytes)]).Chunk(500)])
            found.AddRange((await SqlSession.Of(session).QueryAsync<CapRow>(
                $"""
                SELECT {Columns} FROM caps c
                WHERE c.organization_id = @organization AND c.scope IN ('organisation', 'tier', 'individual') AND c.ref IN @refs AND c.is_set = 1
                """, new { organization = Ids.ToBytes(organization), refs = chunk })).Select(row => row.ToCap()));
        return found;
    }

    public async Task<Page<Cap>> ListAsync(ISession session, OrganizationId organization, CapScope? scope, byte[]? after, int limit)
    {
        var sql = SqlSession.Of(session);
        var rows = await sql.QueryAsync<CapRow>(
            $"""
            SELECT {Columns} FROM caps c WHERE c.organization_id = @organization AND c.is_set = 1 AND c.id > @after
              {(scope is null ? "" : "AND c.scope = @scope")} ORDER BY c.id {sql.Dialect.Page}
            """,
            new { organization = Ids.ToBytes(organization), scope = scope is { } one ? Words.Text(one) : null, after = after ?? [], limit = limit + 1, offset = 0 });
        return Pages.Of(rows, limit, row => row.ToCap(), row => row.Id);
    }

    public async Task SaveAsync(ISession session, OrganizationId organization, Cap? before, Cap after)
    {
        var parameters = new
        {
            organization = Ids.ToBytes(organization), scope = Words.Text(after.Subject.Scope), @ref = Ref(organization, after.Subject), id = Ids.ToBytes(after.Id),
            after.Subject.Tier, basis = after.Basis is { } basis ? Words.Text(basis) : null, after.Amount, currency = after.Currency.Code,
            set = Rows.Flag(after.IsSet), changed = Instants.ToMicroseconds(after.ChangedAt), after.Version, was = before?.Version ?? 0,
        };
        var written = await SqlSession.Of(session).ExecuteAsync(before is null
            ? """
              INSERT INTO caps (organization_id, scope, ref, id, tier, basis, amount, currency, is_set, changed_at, version)
              VALUES (@organization, @scope, @ref, @id, @Tier, @basis, @Amount, @currency, @set, @changed, @Version)
              """
            : """
              UPDATE caps SET basis = @basis, amount = @Amount, currency = @currency, is_set = @set, changed_at = @changed, version = @Version
              WHERE organization_id = @organization AND scope = @scope AND ref = @ref AND version = @was
              """, parameters);
        if (written != 1) throw new UnitConflictException("The cap was changed meanwhile.");
    }

    public Task InsertAlertAsync(ISession session, OrganizationId organization, Cap cap, CounterKey counter, int percent, DateTimeOffset now) =>
        SqlSession.Of(session).ExecuteAsync(
            """
            INSERT INTO cap_alerts (organization_id, period, scope, ref, cap_version, percent, counter_ref, at)
            VALUES (@organization, @period, @scope, @ref, @Version, @percent, @counter, @at)
            """,
            new
            {
                organization = Ids.ToBytes(organization), period = (long)counter.Period.Value, scope = Words.Text(cap.Subject.Scope),
                @ref = Ref(organization, cap.Subject), cap.Version, percent = (long)percent, counter = CounterStore.Ref(organization, counter),
                at = Instants.ToMicroseconds(now),
            });

    public async Task InsertStopAsync(ISession session, OrganizationId organization, UsageStop stop)
    {
        await EndStopsAsync(session, organization, [stop]);
        await SqlSession.Of(session).InsertAsync(
            "usage_stops", ["organization_id", "period", "scope", "ref", "counter_ref", "ends_at"], [stop],
            item => [.. Key(organization, item), Instants.ToMicroseconds(item.EndsAt)]);
    }

    public async Task EndStopsAsync(ISession session, OrganizationId organization, IReadOnlyCollection<UsageStop> stops)
    {
        foreach (var group in stops.GroupBy(stop => (stop.Counter.Period, stop.Subject.Scope, stop.Subject.Tier))) // one for each month and tier
            await SqlSession.Of(session).ExecuteAsync(
                """
                DELETE FROM usage_stops
                WHERE organization_id = @organization AND period = @period AND scope = @scope AND ref IN @refs AND counter_ref IN @counters
                """,
                new
                {
                    organization = Ids.ToBytes(organization), period = (long)group.Key.Period.Value, scope = Words.Text(group.Key.Scope),
                    refs = group.Select(stop => stop.Subject).Distinct().Select(subject => Ref(organization, subject)),
                    counters = group.Select(stop => CounterStore.Ref(organization, stop.Counter)),
                });
    }

    public async Task<IReadOnlyList<UsageStop>> StopsEndedAsync(ISession session, OrganizationId organization, DateTimeOffset now, int limit)
    {
        var sql = SqlSession.Of(session);
        return [.. (await sql.QueryAsync<StopRow>(
            $"""
            SELECT period, scope, ref, counter_ref, ends_at FROM usage_stops WHERE organization_id = @organization AND ends_at <= @now
            ORDER BY period, scope, ref, counter_ref {sql.Dialect.Page}
            """, new { organization = Ids.ToBytes(organization), now = Instants.ToMicroseconds(now), limit, offset = 0 })).Select(row => row.ToStop())];
    }

    public async Task<IReadOnlyList<OrganizationId>> WithStopsEndedAsync(ISession session, DateTimeOffset now, int limit)
    {
        var sql = SqlSession.Of(session);
        return [.. (await sql.QueryAsync<byte[]>(
            $"SELECT organization_id FROM usage_stops WHERE ends_at <= @now GROUP BY organization_id ORDER BY MIN(ends_at) {sql.Dialect.Page}",
            new { now = Instants.ToMicroseconds(now), limit, offset = 0 })).Select(Rows.Id<OrganizationId>)];
    }

    public Task InsertRequestAsync(ISession session, CapRequest request) =>
        SqlSession.Of(session).ExecuteAsync(
            """
            INSERT INTO cap_requests (id, organization_id, member_id, amount, currency, reason, state, created_at, decided_at, decided_by)
            VALUES (@id, @organization, @member, @Amount, @currency, @Reason, @state, @created, NULL, NULL)
            """,
            new
            {
                id = Ids.ToBytes(request.Id), organization = Ids.ToBytes(request.Organization), member = Ids.ToBytes(request.Member), request.Amount,
                currency = request.Currency.Code, request.Reason, state = Words.Text(request.State), created = Instants.ToMicroseconds(request.CreatedAt),
            });

    public async Task<CapRequest?> FindRequestAsync(ISession session, OrganizationId organization, CapRequestId request) =>
        (await SqlSession.Of(session).FindAsync<RequestRow>(
            $"SELECT {RequestColumns} FROM cap_requests r WHERE r.id = @request AND r.organization_id = @organization",
            new { request = Ids.ToBytes(request), organization = Ids.ToBytes(organization) }))?.ToRequest();

    public async Task<CapRequest?> FindPendingRequestAsync(ISession session, OrganizationId organization, MemberId member) =>
        (await SqlSession.Of(session).FindAsync<RequestRow>(
            $"SELECT {RequestColumns} FROM cap_requests r WHERE r.organization_id = @organization AND r.member_id = @member AND r.state = 'pending'",
            new { organization = Ids.ToBytes(organization), member = Ids.ToBytes(member) }))?.ToRequest();

    public async Task<Page<CapRequest>> ListRequestsAsync(
        ISession session, OrganizationId organization, CapRequestState? state, MemberId? member, byte[]? after, int limit)
    {
        var sql = SqlSession.Of(session);
        var rows = await sql.QueryAsync<RequestRow>(
            $"""
            SELECT {RequestColumns} FROM cap_requests r WHERE r.organization_id = @organization {(after is null ? "" : "AND r.id < @after")}
              {(state is null ? "" : "AND r.state = @state")} {(member is null ? "" : "AND r.member_id = @member")} ORDER BY r.id DESC {sql.Dialect.Page}
            """,
            new
            {
                organization = Ids.ToBytes(organization), after, state = state is { } one ? Words.Text(one) : null, member = Rows.OptionalBytes(member),
                limit = limit + 1, offset = 0,
            });
        return Pages.Of(rows, limit, row => row.ToRequest(), row => row.Id);
    }

    public async Task<bool> DecideRequestAsync(ISession session, CapRequest decided) =>
        await SqlSession.Of(session).ExecuteAsync(
            "UPDATE cap_requests SET state = @state, decided_at = @at, decided_by = @DecidedBy WHERE id = @id AND state = 'pending'",
            new { id = Ids.ToBytes(decided.Id), state = Words.Text(decided.State), at = Rows.OptionalMicroseconds(decided.DecidedAt), decided.DecidedBy }) == 1;

    public async Task<IReadOnlyDictionary<string, long>> IncludedAsync(ISession session, OrganizationId organization) =>
        (await SqlSession.Of(session).QueryAsync<IncludedRow>(
            "SELECT tier, amount FROM included_limits WHERE organization_id = @organization ORDER BY tier_key", new { organization = Ids.ToBytes(organization) }))
        .ToDictionary(row => row.Tier, row => row.Amount);

    public async Task ReplaceIncludedAsync(ISession session, OrganizationId organization, IReadOnlyDictionary<string, long> limits)
    {
        var sql = SqlSession.Of(session);
        await sql.ExecuteAsync("DELETE FROM included_limits WHERE organization_id = @organization", new { organization = Ids.ToBytes(organization) });
        await sql.InsertAsync("included_limits", ["organization_id", "tier_key", "tier", "amount"], limits, limit =>
            [Ids.ToBytes(organization), TextKey.Exact(limit.Key), limit.Key, limit.Value]);
    }

    public async Task SetExtraUsageAsync(ISession session, OrganizationId organization, MemberId member, bool enabled)
    {
        var sql = SqlSession.Of(session);
        var parameters = new { organization = Ids.ToBytes(organization), member = Ids.ToBytes(member) };
        await sql.ExecuteAsync("DELETE FROM extra_usage_off WHERE member_id = @member", parameters);
        if (!enabled) await sql.ExecuteAsync("INSERT INTO extra_usage_off (member_id, organization_id) VALUES (@member, @organization)", parameters);
    }

    private static byte[] Ref(OrganizationId organization, CapSubject subject) => subject.Scope switch
    {
        CapScope.Tier => TextKey.Exact(subject.Tier!), CapScope.Individual => Ids.ToBytes(subject.Member!.Value), _ => Ids.ToBytes(organization),
    };

    private sealed record CapRow(
        byte[] Id, string Scope, byte[] Ref, string? Tier, string? Basis, long? Amount, string Currency, long Is_Set, long Changed_At, long Version)
    {
        public Cap ToCap()
        {
            var scope = Words.Parse<CapScope>(Scope);
            return new Cap(
                Rows.Id<CapId>(Id), new CapSubject(scope, Tier, scope == CapScope.Individual ? Rows.Id<MemberId>(Ref) : null), Rows.OptionalWord<CapBasis>(Basis),
                Amount, new Currency(Currency), Is_Set != 0, Instants.FromMicroseconds(Changed_At), Version);
        }
    }

    private static object?[] Key(OrganizationId organization, UsageStop stop) =>
    [
        Ids.ToBytes(organization), (long)stop.Counter.Period.Value, Words.Text(stop.Subject.Scope), Ref(organization, stop.Subject),
        CounterStore.Ref(organization, stop.Counter),
    ];

    private sealed record StopRow(long Period, string Scope, byte[] Ref, byte[] Counter_Ref, long Ends_At)
    {
        public UsageStop ToStop()
        {
            var (scope, period) = (Words.Parse<CapScope>(Scope), new UsagePeriod((int)Period));
            var tier = scope == CapScope.Tier ? Encoding.UTF8.GetString(Ref) : null;
            var counter = scope switch
            {
                CapScope.Organisation => new CounterKey(period, CounterKind.Organisation),
                CapScope.Tier when Ref.AsSpan().SequenceEqual(Counter_Ref) => new CounterKey(period, CounterKind.Tier, tier),
                _ => new CounterKey(period, CounterKind.Individual, null, Rows.Id<MemberId>(Counter_Ref)),
            };
            return new UsageStop(new CapSubject(scope, tier, scope == CapScope.Individual ? Rows.Id<MemberId>(Ref) : null), counter, Instants.FromMicroseconds(Ends_At));
        }
    }

    private sealed record IncludedRow(string Tier, long Amount);

    private sealed record RequestRow(
        byte[] Id, byte[] Organization_Id, byte[] Member_Id, long Amount, string Currency, string? Reason, string State, long Created_At, long? Decided_At,
        string? Decided_By)
    {
        public CapRequest ToRequest() => new(
            Rows.Id<CapRequestId>(Id), Rows.Id<OrganizationId>(Organization_Id), Rows.Id<MemberId>(Member_Id), Amount, new Currency(Currency), Reason,
            Words.Parse<CapRequestState>(State), Instants.FromMicroseconds(Created_At), Rows.OptionalInstant(Decided_At), Decided_By);
    }
}
