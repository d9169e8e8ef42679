using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Spend;

/// <summary>A cap as an owner wants it.</summary>
/// <param name="Amount">Minor units of <paramref name="Currency"/>; null is unlimited, 0 blocks.</param>
public sealed record WantedCap(CapSubject Subject, CapBasis? Basis, long? Amount, Currency? Currency);

/// <summary>Where a member stands: every cap that applies, with what is left, and the one that stops first.</summary>
/// <param name="Binding">The one that would stop first; null: nothing limits.</param>
/// <param name="Included">What the seat includes, and what of it is used; null on plans without it.</param>
public sealed record EffectiveCaps(
    MemberId Member, UsagePeriod Period, DateTimeOffset ResetsAt, CapCombination Combination, IReadOnlyList<CapStanding> Applying, CapStanding? Binding,
    (UsageCost Limit, CounterState Used)? Included, bool ExtraUsage);

/// <summary>Sets, removes and shows caps (rules CAP-1 to CAP-7).</summary>
public sealed class CapBook(IDatabase database, UsageBooks books, IContractStore contracts, ISeatStore seats, UsageRegister register, TimeProvider time)
{
    public Task<Page<Cap>> ListAsync(OrganizationId organization, CapScope? scope, byte[]? after, int limit, CancellationToken cancel) =>
        database.ReadAsync(session => books.Caps.ListAsync(session, organization, scope, after, limit), cancel);

    public async Task<Outcome<Cap>> FindAsync(OrganizationId organization, CapSubject subject, CancellationToken cancel) =>
        await database.ReadAsync(session => books.Caps.FindAsync(session, organization, subject), cancel) is { IsSet: true } cap ? cap : Missing(subject);

    public Task<Outcome<Cap>> SetAsync(OrganizationId organization, Actor actor, IfMatch condition, WantedCap wanted, CancellationToken cancel) =>
        WriteAsync(organization, actor, scope => SetAsync(scope, organization, condition, wanted), cancel);

    public Task<Outcome<Cap>> RemoveAsync(OrganizationId organization, Actor actor, IfMatch condition, CapSubject subject, CancellationToken cancel) =>
        WriteAsync(organization, actor, async scope =>
        {
            await books.Counters.LockAsync(scope.Session, organization);
            if (await books.Caps.FindAsync(scope.Session, organization, subject) is not { IsSet: true } before) return Missing(subject);
            if (!condition.Accepts(before.Version)) return Stale(before.Version);
            return await SaveAsync(scope, organization, before, before with { IsSet = false, ChangedAt = scope.Now, Version = before.Version + 1 });
        }, cancel);

    /// <summary>Part of the caller's unit; locks the account.</summary>
    internal async Task<Outcome<Cap>> SetAsync(UnitScope scope, OrganizationId organization, IfMatch condition, WantedCap wanted)
    {
        await books.Counters.LockAsync(scope.Session, organization);
        var subject = wanted.Subject;
        if (subject.Scope == CapScope.Tier && wanted.Basis is null)
            return new Unprocessable("cap_basis_required", "'basis' is required for a tier: aggregate limits everybody of the tier together, per_member each by himself.");
        if (subject.Tier is { } tier && (await seats.PoolsAsync(scope.Session, organization)).All(pool => pool.Tier != tier))
            return new Unprocessable("unknown_tier", $"There is no tier {tier}.");
        if (subject.Member is { } member && await books.Counters.GroundsAsync(scope.Session, organization, [member], scope.Now) is not [{ State: not MemberState.Removed }])
            return new NotFound($"There is no member {member}.");
        if (!(await CurrencyAsync(scope.Session, organization, wanted.Currency)).Try(out var currency, out var error)) return error;
        if (wanted.Amount is { } amount && (Int128)amount > (Int128)Cap.Most * currency.UnitsOfOne)
            return new InvalidValue($"A cap is at most {Cap.Most} {currency.Code}; leave 'amount' null for no limit.");
        var before = await books.Caps.FindAsync(scope.Session, organization, subject);
        var version = before is { IsSet: true } ? before.Version : 0;
        if (!condition.Accepts(version)) return Stale(version);
        if (before is { IsSet: true } && before.Amount == wanted.Amount && before.Basis == wanted.Basis) return before;
        return await SaveAsync(scope, organization, before, new Cap(
            before?.Id ?? Ids.New<CapId>(time), subject, subject.Scope == CapScope.Tier ? wanted.Basis : null, wanted.Amount, currency, true, scope.Now, (before?.Version ?? 0) + 1));
    }

