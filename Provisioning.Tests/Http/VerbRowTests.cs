using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Coverage;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>Checklist sections 6 to 8, 12, 14 and 15: create, read, list, replace, delete, versions.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class VerbRowTests(string engine) : ScimRowTests(engine)
{
    [Test]
    [Checklist("P5", "R10", "A2", "R6", "R7")]
    public async Task P5_every_verb_shows_only_what_was_asked_for()
    {
        const string Only = "?attributes=userName,name.givenName,emails.value," + Enterprise;
        var sent = Org.User(Unique("u"));
        sent[Enterprise] = new JsonObject { ["department"] = "D" };
        var made = (await Scim.Post("/Users" + Only, sent)).Expect(201);
        var path = "/Users/" + made.Id;
        var expected = $$$"""
            {"schemas":["{{{TestOrganization.UserSchema}}}","{{{Enterprise}}}","{{{Answer.Seat}}}"],"id":"{{{made.Id}}}","userName":"{{{sent["userName"]}}}",
             "name":{"givenName":"{{{sent["name"]!["givenName"]}}}"},"emails":[{"value":"{{{sent["userName"]}}}"}],"{{{Enterprise}}}":{"department":"D"}}
            """;
        foreach (var answer in new[]
            {
                made, await Scim.Get(path + Only), await Scim.Put(path + Only, sent), await Scim.Patch(path + Only, TestOrganization.Patch(Op("add", "title", "T"))),
            })
            Same(answer.Expect(200, 201).Json, expected);
        var listed = (await Scim.Get($"/Users{Only}&filter=id eq \"{made.Id}\"")).Expect(200);
        Same(listed.At("Resources", 0), expected);
        var without = (await Scim.Patch(path + "?excludedAttributes=emails,name,id,userName", TestOrganization.Patch(Op("add", "title", "U")))).Expect(200);
        Assert.That((without.At("emails"), without.At("name"), without.At("userName"), without.Id, without.Text("title")), Is.EqualTo(((JsonNode?)null, (JsonNode?)null, (JsonNode?)null, made.Id, "U")));
        var group = (await Scim.Post("/Groups?excludedAttributes=members", new JsonObject { ["displayName"] = Unique("g"), ["members"] = new JsonArray(made.Id) })).Expect(201);
        Assert.That(group.At("members"), Is.Null);
        var named = (await Scim.Patch($"/Groups/{group.Id}?attributes=displayName", TestOrganization.Patch(Op("replace", "displayName", Unique("g"))))).Expect(200);
        Assert.That((named.At("members"), named.At("meta")), Is.EqualTo(((JsonNode?)null, (JsonNode?)null)), "200 when attributes were asked for (X2)");
    }

    [Test]
    [Checklist("R8", "R9")]
    public async Task R9_names_are_taken_in_any_case_unknown_ones_ignored_and_value_paths_tolerated()
    {
        var user = await CreateAsync();
        var answer = (await Scim.Get($"/Users/{user.Id}?attributes=EMAILS[type eq \"work\"].value, nothing ,URN:ietf:params:scim:schemas:core:2.0:User:TITLE")).Expect(200);
        Assert.That((answer.At("emails", 0, "value") is not null, answer.At("userName"), answer.At("name")), Is.EqualTo((true, (JsonNode?)null, (JsonNode?)null)));
        var bare = (await Scim.Get($"/Users/{user.Id}?attributes=nothing")).Expect(200);
        Assert.That(((JsonObject)bare.Json).Select(part => part.Key), Is.EquivalentTo((string[])["schemas", "id"]));
        (await Scim.Get($"/Users/{user.Id}?attributes=title&excludedAttributes=name")).ExpectScimError(400, "invalidValue");
        (await Scim.Post("/Users?attributes=title&excludedAttributes=name", Org.User(Unique("u")))).ExpectScimError(400, "invalidValue");
    }

    [Test]
    public async Task P7_a_POST_goes_to_a_collection()
    {
        var user = await CreateAsync();
        (await Scim.Post("/Users/" + user.Id, Org.User(Unique("u")))).ExpectScimError(405);
        Assert.That((await Scim.Post("/", Org.User(Unique("u")))).Status, Is.EqualTo(404).Or.EqualTo(405));
    }

    [Test]
    [Checklist("R3", "R2", "G2", "G3", "G4", "G6", "G7", "R5")]
    public async Task G2_pages_are_slices_of_one_stable_order_and_the_total_counts_everybody()
    {
        var own = await Service.OrganizationAsync(standard: 20, premium: 0);
        var none = (await own.Scim.Get("/Users?filter=userName eq \"nobody\"")).Expect(200);
        Assert.That(((JsonObject)none.Json).Select(part => part.Key), Is.EqualTo((string[])["schemas", "totalResults", "startIndex", "itemsPerPage", "Resources"]));
        Assert.That((none.Number("totalResults"), none.Items("Resources").Count), Is.EqualTo((0, 0)));
        var ids = new List<string>();
        for (var i = 0; i < 7; i++) ids.Add(await own.PushAsync("p" + i));
        foreach (var (query, from, count) in (ValueTuple<string, int, int>[])
            [("", 1, 7), ("?count=3", 1, 3), ("?startIndex=4&count=3", 4, 3), ("?startIndex=7&count=3", 7, 1), ("?startIndex=9", 9, 0), ("?count=0", 1, 0), ("?count=-5", 1, 0),
                ("?startIndex=-3&count=2", 1, 2), ("?count=100000", 1, 7)])
        {
            var page = (await own.Scim.Get("/Users" + query)).Expect(200);
            Assert.That((page.Number("totalResults"), page.Number("startIndex"), page.Number("itemsPerPage")), Is.EqualTo((7, from, count)), query);
            Assert.That(page.Items("Resources").Select(user => TestOrganization.Text(user, "id")), Is.EqualTo(ids.Skip(from - 1).Take(count)), query);
        }
        await using var small = await TestService.StartAsync(settings: "Limits:PageSize=2");
        var demo = await small.DemoAsync();
        foreach (var name in (string[])["a", "b", "c"]) await demo.PushAsync(name);
        Assert.That((await demo.Scim.Get("/Users?count=50")).Expect(200).Number("itemsPerPage"), Is.EqualTo(2), "never more than filter.maxResults");
        Assert.That((await demo.Scim.Get("/ServiceProviderConfig")).Number("filter", "maxResults"), Is.EqualTo(2));
    }

    [Test]
    [Checklist("W1", "W2", "W7", "W8")]
    public async Task W2_a_replacement_clears_what_it_does_not_name_and_can_be_repeated()
    {
        var user = await CreateAsync(body =>
        {
            body["title"] = "T";
            body[Enterprise] = new JsonObject { ["department"] = "D" };
        });
        var put = new JsonObject { ["userName"] = user.Text("userName").ToUpperInvariant(), ["nickName"] = "N", ["active"] = true };
        var replaced = (await Scim.Put("/Users/" + user.Id, put)).Expect(200);
        Assert.That((replaced.At("title"), replaced.At("name"), replaced.At("externalId"), replaced.At(Enterprise), replaced.Text("nickName"), replaced.Text("userName")),
            Is.EqualTo(((JsonNode?)null, (JsonNode?)null, (JsonNode?)null, (JsonNode?)null, "N", user.Text("userName").ToUpperInvariant())));
        Assert.That(replaced.Items("schemas").Select(urn => (string)urn!), Is.EqualTo((string[])[TestOrganization.UserSchema, Answer.Seat]));
        Assert.That(replaced.Body, Is.EqualTo((await Scim.Get("/Users/" + user.Id)).Body), "the whole representation is answered");
        Assert.That((await Scim.Put("/Users/" + user.Id, put)).Expect(200).Header("ETag"), Is.EqualTo(replaced.Header("ETag")));
        (await Scim.Put("/Users/" + user.Id, put, ("If-Match", user.Header("ETag")!))).ExpectScimError(412);
        (await Scim.Put("/Users/" + user.Id, put, ("If-Match", replaced.Header("ETag")!))).Expect(200);
        (await Scim.Put("/Users/" + Guid.CreateVersion7(), put)).ExpectScimError(404);
    }

    [Test]
    [Checklist("W5", "X19", "A9", "P3")]
    public async Task W5_a_name_that_is_taken_is_409_by_PUT_and_by_PATCH()
    {
        var (one, two) = (await CreateAsync(), await CreateAsync());
        (await Scim.Put("/Users/" + two.Id, new JsonObject { ["userName"] = one.Text("userName").ToUpperInvariant() })).ExpectScimError(409, "uniqueness");
        (await PatchAsync("/Users/" + two.Id, Op("replace", "userName", one.Text("userName")))).ExpectScimError(409, "uniqueness");
        (await PatchAsync("/Users/" + two.Id, Op("replace", "userName", two.Text("userName").ToUpperInvariant()))).Expect(200);
        (await Scim.Put("/Users/" + two.Id, new JsonObject { ["nickName"] = "N" })).ExpectScimError(400, "invalidValue");
        var (here, there) = ((await GroupAsync()).Expect(201), (await GroupAsync()).Expect(201));
        (await PatchAsync("/Groups/" + there.Id, Op("replace", "displayName", here.Text("displayName")))).ExpectScimError(409, "uniqueness");
        (await Scim.Delete("/Users/" + one.Id)).Expect(204);
        (await PatchAsync("/Users/" + two.Id, Op("replace", "userName", one.Text("userName")))).Expect(200);
    }

    [Test]
    public async Task W9_a_group_is_replaced_with_its_members_and_emptied_without()
    {
        var (ada, bob) = ((await CreateAsync()).Id, (await CreateAsync()).Id);
        var group = (await GroupAsync(ada)).Expect(201);
        var name = group.Text("displayName");
        var replaced = (await Scim.Put("/Groups/" + group.Id, new JsonObject { ["displayName"] = name, ["members"] = new JsonArray(bob) })).Expect(200);
        Assert.That(replaced.Items("members").Select(member => TestOrganization.Text(member, "value")), Is.EqualTo((string[])[bob]));
        Assert.That((await Scim.Put("/Groups/" + group.Id, new JsonObject { ["displayName"] = name })).Expect(200).At("members"), Is.Null);
        (await Scim.Put("/Groups/" + group.Id, new JsonObject { ["displayName"] = name, ["members"] = new JsonArray(ada, bob) })).Expect(200);
        Assert.That((await Scim.Put("/Groups/" + group.Id, new JsonObject { ["displayName"] = name, ["members"] = new JsonArray() })).Expect(200).At("members"), Is.Null);
    }

    [Test]
    [Checklist("D1", "D2", "D3", "D4", "N4")]
    public async Task D1_what_is_deleted_is_gone_everywhere_and_blocks_nothing()
    {
        var (user, other) = (await CreateAsync(), await CreateAsync());
        var group = (await GroupAsync(user.Id, other.Id)).Expect(201);
        (await PatchAsync("/Users/" + other.Id, Op("add", Enterprise + ":manager", user.Id))).Expect(200);
        var before = await TotalAsync("/Users");
        (await Scim.Delete("/Users/" + user.Id, ("If-Match", "W/\"99\""))).ExpectScimError(412);
        var deleted = (await Scim.Delete("/Users/" + user.Id, ("If-Match", user.Header("ETag")!))).Expect(204);
        Assert.That(deleted.Body, Is.Empty);
        foreach (var method in (string[])["GET", "PUT", "PATCH", "DELETE"])
            (await Scim.Send(method, "/Users/" + user.Id, method is "PUT" ? Org.User(Unique("u")) : method is "PATCH" ? TestOrganization.Patch(Op("add", "title", "T")) : null)).ExpectScimError(404);
        Assert.That(await TotalAsync("/Users"), Is.EqualTo(before - 1));
        Assert.That(await TotalAsync($"/Users?filter=userName eq \"{user.Text("userName")}\""), Is.Zero);
        var left = (await Scim.Get("/Groups/" + group.Id)).Expect(200);
        Assert.That(left.Items("members").Select(member => TestOrganization.Text(member, "value")), Is.EqualTo((string[])[other.Id]));
        Assert.That(left.Header("ETag"), Is.Not.EqualTo(group.Header("ETag")), "its own rows changed");
        Assert.That((await Scim.Get("/Users/" + other.Id)).Text(Enterprise, "manager", "value"), Is.EqualTo(user.Id), "what was sent about others stays as sent");
        var again = (await Scim.Post("/Users", new JsonObject { ["userName"] = user.Text("userName") })).Expect(201);
        Assert.That(again.Id, Is.Not.EqualTo(user.Id));
    }

    [Test]
    [Checklist("T1", "T2", "T3", "T4", "X20", "C8", "D4")]
    public async Task T3_conditions_hold_for_every_verb()
    {
        var user = await CreateAsync();
        var group = (await GroupAsync()).Expect(201);
        foreach (var (path, made, change) in (ValueTuple<string, Answer, Func<string, JsonObject>>[])
            [
                ("/Users/" + user.Id, user, mark => TestOrganization.Patch(Op("replace", "nickName", mark))),
                ("/Groups/" + group.Id, group, mark => TestOrganization.Patch(Op("replace", "displayName", Unique(mark)))),
            ])
        {
            var tag = made.Header("ETag")!;
            (await Scim.Get(path, ("If-None-Match", tag))).Expect(304);
            (await Scim.Get(path, ("If-None-Match", tag.Replace("W/", "", StringComparison.Ordinal)))).Expect(304);
            (await Scim.Get(path, ("If-None-Match", "*"))).Expect(304);
            (await Scim.Get(path, ("If-None-Match", "W/\"98\", W/\"99\""))).Expect(200);
            (await Scim.Get(path, ("If-Match", "W/\"99\""))).ExpectScimError(412);
            (await Scim.Get(path, ("If-Match", tag))).Expect(200);
            (await Scim.Patch(path, change("a"), ("If-None-Match", tag))).ExpectScimError(412);
            (await Scim.Patch(path, change("a"), ("If-None-Match", "*"))).ExpectScimError(412);
            var changed = (await Scim.Patch(path, change("b"), ("If-Match", $"W/\"99\", {tag}"))).Expect(200);
            Assert.That(changed.Header("ETag"), Is.Not.EqualTo(tag));
            (await Scim.Patch(path, change("c"), ("If-Match", tag))).ExpectScimError(412);
            Assert.That((await Scim.Patch(path, change("c"), ("If-Match", "*"))).Expect(200).Header("ETag"), Is.Not.EqualTo(changed.Header("ETag")));
            var same = (await Scim.Get(path)).Expect(200);
            var put = (await Scim.Put(path, same.Json, ("If-None-Match", tag))).Expect(200);
            Assert.That((put.Header("ETag"), put.Text("meta", "lastModified")), Is.EqualTo((same.Header("ETag"), same.Text("meta", "lastModified"))), "nothing changed");
            (await Scim.Delete(path, ("If-None-Match", same.Header("ETag")!))).ExpectScimError(412);
            (await Scim.Delete(path, ("If-Match", same.Header("ETag")!))).Expect(204);
        }
    }

    [Test]
    [Checklist("T4", "X22", "X23", "N4")]
    public async Task T4_the_version_of_a_group_moves_with_its_members()
    {
        var user = await CreateAsync();
        var group = (await GroupAsync()).Expect(201);
        var added = (await PatchAsync("/Groups/" + group.Id, Op("add", "members", new JsonArray(new JsonObject { ["value"] = user.Id })))).Expect(200);
        Assert.That(added.Header("ETag"), Is.Not.EqualTo(group.Header("ETag")));
        var again = (await PatchAsync("/Groups/" + group.Id, Op("add", "members", new JsonArray(new JsonObject { ["value"] = user.Id })))).Expect(200);
        Assert.That((again.Header("ETag"), again.Items("members").Count), Is.EqualTo((added.Header("ETag"), 1)));
        var removed = (await PatchAsync("/Groups/" + group.Id, Op("remove", $"members[value eq \"{user.Id}\"]"))).Expect(200);
        Assert.That(removed.Header("ETag"), Is.Not.EqualTo(added.Header("ETag")));
        Assert.That((await PatchAsync("/Groups/" + group.Id, Op("remove", $"members[value eq \"{user.Id}\"]"))).Expect(200).Header("ETag"), Is.EqualTo(removed.Header("ETag")));
    }
}
