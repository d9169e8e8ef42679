using System.Globalization;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Notifications;

/// <summary>Events reach receivers over real HTTP: signed, in order, at least once, and one receiver never holds up another (domain.md section 10, design D8).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class WebhookTests(string engine)
{
    private TestService service = null!;
    private WebhookReceiver receiver = null!;
    private TestOrganization organization = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        service = await TestService.StartOnAsync(engine, settings: ["Delivery:RetrySeconds=1", "Delivery:Attempts=3"]);
        receiver = await WebhookReceiver.StartAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (receiver is not null) await receiver.DisposeAsync();
        if (service is not null) await service.DisposeAsync();
    }

    [SetUp]
    public async Task TakeOrganizationAsync() => organization = await service.OrganizationAsync(standard: 20, premium: 20);

    [Test]
    public async Task D8_events_arrive_signed_in_order_and_once_each()
    {
        var (id, secret, path) = await AddAsync();
        for (var i = 0; i < 5; i++) await organization.PushAsync("user" + i.ToString(CultureInfo.InvariantCulture));
        await organization.SetActiveAsync(await organization.PushAsync("leaver"), false);
        var requests = await receiver.UntilAsync(path, got => got.Any(request => request.Type == "seat.released"));
        await QuietAsync(id);
        requests = receiver.At(path);
        Assert.That(requests.Select(request => request.Sequence), Is.Ordered.And.Unique);
        Assert.That(requests.Select(request => request.Id), Is.Unique);
        Assert.That(requests.Select(request => request.Sequence), Is.EqualTo(Enumerable.Range((int)requests[0].Sequence, requests.Count).Select(number => (long)number)), "without a gap");
        foreach (var request in requests)
        {
            Assert.That(request.IsSignedWith(secret), Is.True);
            Assert.That(request.IsSignedWith(secret + "x"), Is.False);
            Assert.That((request.Headers["Provisioning-Event-Id"], request.Headers["Provisioning-Event-Type"], request.Headers["Content-Type"]),
                Is.EqualTo((request.Id, request.Type, "application/json")));
        }
        var created = requests.First(request => request.Type == "member.created").Json;
        Assert.That(TestOrganization.Text(created["subject"], "id"), Does.StartWith("mem_"));
        Assert.That(TestOrganization.Text(created["data"]!["after"], "userName"), Is.EqualTo(organization.Mail("user0")));
        Assert.That(TestOrganization.Text(created, "organization"), Does.StartWith("org_"));
        var deliveries = (await organization.Owner.Get($"/webhooks/{id}/deliveries")).Expect(200).Items("deliveries");
        Assert.That(deliveries.Select(item => item["sequence"]!.GetValue<long>()), Is.EqualTo(requests.Select(request => request.Sequence).Reverse()));
        Assert.That(deliveries.Select(item => TestOrganization.Text(item, "state")).Distinct(), Is.EqualTo((string[])["delivered"]));
    }

    [Test]
    public async Task Only_the_types_asked_for_are_sent()
    {
        var (_, _, path) = await AddAsync("seat.*", "member.removed");
        var (all, _, _) = await AddAsync();
        var user = await organization.PushAsync("ada");
        (await organization.Scim.Delete("/Users/" + user)).Expect(204);
        await receiver.UntilAsync(path, got => got.Any(request => request.Type == "member.removed") && got.Any(request => request.Type == "seat.released"));
        await QuietAsync(all);
        Assert.That(receiver.At(path).Select(request => request.Type), Is.EquivalentTo((string[])["seat.assigned", "seat.released", "member.removed"]));
    }

    [Test]
    public async Task D8_a_receiver_that_fails_and_recovers_gets_everything_in_order()
    {
        var (id, _, path) = await AddAsync();
        var failures = 2;
        receiver.Answer(path, _ => Interlocked.Decrement(ref failures) >= 0 ? 503 : 200);
        await organization.PushAsync("ada");
        await organization.PushAsync("grace");
        await receiver.UntilAsync(path, got => got.Select(request => request.Sequence).Distinct().Count() >= 4);
        await QuietAsync(id);
        var sequences = receiver.At(path).Select(request => request.Sequence).ToList();
        Assert.That(sequences.Take(3), Is.EqualTo(Enumerable.Repeat(sequences[0], 3)), "nothing overtakes what failed");
        Assert.That(sequences.Skip(2), Is.Ordered.And.Unique);
        Assert.That(receiver.At(path).Take(3).Select(request => request.Headers["Provisioning-Attempt"]), Is.EqualTo((string[])["1", "2", "3"]));
        Assert.That(receiver.At(path).Take(3).Select(request => request.Id).Distinct().Count(), Is.EqualTo(1), "the same event keeps its id");
    }

    [Test]
    public async Task D8_a_receiver_that_hangs_holds_up_no_other()
    {
        var (_, _, stuck) = await AddAsync();
        var (_, _, path) = await AddAsync();
        var hanging = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        receiver.Answer(stuck, _ => hanging.Task);
        try
        {
            for (var i = 0; i < 3; i++) await organization.PushAsync("user" + i.ToString(CultureInfo.InvariantCulture));
            await receiver.UntilAsync(stuck, got => got.Count > 0);
            var got = await receiver.UntilAsync(path, got => got.Count(request => request.Type == "seat.assigned") == 3);
            Assert.That(got.Select(request => request.Sequence), Is.Ordered.And.Unique);
            Assert.That(receiver.At(stuck).Select(request => request.Sequence).Distinct().Count(), Is.EqualTo(1));
        }
        finally
        {
            hanging.SetResult(200);
        }
    }

    [Test]
    public async Task An_event_given_up_is_visible_and_can_be_sent_again()
    {
        var (id, _, path) = await AddAsync("member.removed");
        receiver.Answer(path, _ => 400);
        (await organization.Scim.Delete("/Users/" + await organization.PushAsync("ada"))).Expect(204);
        await receiver.UntilAsync(path, got => got.Count == 3);
        var dead = await UntilAsync($"/webhooks/{id}/deliveries?state=dead", "deliveries", found => found.Count == 1);
        Assert.That((dead[0]["attempts"]!.GetValue<int>(), dead[0]["lastStatus"]!.GetValue<int>(), TestOrganization.Text(dead[0], "lastError")), Is.EqualTo((3, 400, "status_not_2xx")));
        var shown = (await organization.Owner.Get("/webhooks")).Expect(200).Items("webhooks").Single(item => TestOrganization.Text(item, "id") == id);
        Assert.That((shown["dead"]!.GetValue<int>(), shown["pending"]!.GetValue<int>()), Is.EqualTo((1, 0)));

        receiver.Answer(path, _ => 200);
        Assert.That((await organization.Owner.Post($"/webhooks/{id}/resend", null)).Expect(200).Number("events"), Is.EqualTo(1));
        var all = await receiver.UntilAsync(path, got => got.Count == 4);
        Assert.That(all.Select(request => request.Id).Distinct().Count(), Is.EqualTo(1));
        await UntilAsync($"/webhooks/{id}/deliveries?state=delivered", "deliveries", found => found.Count == 1);
        // Also one that arrived, by its number.
        Assert.That((await organization.Owner.Post($"/webhooks/{id}/resend", new { sequence = all[0].Sequence })).Expect(200).Number("events"), Is.EqualTo(1));
        await receiver.UntilAsync(path, got => got.Count == 5);
        (await organization.Owner.Post($"/webhooks/{id}/resend", new { sequence = 999_999 })).ExpectProblem(404, "not_found");
        Assert.That((await organization.Owner.Post($"/webhooks/{id}/resend", null)).Expect(200).Number("events"), Is.Zero);
        Assert.That((await organization.AuditAsync("&target=" + id)).Select(record => TestOrganization.Text(record, "action")),
            Is.EqualTo((string[])["webhook.resent", "webhook.resent", "webhook.created"]));
    }

    [Test]
    public async Task While_a_secret_is_rotated_both_sign()
    {
        var (id, secret, path) = await AddAsync();
        var rotated = (await organization.Owner.Post($"/webhooks/{id}/rotate", null)).Expect(200);
        var fresh = rotated.Text("secret");
        Assert.That(fresh, Is.Not.EqualTo(secret));
        Assert.That(rotated.TextOrNull("previousSecretUntil"), Is.Not.Null);
        await organization.PushAsync("ada");
        foreach (var request in await receiver.UntilAsync(path, got => got.Count >= 2))
            Assert.That((request.IsSignedWith(secret), request.IsSignedWith(fresh)), Is.EqualTo((true, true)));
        (await organization.Owner.Post($"/webhooks/{id}/rotate", null)).Expect(200);
        await organization.PushAsync("grace");
        var last = (await receiver.UntilAsync(path, got => got.Any(request => request.Json.ToJsonString().Contains("grace", StringComparison.Ordinal))))[^1];
        Assert.That((last.IsSignedWith(secret), last.IsSignedWith(fresh)), Is.EqualTo((false, true)), "two are valid at once, not three");
    }

    [Test]
    public async Task The_secret_is_shown_once_and_nowhere_kept_as_it_is()
    {
        var body = new { url = receiver.Url("/once") };
        var first = (await organization.Owner.Post("/webhooks", body, ("Idempotency-Key", "k1"))).Expect(201);
        var again = (await organization.Owner.Post("/webhooks", body, ("Idempotency-Key", "k1"))).Expect(201);
        Assert.That((again.Id, again.TextOrNull("secret"), again.Flag("secretShown")), Is.EqualTo((first.Id, (string?)null, true)));
        var secret = first.Text("secret");
        Assert.That((await organization.Owner.Get("/webhooks")).Body, Does.Not.Contain(secret));
        await using var connection = service.Database.Connection();
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT (SELECT COUNT(*) FROM webhooks WHERE secret LIKE '%{secret[6..]}%') + (SELECT COUNT(*) FROM receipts WHERE reply LIKE '%{secret[6..]}%')";
        Assert.That(Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture), Is.Zero);
        (await organization.Owner.Delete("/webhooks/" + first.Id)).Expect(204);
    }

    [Test]
    public async Task A_deleted_webhook_gets_nothing_more()
    {
        var (id, _, path) = await AddAsync();
        (await organization.Owner.Delete("/webhooks/" + id)).Expect(204);
        (await organization.Owner.Delete("/webhooks/" + id)).ExpectProblem(404, "not_found");
        var (other, _, witness) = await AddAsync();
        await organization.PushAsync("ada");
        await receiver.UntilAsync(witness, got => got.Count >= 2);
        await QuietAsync(other);
        Assert.That(receiver.At(path), Is.Empty);
    }

    [TestCase("http://203.0.113.9/hook")]
    [TestCase("ftp://hooks.example/x")]
    [TestCase("https://user:secret@hooks.example/x")]
    [TestCase("https://hooks.example/x#part")]
    [TestCase("hooks.example")]
    [TestCase("")]
    public async Task D10_an_address_that_is_not_https_is_refused(string url) =>
        (await organization.Owner.Post("/webhooks", new { url })).ExpectProblem(400, "invalid_request");

    [TestCase("seat")]
    [TestCase("*")]
    [TestCase("Seat.assigned")]
    [TestCase("seat.assigned.twice")]
    [TestCase("seat. assigned")]
    public async Task D10_a_type_that_is_none_is_refused(string type) =>
        (await organization.Owner.Post("/webhooks", new { url = "https://hooks.example/x", types = new[] { type } })).ExpectProblem(400, "invalid_request");

    [Test]
    public async Task D6_a_private_address_is_never_connected_to()
    {
        var id = (await organization.Owner.Post("/webhooks", new { url = "https://10.77.1.1/metadata", types = new[] { "member.created" } })).Expect(201).Id;
        await organization.PushAsync("ada");
        var tried = await UntilAsync($"/webhooks/{id}/deliveries", "deliveries", found => found.Count == 1 && found[0]["attempts"]!.GetValue<int>() > 0);
        Assert.That(TestOrganization.Text(tried[0], "lastError"), Is.EqualTo("outbound_refused"));
    }

    [Test]
    public async Task ROLE_5_webhooks_of_another_organisation_are_not_found_and_admins_have_none()
    {
        var (id, _, _) = await AddAsync();
        var other = await service.OrganizationAsync();
        foreach (var (method, path) in ((string, string)[])[("DELETE", ""), ("POST", "/rotate"), ("POST", "/resend"), ("GET", "/deliveries")])
        {
            (await other.Owner.Send(method, $"/webhooks/{id}{path}", null)).ExpectProblem(404, "not_found");
            (await organization.Admin.Send(method, $"/webhooks/{id}{path}", null)).ExpectProblem(403, "forbidden_role");
        }
        Assert.That((await other.Owner.Get("/webhooks")).Items("webhooks"), Is.Empty);
        await other.PushAsync("stranger");
        await organization.PushAsync("own");
        await QuietAsync(id);
    }

    [TestCase("/deliveries?state=lost", 400, "invalid_request")]
    [TestCase("/deliveries?cursor=zzz", 400, "invalid_cursor")]
    [TestCase("/deliveries?limit=0", 400, "invalid_request")]
    public async Task D10_a_bad_query_of_deliveries_is_refused(string path, int status, string code)
    {
        var (id, _, _) = await AddAsync();
        (await organization.Owner.Get($"/webhooks/{id}{path}")).ExpectProblem(status, code);
        (await organization.Owner.Post($"/webhooks/{id}/resend", """{"sequence":"x"}""")).ExpectProblem(400, "invalid_request");
    }

    private async Task<(string Id, string Secret, string Path)> AddAsync(params string[] types)
    {
        var path = "/" + Guid.CreateVersion7().ToString("N");
        var added = (await organization.Owner.Post("/webhooks", new { url = receiver.Url(path), types })).Expect(201);
        return (added.Id, added.Text("secret"), path);
    }

    /// <summary>Waits until everything is sealed and nothing is on its way to the webhook.</summary>
    private async Task QuietAsync(string webhook)
    {
        await UntilAsync("/audit/verification", null, found => found[0]["unsealed"]!.GetValue<int>() == 0);
        await UntilAsync($"/webhooks/{webhook}/deliveries?state=pending", "deliveries", found => found.Count == 0);
    }

    private async Task<IReadOnlyList<JsonNode>> UntilAsync(string path, string? list, Func<IReadOnlyList<JsonNode>, bool> enough)
    {
        for (var left = 300; ; left--)
        {
            var answer = (await organization.Owner.Get(path)).Expect(200);
            var found = list is null ? [answer.Json] : answer.Items(list);
            if (enough(found)) return found;
            if (left == 0) Assert.Fail($"It stayed so:\n{answer}");
            await Task.Delay(100);
        }
    }
}
