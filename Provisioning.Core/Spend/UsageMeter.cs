using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Spend;

/// <summary>A request to use a model.</summary>
/// <param name="Estimate">Tokens it will use at most, as far as the client knows; null: the model's default estimate is held (rule USE-10).</param>
public sealed record UsageRequest(MemberId Member, string Model, TokenCounts? Estimate);

/// <summary>The answer to an authorisation. A refusal is a normal answer.</summary>
/// <param name="Id">Null when refused.</param>
/// <param name="Held">In units of 1e-12.</param>
/// <param name="Denials">Every failing reason, the primary one first (rule USE-13).</param>
/// <param name="Remaining">What each applying cap leaves after this answer, in minor units, rounded down.</param>
public sealed record AuthorizationAnswer(
    AuthorizationId? Id, long Held, DateTimeOffset? ExpiresAt, IReadOnlyList<UsageDenial> Denials, string? Currency, IReadOnlyDictionary<CapScope, long> Remaining)
{
    public bool IsAllowed => Denials.Count == 0;
}

/// <summary>The answer to recorded usage.</summary>
/// <param name="IsDuplicate">It was recorded before, and is counted once (rule USE-5).</param>
public sealed record SettleAnswer(UsageEventId Id, long Cost, long Billed, bool IsUnpriced, bool IsDuplicate);

/// <summary>What is reported at the end of an authorised request.</summary>
/// <param name="Member">Needed only when the authorisation is unknown here (rule USE-12).</param>
/// <param name="Model">Null: that of the authorisation.</param>
public sealed record SettleRequest(MemberId? Member, string? Model, TokenCounts Tokens, DateTimeOffset? OccurredAt);

/// <summary>
/// Authorises usage before it happens, and settles it after (rules USE-9 to USE-14). Every unit locks the account of the organisation
/// first, decides on what it reads then, and writes with guarded statements, all or nothing.
/// </summary>
public sealed class UsageMeter(IDatabase database, UsageBooks books, CreditLedger credits, UsageRegister register, UsagePolicy policy, TimeProvider time)
{
    private readonly ICounterStore counters = books.Counters;
    private readonly IUsageStore usage = books.Usage;
    private readonly IPriceStore prices = books.Prices;

    /// <summary>Most expired holds that one unit gives back before it refuses.</summary>
    private const int MostExpired = 200;

    /// <summary>Most that one counter holds for requests under way: it stays within 64 bits.</summary>
    public static readonly UsageCost MostHeld = new(8_000_000 * UsageCost.PerOne);

    public Task<Outcome<AuthorizationAnswer>> AuthorizeAsync(OrganizationId organization, Actor actor, UsageRequest request, Idempotency? idempotency, CancellationToken cancel)
    {
        var (id, stamp) = (Ids.New<AuthorizationId>(time), WriteStamp.Of(time, idempotency));
        return database.WriteAsync(new WriteUnit<AuthorizationAnswer>(stamp.Unit, "usage.authorize", actor, stamp.Now, async scope =>
        {
            await counters.LockAsync(scope.Session, organization);
            var decided = await DecideAsync(scope, organization, id, request);
            // Money that is set aside for nobody any more refuses nobody (rule TIME-4).
            return decided is { IsOk: true, Value.IsAllowed: false } && await register.ExpireAsync(scope, organization, MostExpired) > 0
                ? await DecideAsync(scope, organization, id, request) : decided;
        }) { Organization = organization, RequestHash = stamp.RequestHash }, cancel);
    }

