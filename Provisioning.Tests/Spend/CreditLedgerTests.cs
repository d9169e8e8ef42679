using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;
using Provisioning.Core.Spend;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Spend;

/// <summary>The double-entry ledger of prepaid credits (rules CRED-2 to CRED-4, USE-4, USE-10, USE-11; example E15).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class CreditLedgerTests(string engine) : CoreTests(engine)
{
    private CreditSteps desk = null!;
    private Organization org = null!;

    [SetUp]
    public async Task OpenAsync()
    {
        desk = new CreditSteps(Stack);
        org = await Stack.OrganizationAsync(ProvisioningMode.Jit, (Standard, 10, 1));
    }

    [TearDown]
    public Task CheckAsync() => desk is null ? Task.CompletedTask : desk.CheckAsync();

    [Test]
    public async Task E15_a_settle_overdraws_usage_stops_and_the_next_purchase_fills_the_gap_first()
    {
        Ok(await desk.GrantAsync(org, "5.00"));
        var hold = await desk.HoldAsync(org, "4.00");
        Assert.That(await desk.BalanceAsync(org), Is.EqualTo("5.000000 (4.000000)"));
        await desk.SettleAsync(org, hold, "4.00", "6.50");
        Assert.That(await desk.BalanceAsync(org), Is.EqualTo("-1.500000 (0.000000)"));
        Assert.That(await desk.HoldAsync(org, "0.01"), Is.Null, "USE-4: usage stops");
        Assert.That(await desk.HoldAsync(org, "0.01", CreditRule.Overshoot), Is.Null);
        Ok(await desk.GrantAsync(org, "100.00"));
        Assert.That(await desk.BalanceAsync(org), Is.EqualTo("98.500000 (0.000000)"));
        Assert.That(await desk.HoldAsync(org, "98.50"), Is.Not.Null, "resumes");
        Assert.That(await Stack.AuditAsync(org, org.Id.ToString()), Is.SupersetOf((string[])["credits.exhausted", "usage.stopped", "usage.resumed"]));
    }

    [Test]
    public async Task USE_10_an_estimate_must_be_covered_and_without_one_a_single_request_overshoots()
    {
        Ok(await desk.GrantAsync(org, "1.00"));
        Assert.That(await desk.HoldAsync(org, "1.000001"), Is.Null);
        Assert.That(await desk.HoldAsync(org, "0.90"), Is.Not.Null);
        Assert.That(await desk.HoldAsync(org, "0.20"), Is.Null, "only 0.10 is not held");
        Assert.That(await desk.HoldAsync(org, "0.20", CreditRule.Overshoot), Is.Not.Null, "one at the edge");
        Assert.That(await desk.HoldAsync(org, "0.20", CreditRule.Overshoot), Is.Null, "the next is refused");
        Assert.That(await desk.BalanceAsync(org), Is.EqualTo("1.000000 (1.100000)"), "a hold changes no balance");
    }

    [Test]
    public async Task CRED_3_credits_are_drawn_by_priority_then_earliest_expiry_then_oldest()
    {
        var soon = Stack.Time.GetUtcNow().AddDays(10);
        var last = Ok(await desk.GrantAsync(org, "1.00", priority: 1, expires: soon.AddDays(-5)));
        var oldest = Ok(await desk.GrantAsync(org, "1.00"));
        var newer = Ok(await desk.GrantAsync(org, "1.00"));
        var later = Ok(await desk.GrantAsync(org, "1.00", expires: soon.AddDays(1)));
        var first = Ok(await desk.GrantAsync(org, "1.00", expires: soon));
        Assert.That((await desk.GroundAsync(org)).Lots.Select(lot => lot.Id), Is.EqualTo((CreditLotId[])[first, later, oldest, newer, last]));
        await desk.SettleAsync(org, null, "0", "2.50");
        Assert.That((await desk.GroundAsync(org)).Lots.Select(lot => $"{lot.Id} {lot.Remaining}"),
            Is.EqualTo((string[])[$"{oldest} 0.500000", $"{newer} 1.000000", $"{last} 1.000000"]));
    }

    [Test]
    public async Task TIME_4_credits_past_their_time_serve_nobody_before_the_job_came_by()
    {
        Ok(await desk.GrantAsync(org, "5.00", expires: Stack.Time.GetUtcNow().AddDays(1)));
        Ok(await desk.GrantAsync(org, "1.00"));
        Stack.Time.Advance(TimeSpan.FromDays(2));
        Assert.That(await desk.HoldAsync(org, "2.00"), Is.Null);
        Assert.That(await desk.HoldAsync(org, "1.00"), Is.Not.Null);
        Assert.That(await desk.BalanceAsync(org), Is.EqualTo("1.000000 (1.000000)"));
        Assert.That(Ok(await desk.ExpireAsync(org)), Is.False, "the job finds nothing to do");
        Assert.That(await Stack.AuditAsync(org, org.Id.ToString()), Does.Contain("credits.expired"));
    }

    [Test]
    public async Task Credits_that_are_held_when_they_end_pay_for_what_they_were_held_for()
    {
        Ok(await desk.GrantAsync(org, "5.00", expires: Stack.Time.GetUtcNow().AddDays(1)));
        var hold = await desk.HoldAsync(org, "3.00");
        var other = await desk.HoldAsync(org, "1.00");
        Stack.Time.Advance(TimeSpan.FromDays(2));
        Assert.That(Ok(await desk.ExpireAsync(org)), Is.True);
        Assert.That(await desk.BalanceAsync(org), Is.EqualTo("4.000000 (4.000000)"), "what is not held ended");
        await desk.SettleAsync(org, hold, "3.00", "2.00");
        Assert.That(Ok(await desk.ExpireAsync(org)), Is.True);
        await desk.ReleaseAsync(org, other!.Value, "1.00");
        Assert.That(await desk.BalanceAsync(org), Is.EqualTo("1.000000 (0.000000)"));
        Assert.That(await desk.HoldAsync(org, "0.50"), Is.Null, "released after its time, it ends before it serves anybody");
        Assert.That(await desk.BalanceAsync(org), Is.EqualTo("0.000000 (0.000000)"));
    }

    [Test]
    public async Task USE_12_usage_without_any_credits_is_recorded()
    {
        await desk.SettleAsync(org, null, "0", "0.25");
        Assert.That(await desk.BalanceAsync(org), Is.EqualTo("-0.250000 (0.000000)"));
    }

    [Test]
    public async Task NOTI_5_credits_low_is_told_once_until_more_are_bought()
    {
        Ok(await desk.GrantAsync(org, "10.00"));
        foreach (var _ in Enumerable.Range(0, 3)) await desk.SettleAsync(org, null, "0", "3.10");
        await desk.SettleAsync(org, null, "0", "0.10");
        Assert.That((await Stack.AuditAsync(org, org.Id.ToString())).Count(action => action == "credits.low"), Is.EqualTo(1));
        Ok(await desk.GrantAsync(org, "10.00"));
        await desk.SettleAsync(org, null, "0", "9.60");
        Assert.That((await Stack.AuditAsync(org, org.Id.ToString())).Count(action => action == "credits.low"), Is.EqualTo(2));
    }

    /// <summary>64 clients, real parallel writers, one balance: what is granted fits, whatever the interleaving.</summary>
    [Test]
    public async Task USE_10_sixty_four_clients_share_one_balance_and_never_hold_more_than_there_is()
    {
        Ok(await desk.GrantAsync(org, "1.00"));
        var holds = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(() => desk.HoldAsync(org, "0.10"))));
        Assert.That(holds.Count(hold => hold is not null), Is.EqualTo(10));
        var granted = holds.OfType<Guid>().ToList();
        await Task.WhenAll(granted.Select((hold, at) => Task.Run(() => at % 2 == 0 ? desk.SettleAsync(org, hold, "0.10", "0.12") : desk.ReleaseAsync(org, hold, "0.10"))));
        Assert.That(await desk.BalanceAsync(org), Is.EqualTo("0.400000 (0.000000)"));
        var edge = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(() => desk.HoldAsync(org, "5.00", CreditRule.Overshoot))));
        Assert.That(edge.Count(hold => hold is not null), Is.EqualTo(1), "at most one overshoots");
    }

    /// <summary>Random commands against a model of three numbers; the books are checked by <see cref="CheckAsync"/>.</summary>
    [Test]
    public async Task I_10_any_run_of_commands_keeps_balances_and_journals_together([Values(1, 2, 3)] int seed)
    {
        var random = new Random(seed);
        long balance = 0, held = 0;
        var open = new List<(Guid Hold, long Cents)>();
        for (var step = 0; step < 40; step++)
        {
            var cents = random.Next(1, 300);
            var text = (cents / 100m).ToString(System.Globalization.CultureInfo.InvariantCulture);
            var at = open.Count == 0 ? -1 : random.Next(open.Count);
            switch (random.Next(5))
            {
                case 0:
                    Ok(await desk.GrantAsync(org, text, random.Next(2)));
                    balance += cents;
                    break;
                case 1 or 2:
                    var hold = await desk.HoldAsync(org, text);
                    Assert.That(hold is not null, Is.EqualTo(balance - held >= cents && balance - held > 0), $"seed {seed} step {step}");
                    if (hold is null) break;
                    held += cents;
                    open.Add((hold.Value, cents));
                    break;
                case 3 when at >= 0:
                    await desk.SettleAsync(org, open[at].Hold, (open[at].Cents / 100m).ToString(System.Globalization.CultureInfo.InvariantCulture), text);
                    held -= open[at].Cents;
                    balance -= cents;
                    open.RemoveAt(at);
                    break;
                case 4 when at >= 0:
                    await desk.ReleaseAsync(org, open[at].Hold, (open[at].Cents / 100m).ToString(System.Globalization.CultureInfo.InvariantCulture));
                    held -= open[at].Cents;
                    open.RemoveAt(at);
                    break;
            }
            var account = (await desk.GroundAsync(org)).Account;
            Assert.That((account.Balance.Narrow, account.Held.Narrow), Is.EqualTo((balance * (UsageCost.PerOne / 100), held * (UsageCost.PerOne / 100))), $"seed {seed} step {step}");
        }
    }
}
