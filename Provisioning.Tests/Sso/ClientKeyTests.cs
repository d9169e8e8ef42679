using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Sso;

/// <summary>private_key_jwt: a key of the service's own takes the place of a secret that two sides know (RFC 7523, OpenID Connect Core 9).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class ClientKeyTests(string engine)
{
    private static readonly object Publish = new { next = "publish" }, Sign = new { next = "sign" };

    private TestService service = null!;
    private OidcOrganization sso = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => service = await SharedService.GetAsync(engine);

    [SetUp]
    public async Task MakeAsync()
    {
        sso = await OidcOrganization.MakeAsync(service);
        sso.Provider.AcceptsAssertion = _ => true;
        (await sso.Organization.Owner.Put(Path, Body(), ("If-Match", "*"))).Expect(200);
    }

    [TearDown]
    public async Task EndAsync()
    {
        if (sso is not null) await sso.DisposeAsync();
    }

    private string Path => "/connections/" + sso.Connection;

    private JsonObject Body(Action<JsonObject>? change = null)
    {
        var body = OidcOrganization.ConnectionBody(sso.Provider);
        var oidc = (JsonObject)body["oidc"]!;
        oidc.Remove("clientSecret");
        oidc["tokenEndpointAuthMethod"] = "private_key_jwt";
        change?.Invoke(oidc);
        return body;
    }

    [Test]
    public async Task RFC_7523_a_sign_in_is_proven_by_a_key_that_the_service_publishes_and_keeps_encrypted()
    {
        using var browser = sso.Browser();
        await sso.AllowedAsync(browser, sso.Person("ada"));
        var (authorization, form) = sso.Provider.LastTokenRequest!.Value;
        Assert.That((authorization, form["client_secret"].Count, form["client_id"].ToString(), form["client_assertion_type"].ToString()),
            Is.EqualTo(((string?)null, 0, TestProvider.ClientId, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")));
        var assertion = form["client_assertion"].ToString();
        var claims = Claims(assertion);
        var (issued, expires) = ((long)claims["iat"]!, (long)claims["exp"]!);
        Assert.That(((string?)claims["iss"], (string?)claims["sub"], (string?)claims["aud"]), Is.EqualTo((TestProvider.ClientId, TestProvider.ClientId, sso.Provider.Issuer + "/token")));
        Assert.That((expires - issued, Math.Abs(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - issued) < 300, ((string)claims["jti"]!).Length), Is.EqualTo((60, true, 43)));
        var keys = await KeysAsync();
        Assert.That(keys, Has.Count.EqualTo(1));
        Assert.That(Verifies(assertion, keys[0]), Is.True);
        Assert.That(keys[0].Select(static part => part.Key), Is.EquivalentTo((string[])["kty", "use", "alg", "kid", "n", "e", "x5c", "x5t"]), "nothing private");

        await sso.AllowedAsync(browser, sso.Person("ada"));
        Assert.That((string?)Claims(sso.Provider.LastTokenRequest!.Value.Form["client_assertion"].ToString())["jti"], Is.Not.EqualTo((string?)claims["jti"]), "each is good once");

        var read = (await sso.Organization.Owner.Get(Path)).Expect(200);
        Assert.That((read.Flag("oidc", "hasClientSecret"), read.Text("oidc", "tokenEndpointAuthMethod")), Is.EqualTo((false, "private_key_jwt")));
        Assert.That(read.Text("oidc", "jwksUri"), Does.EndWith($"/sso/oidc/{sso.Connection}/keys"));
        var pem = await TextAsync(new Uri(read.Text("oidc", "certificateUri")).AbsolutePath);
        using (var certificate = X509Certificate2.CreateFromPem(pem))
            Assert.That(Convert.ToBase64String(certificate.RawData), Is.EqualTo((string?)keys[0]["x5c"]![0]));
        Assert.That(pem, Does.Not.Contain("PRIVATE"));
        Assert.That(string.Concat((await sso.Organization.AuditAsync()).Select(static record => record.ToJsonString())), Does.Not.Contain("PRIVATE"));
        await using var connection = service.Database.Connection();
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM identity_connections WHERE protected_secret LIKE '%BEGIN%' OR settings LIKE '%BEGIN%'";
        Assert.That(Convert.ToInt64(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture), Is.Zero);
    }

    [Test]
    public async Task A_key_is_replaced_in_two_steps_and_signs_only_when_the_provider_takes_it()
    {
        var first = (await KeysAsync())[0];
        var version = (await sso.Organization.Owner.Get(Path)).Expect(200).Header("ETag")!;
        (await sso.Organization.Owner.Put(Path + "/key", Publish)).ExpectProblem(428, "precondition_required");
        (await sso.Organization.Owner.Put(Path + "/key", Sign, ("If-Match", "*"))).ExpectProblem(400, "invalid_request"); // nothing was published
        (await sso.Organization.Owner.Put(Path + "/key", new { next = "now" }, ("If-Match", "*"))).ExpectProblem(400, "invalid_request");
        var both = (await sso.Organization.Owner.Put(Path + "/key", Publish, ("If-Match", version))).Expect(200);
        Assert.That(both.Items("keys").Select(static key => TestOrganization.Text(key, "use")), Is.EqualTo((string[])["signing", "next"]));
        (await sso.Organization.Owner.Put(Path + "/key", Publish, ("If-Match", version))).ExpectProblem(412, "version_conflict");
        var again = (await sso.Organization.Owner.Put(Path + "/key", Publish, ("If-Match", "*"))).Expect(200);
        Assert.That(again.Items("keys").Select(static key => TestOrganization.Text(key, "kid")), Is.EqualTo(both.Items("keys").Select(static key => TestOrganization.Text(key, "kid"))));
        var published = await KeysAsync();
        Assert.That(published.Select(static key => (string?)key["kid"]), Is.EqualTo(both.Items("keys").Select(static key => TestOrganization.Text(key, "kid"))));
        Assert.That((string?)published[0]["kid"], Is.EqualTo((string?)first["kid"]));
        using var browser = sso.Browser();
        await sso.AllowedAsync(browser, sso.Person("ada"));
        Assert.That(Verifies(sso.Provider.LastTokenRequest!.Value.Form["client_assertion"].ToString(), first), Is.True, "the next one does not sign yet");

        sso.Provider.AcceptsAssertion = assertion => Verifies(assertion, first); // has not read the new one
        (await sso.Organization.Owner.Put(Path + "/key", Sign, ("If-Match", "*"))).ExpectProblem(422, "connection_not_usable");
        await sso.AllowedAsync(browser, sso.Person("ada"));
        sso.Provider.AcceptsAssertion = assertion => Verifies(assertion, published[1]);
        (await sso.Organization.Owner.Put(Path + "/key", Sign, ("If-Match", "*"))).Expect(200);
        Assert.That((await KeysAsync()).Select(static key => (string?)key["kid"]), Is.EqualTo(new[] { (string?)published[1]["kid"] }));
        await sso.AllowedAsync(browser, sso.Person("ada"));
    }

    [Test]
    public async Task A_key_stays_with_its_connection_as_long_as_that_uses_one()
    {
        var first = (string?)(await KeysAsync())[0]["kid"];
        (await sso.Organization.Owner.Put(Path, Body(static oidc => oidc["scopes"] = new JsonArray("email")), ("If-Match", "*"))).Expect(200);
        Assert.That((string?)(await KeysAsync())[0]["kid"], Is.EqualTo(first));
        (await sso.Organization.Owner.Put(Path, Body(static oidc => oidc["clientId"] = "another"), ("If-Match", "*"))).Expect(200);
        Assert.That((string?)(await KeysAsync())[0]["kid"], Is.EqualTo(first), "a new one would not be known to the provider");
        (await sso.Organization.Owner.Put(Path, Body(static oidc => oidc["clientSecret"] = "a secret"), ("If-Match", "*"))).ExpectProblem(400, "invalid_request");
        (await sso.Organization.Owner.Put(Path, OidcOrganization.ConnectionBody(sso.Provider), ("If-Match", "*"))).Expect(200);
        (await sso.Organization.Owner.Put(Path + "/key", Publish, ("If-Match", "*"))).ExpectProblem(400, "invalid_request");
        foreach (var path in (string[])[$"/sso/oidc/{sso.Connection}/keys", $"/sso/oidc/{sso.Connection}/certificate", "/sso/oidc/none/keys"])
            (await service.Anonymous.Get(path)).Expect(404);
        (await sso.Organization.Owner.Get(Path)).Expect(200);
        Assert.That((await sso.Organization.Owner.Get(Path)).TextOrNull("oidc", "jwksUri"), Is.Null);
    }

    private async Task<string> TextAsync(string path) => (await service.Anonymous.Get(path)).Expect(200).Body;

    private async Task<List<JsonObject>> KeysAsync() =>
        [.. ((JsonArray)JsonNode.Parse(await TextAsync($"/sso/oidc/{sso.Connection}/keys"))!["keys"]!).Select(static key => (JsonObject)key!)];

    private static JsonObject Claims(string token) => (JsonObject)JsonNode.Parse(Bytes(token.Split('.')[1]))!;

    /// <summary>As a provider checks it: the key by its id, then the signature.</summary>
    private static bool Verifies(string token, JsonObject key)
    {
        var parts = token.Split('.');
        var header = JsonNode.Parse(Bytes(parts[0]))!;
        if ((string?)header["kid"] != (string?)key["kid"] || (string?)header["alg"] != "RS256") return false;
        using var rsa = RSA.Create(new RSAParameters { Modulus = Bytes((string)key["n"]!), Exponent = Bytes((string)key["e"]!) });
        return rsa.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Bytes(parts[2]), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    private static byte[] Bytes(string text) =>
        Convert.FromBase64String(text.Replace('-', '+').Replace('_', '/').PadRight((text.Length + 3) / 4 * 4, '='));
}