    /// <summary>Records what was used, whatever became of the authorisation (rules USE-11, USE-12). Again: the same answer, counted once.</summary>
    public Task<Outcome<SettleAnswer>> SettleAsync(Organization of, Actor actor, AuthorizationId id, SettleRequest request, Idempotency? idempotency, CancellationToken cancel)
    {
        var (organization, stamp, eventId) = (of.Id, WriteStamp.Of(time, idempotency), Ids.New<UsageEventId>(time));
        return database.WriteAsync(new WriteUnit<SettleAnswer>(stamp.Unit, "usage.settle", actor, stamp.Now, async scope =>
        {
            await counters.LockAsync(scope.Session, organization);
            var (hold, known) = await usage.FindSettlementAsync(scope.Session, organization, id);
            if ((hold?.Member ?? request.Member) is not { } member || (request.Model ?? hold?.Model) is not { } model)
                return new NotFound($"There is no authorisation {id}; to record its usage all the same, say 'memberId' and 'model'.");
            if (request.Member is { } said && said != member) return new InvalidValue($"'memberId' is not the member of the authorisation {id}.");
            var report = new UsageReport(UsageReport.OfAuthorizations, id.ToString(), member, model, request.Tokens, request.OccurredAt);
            if (known is not null) return report.IsSame(known) ? Answer(known, known.Id != eventId) : Conflicting(report);
            var occurred = request.OccurredAt ?? scope.Now;
            if (policy.Check(occurred, scope.Now) is { } outside) return outside;
            if (await counters.GroundAsync(scope.Session, organization, member, scope.Now) is not { } ground) return new NotFound($"There is no member {member}.");
            if (hold is not null) ground = ground with { Tier = hold.Tier };
            var price = await prices.FindAsync(scope.Session, organization, model, occurred);
            var rate = price ?? await prices.FindAsync(scope.Session, organization, ModelPrice.Fallback, occurred);
            if (!(rate is null ? (Outcome<UsageCost>)UsageCost.Zero : rate.CostOf(request.Tokens)).Try(out var cost, out var error)) return error;
            var held = hold is not null && await usage.EndHoldAsync(scope.Session, id, HoldState.Held, HoldState.Settled, scope.Now) ? hold : null;
            if (hold is not null && held is null) await usage.EndHoldAsync(scope.Session, id, hold.State, HoldState.Settled, scope.Now);
            var period = UsagePeriod.Of(occurred, ground.BillingZone);
            var split = AdmissionRules.SplitOfSettled(ground, cost, await IncludedAsync(scope, organization, ground, period, held));
            var recorded = new UsageEvent(
                eventId, organization, report.Source, report.EventId, member, ground.Tier, model, request.Tokens, occurred, period, cost, split.Billed,
                price is null, id, null, scope.Now);
            return (await register.EnterAsync(scope, of, ground, recorded, held)).Select(_ => Answer(recorded, false));
        }) { Organization = organization, RequestHash = stamp.RequestHash, IsRepeatable = true }, cancel);
    }

    /// <summary>Gives back what was set aside. Again, or after it expired: nothing more happens.</summary>
    public Task<Outcome<UsageHold>> ReleaseAsync(OrganizationId organization, Actor actor, AuthorizationId id, Idempotency? idempotency, CancellationToken cancel)
    {
        var stamp = WriteStamp.Of(time, idempotency);
        return database.WriteAsync(new WriteUnit<UsageHold>(stamp.Unit, "usage.release", actor, stamp.Now, async scope =>
        {
            await counters.LockAsync(scope.Session, organization);
            if (await usage.FindHoldAsync(scope.Session, organization, id) is not { } hold) return Missing(id);
            if (hold.State == HoldState.Settled) return new Conflict("authorization_settled", "The authorisation was settled; its usage is recorded and stays.");
            if (!await usage.EndHoldAsync(scope.Session, id, HoldState.Held, HoldState.Released, scope.Now)) return hold;
            await register.ReleaseAsync(scope, hold);
            return hold with { State = HoldState.Released };
        })
        {
            Organization = organization, RequestHash = stamp.RequestHash, Remember = _ => "",
            Recall = async (session, _) => await usage.FindHoldAsync(session, organization, id) is { } hold ? hold : Missing(id),
        }, cancel);
    }

    /// <summary>The authorisation as it stands, by time (rule TIME-4).</summary>
    public async Task<Outcome<UsageHold>> FindAsync(OrganizationId organization, AuthorizationId id, CancellationToken cancel) =>
        await database.ReadAsync(session => usage.FindHoldAsync(session, organization, id), cancel) is { } hold
            ? hold with { State = hold.StateAt(time.GetUtcNow()) } : Missing(id);

