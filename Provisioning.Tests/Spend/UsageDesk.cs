using System.Globalization;
using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Spend;
using Provisioning.Core.Storage;
using Provisioning.Tests.Contracts;
using Provisioning.Tests.Core;

namespace Provisioning.Tests.Spend;

/// <summary>Metering over a core stack, with a price table of one model, and a look into the books afterwards.</summary>
internal sealed class UsageDesk
{
    /// <summary>3.00 per million of input, 15.00 of output, 3.75 and 0.30 of the cache; 1.00 is held without an estimate.</summary>
    public const string Model = "m1";

    /// <summary>Tokens of input that cost 1.00 and are held so by an estimate: the model "unit" costs 1,000,000.00 per million.</summary>
    public const string Unit = "unit";

    public UsageDesk(CoreStack stack, UsagePolicy? policy = null)
    {
        Stack = stack;
        Contracts = new ContractDesk(stack);
        Books = new UsageBooks(new CounterStore(), new UsageStore(), new CapStore(), new PriceStore(), new CreditStore());
        Credits = new CreditLedger(Books.Credits, stack.Time);
        var limits = policy ?? UsagePolicy.Standard;
        Register = new UsageRegister(Books, new UsagePeriods(new UsagePeriodStore(), stack.Time), Credits, limits);
        Meter = new UsageMeter(stack.Database, Books, Credits, Register, limits, stack.Time);
        Ingestion = new UsageIngestion(stack.Database, Books, Register, limits, stack.Time);
        Expiry = new HoldExpiry(stack.Database, Books, Register, stack.Time);
        Resumption = new UsageResumption(stack.Database, Books, stack.Time);
        Caps = new CapBook(stack.Database, Books, Contracts.Contracts, stack.Seats, Register, stack.Time);
        Requests = new CapRequests(stack.Database, Books, Caps, Contracts.Contracts, stack.Time);
        Accounts = new UsageAccounts(stack.Database, Books, Contracts.Contracts, stack.Seats, stack.Time);
    }

    public CoreStack Stack { get; }
    public ContractDesk Contracts { get; }
    public UsageBooks Books { get; }
    public CreditLedger Credits { get; }
    public UsageRegister Register { get; }
    public UsageMeter Meter { get; }
    public UsageIngestion Ingestion { get; }
    public HoldExpiry Expiry { get; }
    public UsageResumption Resumption { get; }
    public CapBook Caps { get; }
    public CapRequests Requests { get; }
    public UsageAccounts Accounts { get; }

    public static Currency Usd { get; } = new("USD");

    /// <summary>An organisation with ten seats of each tier, a contract, and prices.</summary>
    public async Task<Organization> OrganizationAsync(Funding funding = Funding.Arrears, PlanModel plan = PlanModel.UsageMultiTier, string zone = "UTC", string start = "2026-01-01")
    {
        var organization = await Contracts.OrganizationAsync(zone);
        ContractDesk.Ok(await Contracts.SignAsync(organization, ContractDesk.New(
            start, 10, 10, change: conditions => conditions with { Funding = funding, PlanModel = plan })));
        await TestPrices.AddAsync(Stack.Database);
        return await Contracts.FindAsync(organization);
    }

    /// <summary>A member on a premium seat, unless said otherwise.</summary>
    public async Task<MemberId> MemberAsync(Organization organization, string name = "ada", string tier = CoreStack.Premium)
    {
        var member = (await Stack.MemberAsync(organization, name + "@" + organization.Slug + ".example")).Member.Id;
        if (tier != CoreStack.Premium) ContractDesk.Ok(await Stack.AdminAsync(organization, member, new MemberCommand.Seat(tier, false)));
        return member;
    }

    /// <summary>Buys nothing: gives credits as the operator does.</summary>
    public async Task GrantAsync(Organization organization, string amount)
    {
        var lot = new CreditLot(
            Ids.New<CreditLotId>(Stack.Time), organization.Id, CreditSource.Grant, null, Cost(amount), UsageCost.Zero, 0, null, Instants.Now(Stack.Time), null);
        ContractDesk.Ok(await Stack.UnitAsync<Done>(async scope =>
        {
            await Books.Credits.InsertLotAsync(scope.Session, lot);
            await Credits.OpenAsync(scope, lot);
            return default(Done);
        }, organization));
    }

