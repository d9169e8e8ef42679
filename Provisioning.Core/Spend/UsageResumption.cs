using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Spend;

/// <summary>Usage that stopped at a cap in the month of its counter (rule CAP-5).</summary>
/// <param name="Counter">The spending that reached the cap.</param>
/// <param name="EndsAt">When the month is over.</param>
public sealed record UsageStop(CapSubject Subject, CounterKey Counter, DateTimeOffset EndsAt)
{
    public UsageDenial Denial => Subject.Scope switch
    {
        CapScope.Organisation => UsageDenial.OrganisationCap, CapScope.Tier => UsageDenial.TierCap, _ => UsageDenial.IndividualCap,
    };
}

/// <summary>
/// Tells, when a month is over, that usage goes on which had stopped at a monthly cap (rules CAP-5, NOTI-5). Caps decide by time: it goes
/// on whether or not this came by (rule TIME-4). Idempotent.
/// </summary>
public sealed class UsageResumption(IDatabase database, UsageBooks books, TimeProvider time)
{
    /// <summary>Most stops of one unit.</summary>
    private const int Most = 200;

    /// <summary>A round of the job (rule TIME-3).</summary>
    public async Task RunAsync(JobRound round, CancellationToken cancel) =>
        await round.EachAsync(await database.ReadAsync(session => books.Caps.WithStopsEndedAsync(session, Instants.Now(time), 100), cancel), async (organization, first) =>
        {
            for (var turn = first; turn is not null; turn = await round.MineAsync())
                if (!(await ResumeAsync(organization, turn.Actor, turn.Lease, cancel)).Try(out var ended, out _) || ended < Most) break;
        });

    /// <summary>Answers how many stops ended.</summary>
    public Task<Outcome<int>> ResumeAsync(OrganizationId organization, Actor actor, Lease? lease, CancellationToken cancel)
    {
        var stamp = WriteStamp.Of(time);
        return database.WriteAsync(new WriteUnit<int>(stamp.Unit, "usage.resume", actor, stamp.Now, async scope =>
        {
            await books.Counters.LockAsync(scope.Session, organization);
            var stops = await books.Caps.StopsEndedAsync(scope.Session, organization, scope.Now, Most);
            if (stops.Count == 0) return 0;
            var now = UsagePeriod.Of(scope.Now, BillingZone.Of(await books.Counters.ZoneAsync(scope.Session, organization)));
            var caps = (await books.Caps.OfAsync(
                scope.Session, organization, [.. stops.Select(stop => stop.Subject.Tier).OfType<string>().Distinct()],
                [.. stops.Select(stop => stop.Subject.Member).OfType<MemberId>().Distinct()])).ToDictionary(cap => cap.Subject);
            var keys = stops.ToDictionary(stop => stop, stop => stop.Counter with { Period = now });
            var counters = await books.Counters.ReadAsync(scope.Session, organization, [.. keys.Values.Distinct()]);
            await books.Caps.EndStopsAsync(scope.Session, organization, stops);
            foreach (var (stop, key) in keys)
            {
                var cap = caps.GetValueOrDefault(stop.Subject);
                // Blocked by a cap of nothing, or over the cap of the new month already: it has not gone on.
                if (cap?.Limit is { } limit && counters.GetValueOrDefault(key).Settled >= limit) continue;
                scope.Record(organization, "usage.resumed", new Target("cap", stop.Subject.Text), null, Facts(stop.Subject, cap, key), Words.Text(stop.Denial));
            }
            return stops.Count;
        }) { Organization = organization, Lease = lease }, cancel);
    }

    private static JsonObject Facts(CapSubject subject, Cap? cap, CounterKey key)
    {
        if (cap is not null) return UsageRegister.Facts(cap, key);
        var facts = new JsonObject { ["scope"] = Words.Text(subject.Scope), ["tier"] = subject.Tier, ["period"] = key.Period.Text };
        if (key.Member is { } member) facts["memberId"] = member.ToString();
        return facts;
    }
}
