using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Spend;

/// <summary>What became of one event of a batch.</summary>
/// <param name="Id">Null when it was refused.</param>
public sealed record IngestedEvent(SettleAnswer? Recorded, Error? Error);

/// <summary>
/// Records usage that was not authorised before, many events in one unit (rules USE-5 to USE-8). Each event is recorded, known already, or
/// refused by itself; the number of statements does not grow with theirs.
/// </summary>
public sealed class UsageIngestion(IDatabase database, UsageBooks books, UsageRegister register, UsagePolicy policy, TimeProvider time)
{
    /// <summary>Most events at once.</summary>
    public const int Most = 1000;

    /// <param name="reports">At most <see cref="Most"/>.</param>
    public async Task<Outcome<IReadOnlyList<IngestedEvent>>> RecordAsync(
        Organization of, Actor actor, IReadOnlyList<UsageReport> reports, Idempotency? idempotency, CancellationToken cancel)
    {
        var (organization, stamp, batch) = (of.Id, WriteStamp.Of(time, idempotency), Ids.NewGuid(time));
        var ids = reports.Select(_ => Ids.New<UsageEventId>(time)).ToList();
        return await database.WriteAsync(new WriteUnit<IReadOnlyList<IngestedEvent>>(stamp.Unit, "usage.record", actor, stamp.Now, async scope =>
        {
            await books.Counters.LockAsync(scope.Session, organization);
            var ground = await ReadAsync(scope, organization, reports);
            var (answers, recorded) = (new List<IngestedEvent>(reports.Count), new List<UsageEvent>(reports.Count));
            for (var at = 0; at < reports.Count; at++)
            {
                var decided = Decide(scope, ground, reports[at], id: ids[at], batch, organization);
                answers.Add(decided.Answer);
                if (decided.Recorded is { } usage) recorded.Add(usage);
            }
            return (await register.EnterAsync(scope, of, recorded, ground.Members)).Select(_ => (IReadOnlyList<IngestedEvent>)answers);
        }) { Organization = organization, RequestHash = stamp.RequestHash, IsRepeatable = true }, cancel);
    }

    /// <summary>Everything that is asked of the database, in as many questions as there are kinds of things.</summary>
    private async Task<BatchGround> ReadAsync(UnitScope scope, OrganizationId organization, IReadOnlyList<UsageReport> reports)
    {
        var known = (await books.Usage.FindEventsAsync(scope.Session, organization, reports)).ToDictionary(item => (item.Source, item.EventId));
        var grounds = await books.Counters.GroundsAsync(scope.Session, organization, [.. reports.Select(report => report.Member).Distinct()], scope.Now);
        var prices = await books.Prices.OfAsync(scope.Session, organization, [.. reports.Select(report => report.Model).Distinct()]);
        var keys = grounds.Where(ground => ground.IncludesUsage)
            .SelectMany(ground => reports.Where(report => report.Member == ground.Member)
                .Select(report => ground.Counter(CounterKind.Included, UsagePeriod.Of(report.OccurredAt ?? scope.Now, ground.BillingZone)))).Distinct().ToList();
        var included = keys.Count == 0 ? [] : (await books.Counters.ReadAsync(scope.Session, organization, keys)).ToDictionary(pair => pair.Key, pair => pair.Value);
        return new BatchGround(known, grounds.ToDictionary(ground => ground.Member), prices, included);
    }

    private (IngestedEvent Answer, UsageEvent? Recorded) Decide(
        UnitScope scope, BatchGround batchGround, UsageReport report, UsageEventId id, Guid batch, OrganizationId organization)
    {
        if (batchGround.Known.TryGetValue((report.Source, report.EventId), out var before))
            return report.IsSame(before) ? (new IngestedEvent(UsageMeter.Answer(before, before.Id != id), null), null) : Refused(UsageMeter.Conflicting(report));
        var occurred = report.OccurredAt ?? scope.Now;
        if (policy.Check(occurred, scope.Now) is { } outside) return Refused(outside);
        if (!batchGround.Members.TryGetValue(report.Member, out var ground)) return Refused(new NotFound($"There is no member {report.Member}."));
        var price = batchGround.Prices.Find(report.Model, occurred);
        var rate = price ?? batchGround.Prices.Fallback(occurred);
        if (!(rate is null ? (Outcome<UsageCost>)UsageCost.Zero : rate.CostOf(report.Tokens)).Try(out var cost, out var error)) return Refused(error);
        var period = UsagePeriod.Of(occurred, ground.BillingZone);
        var key = ground.Counter(CounterKind.Included, period);
        var split = AdmissionRules.SplitOfSettled(ground, cost, batchGround.Included.GetValueOrDefault(key));
        if (ground.IncludesUsage) batchGround.Included[key] = batchGround.Included.GetValueOrDefault(key).Plus(split.Included, UsageCost.Zero);
        var recorded = new UsageEvent(
            id, organization, report.Source, report.EventId, report.Member, ground.Tier, report.Model, report.Tokens, occurred, period, cost, split.Billed,
            price is null, null, batch, scope.Now);
        batchGround.Known[(report.Source, report.EventId)] = recorded;
        return (new IngestedEvent(UsageMeter.Answer(recorded, false), null), recorded);

        static (IngestedEvent, UsageEvent?) Refused(Error error) => (new IngestedEvent(null, error), null);
    }

    /// <summary>Grows with the batch, so that an event that stands in it twice is counted once.</summary>
    private sealed record BatchGround(
        Dictionary<(string Source, string EventId), UsageEvent> Known, Dictionary<MemberId, UsageGround> Members, PriceList Prices,
        Dictionary<CounterKey, CounterState> Included);
}
