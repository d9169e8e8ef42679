using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Spend;

/// <summary>The month as owners see it (rule NOTI-6), after usage that was really metered, on 1 March 2026.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class UsageReportTests(string engine)
{
    private readonly AdjustableTime time = new();
    private readonly string model = "m-" + Guid.NewGuid().ToString("n")[..8];
    private TestService service = null!;
    private TestOrganization org = null!;
    private Door meter = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        service = await TestService.StartWithAsync(engine, builder => builder.Services.AddSingleton<TimeProvider>(time));
        (await service.Operator.At("/v1").Post("/prices", SpendCalls.Prices(model))).Expect(200);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (service is not null) await service.DisposeAsync();
    }

    [SetUp]
    public async Task OrganizationAsync()
    {
        org = await SpendCalls.PrepaidAsync(service);
        meter = org.Owner.With((await org.Owner.Post("/tokens", new { door = "application", name = "meter" })).Expect(201).Text("token"));
    }

    private async Task UseAsync(string member, int times, string? at = null) => (await meter.Post("/usage/events", new
    {
        events = Enumerable.Range(0, times).Select(i => new
        {
            source = "tests", eventId = $"{member}-{at}-{i}", memberId = member, model, input = 12_000, output = 1_500, cacheWrite = 20_000, cacheRead = 180_000,
            occurredAt = at ?? "2026-03-01T08:00:00Z",
        }).ToArray(),
    })).Expect(200);

    [Test]
    public async Task NOTI_6_the_summary_has_the_organisation_its_tiers_each_member_caps_and_credits()
    {
        var (ada, grace) = ((await org.AllowedAsync("ada")).Text("memberId"), (await org.AllowedAsync("grace")).Text("memberId"));
        (await org.AllowedAsync("idle")).Text("memberId");
        await UseAsync(ada, 2);
        await UseAsync(grace, 1);
        await UseAsync(grace, 1, "2026-02-27T08:00:00Z");
        (await org.Owner.Put("/spend-caps/organisation", new { limit = new { amount = "10.00", currency = "USD" } }, ("If-Match", "*"))).Expect(200);
        var summary = (await org.Owner.Get("/usage/summary")).Expect(200);
        Assert.That((summary.Text("period"), summary.Text("currency"), summary.Text("organisation", "settled"), summary.Text("organisation", "cap")),
            Is.EqualTo(("2026-03", "USD", "0.562500", "10.00")));
        Assert.That(summary.Items("members").Select(member => (TestOrganization.Text(member, "memberId"), TestOrganization.Text(member, "cost"), TestOrganization.Text(member, "userName"))),
            Is.EquivalentTo(new[] { (ada, "0.375000", org.Mail("ada")), (grace, "0.187500", org.Mail("grace")) }));
        Assert.That(summary.Number("members", 0, "tokens", "cacheRead"), Is.EqualTo(TestOrganization.Text(summary.Items("members")[0], "memberId") == ada ? 360_000 : 180_000));
        Assert.That(summary.Items("tiers").Sum(tier => decimal.Parse(TestOrganization.Text(tier, "settled")!, System.Globalization.CultureInfo.InvariantCulture)), Is.EqualTo(0.5625m));
        Assert.That(summary.Text("credits", "balance"), Is.EqualTo("-0.750000"), "usage of February is paid for too");
        Assert.That((await org.Owner.Get("/usage/summary?period=2026-02")).Expect(200).Text("organisation", "settled"), Is.EqualTo("0.187500"));
        Assert.That((await org.Owner.Get("/usage/summary?period=2026-01")).Expect(200).Items("members"), Is.Empty);
    }

    [Test]
    public async Task NOTI_6_members_come_page_by_page_and_as_CSV()
    {
        var members = new List<string>();
        foreach (var name in (string[])["a", "b", "c"])
        {
            members.Add((await org.AllowedAsync(name)).Text("memberId"));
            await UseAsync(members[^1], 1);
        }
        var (seen, cursor) = (new List<string>(), "");
        do
        {
            var page = (await org.Owner.Get("/usage/summary?limit=2&cursor=" + cursor)).Expect(200);
            seen.AddRange(page.Items("members").Select(member => TestOrganization.Text(member, "memberId")!));
            cursor = page.TextOrNull("nextCursor") ?? "";
        }
        while (cursor.Length > 0);
        Assert.That(seen, Is.EqualTo(members.Order(StringComparer.Ordinal)));
        var file = (await org.Owner.Get("/usage/summary.csv?period=2026-03")).Expect(200);
        var lines = file.Body.TrimEnd().Split("\r\n");
        Assert.That(lines, Has.Length.EqualTo(4));
        Assert.That(lines[1], Does.StartWith($"2026-03,{seen[0]},").And.EndWith(",12000,1500,20000,180000,0.187500,0.187500,0.000000,,USD"));
        Assert.That(file.ContentType, Does.StartWith("text/csv"));
    }

    [TestCase("?period=2026-13")]
    [TestCase("?period=March")]
    [TestCase("?limit=0")]
    public async Task A_month_that_is_none_is_refused(string query)
    {
        (await org.Owner.Get("/usage/summary" + query)).ExpectProblem(400, "invalid_request");
        (await org.Owner.Get("/usage/summary?cursor=x")).ExpectProblem(400, "invalid_cursor");
    }

    [Test]
    public async Task ROLE_5_another_organisation_sees_nothing_of_it()
    {
        var ada = (await org.AllowedAsync("ada")).Text("memberId");
        await UseAsync(ada, 1);
        var other = await SpendCalls.PrepaidAsync(service);
        Assert.That((await other.Owner.Get("/usage/summary")).Expect(200).Items("members"), Is.Empty);
        foreach (var path in (string[])["/usage/summary", "/usage/summary.csv", "/credits", "/credits/lots", "/credits/journals", "/prices?model=x", "/price-multiplier"])
            (await org.Owner.With(other.Owner.Token).Get(path)).ExpectProblem(404, "not_found");
    }
}
