using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Seats;
using Provisioning.Core.Spend;

namespace Provisioning.Core.Storage;

/// <summary>Accounts and counters of spending in SQL.</summary>
public sealed class CounterStore : ICounterStore
{
    /// <summary>What a counter is found by, and what is added to it.</summary>
    private static readonly string[] Keys = ["organization_id", "period", "scope", "ref"];

    private static readonly SumColumn[] Sums = [new("settled", "settled_whole")];

    /// <summary>How a counter is read; each kind by its whole key.</summary>
    private const string Columns = "SELECT period, scope, ref, settled, settled_whole, held FROM cap_counters WHERE organization_id = @organization AND period = ";

    private const string Ground =
        """
        SELECT m.id, m.state, s.status, COALESCE(s.tier, s.last_tier, '') AS tier, o.access_until, o.suspended_at, o.billing_zone, c.plan_model, c.funding,
            c.currency, u.cap_combination, u.extra_usage, x.member_id AS extra_off, l.amount AS included
        FROM members m
        JOIN organizations o ON o.id = m.organization_id
        LEFT JOIN member_seats s ON s.member_id = m.id
        LEFT JOIN contracts c ON c.organization_id = m.organization_id
            AND NOT EXISTS (SELECT 1 FROM contracts later WHERE later.organization_id = c.organization_id AND later.id > c.id)
        LEFT JOIN usage_accounts u ON u.organization_id = m.organization_id
        LEFT JOIN extra_usage_off x ON x.member_id = m.id
        LEFT JOIN included_limits l ON l.organization_id = m.organization_id AND l.tier = COALESCE(s.tier, s.last_tier)
        """;

    public async Task LockAsync(ISession session, OrganizationId organization)
    {
        var sql = SqlSession.Of(session);
        if (sql.Dialect.HasOneWriter) return; // the writer holds every lock there is
        var key = new { organization = Ids.ToBytes(organization) };
        if (await sql.ExecuteAsync("UPDATE usage_accounts SET touched = touched + 1 WHERE organization_id = @organization", key) == 0)
            await InsertAccountAsync(sql, UsageAccount.Standard(organization)); // two at once: a key conflict, and the second attempt finds the row
    }

    public async Task<UsageAccount> FindAccountAsync(ISession session, OrganizationId organization) =>
        (await SqlSession.Of(session).FindAsync<AccountRow>(
            "SELECT cap_combination, extra_usage, version FROM usage_accounts WHERE organization_id = @organization",
            new { organization = Ids.ToBytes(organization) }))?.ToAccount(organization) ?? UsageAccount.Standard(organization);

    public async Task SaveAccountAsync(ISession session, UsageAccount account)
    {
        var sql = SqlSession.Of(session);
        if (await sql.ExecuteAsync(
            "UPDATE usage_accounts SET cap_combination = @combination, extra_usage = @extra, version = @Version WHERE organization_id = @organization",
            Parameters(account)) == 0) await InsertAccountAsync(sql, account);
    }

    public Task<string> ZoneAsync(ISession session, OrganizationId organization) =>
        SqlSession.Of(session).ScalarAsync<string>("SELECT billing_zone FROM organizations WHERE id = @organization", new { organization = Ids.ToBytes(organization) });

    public async Task<UsageGround?> GroundAsync(ISession session, OrganizationId organization, MemberId member, DateTimeOffset now) =>
        (await SqlSession.Of(session).FindAsync<GroundRow>(
            $"{Ground} WHERE m.organization_id = @organization AND m.id = @member",
            new { organization = Ids.ToBytes(organization), member = Ids.ToBytes(member) }))?.ToGround(now);

    public async Task<IReadOnlyList<UsageGround>> GroundsAsync(
        ISession session, OrganizationId organization, IReadOnlyCollection<MemberId> members, DateTimeOffset now)
    {
        var rows = new List<GroundRow>(members.Count);
        foreach (var chunk in members.Chunk(500))
            rows.AddRange(await SqlSession.Of(session).QueryAsync<GroundRow>(
                $"{Ground} WHERE m.organization_id = @organization AND m.id IN @members",
                new { organization = Ids.ToBytes(organization), members = chunk.Select(Ids.ToBytes) }));
        return [.. rows.Select(row => row.ToGround(now))];
    }

    public async Task<IReadOnlyDictionary<CounterKey, CounterState>> ReadAsync(ISession session, OrganizationId organization, UsagePeriod period, string tier, MemberId member)
    {
        var rows = await SqlSession.Of(session).QueryAsync<CounterRow>(
            $"""
            {Columns} @period AND scope = 'organisation' AND ref = @organization
            UNION ALL {Columns} @period AND scope = 'tier' AND ref = @tier
            UNION ALL {Columns} @period AND scope = 'individual' AND ref = @member
            UNION ALL {Columns} @period AND scope = 'included' AND ref = @member
            """,
            new { organization = Ids.ToBytes(organization), period = (long)period.Value, tier = TextKey.Exact(tier), member = Ids.ToBytes(member) });
        var found = new Dictionary<CounterKey, CounterState>(rows.Count);
        foreach (var row in rows) found[row.ToKey(period, tier, member)] = row.ToState();
        return found;
    }

