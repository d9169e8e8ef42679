using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Coverage;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>Checklist sections 1, 2 and 17: transport, errors, discovery.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class TransportRowTests(string engine) : ScimRowTests(engine)
{
    [TestCase("application/scim+json")]
    [TestCase("application/json")]
    [TestCase("*/*")]
    [TestCase("text/html, application/xhtml+xml")]
    [TestCase(null)]
    [Checklist("H1", "H2")]
    public async Task H2_every_Accept_is_answered_with_exactly_scim_json(string? accept)
    {
        (string, string)[] headers = accept is null ? [] : [("Accept", accept)];
        Assert.That((await Scim.Get("/Users?count=1", headers)).Expect(200).ContentType, Is.EqualTo("application/scim+json"));
        Assert.That((await Scim.Get("/Users/none", headers)).ExpectScimError(404).ContentType, Is.EqualTo("application/scim+json"));
    }

    [TestCase("application/scim+json")]
    [TestCase("application/scim+json; charset=utf-8")]
    [TestCase("application/scim+json;charset=\"UTF-8\"")]
    [TestCase("application/json")]
    [Checklist("H1", "H3")]
    public async Task H3_bodies_of_each_media_type_are_read_as_UTF_8(string mediaType)
    {
        var user = Org.User(Unique("u"));
        user["displayName"] = "Zoë 日本 😀";
        var made = (await Scim.Post("/Users", System.Text.Encoding.UTF8.GetBytes(user.ToJsonString()), ("Content-Type", mediaType))).Expect(201);
        Assert.That((await Scim.Get("/Users/" + made.Id)).Text("displayName"), Is.EqualTo("Zoë 日本 😀"));
    }

    [Test]
    public async Task H5_a_PUT_on_an_unknown_id_creates_nothing()
    {
        var before = await TotalAsync("/Users");
        (await Scim.Put("/Users/" + Guid.CreateVersion7(), Org.User(Unique("u")))).ExpectScimError(404);
        (await Scim.Put("/Groups/" + Guid.CreateVersion7(), new JsonObject { ["displayName"] = Unique("g") })).ExpectScimError(404);
        Assert.That(await TotalAsync("/Users"), Is.EqualTo(before));
    }

    [TestCase("/Users?aadOptscim062020")]
    [TestCase("/Users?aadOptscim062020&foo=bar&count=1")]
    [TestCase("/Groups?foo[]=1&count=0")]
    public async Task H6_unknown_query_parameters_are_ignored(string path) => (await Scim.Get(path)).Expect(200);

    [TestCase(null)]
    [TestCase("wrong")]
    [TestCase("prv_scim_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task H7_without_credentials_401_names_the_scheme(string? token)
    {
        var door = Scim.With(token);
        foreach (var answer in new[] { await door.Get("/Users"), await door.Post("/Users", Org.User("x")), await door.Delete("/Users/1"), await door.Get("/Schemas") })
            Assert.That(answer.ExpectScimError(401).Header("WWW-Authenticate"), Does.StartWith("Bearer"));
    }

    [Test]
    public async Task H8_a_token_of_another_door_is_403()
    {
        foreach (var token in new[] { Org.Gateway.Token, Org.Owner.Token, TestService.OperatorToken })
            (await Scim.With(token).Get("/Users")).ExpectScimError(403);
    }

    [Test]
    public async Task H11_tokens_have_256_random_bits_end_when_they_are_to_and_are_shown_once()
    {
        var own = await Service.OrganizationAsync();
        var made = (await own.Owner.Post("/tokens", new { door = "scim", name = "second", expiresAt = "2099-01-01T00:00:00Z" })).Expect(201);
        Assert.That(made.Text("token"), Does.Match("^prv_scim_[A-Za-z0-9_-]{43}$").And.Not.EqualTo(own.Scim.Token));
        Assert.That(made.Text("expiresAt"), Does.StartWith("2099-01-01"));
        Assert.That((await own.Owner.Get("/tokens")).Body, Does.Not.Contain(made.Text("token")));
        (await own.Owner.Delete("/tokens/" + made.Id)).Expect(204);
        (await own.Scim.With(made.Text("token")).Get("/Users")).ExpectScimError(401);
    }

    [Test]
    [Checklist("E1", "E2", "E3", "E8", "H4")]
    public async Task E3_every_status_of_a_refusal_has_a_SCIM_body()
    {
        var made = await CreateAsync();
        var user = Org.User(Unique("u"));
        user["userName"] = made.Text("userName");
        (await Scim.Post("/Users", "{")).ExpectScimError(400, "invalidSyntax");
        (await Scim.With("x").Get("/Users")).ExpectScimError(401);
        (await Scim.With(Org.Gateway.Token).Get("/Users")).ExpectScimError(403);
        (await Scim.Get("/Users/none")).ExpectScimError(404);
        (await Scim.Delete("/Users")).ExpectScimError(405);
        (await Scim.Post("/Users", user)).ExpectScimError(409, "uniqueness");
        (await Scim.Delete("/Users/" + made.Id, ("If-Match", "W/\"77\""))).ExpectScimError(412);
        (await Scim.Post("/Users", new string(' ', 4_194_305))).ExpectScimError(413);
        (await Scim.Post("/Users", "x", ("Content-Type", "text/plain"))).ExpectScimError(415);
        (await Scim.Get("/Me")).ExpectScimError(501);
    }

    [Test]
    [Checklist("Z1", "Z2", "Z3", "S3", "G7", "T1")]
    public async Task Z1_the_configuration_says_what_is_offered_without_credentials()
    {
        foreach (var path in (string[])["/ServiceProviderConfig", "/ServiceProviderConfigs"])
        {
            var config = (await Scim.With(null).Get(path)).Expect(200);
            Assert.That(config.Text("schemas", 0), Is.EqualTo("urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"));
            foreach (var feature in (string[])["patch", "bulk", "filter", "sort", "etag"]) Assert.That(config.Flag(feature, "supported"), Is.True, feature);
            Assert.That(config.Flag("changePassword", "supported"), Is.False);
            Assert.That((config.Number("filter", "maxResults"), config.Number("bulk", "maxOperations"), config.Number("bulk", "maxPayloadSize")), Is.EqualTo((1000, 1000, 4_194_304)));
            foreach (var part in (string[])["type", "name", "description"]) Assert.That(config.Text("authenticationSchemes", 0, part), Is.Not.Empty);
            Assert.That(config.Text("meta", "resourceType"), Is.EqualTo("ServiceProviderConfig"));
        }
        (await Scim.With("wrong").Get("/ServiceProviderConfig")).ExpectScimError(401);
    }

    [Test]
    [Checklist("M1", "Z2")]
    public async Task M1_a_token_of_an_identity_provider_stands_for_nobody()
    {
        foreach (var method in (string[])["GET", "POST", "PUT", "PATCH", "DELETE"])
            Assert.That((await Scim.Send(method, "/Me", method is "GET" or "DELETE" ? null : "{}")).ExpectScimError(501).Text("detail"), Does.Contain("/Me"));
    }

    [Test]
    [Checklist("Z4", "Z7")]
    public async Task Z4_resource_types_are_listed_and_name_schemas_that_are_there()
    {
        var types = (await Scim.Get("/ResourceTypes")).Expect(200);
        Assert.That(types.Text("schemas", 0), Is.EqualTo("urn:ietf:params:scim:api:messages:2.0:ListResponse"));
        Assert.That(types.Items("Resources").Select(type => TestOrganization.Text(type, "name")), Is.EqualTo((string[])["User", "Group"]));
        var user = (await Scim.Get("/ResourceTypes/User")).Expect(200);
        Assert.That((user.Text("name"), user.Text("endpoint"), user.Text("schema")), Is.EqualTo(("User", "/Users", TestOrganization.UserSchema)));
        Assert.That(user.Flag("schemaExtensions", 0, "required"), Is.False);
        foreach (var urn in user.Items("schemaExtensions").Select(extension => TestOrganization.Text(extension, "schema")!).Append(user.Text("schema")))
            Assert.That((await Scim.Get("/Schemas/" + urn)).Expect(200).Id, Is.EqualTo(urn));
        Assert.That((await Scim.Get(user.Text("meta", "location").Split("/v2")[1])).Expect(200).Text("name"), Is.EqualTo("User"));
        (await Scim.Get("/ResourceTypes/Robot")).ExpectScimError(404);
    }

    [Test]
    [Checklist("Z5", "Z6", "Z10", "A12", "U9")]
    public async Task Z6_schemas_describe_every_attribute_completely_and_say_what_is_enforced()
    {
        var schemas = (await Scim.Get("/Schemas")).Expect(200);
        Assert.That(schemas.Number("totalResults"), Is.EqualTo(7));
        Assert.That(schemas.Body, Does.Not.Contain(":null"));
        Assert.That(schemas.Items("Resources").Select(schema => TestOrganization.Text(schema, "id")), Has.None.Contains("api:messages"));
        foreach (var schema in schemas.Items("Resources"))
            foreach (var attribute in schema["attributes"]!.AsArray())
            {
                foreach (var part in (string[])["name", "type", "description", "mutability", "returned"]) Assert.That(TestOrganization.Text(attribute, part), Is.Not.Null, attribute!.ToJsonString());
                Assert.That(attribute!["multiValued"], Is.Not.Null, attribute.ToJsonString());
                if (TestOrganization.Text(attribute, "type") == "complex") Assert.That(TestOrganization.Text(attribute, "uniqueness") ?? "none", Is.EqualTo("none"));
            }
        var name = (await Scim.Get("/Schemas/" + TestOrganization.GroupSchema)).Items("attributes").Single(one => TestOrganization.Text(one, "name") == "displayName");
        Assert.That((name["required"]!.GetValue<bool>(), TestOrganization.Text(name, "uniqueness")), Is.EqualTo((true, "server")));
        (await Scim.Get("/Schemas/urn:nothing")).ExpectScimError(404);
    }

    [TestCase("/Schemas?filter=name%20eq%20%22User%22", 7)]
    [TestCase("/Schemas?sortBy=name&startIndex=5&count=1", 7)]
    [TestCase("/ResourceTypes?filter=nonsense", 2)]
    public async Task Z8_parameters_of_lists_are_ignored_at_discovery(string path, int total) =>
        Assert.That((await Scim.Get(path)).Expect(200).Items("Resources"), Has.Count.EqualTo(total));

    [Test]
    public async Task Z9_discovery_cannot_be_written()
    {
        foreach (var path in (string[])["/Schemas", "/ResourceTypes", "/ServiceProviderConfig", "/Schemas/" + TestOrganization.UserSchema, "/ResourceTypes/User"])
            foreach (var method in (string[])["POST", "PUT", "PATCH", "DELETE"])
                (await Scim.Send(method, path, method == "DELETE" ? null : "{}")).ExpectScimError(405);
    }
}