    /// <summary>Where a member stands now, by time (rules CAP-3, CAP-4, TIME-4).</summary>
    public async Task<Outcome<EffectiveCaps>> EffectiveAsync(OrganizationId organization, MemberId member, CancellationToken cancel)
    {
        var now = Instants.Now(time);
        return await database.ReadAsync<Outcome<EffectiveCaps>>(async session =>
        {
            if (await books.Counters.GroundsAsync(session, organization, [member], now) is not [var ground]) return new NotFound($"There is no member {member}.");
            var period = UsagePeriod.Of(now, ground.BillingZone);
            var keys = ground.Counters.ToDictionary(kind => kind, kind => ground.Counter(kind, period));
            var rows = await books.Counters.ReadAsync(session, organization, keys.Values);
            var overdue = await books.Counters.OverdueAsync(session, organization, period, ground.Tier, member, now);
            var states = keys.ToDictionary(pair => pair.Key, pair =>
                rows.GetValueOrDefault(pair.Value).Plus(UsageCost.Zero, UsageCost.Zero - overdue[pair.Key]));
            var applying = CapRules.Applying(await books.Caps.OfAsync(session, organization, [ground.Tier], [member]), ground.Combination, states);
            return new EffectiveCaps(
                member, period, period.Next.StartsAt(ground.BillingZone), ground.Combination, applying, CapRules.Binding(applying),
                ground.IncludesUsage ? (ground.Included, states[CounterKind.Included]) : null, ground.ExtraUsage);
        }, cancel);
    }

    /// <summary>Writes the cap, and tells what follows from it at once: a threshold it newly reaches, usage that stops or resumes (rules CAP-5, NOTI-4).</summary>
    private async Task<Cap> SaveAsync(UnitScope scope, OrganizationId organization, Cap? before, Cap after)
    {
        await books.Caps.SaveAsync(scope.Session, organization, before, after);
        scope.Record(organization, "cap.changed", after.Target, before is { IsSet: true } ? before.Describe() : null, after.Describe());
        // A cap per member of a tier is about many counters; what it newly stops is told when they ask.
        if (after.Basis == CapBasis.PerMember || before is { IsSet: true, Basis: CapBasis.PerMember }) return after;
        var zone = BillingZone.Of(await books.Counters.ZoneAsync(scope.Session, organization));
        var key = new CounterKey(UsagePeriod.Of(scope.Now, zone), after.Counter, after.Counter == CounterKind.Tier ? after.Subject.Tier : null, after.Subject.Member);
        var spent = (await books.Counters.ReadAsync(scope.Session, organization, [key])).GetValueOrDefault(key).Settled;
        await register.TellChangeAsync(scope, organization, before is { IsSet: true } ? before : null, after, key, spent, zone);
        return after;
    }

    /// <summary>Caps are counted in the currency of the contract; without one, in the one that is said.</summary>
    private async Task<Outcome<Currency>> CurrencyAsync(ISession session, OrganizationId organization, Currency? said)
    {
        var agreed = (await contracts.FindLatestAsync(session, organization))?.Conditions.Currency;
        if (agreed is not null && said is not null && agreed != said)
            return new InvalidValue($"The contract is in {agreed.Code}; so are its caps.");
        return (agreed ?? said) is { } currency ? currency : new Conflict("no_contract", "There is no contract yet, so no currency in which a cap could be counted.");
    }

    private Task<Outcome<Cap>> WriteAsync(OrganizationId organization, Actor actor, Func<UnitScope, Task<Outcome<Cap>>> run, CancellationToken cancel)
    {
        var stamp = WriteStamp.Of(time);
        return database.WriteAsync(new WriteUnit<Cap>(stamp.Unit, "cap.change", actor, stamp.Now, run) { Organization = organization }, cancel);
    }

    private static VersionConflict Stale(long version) => new(version == 0 ? "There is no such cap (any more)." : $"The cap was changed meanwhile; its version is \"{version}\" now.");

    private static NotFound Missing(CapSubject subject) => new($"There is no cap for {subject.Text}.");
}