    public async Task<IReadOnlyDictionary<CounterKey, CounterState>> ReadAsync(ISession session, OrganizationId organization, IReadOnlyCollection<CounterKey> keys)
    {
        var found = new Dictionary<CounterKey, CounterState>();
        foreach (var group in keys.GroupBy(key => (key.Period, key.Kind))) // one for each month and kind
        {
            var of = group.Distinct().ToDictionary(key => Convert.ToHexString(Ref(organization, key)));
            foreach (var chunk in of.Values.Chunk(500))
                foreach (var row in await SqlSession.Of(session).QueryAsync<CounterRow>(
                    $"{Columns} @period AND scope = @scope AND ref IN @refs",
                    new
                    {
                        organization = Ids.ToBytes(organization), period = (long)group.Key.Period.Value, scope = Words.Text(group.Key.Kind),
                        refs = chunk.Select(key => Ref(organization, key)),
                    }))
                    found[of[Convert.ToHexString(row.Ref)]] = row.ToState();
        }
        return found;
    }

    public async Task SetAsync(ISession session, OrganizationId organization, CounterKey key, CounterState? before, CounterState after)
    {
        var (was, now) = ((before ?? default).Settled.Wide, after.Settled.Wide);
        var parameters = new
        {
            organization = Ids.ToBytes(organization), period = (long)key.Period.Value, scope = Words.Text(key.Kind), @ref = Ref(organization, key),
            settled = now.Part, whole = now.Whole, held = after.Held.Narrow, wasSettled = was.Part, wasWhole = was.Whole,
            wasHeld = (before ?? default).Held.Narrow,
        };
        // Read as it was added to: a column of units may hold more than a sum that is written whole.
        if (await SqlSession.Of(session).ExecuteAsync(before is null
            ? """
              INSERT INTO cap_counters (organization_id, period, scope, ref, settled, settled_whole, held)
              VALUES (@organization, @period, @scope, @ref, @settled, @whole, @held)
              """
            : """
              UPDATE cap_counters SET settled = @settled, settled_whole = @whole, held = @held
              WHERE organization_id = @organization AND period = @period AND scope = @scope AND ref = @ref AND held = @wasHeld
                AND settled = @wasSettled + (@wasWhole - settled_whole) * CAST(1000000000000 AS BIGINT)
              """, parameters) != 1) throw new UnitConflictException("A counter was changed meanwhile.");
    }

    public async Task AddAsync(
        ISession session, OrganizationId organization, IReadOnlyCollection<KeyValuePair<CounterKey, UsageCost>> settled, IReadOnlyDictionary<CounterKey, CounterState> before)
    {
        var sql = SqlSession.Of(session);
        var added = settled.Where(sum => !sum.Value.IsZero).ToLookup(sum => before.ContainsKey(sum.Key));
        var of = Ids.ToBytes(organization);
        if (await sql.AddAsync("cap_counters", Keys, Sums, [.. added[true]], Values) != added[true].Count())
            throw new UnitConflictException("A counter was changed meanwhile.");
        await sql.InsertAsync("cap_counters", [.. Keys, "settled", "settled_whole", "held"], [.. added[false]], sum => [.. Values(sum), 0L]);

        object?[] Values(KeyValuePair<CounterKey, UsageCost> sum) =>
            [of, (long)sum.Key.Period.Value, Words.Text(sum.Key.Kind), Ref(organization, sum.Key), sum.Value.Wide.Part, sum.Value.Wide.Whole];
    }

    public async Task GiveBackAsync(ISession session, OrganizationId organization, IReadOnlyCollection<UsageHold> holds)
    {
        var sql = SqlSession.Of(session);
        foreach (var (kind, sums) in ((CounterKind, IEnumerable<(CounterKey Key, UsageCost Amount)>)[])
        [
            (CounterKind.Organisation, holds.Select(hold => (new CounterKey(hold.Period, CounterKind.Organisation), hold.Split.Billed))),
            (CounterKind.Tier, holds.Select(hold => (new CounterKey(hold.Period, CounterKind.Tier, hold.Tier), hold.Split.Billed))),
        ])
            foreach (var group in sums.GroupBy(part => part.Key)) // one for each month and tier
                await sql.ExecuteAsync(
                    "UPDATE cap_counters SET held = held - @amount WHERE organization_id = @organization AND period = @period AND scope = @scope AND ref = @ref",
                    new
                    {
                        organization = Ids.ToBytes(organization), period = (long)group.Key.Period.Value, scope = Words.Text(kind), @ref = Ref(organization, group.Key),
                        amount = group.Aggregate(UsageCost.Zero, (sum, part) => sum + part.Amount).Narrow,
                    });
        foreach (var (scope, amount) in ((string, string)[])[("individual", "h.amount"), ("included", "h.included")])
            await sql.ExecuteAsync(
                $"""
                UPDATE cap_counters SET held = held - (
                    SELECT SUM({amount}) FROM usage_holds h WHERE h.id IN @ids AND h.member_id = cap_counters.ref AND h.period = cap_counters.period)
                WHERE organization_id = @organization AND period IN @periods AND scope = '{scope}' AND ref IN @members AND EXISTS (
                    SELECT 1 FROM usage_holds h WHERE h.id IN @ids AND h.member_id = cap_counters.ref AND h.period = cap_counters.period)
                """,
                new
                {
                    organization = Ids.ToBytes(organization), ids = holds.Select(hold => Ids.ToBytes(hold.Id)),
                    periods = holds.Select(hold => (long)hold.Period.Value).Distinct(), members = holds.Select(hold => hold.Member).Distinct().Select(Ids.ToBytes),
                });
    }