    /// <summary>Asks for so many whole units of the currency; null: without an estimate, for which one unit is held.</summary>
    public async Task<AuthorizationAnswer> AskAsync(Organization organization, MemberId member, long? units, string model = Unit) =>
        ContractDesk.Ok(await Meter.AuthorizeAsync(
            organization.Id, CoreStack.Actor, new UsageRequest(member, model, units is { } tokens ? new TokenCounts(tokens, 0) : null), null, default));

    /// <summary>Asks and demands to be allowed.</summary>
    public async Task<AuthorizationId> AllowedAsync(Organization organization, MemberId member, long? units)
    {
        var answer = await AskAsync(organization, member, units);
        Assert.That(answer.Denials, Is.Empty);
        return answer.Id!.Value;
    }

    /// <summary>The reasons, the primary one first.</summary>
    public async Task<string> DeniedAsync(Organization organization, MemberId member, long? units, string model = Unit) =>
        string.Join(' ', (await AskAsync(organization, member, units, model)).Denials.Select(Words.Text));

    public async Task<SettleAnswer> SettleAsync(Organization organization, AuthorizationId id, long units, string? occurredAt = null) =>
        ContractDesk.Ok(await TrySettleAsync(organization, id, units, occurredAt));

    public Task<Outcome<SettleAnswer>> TrySettleAsync(Organization organization, AuthorizationId id, long units, string? occurredAt = null, MemberId? member = null, string? model = null) =>
        Meter.SettleAsync(organization, CoreStack.Actor, id, new SettleRequest(member, model, new TokenCounts(units, 0), occurredAt is null ? null : At(occurredAt)), null, default);

    /// <summary>Authorises and settles the same.</summary>
    public async Task SpendAsync(Organization organization, MemberId member, long units) =>
        await SettleAsync(organization, await AllowedAsync(organization, member, units), units);

    public async Task<IReadOnlyList<IngestedEvent>> ReportAsync(Organization organization, params UsageReport[] reports) =>
        ContractDesk.Ok(await Ingestion.RecordAsync(organization, CoreStack.Actor, reports, null, default));

    public static UsageReport Report(MemberId member, string eventId, long units, string? occurredAt = null, string model = Unit) =>
        new("worker", eventId, member, model, new TokenCounts(units, 0), occurredAt is null ? null : At(occurredAt));

    public async Task<Cap> CapAsync(Organization organization, CapSubject subject, string? amount, CapBasis? basis = null) =>
        ContractDesk.Ok(await Caps.SetAsync(
            organization.Id, CoreStack.Actor, new IfMatch((IReadOnlyList<long>?)null), new WantedCap(subject, basis, amount is null ? null : Minor(amount), Usd), default));

    public async Task RemoveCapAsync(Organization organization, CapSubject subject) =>
        ContractDesk.Ok(await Caps.RemoveAsync(organization.Id, CoreStack.Actor, new IfMatch((IReadOnlyList<long>?)null), subject, default));

    public async Task CombineAsync(Organization organization, CapCombination combination) =>
        ContractDesk.Ok(await Accounts.ChangeAsync(organization.Id, CoreStack.Actor, new IfMatch((IReadOnlyList<long>?)null), combination, null, default));

    /// <summary>settled + held of a counter, as text.</summary>
    public async Task<string> CounterAsync(Organization organization, UsagePeriod period, CounterKind kind, string? tier = null, MemberId? member = null)
    {
        var key = new CounterKey(period, kind, tier, member);
        var state = (await Stack.Database.ReadAsync(session => Books.Counters.ReadAsync(session, organization.Id, [key]), default)).GetValueOrDefault(key);
        return $"{state.Settled.Units / UsageCost.PerOne}+{state.Held.Units / UsageCost.PerOne}";
    }

    public async Task<UsageCost> BalanceAsync(Organization organization) =>
        (await Stack.Database.ReadAsync(session => Books.Credits.FindAsync(session, organization.Id), default))?.Balance ?? UsageCost.Zero;

