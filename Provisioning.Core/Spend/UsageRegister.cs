using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Spend;

/// <summary>
/// Enters recorded usage: counters, rollups, credits, and what is told about caps. Part of a unit that has locked the account. Order of
/// locks: account, organisation, tier and individual counters, credits (rule TIME-2).
/// </summary>
public sealed class UsageRegister(UsageBooks books, UsagePeriods periods, CreditLedger credits, UsagePolicy policy)
{
    private readonly ICounterStore counters = books.Counters;
    private readonly IUsageStore usage = books.Usage;
    private readonly ICapStore caps = books.Caps;

    /// <summary>One event, and the hold that ends with it: what it set aside is given back.</summary>
    /// <param name="held">Still set aside; null when there is no hold, or it was given back before.</param>
    public async Task<Outcome<Done>> EnterAsync(UnitScope scope, Organization of, UsageGround ground, UsageEvent recorded, UsageHold? held)
    {
        var organization = of.Id;
        var settled = ground with { Tier = recorded.Tier };
        var keys = settled.Counters.Select(kind => settled.Counter(kind, recorded.Period)).ToList();
        var releases = held is null ? [] : Releases(held);
        var before = await counters.ReadAsync(scope.Session, organization, recorded.Period, recorded.Tier, recorded.Member);
        foreach (var key in keys)
        {
            var add = key.Kind == CounterKind.Included ? recorded.Included : recorded.Billed;
            releases.Remove(key, out var release);
            if (!add.IsZero || !release.IsZero) await counters.SetAsync(scope.Session, organization, key, Find(before, key), before.GetValueOrDefault(key).Plus(add, UsageCost.Zero - release));
        }
        // Of another month, or of what a seat included when it was held.
        await GiveBackAsync(scope, organization, releases);
        await usage.InsertEventsAsync(scope.Session, [recorded], scope.Actor);
        await usage.AddToRollupsAsync(scope.Session, organization, [recorded]);
        if ((ground.IsPrepaid || held is { Credits.IsZero: false }) && !(await credits.SettleAsync(
            scope, organization, recorded.Hold?.Value, held?.Credits ?? UsageCost.Zero, ground.IsPrepaid ? recorded.Billed : UsageCost.Zero)).Try(out _, out var refused)) return refused;
        if (!recorded.Billed.IsZero)
            await TellAsync(scope, of, await caps.OfAsync(scope.Session, organization, [recorded.Tier], [recorded.Member]),
                keys.ToDictionary(key => key, key => (Find(before, key) ?? default, recorded.Billed)), _ => recorded.Tier);
        await BillAsync(scope, of, ground, [recorded], before);
        return default(Done);
    }

    /// <summary>Events that were reported together: sums per counter, set by set.</summary>
    /// <param name="grounds">Of every member in it.</param>
    public async Task<Outcome<Done>> EnterAsync(
        UnitScope scope, Organization of, IReadOnlyList<UsageEvent> recorded, IReadOnlyDictionary<MemberId, UsageGround> grounds)
    {
        if (recorded.Count == 0) return default(Done);
        var organization = of.Id;
        var added = new Dictionary<CounterKey, UsageCost>();
        foreach (var item in recorded)
        {
            Add(new CounterKey(item.Period, CounterKind.Organisation), item.Billed);
            Add(new CounterKey(item.Period, CounterKind.Tier, item.Tier), item.Billed);
            Add(new CounterKey(item.Period, CounterKind.Individual, null, item.Member), item.Billed);
            if (!item.Included.IsZero) Add(new CounterKey(item.Period, CounterKind.Included, null, item.Member), item.Included);
        }
        var before = await counters.ReadAsync(scope.Session, organization, added.Keys);
        await counters.AddAsync(scope.Session, organization, [.. added.OrderBy(pair => pair.Key.Kind).ThenBy(pair => pair.Key.Period.Value)], before);
        await usage.InsertEventsAsync(scope.Session, recorded, scope.Actor);
        await usage.AddToRollupsAsync(scope.Session, organization, recorded);
        var ground = grounds.Values.First();
        var billed = recorded.Aggregate(UsageCost.Zero, (sum, item) => sum + item.Billed);
        if (ground.IsPrepaid && !(await credits.SettleAsync(scope, organization, null, UsageCost.Zero, billed)).Try(out _, out var refused)) return refused;
        var (tiers, members) = (recorded.Select(item => item.Tier).Distinct().ToList(), recorded.Select(item => item.Member).Distinct().ToList());
        await TellAsync(scope, of, await caps.OfAsync(scope.Session, organization, tiers, members),
            added.ToDictionary(pair => pair.Key, pair => (Find(before, pair.Key) ?? default, pair.Value)),
            member => grounds[member].Tier);
        await BillAsync(scope, of, ground, recorded, before);
        return default(Done);

        void Add(CounterKey key, UsageCost cost) => added[key] = added.GetValueOrDefault(key) + cost;
    }