    public async Task<IReadOnlyDictionary<CounterKind, UsageCost>> OverdueAsync(
        ISession session, OrganizationId organization, UsagePeriod period, string tier, MemberId member, DateTimeOffset now)
    {
        var row = (await SqlSession.Of(session).FindAsync<OverdueRow>(
            """
            SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS organisation,
                CAST(COALESCE(SUM(CASE WHEN tier_key = @tier THEN amount ELSE 0 END), 0) AS BIGINT) AS tier,
                CAST(COALESCE(SUM(CASE WHEN member_id = @member THEN amount ELSE 0 END), 0) AS BIGINT) AS individual,
                CAST(COALESCE(SUM(CASE WHEN member_id = @member THEN included ELSE 0 END), 0) AS BIGINT) AS included
            FROM usage_holds WHERE organization_id = @organization AND state = 'held' AND expires_at <= @now AND period = @period
            """,
            new
            {
                organization = Ids.ToBytes(organization), tier = TextKey.Exact(tier), member = Ids.ToBytes(member), now = Instants.ToMicroseconds(now),
                period = (long)period.Value,
            }))!;
        return new Dictionary<CounterKind, UsageCost>
        {
            [CounterKind.Organisation] = new(row.Organisation), [CounterKind.Tier] = new(row.Tier), [CounterKind.Individual] = new(row.Individual),
            [CounterKind.Included] = new(row.Included),
        };
    }

    private static Task<int> InsertAccountAsync(SqlSession sql, UsageAccount account) =>
        sql.ExecuteAsync(
            """
            INSERT INTO usage_accounts (organization_id, cap_combination, extra_usage, version, touched)
            VALUES (@organization, @combination, @extra, @Version, 0)
            """, Parameters(account));

    private static object Parameters(UsageAccount account) => new
    {
        organization = Ids.ToBytes(account.Organization), combination = Words.Text(account.Combination), extra = Rows.Flag(account.ExtraUsage), account.Version,
    };

    /// <summary>The organisation, the name of the tier, or the member.</summary>
    internal static byte[] Ref(OrganizationId organization, CounterKey key) => key.Kind switch
    {
        CounterKind.Organisation => Ids.ToBytes(organization), CounterKind.Tier => TextKey.Exact(key.Tier!), _ => Ids.ToBytes(key.Member!.Value),
    };

    private sealed record AccountRow(string Cap_Combination, long Extra_Usage, long Version)
    {
        public UsageAccount ToAccount(OrganizationId organization) => new(organization, Words.Parse<CapCombination>(Cap_Combination), Extra_Usage != 0, Version);
    }

    private sealed record CounterRow(long Period, string Scope, byte[] Ref, long Settled, long Settled_Whole, long Held)
    {
        public CounterState ToState() => new(UsageCost.Of(Settled_Whole, Settled), new UsageCost(Held));

        public CounterKey ToKey(UsagePeriod period, string tier, MemberId member) => Words.Parse<CounterKind>(Scope) switch
        {
            CounterKind.Organisation => new CounterKey(period, CounterKind.Organisation),
            CounterKind.Tier => new CounterKey(period, CounterKind.Tier, tier),
            var kind => new CounterKey(period, kind, null, member),
        };
    }

    private sealed record OverdueRow(long Organisation, long Tier, long Individual, long Included);

    private sealed record GroundRow(
        byte[] Id, string State, string? Status, string Tier, long? Access_Until, long? Suspended_At, string Billing_Zone, string? Plan_Model, string? Funding,
        string? Currency, string? Cap_Combination, long? Extra_Usage, byte[]? Extra_Off, long? Included)
    {
        public UsageGround ToGround(DateTimeOffset now)
        {
            var currency = Currency is null ? null : new Currency(Currency);
            return new UsageGround(
                Rows.Id<MemberId>(Id), Words.Parse<MemberState>(State), Status == Words.Text(SeatStatus.Assigned), Tier,
                Suspended_At is null && (Access_Until is not { } until || Instants.ToMicroseconds(now) < until), Billing_Zone,
                Rows.OptionalWord<PlanModel>(Plan_Model), Rows.OptionalWord<Funding>(Funding), currency,
                Rows.OptionalWord<CapCombination>(Cap_Combination) ?? CapCombination.MostRestrictive, Extra_Usage is 1 && Extra_Off is null,
                currency is not null && Included is { } minor ? UsageCost.OfMinor(minor, currency) : UsageCost.Zero);
        }
    }
}
