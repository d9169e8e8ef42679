using System.Globalization;
using NUnit.Framework;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Notifications;

/// <summary>Delivery across processes: at least once and in order when a node is killed in between, once while all live (design D8, rule TIME-3).</summary>
public sealed class DeliveryNodesTests
{
    private const string SoonAgain = "Delivery:RetrySeconds=1";

    [TestCase(TestDatabase.Sqlite)]
    [TestCase(TestDatabase.PostgreSql)]
    public async Task D8_a_node_killed_between_sending_and_writing_it_down_sends_again_and_in_order(string engine)
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var node = await ServiceProcess.StartAsync(engine, 40, 10, "Jobs:LeaseSeconds=3", SoonAgain);
        var (never, count) = (new TaskCompletionSource<int>(), 0);
        receiver.Answer("/hook", _ => Interlocked.Increment(ref count) == 3 ? never.Task : Task.FromResult(204));
        var organization = await node.DemoAsync();
        (await organization.Owner.Post("/webhooks", new { url = receiver.Url("/hook") })).Expect(201);
        for (var i = 0; i < 4; i++) await organization.PushAsync("before" + i.ToString(CultureInfo.InvariantCulture));
        var interrupted = (await receiver.UntilAsync("/hook", got => got.Count == 3))[2];
        await node.KillAsync();
        never.SetResult(204);
        await node.RestartAsync();
        organization = await node.DemoAsync();
        await organization.PushAsync("after");
        var got = await receiver.UntilAsync("/hook", got => got.Any(request => request.Type == "seat.assigned" && request.Sequence > interrupted.Sequence + 6));
        Assert.That(got.Count(request => request.Id == interrupted.Id), Is.EqualTo(2), "the receiver knows it by its id");
        ExpectComplete(got);
    }

    [Test]
    public async Task TIME_3_two_nodes_send_each_event_once_and_go_on_in_order_when_the_sending_one_stops()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var one = await ServiceProcess.StartAsync(TestDatabase.PostgreSql, 60, 10, SoonAgain);
        await using var two = await one.AnotherAsync();
        var (here, there) = (await one.DemoAsync(), await two.DemoAsync());
        (await here.Owner.Post("/webhooks", new { url = receiver.Url("/hook") })).Expect(201);
        for (var i = 0; i < 15; i++) await (i % 2 == 0 ? here : there).PushAsync("user" + i.ToString(CultureInfo.InvariantCulture));
        var all = await receiver.UntilAsync("/hook", got => got.Count(request => request.Type == "member.created") >= 15 && got.Count(request => request.Type == "seat.assigned") >= 15);
        Assert.That(all.Select(request => request.Id), Is.Unique, "one node sends at a time");
        ExpectComplete(all);
        Assert.That(await one.StopAsync(), Is.Zero, one.Output);
        await there.PushAsync("last");
        all = await receiver.UntilAsync("/hook", got => got.Count(request => request.Type == "seat.assigned") >= 16);
        Assert.That(all.Select(request => request.Id), Is.Unique, "a node that stops in order leaves nothing half done");
        ExpectComplete(all);
    }

    /// <summary>Without a gap, and each in its place when it came first.</summary>
    private static void ExpectComplete(IReadOnlyList<Received> got)
    {
        var first = got.DistinctBy(request => request.Id).Select(request => request.Sequence).ToList();
        Assert.That(first, Is.EqualTo(Enumerable.Range((int)first[0], first.Count).Select(number => (long)number)));
    }
}