    /// <summary>Gives back what is set aside, without any usage.</summary>
    public async Task ReleaseAsync(UnitScope scope, UsageHold held)
    {
        await GiveBackAsync(scope, held.Organization, Releases(held));
        await credits.ReleaseAsync(scope, held.Organization, held.Id.Value, held.Credits);
    }

    /// <summary>
    /// Ends holds past their time, at most <paramref name="limit"/>; answers how many. Their money is free again whether or not this came by
    /// (rule TIME-4): who would refuse a request calls it first.
    /// </summary>
    public async Task<int> ExpireAsync(UnitScope scope, OrganizationId organization, int limit)
    {
        var due = await usage.DueHoldsAsync(scope.Session, organization, scope.Now, limit);
        if (due.Count == 0) return 0;
        if (await usage.ExpireHoldsAsync(scope.Session, [.. due.Select(hold => hold.Id)], scope.Now) != due.Count)
            throw new UnitConflictException("A hold ended meanwhile.");
        await counters.GiveBackAsync(scope.Session, organization, due);
        foreach (var hold in due.Where(hold => !hold.Credits.IsZero))
            await credits.ReleaseAsync(scope, organization, hold.Id.Value, hold.Credits); // a journal each (rule CRED-2)
        return due.Count;
    }

    private async Task GiveBackAsync(UnitScope scope, OrganizationId organization, Dictionary<CounterKey, UsageCost> releases)
    {
        if (releases.Count == 0) return;
        var before = await counters.ReadAsync(scope.Session, organization, releases.Keys);
        foreach (var (key, amount) in releases.OrderBy(pair => pair.Key.Kind)) // one for each scope
            await counters.SetAsync(scope.Session, organization, key, Find(before, key), before.GetValueOrDefault(key).Plus(UsageCost.Zero, UsageCost.Zero - amount));
    }

    /// <summary>What a hold takes of which counter.</summary>
    public static Dictionary<CounterKey, UsageCost> Releases(UsageHold held)
    {
        var releases = new Dictionary<CounterKey, UsageCost>();
        if (!held.Split.Billed.IsZero)
        {
            releases[new CounterKey(held.Period, CounterKind.Organisation)] = held.Split.Billed;
            releases[new CounterKey(held.Period, CounterKind.Tier, held.Tier)] = held.Split.Billed;
            releases[new CounterKey(held.Period, CounterKind.Individual, null, held.Member)] = held.Split.Billed;
        }
        if (!held.Split.Included.IsZero) releases[new CounterKey(held.Period, CounterKind.Included, null, held.Member)] = held.Split.Included;
        return releases;
    }

    /// <summary>Thresholds that the sums crossed (rule NOTI-4), and that usage stops at a cap (rule NOTI-5).</summary>
    private async Task TellAsync(
        UnitScope scope, Organization of, IReadOnlyList<Cap> set, Dictionary<CounterKey, (CounterState Before, UsageCost Added)> changes, Func<MemberId, string> tierOf)
    {
        var ofMembers = changes.Keys.Where(key => key.Kind == CounterKind.Individual).ToLookup(key => key.Member!.Value);
        foreach (var cap in set.Where(cap => cap.Limit is not null))
        {
            var keys = cap.Subject switch
            {
                { Member: { } member } => ofMembers[member],
                { Tier: { } tier } when cap.Basis == CapBasis.PerMember => ofMembers.Where(keys => tierOf(keys.Key) == tier).SelectMany(keys => keys),
                var subject => changes.Keys.Where(key => key.Kind == cap.Counter && key.Tier == subject.Tier),
            };
            foreach (var key in keys)
                await TellAsync(scope, of, cap, key, changes[key].Before.Settled, changes[key].Before.Settled + changes[key].Added);
        }
    }

    private async Task TellAsync(UnitScope scope, Organization of, Cap cap, CounterKey key, UsageCost before, UsageCost after)
    {
        foreach (var percent in CapRules.Crossed(policy.Thresholds, cap.Limit!.Value, before, after))
            await TellThresholdAsync(scope, of.Id, cap, key, percent, after);
        // Late usage stops nothing: its month is over.
        if (before < cap.Limit && after >= cap.Limit && key.Period >= UsagePeriod.Of(scope.Now, BillingZone.Of(of.BillingZone)))
            await StopAsync(scope, of.Id, cap, key, BillingZone.Of(of.BillingZone));
    }

