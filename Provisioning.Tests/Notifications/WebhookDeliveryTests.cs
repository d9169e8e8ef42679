using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Notifications;
using Provisioning.Core.Organizations;
using Provisioning.Core.Storage;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Notifications;

/// <summary>When attempts are made and when they end, with a clock that the test moves and a receiver at the port.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class WebhookDeliveryTests(string engine)
{
    private static readonly DeliveryPolicy Policy = new(new Backoff(TimeSpan.FromSeconds(5)), 4);

    private readonly WebhookStore store = new();
    private CoreStack stack = null!;
    private Organization org = null!;
    private JournalRows journal = null!;
    private Port port = null!;
    private WebhookDelivery delivery = null!;
    private Webhooks webhooks = null!;
    private WebhookId hook;

    [SetUp]
    public async Task StartAsync()
    {
        stack = await CoreStack.StartOnAsync(engine);
        org = await stack.ScimAsync();
        journal = new JournalRows(stack, new WebhookFanOut(store));
        port = new Port();
        delivery = new WebhookDelivery(stack.Database, store, port, new Open(), Policy, stack.Time);
        webhooks = new Webhooks(stack.Database, store, new Open(), stack.Time);
        await journal.SealAsync(org);
        hook = (await webhooks.AddAsync(org, CoreStack.Actor, new Uri("https://hooks.example/x"), [], "whsec_one", null, default)).Value.Webhook.Id;
    }

    [TearDown]
    public async Task StopAsync()
    {
        if (stack is not null) await stack.DisposeAsync();
    }

    [Test]
    public async Task D8_pauses_double_with_jitter_and_nothing_is_sent_before_they_are_over()
    {
        await EventAsync();
        port.Status = 500;
        foreach (var pause in (double[])[5, 10, 20])
        {
            Assert.That(await AttemptsAsync(), Is.EqualTo(1));
            stack.Time.Advance(TimeSpan.FromSeconds(pause * 0.79));
            Assert.That(await AttemptsAsync(), Is.Zero, $"before {pause} s");
            stack.Time.Advance(TimeSpan.FromSeconds(pause * 0.42));
        }
    }

    [Test]
    public async Task D8_what_is_given_up_lets_the_next_event_through_and_success_ends_the_pauses()
    {
        await EventAsync();
        await EventAsync();
        port.Answer = request => Sequence(request) == First() ? 500 : 200;
        for (var attempt = 0; attempt < Policy.Attempts; attempt++)
        {
            await AttemptsAsync();
            stack.Time.Advance(TimeSpan.FromHours(2));
        }
        var states = (await DeliveriesAsync()).Reverse().Select(item => (item.State, item.Attempts)).ToList();
        Assert.That(states[0], Is.EqualTo((DeliveryState.Dead, Policy.Attempts)));
        Assert.That(states.Skip(1), Has.All.EqualTo((DeliveryState.Delivered, 1)));
        Assert.That(port.Sent.Select(Sequence), Is.Ordered);
        Assert.That((await webhooks.ListAsync(org, default))[0].Webhook.Failures, Is.Zero);
        Assert.That(await delivery.DueAsync(10, default), Is.Empty, "nothing is looked at while nothing is pending");
    }

    [Test]
    public async Task What_waited_for_three_days_is_given_up_together_and_later_events_still_arrive()
    {
        for (var i = 0; i < 3; i++) await EventAsync();
        port.Status = 500;
        await AttemptsAsync();
        stack.Time.Advance(TimeSpan.FromHours(73));
        await EventAsync();
        await AttemptsAsync();
        var deliveries = await DeliveriesAsync();
        Assert.That(deliveries.Count(item => item.State == DeliveryState.Dead), Is.GreaterThanOrEqualTo(6));
        Assert.That(deliveries.Count(item => item.State == DeliveryState.Pending), Is.EqualTo(2), "the young ones: a member and a seat");
        port.Status = 200;
        stack.Time.Advance(TimeSpan.FromHours(2));
        await AttemptsAsync();
        Assert.That((await DeliveriesAsync()).Count(item => item.State == DeliveryState.Delivered), Is.EqualTo(2));
        Assert.That((await webhooks.ResendAsync(org, CoreStack.Actor, hook, null, null, default)).Value, Is.GreaterThanOrEqualTo(6));
        await AttemptsAsync();
        Assert.That(await DeliveriesAsync(), Has.All.Property(nameof(Delivery.State)).EqualTo(DeliveryState.Delivered), "old as they are");
    }

    [Test]
    public async Task A_fault_of_our_own_counts_as_a_failed_attempt_and_is_reported()
    {
        await EventAsync();
        port.Answer = _ => throw new NotSupportedException("a bug");
        Assert.That(async () => await AttemptsAsync(), Throws.InvalidOperationException.With.InnerException.TypeOf<NotSupportedException>());
        Assert.That(await delivery.DueAsync(10, default), Is.Empty, "it waits like any other");
        var tried = (await DeliveriesAsync())[^1];
        Assert.That((tried.Attempts, tried.State, tried.LastError), Is.EqualTo((1, DeliveryState.Pending, "internal_error")));
    }

    [Test]
    public async Task The_secret_before_signs_for_a_day_and_no_longer()
    {
        await webhooks.RotateAsync(org, CoreStack.Actor, hook, "whsec_two", null, default);
        await EventAsync();
        await AttemptsAsync();
        Assert.That(Signatures(port.Sent[^1]), Is.EqualTo(2));
        stack.Time.Advance(TimeSpan.FromHours(25));
        await EventAsync();
        await AttemptsAsync();
        Assert.That(Signatures(port.Sent[^1]), Is.EqualTo(1));
    }

    [Test]
    public async Task An_event_sealed_while_the_last_one_is_written_down_is_not_forgotten()
    {
        using var stop = new CancellationTokenSource();
        var sending = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
                if (!await delivery.SendNextAsync(org.Id, hook, CoreStack.Actor, null, default)) await Task.Delay(1, CancellationToken.None);
        }, CancellationToken.None);
        for (var i = 0; i < 30; i++) await EventAsync();
        for (var left = 300; (await DeliveriesAsync()).Any(item => item.State != DeliveryState.Delivered); left--)
        {
            if (left == 0) Assert.Fail("An event waits, and nobody looks for it.");
            await Task.Delay(20, CancellationToken.None);
        }
        await stop.CancelAsync();
        await sending;
        Assert.That(port.Sent.Select(Sequence), Is.Ordered.And.Unique);
    }

    [Test]
    public async Task Payloads_carry_the_version_of_their_subject_as_REST_and_SCIM_show_it()
    {
        var pushed = (await stack.PushAsync(org, $"zoe@{org.Slug}.example")).Value;
        await stack.ActiveAsync(org, pushed.Entry.Id, false);
        await stack.ActiveAsync(org, pushed.Entry.Id, true);
        await journal.SealAsync(org);
        await AttemptsAsync();
        var (member, entry) = (await stack.FindAsync(org, pushed.Member!.Member.Id), (await stack.ViewAsync(org, pushed.Entry.Id))!.Entry);
        var ofMember = Versions(member.Member.Id.ToString());
        Assert.That((ofMember[0], ofMember[^1]), Is.EqualTo((pushed.Member.Version, member.Version)));
        Assert.That(ofMember, Is.Ordered);
        Assert.That(ofMember.Distinct().Count(), Is.EqualTo(3), "one for each change");
        Assert.That(Versions(entry.Id.ToString())[^1], Is.EqualTo(entry.Version));
    }

    [Test]
    public async Task A_turn_ends_after_so_many_events_and_the_rest_follows_in_the_next()
    {
        await stack.UnitAsync<bool>(scope =>
        {
            for (var i = 0; i < WebhookDelivery.TurnEvents + 20; i++)
                scope.Record(org.Id, "seats.low", Target.Organization(org.Id), null, null);
            return Task.FromResult<Outcome<bool>>(true);
        }, org);
        await journal.SealAsync(org);
        await delivery.SendTurnAsync(org.Id, hook, () => (CoreStack.Actor, null), default);
        Assert.That(port.Sent, Has.Count.EqualTo(WebhookDelivery.TurnEvents));
        Assert.That(await delivery.DueAsync(10, default), Has.Count.EqualTo(1), "due at once, behind whoever waits");
        await delivery.SendTurnAsync(org.Id, hook, () => (CoreStack.Actor, null), default);
        Assert.That(port.Sent.Select(Sequence), Is.Ordered.And.Unique);
        Assert.That(await delivery.DueAsync(10, default), Is.Empty);
    }

    [Test]
    public async Task The_payload_of_an_erased_person_is_empty()
    {
        var pushed = (await stack.PushAsync(org, $"zoe@{org.Slug}.example")).Value;
        await stack.DeleteAsync(org, pushed.Entry.Id);
        await journal.SealAsync(org);
        Assert.That((await new Provisioning.Core.Directory.MemberErasure(stack.Database, stack.Members, new ErasureStore(), stack.Time)
            .EraseAsync(org, CoreStack.Actor, pushed.Member!.Member.Id, null, default)).IsOk, Is.True);
        await journal.SealAsync(org);
        await AttemptsAsync();
        Assert.That(port.Sent, Has.Count.GreaterThan(3));
        Assert.That(port.Sent.Select(Body), Has.None.Contains("zoe@"));
        Assert.That(Body(port.Sent[^1]), Does.Contain("member.erased"));
    }

    [Test]
    public async Task Events_are_kept_for_thirty_days_and_longer_while_one_is_pending()
    {
        var retention = new DeliveryRetention(stack.Database, new DeliverySweep(), stack.Time);
        await EventAsync();
        await AttemptsAsync(); // delivered
        port.Status = 500;
        await EventAsync();
        await AttemptsAsync(); // pending
        stack.Time.Advance(TimeSpan.FromDays(29));
        Assert.That(await retention.SweepAsync(CoreStack.Actor, null, default), Is.False);
        stack.Time.Advance(TimeSpan.FromDays(2));
        while (await retention.SweepAsync(CoreStack.Actor, null, default)) { }
        Assert.That((await DeliveriesAsync()).Select(item => item.State).Distinct(), Is.EqualTo((DeliveryState[])[DeliveryState.Pending]));
        Assert.That(await Books.CountAsync(stack, "SELECT COUNT(*) FROM outbox"), Is.EqualTo((await DeliveriesAsync()).Count));
        port.Status = 200;
        Assert.That(await AttemptsAsync(), Is.GreaterThan(0), "and is sent");
        Assert.That((await journal.VerifyAsync(org)).Problem, Is.Null, "the audit trail is whole");
    }

    /// <summary>A person is pushed: member.created and seat.assigned.</summary>
    private async Task EventAsync()
    {
        Assert.That((await stack.PushAsync(org, $"user-{Guid.CreateVersion7():N}@{org.Slug}.example")).IsOk, Is.True);
        await journal.SealAsync(org);
    }

    /// <summary>Sends what is due now; answers how many attempts that were.</summary>
    private async Task<int> AttemptsAsync()
    {
        var before = port.Sent.Count;
        while ((await delivery.DueAsync(10, default)).Count > 0 && await delivery.SendNextAsync(org.Id, hook, CoreStack.Actor, null, default)) { }
        return port.Sent.Count - before;
    }

    private async Task<IReadOnlyList<Delivery>> DeliveriesAsync() => (await webhooks.DeliveriesAsync(org, hook, null, null, 500, default)).Value.Items;

    private long First() => port.Sent.Select(Sequence).First();

    private static string Body(WebhookRequest request) => System.Text.Encoding.UTF8.GetString(request.Body.Span);

    private static long Sequence(WebhookRequest request) => System.Text.Json.Nodes.JsonNode.Parse(request.Body.Span)!["sequence"]!.GetValue<long>();

    private List<long> Versions(string subject) => [.. port.Sent.Select(request => System.Text.Json.Nodes.JsonNode.Parse(request.Body.Span)!["subject"]!)
        .Where(node => node["id"]!.GetValue<string>() == subject).Select(node => node["version"]!.GetValue<long>())];

    private static int Signatures(WebhookRequest request) => request.Headers.Single(header => header.Key == WebhookSignature.Header).Value.Split(",v1=").Length - 1;

    private sealed class Port : IWebhookSender
    {
        public List<WebhookRequest> Sent { get; } = [];

        public int Status { get; set; } = 200;

        public Func<WebhookRequest, int>? Answer { get; set; }

        public Task<SendResult> SendAsync(WebhookRequest request, CancellationToken cancel)
        {
            lock (Sent) Sent.Add(request);
            var status = Answer?.Invoke(request) ?? Status;
            return Task.FromResult(new SendResult(status, status is >= 200 and < 300 ? null : "status_not_2xx"));
        }
    }

    private sealed class Open : ISecretBox
    {
        public string Protect(string secret) => secret;

        public string? Unprotect(string secret) => secret;
    }
}
