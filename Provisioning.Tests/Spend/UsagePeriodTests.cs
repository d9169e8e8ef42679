using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;
using Provisioning.Core.Spend;
using Provisioning.Core.Storage;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Spend;

/// <summary>Months of usage in the billing zone (rules CAP-9, USE-7; example E17), and where usage of a month that is over goes.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class UsagePeriodTests(string engine) : CoreTests(engine)
{
    private static readonly UsagePeriod February = new(202602), January = new(202601);

    [TestCase("Europe/Paris", "2026-04")]
    [TestCase("UTC", "2026-03")]
    [TestCase("America/Los_Angeles", "2026-03")]
    [TestCase("Pacific/Kiritimati", "2026-04")]
    public void E17_the_month_is_that_of_the_billing_zone(string zone, string month)
    {
        var instant = new DateTimeOffset(2026, 3, 31, 22, 30, 0, TimeSpan.Zero);
        Assert.That(UsagePeriod.Of(instant, TimeZoneInfo.FindSystemTimeZoneById(zone)).Text, Is.EqualTo(month));
    }

    [Test]
    public void CAP_9_a_month_ends_at_the_first_instant_of_the_next_one_in_the_zone()
    {
        var paris = TimeZoneInfo.FindSystemTimeZoneById("Europe/Paris");
        Assert.That(new UsagePeriod(202603).EndsAt(paris), Is.EqualTo(new DateTimeOffset(2026, 3, 31, 22, 0, 0, TimeSpan.Zero)), "summer time");
        Assert.That(new UsagePeriod(202612).EndsAt(paris), Is.EqualTo(new DateTimeOffset(2026, 12, 31, 23, 0, 0, TimeSpan.Zero)));
        Assert.That(new UsagePeriod(202612).Next.Text, Is.EqualTo("2027-01"));
    }

    [TestCase("2026-3")]
    [TestCase("2026-13")]
    [TestCase("1999-12")]
    [TestCase("")]
    [TestCase(null)]
    public void What_is_no_month_is_not_read(string? text) => Assert.That(UsagePeriod.TryParse(text, out _), Is.False);

    [Test]
    public async Task USE_7_usage_goes_on_the_invoice_of_its_month_until_that_is_closed_and_then_on_the_next()
    {
        var store = new UsagePeriodStore();
        var periods = new UsagePeriods(store, Stack.Time);
        var org = await Stack.OrganizationAsync(ProvisioningMode.Jit, (Standard, 10, 1));
        var ada = (await Stack.MemberAsync(org, "ada@x.example")).Member.Id;
        Assert.That(await LateAsync(February), Is.Zero, "its month has no row yet: nothing is closed");
        await CloseAsync(February);
        Assert.That(await LateAsync(February), Is.EqualTo(1));
        Assert.That(await BilledAsync(), Is.EqualTo(202603), "on the invoice of the running month");
        Assert.That(await LateAsync(January), Is.Zero);
        await CloseAsync(January);
        await new JournalRows(Stack).ExecuteAsync("UPDATE usage_periods SET state = 'draft' WHERE period = 202602 AND organization_id = @p0", Ids.ToBytes(org.Id));
        Assert.That(await LateAsync(January), Is.EqualTo(1));
        Assert.That(await Books.CountAsync(Stack, "SELECT COUNT(*) FROM usage_late WHERE billed_period = 202602 AND period = 202601"), Is.EqualTo(1), "the next to be issued");

        async Task<int> LateAsync(UsagePeriod period) => (await Stack.UnitAsync<int>(async scope => (await periods.PostAsync(
            scope, org, [new UsagePosting(period, ada, "m1", new TokenCounts(1, 1), new UsageCost(5))])).Count, org)).Value;
        Task<int> CloseAsync(UsagePeriod period) => new JournalRows(Stack).ExecuteAsync(
            "UPDATE usage_periods SET state = 'closed' WHERE period = @p0 AND organization_id = @p1", (long)period.Value, Ids.ToBytes(org.Id));
        Task<long> BilledAsync() => Books.CountAsync(Stack, "SELECT MAX(billed_period) FROM usage_late");
    }
}
