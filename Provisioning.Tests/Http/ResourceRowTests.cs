using System.Globalization;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Coverage;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>Checklist sections 3 to 5: the form of resources, characteristics of attributes, users and groups.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class ResourceRowTests(string engine) : ScimRowTests(engine)
{
    [Test]
    [Checklist("C1", "C2", "U11")]
    public async Task C2_schemas_lists_the_base_and_every_extension_that_is_there_once()
    {
        var user = await CreateAsync(body =>
        {
            body["schemas"] = new JsonArray(TestOrganization.UserSchema, TestOrganization.UserSchema, "urn:unknown:1.0:User");
            body["URN:IETF:PARAMS:scim:schemas:extension:enterprise:2.0:User"] = new JsonObject
            {
                ["employeeNumber"] = "7", ["costCenter"] = "c", ["organization"] = "o", ["division"] = "d", ["Department"] = "x",
                ["manager"] = new JsonObject { ["value"] = "26118915", ["$ref"] = "../Users/26118915", ["displayName"] = "made up" },
            };
        });
        Assert.That(user.Items("schemas").Select(urn => (string)urn!), Is.EqualTo((string[])[TestOrganization.UserSchema, Enterprise, Answer.Seat]));
        Same(user.At(Enterprise), """{"employeeNumber":"7","costCenter":"c","organization":"o","division":"d","department":"x","manager":{"value":"26118915","$ref":"../Users/26118915"}}""");
        var bare = await PatchAsync("/Users/" + user.Id, Op("remove", Enterprise));
        Assert.That(bare.Expect(200).Items("schemas"), Has.Count.EqualTo(2));
        Assert.That((await GroupAsync()).Expect(201).Items("schemas"), Has.Count.EqualTo(1));
    }

    [Test]
    [Checklist("C3", "C4", "C6", "C7", "P4")]
    public async Task C3_id_and_meta_are_the_servers_whatever_a_client_sends()
    {
        var user = await CreateAsync(body =>
        {
            body["id"] = "mine";
            body["meta"] = new JsonObject { ["resourceType"] = "Group", ["created"] = "2001-01-01T00:00:00Z", ["version"] = "W/\"9\"", ["location"] = "http://x" };
        });
        var group = (await GroupAsync()).Expect(201);
        Assert.That(Guid.TryParse(user.Id, out _), Is.True);
        Assert.That(user.Id, Is.Not.EqualTo("mine").And.Not.EqualTo(group.Id).And.Not.Contain("bulkId"));
        Assert.That((user.Text("meta", "resourceType"), group.Text("meta", "resourceType"), user.Text("meta", "version")), Is.EqualTo(("User", "Group", "W/\"1\"")));
        Assert.That(user.Text("meta", "created"), Is.EqualTo(user.Text("meta", "lastModified")));
        var made = DateTimeOffset.Parse(user.Text("meta", "created"), CultureInfo.InvariantCulture);
        Assert.That(made, Is.GreaterThan(new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero)));
        Assert.That(user.Text("meta", "created"), Does.Match(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"));
        (await Scim.Get("/Users/" + user.Id.ToUpperInvariant())).ExpectScimError(404);
        (await Scim.Get("/Groups/" + user.Id)).ExpectScimError(404);
        Assert.That((await Scim.Get($"/Users/{user.Id}?attributes=title")).Expect(200).Id, Is.EqualTo(user.Id));
        Assert.That((await Scim.Get($"/Users/{user.Id}?excludedAttributes=id,schemas")).Expect(200).Id, Is.EqualTo(user.Id));
    }

    [Test]
    public async Task C5_externalId_is_the_clients_and_compared_exactly()
    {
        var none = await CreateAsync(body => body.Remove("externalId"));
        Assert.That(none.At("externalId"), Is.Null);
        var mark = Unique("Ext");
        var (one, two) = (await CreateAsync(body => body["externalId"] = mark), await CreateAsync(body => body["externalId"] = mark));
        Assert.That(one.Text("externalId"), Is.EqualTo(mark));
        Assert.That(await TotalAsync($"/Users?filter=externalId eq \"{mark}\""), Is.EqualTo(2), "not unique");
        Assert.That(await TotalAsync($"/Users?filter=externalId eq \"{mark.ToUpperInvariant()}\""), Is.Zero);
        Assert.That((await PatchAsync("/Users/" + two.Id, Op("replace", "externalId", "other"))).Expect(200).Text("externalId"), Is.EqualTo("other"));
    }

    [Test]
    [Checklist("C9", "C10", "P1", "R1", "T1")]
    public async Task C9_location_and_version_are_the_same_everywhere_and_lead_to_the_resource()
    {
        var user = Org.User(Unique("u"));
        var made = (await Scim.Post("/Users", user)).Expect(201);
        var location = made.Text("meta", "location");
        Assert.That(Uri.IsWellFormedUriString(location, UriKind.Absolute), Is.True);
        Assert.That((made.Header("Location"), made.Header("ETag")), Is.EqualTo((location, made.Text("meta", "version"))));
        var read = (await Scim.Get(location.Split("/v2")[1])).Expect(200);
        Assert.That((read.Header("Content-Location"), read.Header("ETag"), read.Body), Is.EqualTo((location, made.Header("ETag"), made.Body)), "the whole representation was answered");
        var put = (await Scim.Put("/Users/" + made.Id, user)).Expect(200);
        var patched = (await PatchAsync("/Users/" + made.Id, Op("add", "title", "T"))).Expect(200);
        Assert.That((put.Header("ETag"), patched.Header("ETag")), Is.EqualTo((put.Text("meta", "version"), patched.Text("meta", "version"))));
        Assert.That(made.Header("ETag"), Does.Match("^W/\"\\d+\"$"));
    }

    [Test]
    [Checklist("C12", "P2", "W2")]
    public async Task C12_null_empty_and_absent_are_one_state()
    {
        var user = await CreateAsync(body =>
        {
            body["title"] = null;
            body["phoneNumbers"] = new JsonArray();
            body["nickName"] = "N";
        });
        Assert.That((user.At("title"), user.At("phoneNumbers")), Is.EqualTo(((JsonNode?)null, (JsonNode?)null)));
        Assert.That(user.Body, Does.Not.Contain("null").And.Not.Contain("[]"));
        Assert.That(await TotalAsync($"/Users?filter=id eq \"{user.Id}\" and not (title pr) and phoneNumbers eq null and nickName pr"), Is.EqualTo(1));
        var put = (JsonObject)user.Json.DeepClone();
        put["nickName"] = null;
        put["emails"] = new JsonArray();
        var after = (await Scim.Put("/Users/" + user.Id, put)).Expect(200);
        Assert.That((after.At("nickName"), after.At("emails")), Is.EqualTo(((JsonNode?)null, (JsonNode?)null)));
    }

    [Test]
    [Checklist("C11", "C13", "E7")]
    public async Task C13_names_in_any_case_and_order_and_unknown_attributes_are_read()
    {
        var name = Unique("u");
        var user = (await Scim.Post("/Users", new JsonObject
        {
            ["favouriteColour"] = new JsonObject { ["x"] = 1 }, ["NICKNAME"] = "N", ["Name"] = new JsonObject { ["GIVENNAME"] = "G", ["shoeSize"] = 44 },
            ["ACTIVE"] = "True", ["Emails"] = new JsonArray(new JsonObject { ["VALUE"] = Org.Mail(name) }), ["username"] = Org.Mail(name),
        })).Expect(201);
        Assert.That((user.Text("nickName"), user.Text("name", "givenName"), user.Flag("active"), user.Text("userName")), Is.EqualTo(("N", "G", true, Org.Mail(name))));
        Assert.That(user.Body, Does.Not.Contain("favouriteColour").And.Not.Contain("shoeSize"));
        Assert.That((await Scim.Get($"/Users?filter=USERNAME Eq \"{Org.Mail(name)}\"&attributes=NickName")).Expect(200).Text("Resources", 0, "nickName"), Is.EqualTo("N"));
    }

    [Test]
    [Checklist("C15", "C16", "C17", "U5", "U6")]
    public async Task C15_of_two_primaries_the_first_stays_equal_pairs_are_kept_once_and_any_type_is_taken()
    {
        var user = await CreateAsync(body =>
        {
            body["emails"] = JsonNode.Parse("""
                [{"value":"a@x.example","type":"work","primary":true},{"value":"b@x.example","type":"starship","primary":true},
                 {"value":"a@x.example","type":"work","display":"again"}]
                """);
            body["addresses"] = JsonNode.Parse("""[{"type":"office 7","country":"nowhere at all","primary":true,"locality":"L"}]""");
        });
        Same(user.At("emails"), """[{"value":"a@x.example","type":"work","primary":true},{"value":"b@x.example","type":"starship","primary":false}]""");
        Same(user.At("addresses"), """[{"type":"office 7","country":"nowhere at all","primary":true,"locality":"L"}]""");
    }

    [Test]
    [Checklist("C18", "U10")]
    public async Task C18_references_are_shown_as_sent_and_else_relative()
    {
        var (ada, bob) = ((await CreateAsync()).Id, (await CreateAsync()).Id);
        var group = (await Scim.Post("/Groups", new JsonObject
        {
            ["displayName"] = Unique("group"),
            ["members"] = new JsonArray(ada, new JsonObject { ["value"] = bob, ["$ref"] = "https://idp.example/v1/Users/" + bob, ["type"] = "User", ["displayName"] = "Bob" }),
        })).Expect(201);
        var members = group.Items("members").ToDictionary(member => TestOrganization.Text(member, "value")!);
        Same(members[ada], $$"""{"value":"{{ada}}","$ref":"Users/{{ada}}","type":"User"}""");
        Same(members[bob], $$"""{"value":"{{bob}}","$ref":"https://idp.example/v1/Users/{{bob}}","type":"User","display":"Bob"}""");
        Assert.That(await TotalAsync($"/Groups?filter=members.$ref eq \"https://idp.example/v1/Users/{bob}\""), Is.EqualTo(1));
    }

    [Test]
    [Checklist("A5", "W3", "X13", "X18")]
    public async Task A5_what_is_read_only_is_ignored_in_bodies_and_refused_as_a_path()
    {
        var user = await CreateAsync();
        var put = (JsonObject)user.Json.DeepClone();
        put["id"] = "other";
        put["groups"] = new JsonArray(new JsonObject { ["value"] = "g" });
        put["meta"]!["created"] = "2001-01-01T00:00:00Z";
        put[Answer.Seat]!["tier"] = "gold";
        Assert.That((await Scim.Put("/Users/" + user.Id, put)).Expect(200).Body, Is.EqualTo(user.Body), "nothing changed");
        foreach (var path in (string[])["id", "meta", "meta.version", "groups", Answer.Seat + ":tier", Answer.Seat])
            (await PatchAsync("/Users/" + user.Id, Op("replace", path, new JsonObject { ["value"] = "x" }))).ExpectScimError(400, "mutability");
        var same = await PatchAsync("/Users/" + user.Id, Op("replace", null, new JsonObject { ["id"] = "x", ["groups"] = new JsonArray(), ["title"] = "T" }));
        Assert.That((same.Expect(200).Id, same.Text("title")), Is.EqualTo((user.Id, "T")));
    }

    [Test]
    [Checklist("A3", "A7", "U2", "F15", "A6")]
    public async Task A7_a_password_is_taken_and_never_seen_again()
    {
        var user = await CreateAsync(body => body["password"] = "Correct-Horse-7");
        var patched = (await PatchAsync("/Users/" + user.Id, Op("replace", "password", "Battery-Staple-8"), Op("replace", null, new JsonObject { ["password"] = "x" }))).Expect(200);
        Assert.That(patched.Header("ETag"), Is.EqualTo(user.Header("ETag")), "nothing of it is kept");
        var put = (JsonObject)user.Json.DeepClone();
        put["password"] = "Correct-Horse-9";
        foreach (var answer in new[] { user, patched, await Scim.Put("/Users/" + user.Id, put), await Scim.Get($"/Users/{user.Id}?attributes=password"), await Scim.Get("/Users/" + user.Id) })
            Assert.That(answer.Body, Does.Not.Contain("assword").And.Not.Contain("Horse"));
        (await Scim.Get("/Users?filter=password eq \"Correct-Horse-7\"")).ExpectScimError(400, "invalidFilter");
        (await Scim.Get("/Users?filter=password pr")).ExpectScimError(400, "invalidFilter");
    }

    [Test]
    [Checklist("A10", "A11", "U1", "P3", "A9")]
    public async Task A10_userName_keeps_its_case_and_is_compared_without_it()
    {
        var name = Unique("MiXed");
        var user = await CreateAsync(body => body["userName"] = name + "Straße");
        Assert.That(user.Text("userName"), Is.EqualTo(name + "Straße"));
        foreach (var same in new[] { name + "Straße", name.ToUpperInvariant() + "STRAßE", name.ToLowerInvariant() + "straße" })
        {
            Assert.That(await TotalAsync("/Users?filter=" + Uri.EscapeDataString($"userName eq \"{same}\"")), Is.EqualTo(1), same);
            (await Scim.Post("/Users", new JsonObject { ["userName"] = same })).ExpectScimError(409, "uniqueness");
        }
        Assert.That(await TotalAsync($"/Users?filter=id eq \"{user.Id.ToUpperInvariant()}\""), Is.Zero, "id is case-exact");
        Assert.That(await TotalAsync("/Users?filter=" + Uri.EscapeDataString($"id eq \"{user.Id}\" and meta.version eq \"w/\\\"1\\\"\"")), Is.Zero, "and so is the version");
        (await Scim.Post("/Users", new JsonObject { ["userName"] = "  " })).ExpectScimError(400, "invalidValue");
        (await Scim.Post("/Users", new JsonObject { ["active"] = true })).ExpectScimError(400, "invalidValue");
    }

    [Test]
    [Checklist("U3", "W6", "N5")]
    public async Task U3_active_is_true_when_absent_and_unchanged_when_it_is_taken_away()
    {
        var user = await CreateAsync(body => body.Remove("active"));
        Assert.That((user.Flag("active"), user.Text(Answer.Seat, "seatStatus")), Is.EqualTo((true, "assigned")));
        var removed = (await PatchAsync("/Users/" + user.Id, Op("remove", "active"))).Expect(200);
        Assert.That((removed.At("active"), removed.Text(Answer.Seat, "seatStatus"), removed.Text(Answer.Seat, "memberState")), Is.EqualTo(((JsonNode?)null, "assigned", "active")));
        (await PatchAsync("/Users/" + user.Id, Op("replace", "active", false))).Expect(200);
        var put = (JsonObject)user.Json.DeepClone();
        put.Remove("active");
        Assert.That((await Scim.Put("/Users/" + user.Id, put)).Expect(200).Flag("active"), Is.False, "an omitted active neither frees nor takes a seat");
    }

    [Test]
    [Checklist("U4", "X15")]
    public async Task U4_parts_of_a_name_are_changed_one_by_one_and_nothing_is_made_up()
    {
        var user = await CreateAsync(body => body["name"] = JsonNode.Parse("""{"familyName":"F","givenName":"G","honorificPrefix":"Dr"}"""));
        Assert.That((user.At("displayName"), user.At("name", "formatted")), Is.EqualTo(((JsonNode?)null, (JsonNode?)null)));
        var patched = (await PatchAsync("/Users/" + user.Id, Op("replace", "name.familyName", "N"), Op("add", "name", new JsonObject { ["middleName"] = "M" }))).Expect(200);
        Same(patched.At("name"), """{"familyName":"N","givenName":"G","honorificPrefix":"Dr","middleName":"M"}""");
    }

    [Test]
    [Checklist("U5", "U8", "U11", "C13", "C14")]
    public async Task U5_every_attribute_of_the_full_user_of_the_RFC_comes_back_as_sent()
    {
        var sent = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Data", "rfc", "7643-8.2-full-user.json")))!.AsObject();
        sent["userName"] = Org.Mail(Unique("full"));
        sent["locale"] = "qq 7";
        sent["timezone"] = "no zone";
        var user = (await Scim.Post("/Users", sent)).Expect(201);
        var read = (await Scim.Get("/Users/" + user.Id)).Expect(200);
        foreach (var (name, value) in sent)
        {
            if (name is "schemas" or "id" or "meta" or "groups" or "password") continue;
            Assert.That(JsonNode.DeepEquals(read.At(name), value), Is.True, $"{name}: {read.At(name)?.ToJsonString()}");
        }
        Assert.That(read.At("groups"), Is.Null);
    }

    [Test]
    [Checklist("U7", "D3")]
    public async Task U7_the_groups_of_a_user_follow_from_groups_only()
    {
        var user = await CreateAsync(body => body["groups"] = new JsonArray(new JsonObject { ["value"] = Guid.CreateVersion7().ToString() }));
        Assert.That(user.At("groups"), Is.Null);
        var group = (await GroupAsync(user.Id)).Expect(201);
        var shown = (await Scim.Get("/Users/" + user.Id)).Expect(200);
        Same(shown.At("groups"), $$"""[{"value":"{{group.Id}}","$ref":"{{group.Text("meta", "location")}}","display":"{{group.Text("displayName")}}","type":"direct"}]""");
        Assert.That(shown.Header("ETag"), Is.EqualTo(user.Header("ETag")), "derived attributes do not move the version (SCIM-16)");
        (await Scim.Delete("/Groups/" + group.Id)).Expect(204);
        Assert.That((await Scim.Get("/Users/" + user.Id)).At("groups"), Is.Null);
    }

    [Test]
    [Checklist("U9", "U10", "A8")]
    public async Task U9_a_group_needs_a_name_of_its_own_and_may_hold_groups_and_strangers()
    {
        (await Scim.Post("/Groups", new JsonObject { ["members"] = new JsonArray() })).ExpectScimError(400, "invalidValue");
        var inner = (await GroupAsync()).Expect(201);
        (await Scim.Post("/Groups", new JsonObject { ["displayName"] = inner.Text("displayName").ToUpperInvariant() })).ExpectScimError(409, "uniqueness");
        var outer = (await GroupAsync(inner.Id, Guid.CreateVersion7().ToString(), "no id at all")).Expect(201);
        Assert.That(outer.Items("members"), Has.Count.EqualTo(1), "whom nobody knows is left out");
        Assert.That((outer.Text("members", 0, "value"), outer.Text("members", 0, "type")), Is.EqualTo((inner.Id, "Group")));
        Assert.That((await Org.AuditAsync("&target=" + outer.Id)).Select(record => TestOrganization.Text(record, "action")), Does.Contain("unknown_member_ignored"));
        (await PatchAsync("/Groups/" + inner.Id, Op("remove", "displayName"))).ExpectScimError(400, "mutability");
    }
}
