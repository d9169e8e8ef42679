using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Spend;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Spend;

/// <summary>Random interleavings of authorise, settle, release, expiry, reports and cap changes (rule TIME-5): the books agree after each.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class UsageModelTests(string engine) : UsageCore(engine)
{
    [Test]
    public async Task TIME_5_any_interleaving_keeps_counters_the_sum_of_their_events_and_no_estimate_passes_a_cap([Values(1, 2)] int seed)
    {
        var random = new Random(seed);
        var org = await Desk.OrganizationAsync(seed % 2 == 0 ? Funding.Prepaid : Funding.Arrears);
        if (seed % 2 == 0) await Desk.GrantAsync(org, "60");
        var people = new List<MemberId>();
        foreach (var name in (string[])["ada", "bob", "cyd"]) people.Add(await Desk.MemberAsync(org, name, name == "cyd" ? Standard : Premium));
        var holds = new List<(AuthorizationId Id, long Units)>();
        for (var step = 0; step < 60; step++)
        {
            var (member, units, at) = (people[random.Next(people.Count)], random.Next(1, 6), random.Next(Math.Max(1, holds.Count)));
            var when = $"seed {seed}, step {step}";
            switch (random.Next(10))
            {
                case < 4:
                    var answer = await Desk.AskAsync(org, member, units);
                    if (answer.Id is { } id) holds.Add((id, units));
                    foreach (var standing in Ok(await Desk.Caps.EffectiveAsync(org.Id, member, default)).Applying.Where(_ => answer.IsAllowed))
                        Assert.That(standing.Counter.Used, Is.LessThanOrEqualTo(standing.Limit), when + ": settled + held passed a cap");
                    break;
                case < 6 when holds.Count > 0:
                    await Desk.SettleAsync(org, holds[at].Id, holds[at].Units);
                    if (random.Next(2) == 0) Assert.That((await Desk.SettleAsync(org, holds[at].Id, holds[at].Units)).IsDuplicate, Is.True, when);
                    holds.RemoveAt(at);
                    break;
                case 6 when holds.Count > 0:
                    await Desk.Meter.ReleaseAsync(org.Id, CoreStack.Actor, holds[at].Id, null, default);
                    break;
                case 7:
                    await Desk.CapAsync(org, random.Next(3) switch { 0 => CapSubject.Organisation, 1 => CapSubject.Of(Premium), _ => CapSubject.Of(member) },
                        random.Next(20, 80) + ".00", CapBasis.Aggregate);
                    break;
                case 8:
                    await Desk.ReportAsync(org, UsageDesk.Report(member, "e" + (step / 12), 1), UsageDesk.Report(people[0], "f" + step, units));
                    break;
                default:
                    Stack.Time.Advance(TimeSpan.FromMinutes(8));
                    await Desk.Expiry.ExpireAsync(org.Id, CoreStack.Actor, null, default);
                    break;
            }
            if (step % 10 == 9) await Desk.CheckAsync(when);
        }
    }
}
