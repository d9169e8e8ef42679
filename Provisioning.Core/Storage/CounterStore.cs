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
    public async Task<UsageAccount> LockAsync(ISession session, OrganizationId organization)
    {
        var sql = SqlSession.Of(session);
        if (await sql.ExecuteAsync("UPDATE usage_accounts SET touched = touched + 1 WHERE organization_id = @organization", new { organization = Ids.ToBytes(organization) }) == 1)
            return await FindAccountAsync(session, organization);
        var account = UsageAccount.Standard(organization); // two at once: a key conflict, and the second attempt finds the row
        await sql.ExecuteAsync(
            """
            INSERT INTO usage_accounts (organization_id, cap_combination, extra_usage, version, touched)
            VALUES (@organization, @combination, @extra, @Version, 0)
            """,
            new
            {
                organization = Ids.ToBytes(organization), combination = Words.Text(account.Combination), extra = Rows.Flag(account.ExtraUsage), account.Version,
            });
        return account;
    }

    public async Task<UsageAccount> FindAccountAsync(ISession session, OrganizationId organization) =>
        (await SqlSession.Of(session).FindAsync<AccountRow>(
            "SELECT cap_combination, extra_usage, version FROM usage_accounts WHERE organization_id = @organization",
            new { organization = Ids.ToBytes(organization) }))?.ToAccount(organization) ?? UsageAccount.Standard(organization);

    public Task UpdateAccountAsync(ISession session, UsageAccount account) =>
        SqlSession.Of(session).ExecuteAsync(
            "UPDATE usage_accounts SET cap_combination = @combination, extra_usage = @extra, version = @Version WHERE organization_id = @organization",
            new
            {
                organization = Ids.ToBytes(account.Organization), combination = Words.Text(account.Combination), extra = Rows.Flag(account.ExtraUsage), account.Version,
            });

    public Task<string> ZoneAsync(ISession session, OrganizationId organization) =>
        SqlSession.Of(session).ScalarAsync<string>("SELECT billing_zone FROM organizations WHERE id = @organization", new { organization = Ids.ToBytes(organization) });

    public async Task<IReadOnlyList<UsageGround>> GroundsAsync(
        ISession session, OrganizationId organization, IReadOnlyCollection<MemberId> members, DateTimeOffset now)
    {
        var rows = new List<GroundRow>(members.Count);
        foreach (var chunk in members.Chunk(500))
            rows.AddRange(await SqlSession.Of(session).QueryAsync<GroundRow>(
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
                WHERE m.organization_id = @organization AND m.id IN @members
                """, new { organization = Ids.ToBytes(organization), members = chunk.Select(Ids.ToBytes) }));
        return [.. rows.Select(row => row.ToGround(now))];
    }

    public async Task<IReadOnlyDictionary<CounterKey, CounterState>> ReadAsync(ISession session, OrganizationId organization, IReadOnlyCollection<CounterKey> keys)
    {
        var of = keys.ToLookup(key => (key.Period.Value, Words.Text(key.Kind), Convert.ToHexString(Ref(organization, key))));
        var found = new Dictionary<CounterKey, CounterState>();
        foreach (var chunk in keys.Chunk(500))
            foreach (var row in await SqlSession.Of(session).QueryAsync<CounterRow>(
                """
                SELECT period, scope, ref, settled, held FROM cap_counters
                WHERE organization_id = @organization AND period IN @periods AND scope IN @scopes AND ref IN @refs
                """,
                new
                {
                    organization = Ids.ToBytes(organization), periods = chunk.Select(key => (long)key.Period.Value).Distinct(),
                    scopes = chunk.Select(key => Words.Text(key.Kind)).Distinct(), refs = chunk.Select(key => Ref(organization, key)),
                }))
                foreach (var key in of[((int)row.Period, row.Scope, Convert.ToHexString(row.Ref))])
                    found[key] = new CounterState(new UsageCost(row.Settled), new UsageCost(row.Held));
        return found;
    }

    public async Task AddAsync(
        ISession session, OrganizationId organization, CounterKey key, CounterState? before, UsageCost settled, UsageCost held, UsageCost room)
    {
        var parameters = new
        {
            organization = Ids.ToBytes(organization), period = (long)key.Period.Value, scope = Words.Text(key.Kind), @ref = Ref(organization, key),
            settled = settled.Units, held = held.Units, room = room.Units,
        };
        if (before is null && room >= UsageCost.Zero)
        {
            await SqlSession.Of(session).ExecuteAsync(
                "INSERT INTO cap_counters (organization_id, period, scope, ref, settled, held) VALUES (@organization, @period, @scope, @ref, @settled, @held)", parameters);
            return;
        }
        if (await SqlSession.Of(session).ExecuteAsync(
            """
            UPDATE cap_counters SET settled = settled + @settled, held = held + @held
            WHERE organization_id = @organization AND period = @period AND scope = @scope AND ref = @ref AND settled + held <= @room
            """, parameters) != 1) throw new UnitConflictException("A counter was changed meanwhile.");
    }

    public async Task AddBatchAsync(
        ISession session, OrganizationId organization, Guid batch, IReadOnlyCollection<UsagePeriod> periods, IReadOnlyCollection<MemberId> members)
    {
        foreach (var (scope, amount) in ((string, string)[])[("individual", "e.billed"), ("included", "e.cost - e.billed")])
        {
            var parameters = new
            {
                organization = Ids.ToBytes(organization), batch = batch.ToByteArray(bigEndian: true), periods = periods.Select(period => (long)period.Value),
                members = members.Select(Ids.ToBytes),
            };
            await SqlSession.Of(session).ExecuteAsync(
                $"""
                INSERT INTO cap_counters (organization_id, period, scope, ref, settled, held)
                SELECT DISTINCT e.organization_id, e.period, '{scope}', e.member_id, 0, 0 FROM usage_events e
                WHERE e.batch_id = @batch AND {amount} > 0 AND NOT EXISTS (
                    SELECT 1 FROM cap_counters k
                    WHERE k.organization_id = e.organization_id AND k.period = e.period AND k.scope = '{scope}' AND k.ref = e.member_id)
                """, parameters);
            await SqlSession.Of(session).ExecuteAsync(
                $"""
                UPDATE cap_counters SET settled = settled + (
                    SELECT SUM({amount}) FROM usage_events e WHERE e.batch_id = @batch AND e.member_id = cap_counters.ref AND e.period = cap_counters.period)
                WHERE organization_id = @organization AND period IN @periods AND scope = '{scope}' AND ref IN @members AND EXISTS (
                    SELECT 1 FROM usage_events e WHERE e.batch_id = @batch AND e.member_id = cap_counters.ref AND e.period = cap_counters.period)
                """, parameters);
        }
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
                        amount = group.Aggregate(UsageCost.Zero, (sum, part) => sum + part.Amount).Units,
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

    /// <summary>The organisation, the name of the tier, or the member.</summary>
    internal static byte[] Ref(OrganizationId organization, CounterKey key) => key.Kind switch
    {
        CounterKind.Organisation => Ids.ToBytes(organization), CounterKind.Tier => TextKey.Exact(key.Tier!), _ => Ids.ToBytes(key.Member!.Value),
    };

    private sealed record AccountRow(string Cap_Combination, long Extra_Usage, long Version)
    {
        public UsageAccount ToAccount(OrganizationId organization) => new(organization, Words.Parse<CapCombination>(Cap_Combination), Extra_Usage != 0, Version);
    }

    private sealed record CounterRow(long Period, string Scope, byte[] Ref, long Settled, long Held);

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
                currency is not null && Included is { } minor ? UsageCost.OfMinor(minor, currency) ?? UsageCost.Zero : UsageCost.Zero);
        }
    }
}
