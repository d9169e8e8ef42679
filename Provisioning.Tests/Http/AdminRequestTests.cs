using System.Globalization;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>What the admin REST demands of a request, and what it leaves behind: versions, roles, tokens, audit, repetition.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class AdminRequestTests(string engine)
{
    private TestService service = null!;

    [OneTimeSetUp]
    public async Task TakeServiceAsync() => service = await SharedService.GetAsync(engine);

    [Test]
    public async Task A_change_without_If_Match_is_428_and_with_a_stale_one_412()
    {
        var organization = await service.OrganizationAsync(standard: 2, premium: 2);
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        var stale = (await organization.MemberAsync(ada)).Header("ETag")!;
        (await organization.Owner.Patch("/members/" + ada, new { seat = new { tier = "standard" } })).ExpectProblem(428, "precondition_required");
        (await organization.Owner.Delete("/members/" + ada)).ExpectProblem(428, "precondition_required");
        var changed = (await organization.Owner.Patch("/members/" + ada, new { seat = new { tier = "standard" } }, ("If-Match", stale))).Expect(200);
        Assert.That(changed.Header("ETag"), Is.Not.EqualTo(stale));
        (await organization.Owner.Patch("/members/" + ada, new { seat = new { tier = "premium" } }, ("If-Match", stale))).ExpectProblem(412, "version_conflict");
        (await organization.Owner.Delete("/members/" + ada, ("If-Match", stale))).ExpectProblem(412, "version_conflict");
        Assert.That((await organization.MemberAsync(ada)).Header("ETag"), Is.EqualTo(changed.Header("ETag")));
        (await organization.Owner.Delete("/members/" + ada, ("If-Match", changed.Header("ETag")!))).Expect(204);
    }

    [TestCase("""{}""")]
    [TestCase("""[]""")]
    [TestCase("""{"seat":"premium"}""")]
    [TestCase("""{"seat":{"tier":7}}""")]
    [TestCase("""{"seat":{}}""")]
    [TestCase("""{"seat":{"unassign":true,"tier":"premium"}}""")]
    [TestCase("""{"state":"retired"}""")]
    [TestCase("""{"state":"removed"}""")]
    public async Task A_change_that_says_nothing_clear_is_an_invalid_request(string body)
    {
        var organization = await service.OrganizationAsync();
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        (await organization.PatchMemberAsync(ada, body)).ExpectProblem(400, "invalid_request");
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task ROLE_1_an_admin_reads_and_moves_seats_and_leaves_settings_to_owners()
    {
        var organization = await service.OrganizationAsync();
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        (await organization.Admin.Get("/seats")).Expect(200);
        (await organization.Admin.Get("/members")).Expect(200);
        (await organization.Admin.Get("/seats/waiting")).Expect(200);
        (await organization.Admin.Patch("/members/" + ada, new { seat = new { tier = "standard" } }, ("If-Match", "*"))).Expect(200);
        (await organization.Admin.Post("/seats/drain", null)).Expect(200);
        foreach (var answer in (Answer[])
        [
            await organization.Admin.Get("/audit"),
            await organization.Admin.Get("/tokens"),
            await organization.Admin.Post("/tokens", new { door = "scim", name = "mine" }),
            await organization.Admin.Get("/connections"),
            await organization.Admin.Post("/connections", new { name = "mine", kind = "gateway", trustEmail = true }),
            await organization.Admin.Put("/provisioning", new { mode = "jit" }, ("If-Match", "*")),
        ]) answer.ExpectProblem(403, "forbidden_role");
    }

    [Test]
    public async Task ROLE_5_tokens_of_other_doors_are_refused_before_anything_else()
    {
        var organization = await service.OrganizationAsync();
        foreach (var token in (string[])[organization.Gateway.Token!, organization.Scim.Token!])
        {
            var door = organization.Owner.With(token);
            foreach (var path in (string[])["/seats", "/members", "/seats/waiting", "/audit", "/tokens", "/connections", "/provisioning", "/members/mem_unknown"])
                (await door.Get(path)).ExpectProblem(403, "forbidden_role");
        }
        (await organization.Scim.With(organization.Owner.Token).Get("/Users")).ExpectScimError(403);
        (await organization.Scim.With(organization.Gateway.Token).Get("/Users")).ExpectScimError(403);
        foreach (var answer in (Answer[])[await organization.Owner.With(null).Get("/seats"), await organization.Owner.With("wrong-token").Get("/seats")])
        {
            answer.ExpectProblem(401, "unauthenticated");
            Assert.That(answer.Header("WWW-Authenticate"), Is.EqualTo("Bearer realm=\"provisioning\""));
        }
    }

    [Test]
    public async Task SEAT_16_an_application_token_reads_entitlements_and_nothing_else()
    {
        var organization = await service.OrganizationAsync();
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        var token = (await organization.Owner.Post("/tokens", new { door = "application", name = "app" })).Expect(201).Text("token");
        var application = organization.Owner.With(token);
        var entitlements = (await application.Get($"/members/{ada}/entitlements")).Expect(200);
        Assert.That((entitlements.Text("memberId"), entitlements.Flag("productAccess"), entitlements.Text("tier"), entitlements.TextOrNull("reason")),
            Is.EqualTo((ada, true, "premium", (string?)null)));
        Assert.That(entitlements.At("features"), Is.InstanceOf<JsonObject>());
        (await application.Get("/members")).ExpectProblem(403, "forbidden_role");
        (await application.Get("/members/mem_00000000-0000-7000-8000-000000000000/entitlements")).ExpectProblem(404, "not_found");
    }

    [Test]
    public async Task SCIM_1_two_scim_tokens_are_valid_at_once_a_third_is_refused_and_a_revoked_one_no_longer_works()
    {
        var organization = await service.OrganizationAsync();
        var second = (await organization.Owner.Post("/tokens", new { door = "scim", name = "rotation" })).Expect(201);
        (await organization.Scim.With(second.Text("token")).Get("/Users")).Expect(200);
        (await organization.Scim.Get("/Users")).Expect(200);
        (await organization.Owner.Post("/tokens", new { door = "scim", name = "third" })).Expect(409);
        var listed = (await organization.Owner.Get("/tokens")).Expect(200);
        Assert.That(listed.Body, Does.Not.Contain(second.Text("token")), "a secret is shown once");
        (await organization.Owner.Delete("/tokens/" + second.Id)).Expect(204);
        (await organization.Scim.With(second.Text("token")).Get("/Users")).ExpectScimError(401);
    }

    [Test]
    public async Task I_11_every_change_and_every_refused_seat_has_an_audit_record()
    {
        var organization = await service.OrganizationAsync(standard: 1, premium: 1);
        var scimId = await organization.PushAsync("ada");
        var ada = await organization.MemberIdOfAsync(organization.Mail("ada"));
        await organization.AllowedAsync("bob");
        await organization.DeniedAsync("seat_unavailable", "cyd");
        (await organization.SetActiveAsync(scimId, active: false)).Expect(200);
        (await organization.SetActiveAsync(scimId, active: true)).Expect(200);
        (await organization.PatchMemberAsync(ada, new { seat = new { unassign = true } })).Expect(200);
        (await organization.PatchMemberAsync(ada, new { state = "suspended" })).Expect(200);
        (await organization.Scim.Delete("/Users/" + scimId)).Expect(204);
        var records = await organization.AuditAsync();
        var actions = records.Select(record => TestOrganization.Text(record, "action")!).ToList();
        Assert.That(actions, Is.SupersetOf((string[])
            ["member.created", "seat.assigned", "seat.refused", "member.suspended", "member.activated", "seat.released", "seat.unassigned", "member.removed"]));
        var whole = string.Join('\n', records.Select(record => record.ToJsonString()));
        foreach (var token in (string[])[organization.Scim.Token!, organization.Owner.Token!, organization.Gateway.Token!]) Assert.That(whole, Does.Not.Contain(token));
        foreach (var record in records)
        {
            Assert.That(record.AsObject().Select(property => property.Key),
                Is.SupersetOf((string[])["id", "at", "actor", "channel", "action", "target", "correlationId"]), record.ToJsonString());
        }
        var created = records.First(record => TestOrganization.Text(record, "action") == "member.created" && record.ToJsonString().Contains(ada, StringComparison.Ordinal));
        Assert.That(TestOrganization.Text(created, "channel"), Is.EqualTo("scim"));
        // Units that run side by side begin in one order and may be written in another.
        var at = records.Select(record => DateTimeOffset.Parse(TestOrganization.Text(record, "at")!, CultureInfo.InvariantCulture)).ToList();
        Assert.That(at.Zip(at.Skip(1)).All(pair => pair.First >= pair.Second - TimeSpan.FromSeconds(5)) && at[0] > at[^1], Is.True, "newest first");
        var byAction = (await organization.Owner.Get("/audit?action=seat.refused")).Expect(200).Items("records");
        Assert.That(byAction.Select(record => TestOrganization.Text(record, "action")).Distinct(), Is.EqualTo((string[])["seat.refused"]));
    }

    [Test]
    public async Task A_repeated_post_with_the_same_idempotency_key_is_done_once()
    {
        var organization = await service.OrganizationAsync();
        var first = (await organization.Owner.Post("/connections", new { name = "k", kind = "gateway", trustEmail = true }, ("Idempotency-Key", "key-1"))).Expect(201);
        var second = (await organization.Owner.Post("/connections", new { name = "k", kind = "gateway", trustEmail = true }, ("Idempotency-Key", "key-1"))).Expect(201);
        Assert.That(second.Id, Is.EqualTo(first.Id));
        (await organization.Owner.Post("/connections", new { name = "other", kind = "gateway", trustEmail = true }, ("Idempotency-Key", "key-1")))
            .ExpectProblem(422, "idempotency_key_reused");
    }

    [Test]
    public async Task DOM_3_a_domain_verified_by_another_organisation_is_taken()
    {
        var first = await service.OrganizationAsync();
        var second = await service.OrganizationAsync();
        (await second.Operator.Put("/domains", new { domains = new[] { second.Domain, first.Domain.ToUpperInvariant() } }, ("If-Match", "*"))).ExpectProblem(409, "domain_taken");
        await second.AllowedAsync("ada");
    }

    [Test]
    public async Task The_demo_organisation_is_as_the_settings_say()
    {
        await using var own = await TestService.StartAsync(standard: 3, premium: 2);
        var demo = await own.DemoAsync();
        var seats = await demo.SeatsAsync();
        Assert.That((seats["premium"].Rank, seats["premium"].Purchased, seats["standard"].Rank, seats["standard"].Purchased), Is.EqualTo((20, 2, 10, 3)));
        Assert.That((await demo.Scim.Get("/Users")).Number("totalResults") + (await demo.Scim.Get("/Groups")).Number("totalResults"), Is.Zero);
        Assert.That(await demo.MembersAsync(), Is.Empty);
        Assert.That((await demo.AllowedAsync("ada", "ada@acme.example")).Text("tier"), Is.EqualTo("premium"), "the connection demo trusts the e-mail");
        (await own.Anonymous.Get("/health/live")).Expect(200);
        (await own.Anonymous.Get("/health/ready")).Expect(200);
        (await own.Anonymous.Get("/")).Expect(200);
        Assert.That((await own.Anonymous.Get("/openapi/v1.json")).Expect(200).TextOrNull("openapi"), Does.StartWith("3."));
    }
}
