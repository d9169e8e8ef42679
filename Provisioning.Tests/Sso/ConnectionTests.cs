using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Sso;

/// <summary>Connections and sign-in settings over REST.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class ConnectionTests(string engine)
{
    private TestService service = null!;
    private TestOrganization organization = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => service = await SharedService.GetAsync(engine);

    [SetUp]
    public async Task MakeAsync() => organization = await service.OrganizationAsync();

    private static JsonObject Oidc(string name = "okta", bool enabled = false) => new()
    {
        ["name"] = name, ["kind"] = "oidc", ["enabled"] = enabled,
        ["oidc"] = new JsonObject { ["issuer"] = "https://idp.example", ["clientId"] = "client", ["clientSecret"] = "a-secret-of-the-client" },
    };

    [Test]
    public async Task A_client_secret_is_never_given_back_and_is_encrypted_at_rest()
    {
        var made = (await organization.Owner.Post("/connections", Oidc())).Expect(201);
        var read = (await organization.Owner.Get("/connections/" + made.Id)).Expect(200);
        var list = (await organization.Owner.Get("/connections")).Expect(200);
        Assert.That(made.Body + read.Body + list.Body, Does.Not.Contain("a-secret-of-the-client"));
        Assert.That(read.Flag("oidc", "hasClientSecret"), Is.True);
        Assert.That(read.Text("oidc", "redirectUri"), Does.EndWith($"/sso/oidc/{made.Id}/callback"));
        Assert.That((await organization.AuditAsync()).Any(record => record.ToJsonString().Contains("a-secret-of-the-client", StringComparison.Ordinal)), Is.False);
        await using var connection = service.Database.Connection();
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT name, protected_secret, settings FROM identity_connections WHERE protected_secret IS NOT NULL";
        await using var rows = await command.ExecuteReaderAsync();
        var seen = 0;
        for (; await rows.ReadAsync(); seen++) Assert.That(rows.GetString(1) + rows.GetString(2), Does.Not.Contain("a-secret-of-the-client"));
        Assert.That(seen, Is.Positive);
    }

    [Test]
    public async Task A_change_needs_the_version_and_keeps_the_secret_that_it_does_not_name()
    {
        var made = (await organization.Owner.Post("/connections", Oidc())).Expect(201);
        var path = "/connections/" + made.Id;
        var change = Oidc("renamed");
        ((JsonObject)change["oidc"]!).Remove("clientSecret");
        (await organization.Owner.Put(path, change)).ExpectProblem(428, "precondition_required");
        (await organization.Owner.Put(path, change, ("If-Match", "\"7\""))).ExpectProblem(412, "version_conflict");
        var changed = (await organization.Owner.Put(path, change, ("If-Match", "\"1\""))).Expect(200);
        Assert.That((changed.Text("name"), changed.Flag("oidc", "hasClientSecret"), changed.Number("version"), changed.Header("ETag")),
            Is.EqualTo(("renamed", true, 2, "\"2\"")));
        change["kind"] = "gateway";
        (await organization.Owner.Put(path, change, ("If-Match", "*"))).ExpectProblem(400, "invalid_request");
        (await organization.Owner.Delete(path)).ExpectProblem(428, "precondition_required");
        (await organization.Owner.Delete(path, ("If-Match", "\"2\""))).Expect(204);
        (await organization.Owner.Get(path)).ExpectProblem(404, "not_found");
    }

    [Test]
    public async Task A_domain_leads_to_one_connection_and_one_connection_is_the_default()
    {
        var first = Oidc("first");
        (first["isDefault"], first["domains"]) = (true, new JsonArray("corp.example", "CORP.example"));
        var one = (await organization.Owner.Post("/connections", first)).Expect(201);
        Assert.That(one.Items("domains").Select(domain => domain.ToString()), Is.EqualTo((string[])["corp.example"]));
        var second = Oidc("second");
        (second["isDefault"], second["domains"]) = (true, new JsonArray("corp.example"));
        (await organization.Owner.Post("/connections", second)).ExpectProblem(409, "domain_routed");
        Assert.That((await organization.Owner.Get("/connections/" + one.Id)).Flag("isDefault"), Is.True, "a refused request changed something");
        second["domains"] = new JsonArray("other.example");
        var two = (await organization.Owner.Post("/connections", second)).Expect(201);
        Assert.That((await organization.Owner.Get("/connections/" + one.Id)).Flag("isDefault"), Is.False);
        Assert.That((await organization.Owner.Get("/connections/" + two.Id)).Flag("isDefault"), Is.True);
    }

    [Test]
    public async Task Writers_that_claim_one_domain_or_the_default_at_once_leave_one_winner()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(at =>
        {
            var wanted = Oidc(FormattableString.Invariant($"c{at}"));
            (wanted["isDefault"], wanted["domains"]) = (true, new JsonArray("corp.example"));
            return organization.Owner.Post("/connections", wanted);
        }));
        Assert.That(answers.Count(answer => answer.Status == 201), Is.EqualTo(1));
        foreach (var lost in answers.Where(answer => answer.Status != 201)) lost.ExpectProblem(409, "domain_routed");
        var defaults = await Task.WhenAll(Enumerable.Range(0, 8).Select(at =>
        {
            var wanted = Oidc(FormattableString.Invariant($"d{at}"));
            wanted["isDefault"] = true;
            return organization.Owner.Post("/connections", wanted);
        }));
        foreach (var answer in defaults) answer.Expect(201);
        Assert.That((await organization.Owner.Get("/connections")).Items("connections").Count(each => each["isDefault"]!.GetValue<bool>()), Is.EqualTo(1));
    }

    [TestCase("""{"name":"x","kind":"oidc"}""")]
    [TestCase("""{"name":"x","kind":"oidc","oidc":{}}""")]
    [TestCase("""{"name":"x","kind":"oidc","oidc":{"issuer":"http://idp.example","clientId":"c","clientSecret":"s"}}""")]
    [TestCase("""{"name":"x","kind":"oidc","oidc":{"issuer":"https://u@idp.example","clientId":"c","clientSecret":"s"}}""")]
    [TestCase("""{"name":"x","kind":"oidc","oidc":{"issuer":"https://idp.example?x","clientId":"c","clientSecret":"s"}}""")]
    [TestCase("""{"name":"x","kind":"oidc","oidc":{"issuer":"idp","clientId":"c","clientSecret":"s"}}""")]
    [TestCase("""{"name":"x","kind":"oidc","oidc":{"issuer":"https://idp.example","clientId":"c"}}""")]
    [TestCase("""{"name":"x","kind":"oidc","oidc":{"issuer":"https://idp.example","clientId":"c","clientSecret":"s","scopes":["a b"]}}""")]
    [TestCase("""{"name":"x","kind":"oidc","oidc":{"issuer":"https://idp.example","clientId":"c","clientSecret":"s","secret":"s"}}""")]
    [TestCase("""{"name":"x","kind":"oidc","oidc":{"issuer":"https://idp.example","clientId":"c","clientSecret":"s"},"domains":["no domain"]}""")]
    [TestCase("""{"name":"x","kind":"gateway","domains":["corp.example"]}""")]
    [TestCase("""{"name":"x","kind":"gateway","oidc":{"issuer":"https://idp.example","clientId":"c","clientSecret":"s"}}""")]
    [TestCase("""{"name":"x","kind":"saml","saml":{"idpEntityId":"e","ssoUrl":"https://idp.example"}}""")]
    [TestCase("""{"name":"x","kind":"saml","saml":{"idpEntityId":"e","ssoUrl":"https://idp.example","certificates":["AAAA"]}}""")]
    [TestCase("""{"name":"x","kind":"saml","saml":{"idpEntityId":"e","ssoUrl":"javascript:alert(1)","certificates":[]}}""")]
    public async Task A_connection_that_cannot_be_is_refused(string body) =>
        (await organization.Owner.Post("/connections", body)).ExpectProblem(400, "invalid_request");

    [TestCase("http://app.example/in")]
    [TestCase("https://user@app.example/in")]
    [TestCase("https://app.example/in#x")]
    [TestCase("https://app.example/in?x=1")]
    [TestCase("javascript:alert(1)")]
    [TestCase("//app.example/in")]
    [TestCase("/in")]
    [TestCase("")]
    public async Task A_return_address_that_is_no_plain_https_address_is_refused(string address) =>
        (await organization.Owner.Put("/sign-in-settings", new { returnTo = new[] { address } }, ("If-Match", "*"))).ExpectProblem(400, "invalid_request");

    [Test]
    public async Task Sign_in_settings_have_versions()
    {
        Assert.That((await organization.Owner.Get("/sign-in-settings")).Expect(200).Header("ETag"), Is.EqualTo("\"0\""));
        var wanted = new { returnTo = new[] { "https://app.example/in", "http://localhost:3000/in" } };
        (await organization.Owner.Put("/sign-in-settings", wanted)).ExpectProblem(428, "precondition_required");
        Assert.That((await organization.Owner.Put("/sign-in-settings", wanted, ("If-Match", "\"0\""))).Expect(200).Header("ETag"), Is.EqualTo("\"1\""));
        (await organization.Owner.Put("/sign-in-settings", wanted, ("If-Match", "\"0\""))).ExpectProblem(412, "version_conflict");
        Assert.That((await organization.Owner.Get("/sign-in-settings")).Items("returnTo"), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task JIT_1_a_gateway_token_speaks_for_gateways_only()
    {
        var other = (await organization.Owner.Post("/connections", Oidc())).Expect(201);
        foreach (var named in (string[])[other.Id, "okta"])
            (await organization.SignInAsync("ada", change: body => body["connection"] = named)).ExpectProblem(400, "invalid_request");
        Assert.That(await organization.MembersAsync(), Is.Empty);
    }

    [Test]
    public async Task A_secret_that_is_kept_goes_nowhere_else()
    {
        await using var good = await TestProvider.StartAsync();
        await using var evil = await TestProvider.StartAsync();
        var made = (await organization.Owner.Post("/connections", OidcOrganization.ConnectionBody(good))).Expect(201);
        var path = "/connections/" + made.Id;
        foreach (var enabled in (bool[])[true, false])
            foreach (var (field, value) in ((string, string)[])[("issuer", evil.Issuer), ("clientId", "another"), ("tokenEndpointAuthMethod", "client_secret_post")])
            {
                var change = OidcOrganization.ConnectionBody(good);
                change["enabled"] = enabled;
                ((JsonObject)change["oidc"]!).Remove("clientSecret");
                change["oidc"]![field] = value;
                (await organization.Owner.Put(path, change, ("If-Match", "*"))).ExpectProblem(422, "client_secret_required");
            }
        (await organization.Owner.Put(path, OidcOrganization.ConnectionBody(evil), ("If-Match", "\"7\""))).ExpectProblem(412, "version_conflict");
        Assert.That((evil.LastTokenRequest, evil.KeyFetches), Is.EqualTo(((ValueTuple<string?, Microsoft.AspNetCore.Http.IFormCollection>?)null, 0)));
    }
}
