using NUnit.Framework;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Storage;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Core;

/// <summary>Jobs run on one node at a time (rule TIME-3, design D8); two stacks on one database are two nodes.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class LeaseTests(string engine)
{
    private const string Job = "job";
    private static readonly TimeSpan Life = TimeSpan.FromSeconds(15);

    private CoreStack one = null!;
    private CoreStack two = null!;
    private Leases first = null!;
    private Leases second = null!;
    private Organization org = null!;

    [SetUp]
    public async Task StartAsync()
    {
        one = await CoreStack.StartOnAsync(engine);
        two = one.Another();
        first = new Leases(one.Database, new LeaseStore(), one.Time, Life);
        second = new Leases(two.Database, new LeaseStore(), two.Time, Life);
        org = await one.ScimAsync();
    }

    [TearDown]
    public async Task StopAsync()
    {
        if (one is null) return; // ignored: no such engine here
        await two.DisposeAsync();
        await one.DisposeAsync();
    }

    [Test]
    public async Task TIME_3_one_node_holds_the_job_until_the_deadline_and_then_the_other_with_the_next_generation()
    {
        var held = (await first.HoldAsync(Job, null, default))!;
        Assert.That(held.Generation, Is.EqualTo(1));
        Assert.That(await second.HoldAsync(Job, null, default), Is.Null);
        one.Time.Advance(Life - TimeSpan.FromSeconds(1));
        Assert.That(await second.HoldAsync(Job, null, default), Is.Null);
        one.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.That((await second.HoldAsync(Job, null, default))!.Generation, Is.EqualTo(2));
        Assert.That(await first.HoldAsync(Job, held, default), Is.Null, "the first finds out by itself");
    }

    [Test]
    public async Task TIME_3_a_holder_that_lives_keeps_the_job_and_its_generation()
    {
        var held = await first.HoldAsync(Job, null, default);
        for (var i = 0; i < 10; i++)
        {
            one.Time.Advance(Life * 0.6);
            held = await first.HoldAsync(Job, held, default);
            Assert.That(held?.Generation, Is.EqualTo(1));
            Assert.That(await second.HoldAsync(Job, null, default), Is.Null);
        }
    }

    [Test]
    public async Task TIME_3_a_lease_given_back_is_free_at_once()
    {
        await first.ReleaseAsync((await first.HoldAsync(Job, null, default))!, default);
        Assert.That((await second.HoldAsync(Job, null, default))!.Generation, Is.EqualTo(2));
    }

    [Test]
    public async Task TIME_3_a_holder_with_a_slow_clock_cannot_act_after_it_lost_the_job()
    {
        var old = (await first.HoldAsync(Job, null, default))!;
        await one.Administration.DrainUnderAsync(old, org.Id, CoreStack.Actor, default);
        one.Time.Advance(Life * 2);
        var now = (await second.HoldAsync(Job, null, default))!;
        var before = await Books.CountAsync(one, "SELECT COUNT(*) FROM receipts");
        Assert.That(async () => await one.Administration.DrainUnderAsync(old, org.Id, CoreStack.Actor, default), Throws.InstanceOf<LeaseLostException>());
        Assert.That(async () => await one.Database.DeleteOldReceiptsAsync(CoreStack.Actor, old, default), Throws.InstanceOf<LeaseLostException>());
        Assert.That(await Books.CountAsync(one, "SELECT COUNT(*) FROM receipts"), Is.EqualTo(before), "nothing of the refused units is left");
        Assert.That((await two.Administration.DrainUnderAsync(now, org.Id, CoreStack.Actor, default)).IsOk, Is.True);
    }

    [Test]
    public async Task TIME_3_of_many_who_want_a_free_job_at_once_one_gets_it([Range(1, 5)] int generation)
    {
        for (var round = 1; round <= generation; round++)
        {
            var taken = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() =>
                new Leases((i % 2 == 0 ? one : two).Database, new LeaseStore(), one.Time, Life).HoldAsync(Job, null, default))));
            Assert.That(taken.Count(lease => lease is not null), Is.EqualTo(1));
            Assert.That(taken.Single(lease => lease is not null)!.Generation, Is.EqualTo(round));
            one.Time.Advance(Life * 2);
        }
    }
}