    private async Task StopAsync(UnitScope scope, OrganizationId organization, Cap cap, CounterKey key, TimeZoneInfo zone)
    {
        await caps.InsertStopAsync(scope.Session, organization, new UsageStop(cap.Subject, key, key.Period.EndsAt(zone)));
        scope.Record(organization, "usage.stopped", cap.Target, null, Facts(cap, key), Words.Text(cap.Denial));
    }

    /// <summary>
    /// A changed cap reaches thresholds that the one before had not reached, stops usage, or lets it go on. Raising a cap tells nothing of
    /// thresholds: those below the new ratio were passed, those above are told when they are (rule NOTI-4).
    /// </summary>
    internal async Task TellChangeAsync(UnitScope scope, OrganizationId organization, Cap? before, Cap after, CounterKey key, UsageCost spent, TimeZoneInfo zone)
    {
        var limit = after.IsSet ? after.Limit : null;
        if (limit is { IsZero: false } most)
            foreach (var percent in policy.Thresholds.Where(percent => CapRules.IsReached(percent, most, spent) && !(before?.Limit is { } old && CapRules.IsReached(percent, old, spent))))
                await TellThresholdAsync(scope, organization, after, key, percent, spent);
        var (stood, stands) = (before?.Limit is { } was && spent >= was, limit is { } now && spent >= now);
        if (stands && !stood) await StopAsync(scope, organization, after, key, zone);
        if (!stood || stands) return;
        await caps.EndStopsAsync(scope.Session, organization, [new UsageStop(after.Subject, key, key.Period.EndsAt(zone))]);
        scope.Record(organization, "usage.resumed", after.Target, null, Facts(after, key), Words.Text(after.Denial));
    }

    private async Task TellThresholdAsync(UnitScope scope, OrganizationId organization, Cap cap, CounterKey key, int percent, UsageCost spent)
    {
        await caps.InsertAlertAsync(scope.Session, organization, cap, key, percent, scope.Now);
        var facts = Facts(cap, key);
        facts["percent"] = percent;
        facts["spent"] = spent.Text();
        scope.Record(organization, "cap.threshold", cap.Target, null, facts);
    }

    internal static JsonObject Facts(Cap cap, CounterKey key)
    {
        var facts = cap.Describe();
        facts["period"] = key.Period.Text;
        if (key.Member is { } member) facts["memberId"] = member.ToString();
        return facts;
    }

    /// <summary>
    /// What is paid in arrears goes on the invoice of its month, or later (rules USE-3, USE-7). Owners hear, once per unit, of unknown models
    /// (rule PRICE-3) and of usage that missed its invoice.
    /// </summary>
    private async Task BillAsync(
        UnitScope scope, Organization of, UsageGround ground, IReadOnlyList<UsageEvent> recorded, IReadOnlyDictionary<CounterKey, CounterState> before)
    {
        if (recorded.Any(item => item.IsUnpriced))
            scope.Record(of.Id, "usage.unpriced", Target.Organization(of.Id), null, Summary([.. recorded.Where(item => item.IsUnpriced)]));
        if (ground.IsPrepaid || ground.Plan is null) return;
        foreach (var month in recorded.Select(item => item.Period).Distinct().Where(month => Find(before, new CounterKey(month, CounterKind.Organisation)) is not { Settled.IsZero: false }))
            await periods.OpenAsync(scope, of, month);
        var late = await periods.PostAsync(scope, of, [.. recorded.Select(item => new UsagePosting(item.Period, item.Member, item.Model, item.Tokens, item.Billed))]);
        foreach (var month in late.GroupBy(item => item.Period))
            scope.Record(of.Id, "usage.late", Target.Organization(of.Id), null, new JsonObject
            {
                ["period"] = month.Key.Text, ["events"] = month.Count(), ["cost"] = month.Aggregate(UsageCost.Zero, (sum, item) => sum + item.Cost).Text(),
            });
    }

    private static JsonObject Summary(IReadOnlyList<UsageEvent> recorded) => new()
    {
        ["events"] = recorded.Count, ["cost"] = recorded.Aggregate(UsageCost.Zero, (sum, item) => sum + item.Cost).Text(),
        ["models"] = new JsonArray([.. recorded.Select(item => item.Model).Distinct().Take(20).Select(model => JsonValue.Create(model))]),
    };

    private static CounterState? Find(IReadOnlyDictionary<CounterKey, CounterState> before, CounterKey key) =>
        before.TryGetValue(key, out var state) ? state : null;
}
