using System.Text.Json.Nodes;
using System.Xml.Linq;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using NUnit.Framework;
using Provisioning.Api.Hosting;
using Provisioning.Api.Sso.Saml;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Sso.Saml;

/// <summary>SAML connections over REST: metadata of both sides, certificates, and the test that says what is wrong.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class SamlConnectionTests(string engine)
{
    private TestService service = null!;
    private TestOrganization organization = null!;
    private SigningKey key = null!;
    private SigningKey next = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        service = await SharedService.GetAsync(engine);
        organization = await service.OrganizationAsync();
        key = SigningKey.Make(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddYears(1));
        next = SigningKey.Make(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(20));
    }

    [OneTimeTearDown]
    public void Drop()
    {
        key?.Dispose();
        next?.Dispose();
    }

    private static JsonObject With(string name, JsonObject saml, bool enabled = true) =>
        new() { ["name"] = name, ["kind"] = "saml", ["enabled"] = enabled, ["trustEmail"] = true, ["saml"] = saml };

    [Test]
    public async Task The_services_metadata_is_there_before_the_provider_is_known_and_its_key_stays()
    {
        var made = (await organization.Owner.Post("/connections", With("first", [], enabled: false))).Expect(201);
        var metadata = (await service.Anonymous.Get(new Uri(made.Text("saml", "metadataUri")).AbsolutePath)).Expect(200);
        Assert.That(metadata.ContentType, Does.StartWith("application/samlmetadata+xml"));
        var parsed = XElement.Parse(metadata.Body);
        Assert.That(((string?)parsed.Attribute("entityID"), (string?)parsed.Descendants(SamlNames.Md + "AssertionConsumerService").Single().Attribute("Location"),
            (string?)parsed.Descendants(SamlNames.Md + "SingleLogoutService").First().Attribute("Location")),
            Is.EqualTo((made.Text("saml", "spEntityId"), made.Text("saml", "acsUri"), made.Text("saml", "sloUri"))));
        var test = (await organization.Owner.Post($"/connections/{made.Id}/test", null)).Expect(200);
        Assert.That((test.Flag("ok"), test.Body), Is.EqualTo((false, test.Body)));
        Assert.That(test.Body, Does.Contain("metadataXml"));
        (await organization.Owner.Put("/connections/" + made.Id, With("first", []), ("If-Match", "*"))).ExpectProblem(400, "invalid_request");
        var done = (await organization.Owner.Put("/connections/" + made.Id, With("first", new JsonObject { ["metadataXml"] = MetadataTests.Descriptor(key) }), ("If-Match", "*"))).Expect(200);
        Assert.That((done.Text("saml", "idpEntityId"), done.Text("saml", "ssoUrl"), done.Flag("saml", "signAuthnRequests")),
            Is.EqualTo((SamlFixture.Expected.Identity, "https://idp.example/sso", true)));
        Assert.That((await service.Anonymous.Get(new Uri(made.Text("saml", "metadataUri")).AbsolutePath)).Body.Replace("AuthnRequestsSigned=\"true\"", "AuthnRequestsSigned=\"false\"", StringComparison.Ordinal),
            Is.EqualTo(metadata.Body), "the key pair stays");
        Assert.That((await organization.Owner.Post($"/connections/{made.Id}/test", null)).Expect(200).Flag("ok"), Is.True);
    }

    [Test]
    public async Task Metadata_is_fetched_from_the_provider_and_the_test_tells_of_a_new_certificate()
    {
        var published = MetadataTests.Descriptor(key);
        await using var provider = await StartAsync(() => published);
        var url = provider.Urls.First() + "/metadata";
        var made = (await organization.Owner.Post("/connections", With("fetched", new JsonObject { ["metadataUrl"] = url }))).Expect(201);
        Assert.That(made.Text("saml", "idpEntityId"), Is.EqualTo(SamlFixture.Expected.Identity));
        Assert.That((await organization.Owner.Post($"/connections/{made.Id}/test", null)).Flag("ok"), Is.True);
        published = MetadataTests.Descriptor(key, next);
        var test = (await organization.Owner.Post($"/connections/{made.Id}/test", null)).Expect(200);
        Assert.That((test.Flag("ok"), test.Body.Contains("a certificate that the connection does not have", StringComparison.Ordinal)), Is.EqualTo((false, true)));
        var saved = (await organization.Owner.Put("/connections/" + made.Id, With("fetched", new JsonObject { ["metadataUrl"] = url }), ("If-Match", "*"))).Expect(200);
        Assert.That((saved.Items("saml", "certificates").Count, (await organization.Owner.Post($"/connections/{made.Id}/test", null)).Flag("ok")), Is.EqualTo((2, true)));
        published = "<html/>";
        Assert.That((await organization.Owner.Post($"/connections/{made.Id}/test", null)).Body, Does.Contain("no SAML 2.0 identity provider"));
        (await organization.Owner.Post("/connections", With("broken", new JsonObject { ["metadataUrl"] = url }))).ExpectProblem(400, "invalid_request");
        (await organization.Owner.Post("/connections", With("away", new JsonObject { ["metadataUrl"] = provider.Urls.First() + "/none" }))).ExpectProblem(400, "invalid_request");
        (await organization.Owner.Post("/connections", With("inside", new JsonObject { ["metadataUrl"] = "https://10.0.0.1/metadata" }))).ExpectProblem(422, "outbound_refused");
    }

    [Test]
    public async Task A_connection_without_a_valid_certificate_is_not_enabled()
    {
        using var expired = SigningKey.Make(DateTimeOffset.UtcNow.AddDays(-20), DateTimeOffset.UtcNow.AddDays(-1));
        JsonObject Saml(params SigningKey[] keys) => new()
        {
            ["idpEntityId"] = "e", ["ssoUrl"] = "https://idp.example/sso",
            ["certificates"] = new JsonArray([.. keys.Select(one => JsonValue.Create(one.Certificate.ExportCertificatePem()))]),
        };
        var refused = (await organization.Owner.Post("/connections", With("old", Saml(expired)))).ExpectProblem(422, "connection_not_usable");
        Assert.That(refused.Body, Does.Contain("No signing certificate is valid today"));
        var made = (await organization.Owner.Post("/connections", With("old", Saml(expired), enabled: false))).Expect(201);
        Assert.That((await organization.Owner.Post($"/connections/{made.Id}/test", null)).Flag("ok"), Is.False);
        (await organization.Owner.Put("/connections/" + made.Id, With("old", Saml(expired, next)), ("If-Match", "*"))).Expect(200);
        var test = (await organization.Owner.Post($"/connections/{made.Id}/test", null)).Expect(200);
        Assert.That((test.Flag("ok"), test.Body.Contains("ends soon", StringComparison.Ordinal)), Is.EqualTo((true, true)));
    }

    [TestCase("""{"metadataXml":"<a"}""")]
    [TestCase("""{"metadataXml":"<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>"}""")]
    [TestCase("""{"metadataUrl":"file:///etc/passwd"}""")]
    [TestCase("""{"metadataUrl":"http://idp.example/metadata"}""")]
    [TestCase("""{"idpEntityId":"e","ssoUrl":"https://idp.example","certificates":["AAAA"]}""")]
    [TestCase("""{"idpEntityId":"e","ssoUrl":"https://idp.example","certificates":[],"nameIdFormat":"urn:oasis:names:tc:SAML:2.0:nameid-format:transient"}""")]
    [TestCase("""{"idpEntityId":"e","ssoUrl":"https://idp.example","certificates":[],"more":1}""")]
    [TestCase("""{"metadataXml":1}""")]
    public async Task Settings_that_cannot_be_are_refused(string saml) =>
        (await organization.Owner.Post("/connections", With("x", (JsonObject)JsonNode.Parse(saml)!))).ExpectProblem(400, "invalid_request");

    [Test]
    public async Task Metadata_that_leads_out_of_https_is_refused()
    {
        foreach (var address in new[] { "http://idp.example/sso", "javascript:alert(1)", "https://u@idp.example/sso" })
        {
            var xml = MetadataTests.Descriptor(key).Replace("https://idp.example/sso", address, StringComparison.Ordinal);
            (await organization.Owner.Post("/connections", With("x", new JsonObject { ["metadataXml"] = xml }))).ExpectProblem(400, "invalid_request");
        }
    }

    [Test]
    public async Task The_services_private_key_is_encrypted_at_rest_and_never_answered()
    {
        var made = (await organization.Owner.Post("/connections", With("secret", [], enabled: false))).Expect(201);
        Assert.That(made.Body + (await organization.Owner.Get("/connections/" + made.Id)).Body, Does.Not.Contain("PRIVATE KEY"));
        await using var connection = service.Database.Connection();
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT protected_secret FROM identity_connections WHERE name = 'secret'";
        Assert.That((string)(await command.ExecuteScalarAsync())!, Is.Not.Empty.And.Not.Contain("KEY"));
    }

    private static async Task<WebApplication> StartAsync(Func<string> metadata)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapGet("/metadata", () => Results.Text(metadata(), "application/samlmetadata+xml"));
        await app.StartAsync();
        return app;
    }
}
