using System.Globalization;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Spend;

/// <summary>The five calls of the product that meters, caps as owners and members see them, and races, over HTTP.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class UsageHttpTests(string engine)
{
    private TestService service = null!;
    private TestOrganization organization = null!;
    private Door meter = null!;

    [OneTimeSetUp]
    public async Task TakeServiceAsync()
    {
        service = await SharedService.GetAsync(engine);
        await TestPrices.AddAsync(service);
    }

    [SetUp]
    public async Task SignAsync()
    {
        organization = await service.OrganizationAsync(standard: 0, premium: 0);
        (await organization.Operator.Post("/contract", new
        {
            currency = "USD", minimumSeats = 0, compliance = true,
            tiers = new object[] { new { tier = "standard", price = "40.00", quantity = 70 }, new { tier = "premium", price = "100.00", quantity = 5 } },
        })).Expect(201);
        meter = organization.Owner.With((await organization.Owner.Post("/tokens", new { door = "application", name = "meter" })).Expect(201).Text("token"));
    }

    [Test]
    public async Task USE_9_authorise_settle_release_read_and_report()
    {
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        (await organization.Owner.Put("/spend-caps/individual/" + ada, Limit("50.00"), ("If-Match", "*"))).Expect(200);
        (await organization.Owner.Put("/spend-caps/organisation", Limit("1000.00"), ("If-Match", "*"))).Expect(200);
        var allowed = (await meter.Post("/usage/authorizations", new { memberId = ada, estimate = new { model = "m1", input = 12_000, output = 4_000 } })).Expect(200);
        Assert.That((allowed.Text("decision"), allowed.Text("held"), allowed.Text("currency")), Is.EqualTo(("allow", "0.096000", "USD")));
        Assert.That((allowed.Text("remaining", "individual"), allowed.TextOrNull("remaining", "tier"), allowed.Text("remaining", "organisation")),
            Is.EqualTo(("49.90", (string?)null, "999.90")));
        Assert.That((await meter.Get("/usage/authorizations/" + allowed.Id)).Expect(200).Text("state"), Is.EqualTo("held"));
        var settled = (await meter.Post($"/usage/authorizations/{allowed.Id}/settle", new { input = 12_000, output = 1_500, cacheWrite = 20_000, cacheRead = 180_000 })).Expect(200);
        Assert.That((settled.Text("cost"), settled.Flag("duplicate")), Is.EqualTo(("0.187500", false)));
        (await meter.Post($"/usage/authorizations/{allowed.Id}/release", null)).ExpectProblem(409, "authorization_settled");
        (await meter.Post($"/usage/authorizations/{allowed.Id}/settle", new { input = 1 })).ExpectProblem(409, "event_conflict");
        var other = (await meter.Post("/usage/authorizations", new { memberId = ada, model = "m1" })).Expect(200);
        Assert.That((other.Text("held"), (await meter.Post($"/usage/authorizations/{other.Id}/release", null)).Expect(200).Text("state")), Is.EqualTo(("1.000000", "released")));
        var batch = (await meter.Post("/usage/events", new
        {
            events = new object[]
            {
                new { source = "worker", eventId = "1", memberId = ada, model = "m1", input = 1000 }, new { source = "worker", eventId = "1", memberId = ada, model = "m1", input = 1000 },
                new { source = "worker", memberId = ada, model = "m1" }, new { source = "worker", eventId = "2", memberId = ada, model = "m1", input = 1, occurredAt = "2020-01-01T00:00:00Z" },
            },
        })).Expect(200);
        Assert.That(batch.Items("results").Select(item => TestOrganization.Text(item, "code") ?? TestOrganization.Text(item, "status")),
            Is.EqualTo((string[])["recorded", "duplicate", "invalid_request", "event_out_of_window"]));
        var events = (await organization.Owner.Get("/usage/events?limit=1")).Expect(200);
        var next = (await organization.Owner.Get("/usage/events?cursor=" + events.Text("nextCursor"))).Expect(200);
        Assert.That((events.Text("events", 0, "cost"), next.Text("events", 0, "cost"), next.TextOrNull("nextCursor")), Is.EqualTo(("0.187500", "0.003000", (string?)null)));
        (await organization.PatchMemberAsync(ada, new { state = "suspended" })).Expect(200);
        var denied = (await meter.Post("/usage/authorizations", new { memberId = ada, model = "m1" })).Expect(200);
        Assert.That((denied.Text("decision"), denied.Text("reason")), Is.EqualTo(("deny", "member_suspended")));
    }

    [Test]
    public async Task CAP_10_a_member_sees_his_caps_and_asks_for_more()
    {
        var (ada, bob) = ((await organization.AllowedAsync("ada")).Text("memberId"), (await organization.AllowedAsync("bob")).Text("memberId"));
        var door = organization.Owner.With((await organization.Operator.Post("/tokens", new { door = "admin", memberId = ada, name = "ada" })).Expect(201).Text("token"));
        var cap = (await organization.Owner.Put("/spend-caps/individual/" + ada, Limit("50.00"), ("If-Match", "*"))).Expect(200);
        Assert.That(cap.Header("ETag"), Is.EqualTo("\"1\""));
        (await organization.Owner.Put("/spend-caps/tier/premium", new { limit = (object?)null }, ("If-Match", "*"))).ExpectProblem(422, "cap_basis_required");
        (await organization.Owner.Put("/spend-caps/tier/premium", new { limit = (object?)null, basis = "per_member" }, ("If-Match", "*"))).Expect(200);
        (await organization.Owner.Put("/spend-caps/organisation", new { limit = new { amount = "1.00", currency = "EUR" } }, ("If-Match", "*"))).ExpectProblem(400);
        (await organization.Owner.Put("/spend-caps/organisation", Limit("1000000000000.01"), ("If-Match", "*"))).ExpectProblem(400);
        (await organization.Admin.Put("/spend-caps/organisation", Limit("1.00"), ("If-Match", "*"))).ExpectProblem(403, "forbidden_role");
        var mine = (await door.Get("/spend-caps/effective")).Expect(200);
        Assert.That((mine.Text("memberId"), mine.Text("binding", "source"), mine.Text("binding", "remaining")), Is.EqualTo((ada, "individual/" + ada, "50.000000")));
        (await door.Get("/spend-caps/effective?memberId=" + bob)).ExpectProblem(403, "forbidden_role");
        (await organization.Owner.Get("/spend-caps/effective")).ExpectProblem(400);
        var asked = (await door.Post("/spend-cap-requests", new { limit = new { amount = "80.00", currency = "USD" }, reason = "a project" })).Expect(201);
        (await door.Post("/spend-cap-requests", new { limit = new { amount = "90.00", currency = "USD" } })).ExpectProblem(409, "request_pending");
        Assert.That((await organization.Owner.Get("/spend-cap-requests?state=pending")).Expect(200).Text("requests", 0, "id"), Is.EqualTo(asked.Id));
        Assert.That((await organization.Owner.Post($"/spend-cap-requests/{asked.Id}/approve", null)).Expect(200).Text("state"), Is.EqualTo("approved"));
        Assert.That((await organization.Owner.Get("/spend-caps/individual/" + ada)).Expect(200).Text("limit", "amount"), Is.EqualTo("80.00"));
        Assert.That((await door.Get("/spend-cap-requests")).Expect(200).Items("requests"), Has.Count.EqualTo(1));
        Assert.That((await organization.Owner.Get("/spend-caps")).Expect(200).Items("caps"), Has.Count.EqualTo(2));
    }

    [TestCase("/usage/authorizations", """{"memberId":"mem_x","model":"m1"}""")]
    [TestCase("/usage/authorizations", """{"memberId":"{member}"}""")]
    [TestCase("/usage/authorizations", """{"memberId":"{member}","model":"\u0000"}""")]
    [TestCase("/usage/authorizations", """{"memberId":"{member}","estimate":{"model":"m1"}}""")]
    [TestCase("/usage/authorizations", """{"memberId":"{member}","estimate":{"model":"m1","input":-1}}""")]
    [TestCase("/usage/authorizations", """{"memberId":"{member}","estimate":{"model":"m1","input":1.5}}""")]
    [TestCase("/usage/authorizations", """{"memberId":"{member}","estimate":{"model":"m1","input":99999999999999999999}}""")]
    [TestCase("/usage/authorizations", """{"memberId":"{member}","estimate":{"model":"unit","input":1000000000000}}""")]
    [TestCase("/usage/authorizations", """{"memberId":"{member}","estimate":{"model":"m1","input":1},"more":1}""")]
    [TestCase("/usage/authorizations", """[]""")]
    [TestCase("/usage/events", """{}""")]
    [TestCase("/usage/events", """{"events":[]}""")]
    [TestCase("/usage/events", """{"events":[1]}""")]
    [TestCase("/usage/events", """{"events":{}}""")]
    public async Task Bad_input_gets_a_400_that_says_what_is_wrong(string path, string body)
    {
        var member = (await organization.AllowedAsync("ada")).Text("memberId");
        (await meter.Post(path, body.Replace("{member}", member, StringComparison.Ordinal))).ExpectProblem(400, "invalid_request");
    }

    [Test]
    public async Task More_than_a_thousand_events_are_refused_and_a_bad_one_spoils_no_other()
    {
        var member = (await organization.AllowedAsync("ada")).Text("memberId");
        JsonObject Event(int i) => new() { ["source"] = "s", ["eventId"] = i.ToString(CultureInfo.InvariantCulture), ["memberId"] = member, ["model"] = "m1", ["input"] = i };
        (await meter.Post("/usage/events", new JsonObject { ["events"] = new JsonArray([.. Enumerable.Range(0, 1001).Select(Event)]) })).ExpectProblem(400, "invalid_request");
        var events = Enumerable.Range(0, 1000).Select(Event).ToList();
        events[7]["memberId"] = "mem_01a1f8d7-b605-716b-a7de-6edb240f38c1";
        events[8]["source"] = new string('s', 65);
        events[9]["input"] = 1_000_000_000_001;
        var answer = (await meter.Post("/usage/events", new JsonObject { ["events"] = new JsonArray([.. events]) })).Expect(200);
        Assert.That((answer.Number("recorded"), answer.Number("refused")), Is.EqualTo((997, 3)));
        Assert.That(answer.Text("results", 7, "code"), Is.EqualTo("not_found"));
        var again = (await meter.Post("/usage/events", new JsonObject { ["events"] = new JsonArray([.. events.Select(item => item.DeepClone())]) })).Expect(200);
        Assert.That((again.Number("recorded"), again.Number("duplicates")), Is.EqualTo((0, 997)));
    }

    [Test]
    public async Task ROLE_5_another_organisations_authorisation_and_member_are_not_found()
    {
        var member = (await organization.AllowedAsync("ada")).Text("memberId");
        var hold = (await meter.Post("/usage/authorizations", new { memberId = member, model = "m1" })).Expect(200).Id;
        var theirs = meter;
        await SignAsync();
        (await meter.Get("/usage/authorizations/" + hold)).ExpectProblem(404, "not_found");
        (await meter.Post($"/usage/authorizations/{hold}/settle", new { input = 1 })).ExpectProblem(404, "not_found");
        (await meter.Post($"/usage/authorizations/{hold}/release", null)).ExpectProblem(404, "not_found");
        (await meter.Post("/usage/authorizations", new { memberId = member, model = "m1" })).ExpectProblem(404, "not_found");
        Assert.That((await theirs.Get("/usage/authorizations/" + hold)).Expect(200).Text("state"), Is.EqualTo("held"));
    }

    [Test]
    public async Task USE_10_sixty_four_clients_at_one_cap_never_pass_it()
    {
        var people = (await Task.WhenAll(Enumerable.Range(0, 8).Select(i => organization.AllowedAsync("p" + i)))).Select(answer => answer.Text("memberId")).ToList();
        (await organization.Owner.Put("/spend-caps/organisation", Limit("20.00"), ("If-Match", "*"))).Expect(200);
        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(i =>
            meter.Post("/usage/authorizations", new { memberId = people[i % 8], estimate = new { model = "unit", input = 1 + (i % 3) } })));
        var held = answers.Select(answer => answer.Expect(200)).Where(answer => answer.Text("decision") == "allow").ToList();
        var sum = held.Sum(answer => decimal.Parse(answer.Text("held"), CultureInfo.InvariantCulture));
        Assert.That(sum, Is.GreaterThan(17m).And.LessThanOrEqualTo(20m));
        Assert.That(answers.Where(answer => answer.Text("decision") == "deny").Select(answer => answer.Text("reason")), Is.All.EqualTo("organisation_cap"));
        await Task.WhenAll(held.Select((answer, i) => meter.Post($"/usage/authorizations/{answer.Id}/{(i % 2 == 0 ? "settle" : "release")}", i % 2 == 0 ? new { input = 1 } : null)));
        var settled = held.Where((_, i) => i % 2 == 0).Count();
        var effective = (await organization.Owner.Get("/spend-caps/effective?memberId=" + people[0])).Expect(200);
        Assert.That((effective.Text("binding", "spent"), effective.Text("binding", "held")), Is.EqualTo((settled.ToString(CultureInfo.InvariantCulture) + ".000000", "0.000000")));
    }

    [Test]
    public async Task USE_10_sixty_four_clients_without_an_estimate_overshoot_by_one_request_at_most()
    {
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        (await organization.Owner.Put("/spend-caps/individual/" + ada, Limit("9.50"), ("If-Match", "*"))).Expect(200);
        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => meter.Post("/usage/authorizations", new { memberId = ada, model = "unit" })));
        Assert.That(answers.Count(answer => answer.Expect(200).Text("decision") == "allow"), Is.EqualTo(10), "nine fit, the tenth overshoots");
    }

    private static object Limit(string amount) => new { limit = new { amount, currency = "USD" } };
}
