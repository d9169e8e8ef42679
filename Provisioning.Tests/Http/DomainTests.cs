using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Storage;
using Provisioning.Tests.Core;
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

    [Test]
    public async Task DOM_2_a_domain_without_its_record_is_told_and_after_two_weeks_verified_no_more()
    {
        var organization = await service.OrganizationAsync(standard: 5);
        var name = NewName();
        var claimed = (await organization.Owner.Post("/domains", new { name })).Expect(201);
        var record = claimed.Text("record", "value");
        dns.Publish(name, [record]);
        (await organization.Owner.Post($"/domains/{claimed.Id}/verify", null)).Expect(200);
        await organization.AllowedAsync("ada", "ada@" + name);
        var clock = new AdjustableTime();
        clock.Advance(DateTimeOffset.UtcNow - clock.GetUtcNow());
        var proofs = new DomainProofs(
            service.Services.GetRequiredService<IDatabase>(), service.Services.GetRequiredService<IDomainStore>(), service.Services.GetRequiredService<ITxtLookup>(), clock);
        async Task<bool> CheckAsync(TimeSpan later)
        {
            clock.Advance(later);
            var due = (await proofs.DueAsync(default)).SingleOrDefault(domain => domain.Name == name);
            if (due is not null) Assert.That((await proofs.CheckAsync(due, CoreStack.Actor, null, default)).IsOk, Is.True);
            return due is not null;
        }
        async Task<(string?, bool)> StateAsync() => (await organization.Owner.Get("/domains")).Expect(200).Items("domains")
            .Where(domain => TestOrganization.Text(domain, "name") == name)
            .Select(domain => (TestOrganization.Text(domain, "state"), TestOrganization.Text(domain, "proofMissingSince") is not null)).Single();

        Assert.That(await CheckAsync(TimeSpan.FromHours(1)), Is.False, "its turn comes once a day");
        Assert.That((await CheckAsync(TimeSpan.FromHours(24)), await StateAsync()), Is.EqualTo((true, ("verified", false))));
        dns.Publish(name, ["v=spf1 -all"]);
        Assert.That((await CheckAsync(TimeSpan.FromHours(25)), await StateAsync()), Is.EqualTo((true, ("verified", true))));
        dns.Publish(name, [record]);
        Assert.That((await CheckAsync(TimeSpan.FromDays(20)), await StateAsync()), Is.EqualTo((true, ("verified", false))), "what is back is proven");
        dns.Publish(name, ["v=spf1 -all"]);
        Assert.That((await CheckAsync(TimeSpan.FromDays(2)), await StateAsync()), Is.EqualTo((true, ("verified", true))));
        Assert.That((await CheckAsync(TimeSpan.FromDays(13)), await StateAsync()), Is.EqualTo((true, ("verified", true))));
        await organization.AllowedAsync("bob", "bob@" + name);
        Assert.That((await CheckAsync(TimeSpan.FromDays(1)), await StateAsync()), Is.EqualTo((true, ("pending", false))));
        Assert.That(await CheckAsync(TimeSpan.FromDays(1)), Is.False);

        await organization.AllowedAsync("ada", "ada@" + name); // members stay (DOM-3)
        await organization.DeniedAsync("domain_not_verified", "eve", "eve@" + name);
        var actions = (await organization.AuditAsync()).Select(one => TestOrganization.Text(one, "action")).Where(action => action!.StartsWith("domain.", StringComparison.Ordinal));
        Assert.That(actions.Reverse().SkipWhile(static action => action != "domain.claimed"), Is.EqualTo((string[])
            ["domain.claimed", "domain.verified", "domain.proof_missing", "domain.proof_found", "domain.proof_missing", "domain.lost"]));
        dns.Publish(name, [record]);
        (await organization.Owner.Post($"/domains/{claimed.Id}/verify", null)).Expect(200);
    }

    [Test]
    public async Task DOM_2_no_answer_of_a_name_server_and_the_operators_word_lose_no_domain()
    {
        await using var stack = await CoreStack.StartAsync();
        var org = await stack.OrganizationAsync(ProvisioningMode.Jit, ("standard", 10, 1)); // its domain is the operator's word
        var claims = new DomainClaims(stack.Database, stack.Organizations, new DomainStore(), new Answers(null), stack.Time);
        var claimed = (await claims.ClaimAsync(org, CoreStack.Actor, "acme.example", null, default)).Value;
        var proven = new DomainClaims(stack.Database, stack.Organizations, new DomainStore(), new Answers([claimed.Record!]), stack.Time);
        Assert.That((await proven.VerifyAsync(org, CoreStack.Actor, claimed.Id, null, default)).IsOk, Is.True);
        var proofs = new DomainProofs(stack.Database, new DomainStore(), new Answers(null), stack.Time);
        for (var day = 0; day < 3; day++)
        {
            stack.Time.Advance(TimeSpan.FromDays(15));
            var due = await proofs.DueAsync(default);
            Assert.That(due.Select(static domain => domain.Name), Is.EqualTo((string[])["acme.example"]));
            await proofs.CheckAsync(due[0], CoreStack.Actor, null, default);
        }
        Assert.That((await claims.ListAsync(org, null, 10, default)).Items.Select(static domain => (domain.State, domain.ProofMissingSince)),
            Has.All.EqualTo((DomainState.Verified, (DateTimeOffset?)null)));
    }

    private sealed class Answers(IReadOnlyList<string>? texts) : ITxtLookup
    {
        public Task<IReadOnlyList<string>?> FindAsync(string name, CancellationToken cancel) => Task.FromResult(texts);
    }
}
