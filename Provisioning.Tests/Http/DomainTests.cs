using NUnit.Framework;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>Domains are claimed, proven by a real DNS query, disputed and given up (DOM-1 to DOM-4).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class DomainTests(string engine)
{
    private static int names;
    private NameServer dns = null!;
    private TestService service = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        dns = new NameServer();
        service = await TestService.StartOnAsync(engine, settings: "Dns:Server=" + dns.Address);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (service is not null) await service.DisposeAsync();
        await dns.DisposeAsync();
    }

    private static string NewName() => FormattableString.Invariant($"claim-{Interlocked.Increment(ref names)}.example");

    [Test]
    public async Task DOM_2_a_domain_is_verified_by_the_exact_TXT_record_at_its_root()
    {
        var organization = await service.OrganizationAsync();
        var name = NewName();
        var claimed = (await organization.Owner.Post("/domains", new { name = name.ToUpperInvariant() })).Expect(201);
        Assert.That((claimed.Text("name"), claimed.Text("state"), claimed.Text("record", "type"), claimed.Text("record", "name")), Is.EqualTo((name, "pending", "TXT", name)));
        var value = claimed.Text("record", "value");
        var verify = $"/domains/{claimed.Id}/verify";
        (await organization.Owner.Post(verify, null)).ExpectProblem(422, "domain_not_verified"); // NXDOMAIN
        dns.Publish(name);
        (await organization.Owner.Post(verify, null)).ExpectProblem(422, "domain_not_verified"); // no TXT
        dns.Publish(name, [value.ToUpperInvariant()], [value + " "], ["v=spf1 -all"]);
        (await organization.Owner.Post(verify, null)).ExpectProblem(422, "domain_not_verified"); // not exactly
        dns.Publish("_provisioning." + name, [value]);
        (await organization.Owner.Post(verify, null)).ExpectProblem(422, "domain_not_verified"); // not at the root
        await organization.DeniedAsync("domain_not_verified", "ada", "ada@" + name);
        dns.Publish(name, ["v=spf1 -all"], [value[..20], value[20..]]);
        var verified = (await organization.Owner.Post(verify, null)).Expect(200);
        Assert.That(verified.Text("state"), Is.EqualTo("verified"));
        (await organization.Owner.Post(verify, null)).Expect(200);
        await organization.AllowedAsync("ada", "ada@" + name);
        await organization.DeniedAsync("domain_not_verified", "bob", "bob@sub." + name);
    }

    [Test]
    public async Task DOM_2_adding_again_makes_a_new_token_and_the_old_record_no_longer_counts()
    {
        var organization = await service.OrganizationAsync();
        var name = NewName();
        var first = (await organization.Owner.Post("/domains", new { name })).Expect(201);
        var again = (await organization.Owner.Post("/domains", new { name })).Expect(201);
        Assert.That((again.Id == first.Id, again.Text("record", "value") == first.Text("record", "value")), Is.EqualTo((true, false)));
        dns.Publish(name, [first.Text("record", "value")]);
        (await organization.Owner.Post($"/domains/{first.Id}/verify", null)).ExpectProblem(422, "domain_not_verified");
        dns.Publish(name, [again.Text("record", "value")]);
        (await organization.Owner.Post($"/domains/{first.Id}/verify", null)).Expect(200);
    }

    [Test]
    public async Task DOM_3_two_organisations_claim_one_domain_at_once_and_one_has_it([Range(1, 3)] int round)
    {
        TestContext.Out.WriteLine($"round {round}");
        var (one, other) = (await service.OrganizationAsync(), await service.OrganizationAsync());
        var name = NewName();
        var claims = new[] { (one, (await one.Owner.Post("/domains", new { name })).Expect(201)), (other, (await other.Owner.Post("/domains", new { name })).Expect(201)) };
        dns.Publish(name, [.. claims.Select(claim => (string[])[claim.Item2.Text("record", "value")])]);
        var answers = await Task.WhenAll(claims.Select(claim => claim.Item1.Owner.Post($"/domains/{claim.Item2.Id}/verify", null)));
        Assert.That(answers.Select(answer => answer.Status).Order(), Is.EqualTo((int[])[200, 409]));
        answers.Single(answer => answer.Status == 409).ExpectProblem(409, "domain_taken");
        var loser = answers[0].Status == 409 ? one : other;
        (await loser.Owner.Post("/domains", new { name })).ExpectProblem(409, "domain_taken");
    }

    [Test]
    public async Task DOM_3_removing_a_domain_keeps_members_and_stops_new_ones()
    {
        var organization = await service.OrganizationAsync(standard: 3, premium: 3);
        var name = NewName();
        var claimed = (await organization.Owner.Post("/domains", new { name })).Expect(201);
        dns.Publish(name, [claimed.Text("record", "value")]);
        (await organization.Owner.Post($"/domains/{claimed.Id}/verify", null)).Expect(200);
        await organization.AllowedAsync("ada", "ada@" + name);
        var invited = (await organization.Admin.Post("/invitations", new { email = "bob@" + name })).Expect(201);
        (await organization.Owner.Delete("/domains/" + claimed.Id)).Expect(204);
        (await organization.Owner.Delete("/domains/" + claimed.Id)).ExpectProblem(404, "not_found");
        await organization.AllowedAsync("ada", "ada@" + name);
        await organization.DeniedAsync("domain_not_verified", "bob", "bob@" + name);
        (await organization.Admin.Post("/invitations", new { email = "cyd@" + name })).ExpectProblem(422, "domain_not_verified");
        Assert.That((await organization.Admin.Get("/invitations/" + invited.Id)).Text("state"), Is.EqualTo("pending"));
        Assert.That((await organization.Owner.Get("/domains")).Items("domains").Select(domain => TestOrganization.Text(domain, "name")), Is.EqualTo((string[])[organization.Domain]));
        var other = await service.OrganizationAsync();
        (await other.Owner.Post("/domains", new { name })).Expect(201);
    }

    [Test]
    public async Task DOM_2_a_name_server_that_does_not_answer_is_said_so()
    {
        var organization = await service.OrganizationAsync();
        var name = dns.Silent = NewName();
        var claimed = (await organization.Owner.Post("/domains", new { name })).Expect(201);
        Assert.That((await organization.Owner.Post($"/domains/{claimed.Id}/verify", null)).ExpectProblem(422, "domain_not_verified").Text("detail"), Does.Contain("No name server answered"));
    }

    [TestCase("no-dot")]
    [TestCase("")]
    [TestCase("a b.example")]
    [TestCase("x@y.example")]
    public async Task DOM_1_what_is_no_domain_name_is_refused(string name) =>
        (await (await service.OrganizationAsync()).Owner.Post("/domains", new { name })).ExpectProblem(400, "invalid_request");
}