    /// <summary>What was told of caps, oldest first: action, and percent or reason.</summary>
    public async Task<IReadOnlyList<string>> ToldAsync(Organization organization)
    {
        var page = await Stack.Database.ReadAsync(
            session => new AuditStore().ListAsync(session, organization.Id, new AuditQuery(null, null, null, null, 1000), default), default);
        return [.. page.Items.Reverse().Where(record => record.Action is "cap.threshold" or "usage.stopped" or "usage.resumed" or "usage.unpriced" or "usage.late")
            .Select(record => record.Action + (record.Action == "cap.threshold" ? " " + record.After!["percent"] : record.Reason is null ? "" : " " + record.Reason))];
    }

    public static UsageCost Cost(string amount) => UsageCost.TryParse(amount, UsageCost.MostAtOnce, out var cost) ? cost : throw new FormatException(amount);

    public static DateTimeOffset At(string instant) => DateTimeOffset.Parse(instant, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private static long Minor(string amount) => Usd.TryRead(amount, long.MaxValue, out var minor) ? minor : throw new FormatException(amount);

    /// <summary>Counters and rollups are the sums of events and holds; what is held of credits is what holds say.</summary>
    private static readonly (string Rule, string Sql)[] Rules =
    [
        ("settled of the organisation is the sum of its events", """
            SELECT COUNT(*) FROM cap_counters k WHERE k.scope = 'organisation' AND 0 <> COALESCE(
                (SELECT (k.settled_whole - SUM(e.billed / CAST(1000000000000 AS BIGINT))) * 1000000000000 + k.settled - SUM(e.billed % CAST(1000000000000 AS BIGINT))
                FROM usage_events e WHERE e.organization_id = k.organization_id AND e.period = k.period), k.settled + k.settled_whole)
            """),
        ("settled of a tier is the sum of its events", """
            SELECT COUNT(*) FROM cap_counters k WHERE k.scope = 'tier' AND 0 <> COALESCE(
                (SELECT (k.settled_whole - SUM(e.billed / CAST(1000000000000 AS BIGINT))) * 1000000000000 + k.settled - SUM(e.billed % CAST(1000000000000 AS BIGINT))
                FROM usage_events e WHERE e.organization_id = k.organization_id AND e.period = k.period AND e.tier_key = k.ref), k.settled + k.settled_whole)
            """),
        ("settled of a member is the sum of his events", """
            SELECT COUNT(*) FROM cap_counters k WHERE k.scope = 'individual' AND 0 <> COALESCE(
                (SELECT (k.settled_whole - SUM(e.billed / CAST(1000000000000 AS BIGINT))) * 1000000000000 + k.settled - SUM(e.billed % CAST(1000000000000 AS BIGINT))
                FROM usage_events e WHERE e.organization_id = k.organization_id AND e.period = k.period AND e.member_id = k.ref), k.settled + k.settled_whole)
            """),
        ("what a seat included is the sum of what was not billed", """
            SELECT COUNT(*) FROM cap_counters k WHERE k.scope = 'included' AND 0 <> COALESCE(
                (SELECT (k.settled_whole - SUM((e.cost - e.billed) / CAST(1000000000000 AS BIGINT))) * 1000000000000 + k.settled - SUM((e.cost - e.billed) % CAST(1000000000000 AS BIGINT))
                FROM usage_events e WHERE e.organization_id = k.organization_id AND e.period = k.period AND e.member_id = k.ref), k.settled + k.settled_whole)
            """),
        ("held of the organisation is the sum of its holds", """
            SELECT COUNT(*) FROM cap_counters k WHERE k.scope = 'organisation' AND k.held <> COALESCE(
                (SELECT SUM(h.amount) FROM usage_holds h WHERE h.organization_id = k.organization_id AND h.period = k.period AND h.state = 'held'), 0)
            """),
        ("held of a tier is the sum of its holds", """
            SELECT COUNT(*) FROM cap_counters k WHERE k.scope = 'tier' AND k.held <> COALESCE(
                (SELECT SUM(h.amount) FROM usage_holds h WHERE h.organization_id = k.organization_id AND h.period = k.period AND h.tier_key = k.ref AND h.state = 'held'), 0)
            """),
        ("held of a member is the sum of his holds", """
            SELECT COUNT(*) FROM cap_counters k WHERE k.scope = 'individual' AND k.held <> COALESCE(
                (SELECT SUM(h.amount) FROM usage_holds h WHERE h.organization_id = k.organization_id AND h.period = k.period AND h.member_id = k.ref AND h.state = 'held'), 0)
            """),
        ("held of what a seat includes is the sum of holds", """
            SELECT COUNT(*) FROM cap_counters k WHERE k.scope = 'included' AND k.held <> COALESCE(
                (SELECT SUM(h.included) FROM usage_holds h WHERE h.organization_id = k.organization_id AND h.period = k.period AND h.member_id = k.ref AND h.state = 'held'), 0)
            """),
        ("every event has its counters", """
            SELECT COUNT(*) FROM usage_events e WHERE e.billed > 0 AND NOT EXISTS (SELECT 1 FROM cap_counters k
                WHERE k.organization_id = e.organization_id AND k.period = e.period AND k.scope = 'individual' AND k.ref = e.member_id)
            """),
        ("a rollup is the sum of its events", """
            SELECT COUNT(*) FROM usage_rollups r WHERE 0 <> COALESCE((SELECT (r.billed_whole - SUM(e.billed / CAST(1000000000000 AS BIGINT))) * 1000000000000 + r.billed - SUM(e.billed % CAST(1000000000000 AS BIGINT))
                FROM usage_events e WHERE e.organization_id = r.organization_id AND e.period = r.period AND e.member_id = r.member_id
                AND e.tier_key = r.tier_key AND e.model_key = r.model_key), r.billed + r.billed_whole)
              OR 0 <> COALESCE((SELECT (r.cost_whole - SUM(e.cost / CAST(1000000000000 AS BIGINT))) * 1000000000000 + r.cost - SUM(e.cost % CAST(1000000000000 AS BIGINT))
                FROM usage_events e WHERE e.organization_id = r.organization_id AND e.period = r.period AND e.member_id = r.member_id
                AND e.tier_key = r.tier_key AND e.model_key = r.model_key), r.cost + r.cost_whole)
              OR r.events <> (SELECT COUNT(*) FROM usage_events e WHERE e.organization_id = r.organization_id
                AND e.period = r.period AND e.member_id = r.member_id AND e.tier_key = r.tier_key AND e.model_key = r.model_key)
            """),
        ("every event is in a rollup", """
            SELECT COUNT(*) FROM usage_events e WHERE NOT EXISTS (SELECT 1 FROM usage_rollups r WHERE r.organization_id = e.organization_id AND r.period = e.period
                AND r.member_id = e.member_id AND r.tier_key = e.tier_key AND r.model_key = e.model_key)
            """),
        ("what is held of credits is what holds say", """
            SELECT COUNT(*) FROM credit_accounts a WHERE a.held <> COALESCE(
                (SELECT SUM(h.credits) FROM usage_holds h WHERE h.organization_id = a.organization_id AND h.state = 'held'), 0)
            """),
        ("what was used of credits is the sum of billed events of who pays in advance", """
            SELECT COUNT(*) FROM credit_accounts a WHERE COALESCE((SELECT SUM(t.amount) FROM credit_transfers t WHERE t.organization_id = a.organization_id AND t.to_place = 'usage'), 0)
                <> COALESCE((SELECT SUM(e.billed) FROM usage_events e WHERE e.organization_id = a.organization_id), 0)
            """),
    ];

    public async Task CheckAsync(string when = "")
    {
        var broken = new List<string>();
        foreach (var (rule, sql) in Rules)
            if (await Provisioning.Tests.Core.Books.CountAsync(Stack, sql) > 0) broken.Add(rule);
        Assert.That(broken, Is.Empty, when);
    }
}

/// <summary>A fixture over a core stack with a desk for usage; the books of seats and of usage are checked after each test.</summary>
public abstract class UsageCore(string engine) : CoreTests(engine)
{
    protected static readonly UsagePeriod March = new(202603);

    private protected UsageDesk Desk { get; private set; } = null!;

    /// <summary>Each begins on the morning of 1 March 2026.</summary>
    [SetUp]
    public void OpenDesk()
    {
        Desk = new UsageDesk(Stack);
        Desk.Contracts.At("2026-03-01T09:00:00Z");
    }

    [TearDown]
    public Task CheckUsageAsync() => Desk is null ? Task.CompletedTask : Desk.CheckAsync();
}