    private async Task<Outcome<AuthorizationAnswer>> DecideAsync(UnitScope scope, OrganizationId organization, AuthorizationId id, UsageRequest request)
    {
        if (await counters.GroundAsync(scope.Session, organization, request.Member, scope.Now) is not { } ground)
            return new NotFound($"There is no member {request.Member}.");
        var period = UsagePeriod.Of(scope.Now, ground.BillingZone);
        var rule = request.Estimate is null ? CreditRule.Overshoot : CreditRule.Estimate;
        var price = await prices.FindAsync(scope.Session, organization, request.Model, scope.Now);
        UsageCost? amount = null;
        if (price is not null)
        {
            if (!(request.Estimate is { } tokens ? price.CostOf(tokens) : (Outcome<UsageCost>)price.DefaultEstimate).Try(out var estimated, out var error)) return error;
            amount = estimated;
        }
        var keys = ground.Counters.ToDictionary(kind => kind, kind => ground.Counter(kind, period));
        var rows = await counters.ReadAsync(scope.Session, organization, period, ground.Tier, request.Member);
        var states = keys.ToDictionary(pair => pair.Key, pair => rows.GetValueOrDefault(pair.Value));
        var set = await books.Caps.OfAsync(scope.Session, organization, [ground.Tier], [request.Member]);
        var admission = AdmissionRules.Decide(ground, amount, rule, set, states);
        var denials = admission.Denials.ToList();
        var onCredits = ground.IsPrepaid ? admission.Split.Billed : UsageCost.Zero;
        if (ground.IsPrepaid && amount is not null)
        {
            var funded = denials.Count == 0
                ? onCredits.IsZero || await credits.HoldAsync(scope, organization, id.Value, onCredits, rule)
                : await AllowCreditsAsync(scope, organization, onCredits, rule);
            if (!funded) denials.Add(UsageDenial.CreditsExhausted);
        }
        if (denials.Count > 0)
            return new AuthorizationAnswer(null, 0, null, denials, ground.Currency?.Code, Remaining(admission, UsageCost.Zero));
        foreach (var (kind, before) in states)
        {
            var held = kind == CounterKind.Included ? admission.Split.Included : admission.Split.Billed;
            if (held.IsZero) continue;
            if (before.Held + held > MostHeld)
                return new Conflict("held_total_exceeded", $"At most {MostHeld} of the currency is set aside at once; settle or release what is under way.");
            await counters.SetAsync(scope.Session, organization, keys[kind], rows.ContainsKey(keys[kind]) ? before : null, before.Plus(UsageCost.Zero, held));
        }
        var hold = new UsageHold(
            id, organization, request.Member, ground.Tier, request.Model, period, admission.Split, onCredits, HoldState.Held, scope.Now, scope.Now + policy.HoldLife);
        await usage.InsertHoldAsync(scope.Session, hold);
        return new AuthorizationAnswer(id, hold.Split.Whole.Narrow, hold.ExpiresAt, [], ground.Currency?.Code, Remaining(admission, admission.Split.Billed));
    }

    /// <summary>What the hold would be refused for, when it is refused already: every reason is told (rule USE-13).</summary>
    private async Task<bool> AllowCreditsAsync(UnitScope scope, OrganizationId organization, UsageCost amount, CreditRule rule)
    {
        var available = (await books.Credits.FindAsync(scope.Session, organization))?.Available ?? UsageCost.Zero;
        return available > UsageCost.Zero && (rule == CreditRule.Overshoot || available >= amount);
    }

    private static Dictionary<CapScope, long> Remaining(Admission admission, UsageCost held) => admission.Caps.ToDictionary(
        standing => standing.Cap.Subject.Scope, standing => MinorOf(standing.Remaining - held, standing.Cap.Currency));

    /// <summary>Whole minor units, rounded down, at least nothing: never more than there is.</summary>
    internal static long MinorOf(UsageCost cost, Contracts.Currency currency) => (long)Int128.Min(long.MaxValue, Int128.Max(0, cost.Units) / (UsageCost.PerOne / currency.UnitsOfOne));

    /// <summary>What the member used of the seat's limit, without the hold that ends now.</summary>
    private async Task<CounterState> IncludedAsync(UnitScope scope, OrganizationId organization, UsageGround ground, UsagePeriod period, UsageHold? held)
    {
        if (!ground.IncludesUsage) return default;
        var key = ground.Counter(CounterKind.Included, period);
        var state = (await counters.ReadAsync(scope.Session, organization, period, ground.Tier, ground.Member)).GetValueOrDefault(key);
        return held is not null && held.Period == period ? state.Plus(UsageCost.Zero, UsageCost.Zero - held.Split.Included) : state;
    }

    internal static SettleAnswer Answer(UsageEvent recorded, bool duplicate) =>
        new(recorded.Id, recorded.Cost.Narrow, recorded.Billed.Narrow, recorded.IsUnpriced, duplicate);

    internal static Conflict Conflicting(UsageReport report) =>
        new("event_conflict", $"Other usage was recorded under event {report.EventId} of source {report.Source}; an event is reported once.");

    private static NotFound Missing(AuthorizationId id) => new($"There is no authorisation {id}.");
}
