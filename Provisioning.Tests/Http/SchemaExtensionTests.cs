using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Api;
using Provisioning.Api.Configuration;
using Provisioning.Tests.Coverage;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>An operator drops a file into the schema folder, and nothing else (design D4).</summary>
public sealed class SchemaExtensionTests
{
    private const string Badge = "urn:example:badge:1.0:User", Site = "urn:example:site:1.0:Group";

    private const string BadgeFile = """
        {"schemas":["urn:ietf:params:scim:schemas:core:2.0:Schema"],"id":"urn:example:badge:1.0:User","name":"Badge","description":"A badge","attributes":[
          {"name":"number","type":"integer","required":true},
          {"name":"weight","type":"decimal"},
          {"name":"issued","type":"dateTime","mutability":"immutable"},
          {"name":"colors","multiValued":true},
          {"name":"pin","mutability":"writeOnly","returned":"never"},
          {"name":"note","returned":"request"},
          {"name":"code","caseExact":true},
          {"name":"doors","type":"complex","multiValued":true,"subAttributes":[{"name":"value"},{"name":"type","canonicalValues":["front"]},{"name":"floor","type":"integer"}]}]}
        """;

    private string folder = null!;
    private TestService service = null!;
    private TestOrganization demo = null!;

    [OneTimeSetUp]
    public async Task DropTheFileAsync()
    {
        folder = CopyOfTheSchemas();
        await File.WriteAllTextAsync(Path.Combine(folder, "schemas", "50-badge.json"), BadgeFile);
        await File.WriteAllTextAsync(Path.Combine(folder, "schemas", "51-site.json"),
            """{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Schema"],"id":"urn:example:site:1.0:Group","name":"Site","attributes":[{"name":"city"}]}""");
        service = await TestService.StartAsync(20, 20, "Scim:SchemaFolder=" + folder);
        demo = await service.DemoAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (service is not null) await service.DisposeAsync();
        if (folder is not null) Directory.Delete(folder, recursive: true);
    }

    [Test]
    [Checklist("Z4", "Z5", "Z6", "Z7")]
    public async Task A_dropped_file_is_served_and_named_by_the_resource_type_its_URN_ends_with()
    {
        var schema = (await demo.Scim.Get("/Schemas/" + Badge)).Expect(200);
        Assert.That((schema.Text("name"), schema.Text("attributes", 0, "type"), schema.Text("meta", "location").Split("/v2")[1]), Is.EqualTo(("Badge", "integer", "/Schemas/" + Badge)));
        Assert.That((await demo.Scim.Get("/Schemas")).Number("totalResults"), Is.EqualTo(9));
        Assert.That((await demo.Scim.Get("/ResourceTypes/User")).Items("schemaExtensions").Select(one => TestOrganization.Text(one, "schema")), Does.Contain(Badge).And.Not.Contain(Site));
        Assert.That((await demo.Scim.Get("/ResourceTypes/Group")).Items("schemaExtensions").Select(one => TestOrganization.Text(one, "schema")), Is.EqualTo((string[])[Site]));
    }

    [Test]
    [Checklist("A1", "A2", "A4", "A6", "A7", "A8", "C2", "C14", "W4")]
    public async Task Its_values_are_checked_stored_patched_and_returned_by_what_it_says()
    {
        var user = (await PushAsync("""{"number":7,"weight":1.50,"issued":"2020-01-01T00:00:00Z","colors":["red","blue","red"],"pin":"1234","note":"n","code":"aB","unknown":1}""")).Expect(201);
        Assert.That(user.Items("schemas").Select(urn => (string)urn!), Does.Contain(Badge));
        Same(user.At(Badge), """{"number":7,"weight":1.50,"issued":"2020-01-01T00:00:00Z","colors":["red","blue"],"note":"n","code":"aB"}""");
        var read = (await demo.Scim.Get("/Users/" + user.Id)).Expect(200);
        Assert.That(read.At(Badge, "note"), Is.Null, "returned on request only");
        Assert.That((await demo.Scim.Get($"/Users/{user.Id}?attributes={Badge}:note,{Badge}:pin")).At(Badge)!.ToJsonString(), Is.EqualTo("""{"note":"n"}"""));
        foreach (var (body, word) in (ValueTuple<string, string>[])
            [
                ("""{"weight":1}""", "number"), ("""{"number":7.5}""", "number"), ("""{"number":"7"}""", "number"), ("""{"number":1,"issued":"yesterday"}""", "issued"),
                ("""{"number":1,"doors":[{"floor":"x"}]}""", "floor"), ("""{"number":1,"colors":[{"value":"red"}]}""", "colors"),
            ])
            Assert.That((await PushAsync(body)).ExpectScimError(400, "invalidValue").Text("detail"), Does.Contain(word));

        var patched = (await PatchAsync(user.Id, TestOrganization.Operation("replace", Badge + ":number", 8), TestOrganization.Operation("add", Badge + ":colors", new JsonArray("green")),
            TestOrganization.Operation("add", Badge + ":doors[type eq \"front\"].floor", 3), TestOrganization.Operation("remove", Badge + ":code", null))).Expect(200);
        Assert.That(patched.At(Badge, "doors")!.ToJsonString(), Is.EqualTo("""[{"type":"front","floor":3}]"""));
        Assert.That((patched.Number(Badge, "number"), patched.Items(Badge, "colors").Count, patched.At(Badge, "code")), Is.EqualTo((8, 3, (JsonNode?)null)));
        (await PatchAsync(user.Id, TestOrganization.Operation("replace", Badge + ":issued", "2021-01-01T00:00:00Z"))).ExpectScimError(400, "mutability");
        (await PatchAsync(user.Id, TestOrganization.Operation("remove", Badge + ":number", null))).ExpectScimError(400, "mutability");
    }

    [Test]
    [Checklist("F7", "F14", "S1", "A10")]
    public async Task Its_attributes_are_filtered_and_sorted_by()
    {
        var mine = new List<string>();
        foreach (var number in (int[])[30, 4, 100])
            mine.Add((await PushAsync($$"""{"number":{{number}},"code":"Code{{number}}","colors":["c{{number}}","all"],"doors":[{"value":"d{{number}}","floor":{{number}}}]}""")).Expect(201).Id);
        foreach (var (filter, expected) in (ValueTuple<string, int[]>[])
            [
                ("number gt 4 and code pr", [0, 2]), (Badge + ":code eq \"code30\"", []), (Badge + ":code eq \"Code30\"", [0]), ("colors eq \"C100\"", [2]),
                ("doors[floor lt 50 and value sw \"d\"]", [0, 1]), ("doors.floor eq 4", [1]), ("doors eq \"d100\"", [2]),
            ])
            Assert.That(await FoundAsync($"filter={Uri.EscapeDataString(filter)}"), Is.EqualTo(expected.Select(at => mine[at])), filter);
        Assert.That(await FoundAsync($"sortBy={Badge}:number&filter={Uri.EscapeDataString("colors eq \"all\"")}"), Is.EqualTo((string[])[mine[1], mine[0], mine[2]]), "numbers by value");
        (await demo.Scim.Get("/Users?filter=number eq \"x\"")).ExpectScimError(400, "invalidFilter");

        async Task<IEnumerable<string?>> FoundAsync(string query) =>
            (await demo.Scim.Get("/Users?" + query)).Expect(200).Items("Resources").Select(user => TestOrganization.Text(user, "id")).Where(id => mine.Contains(id!));
    }

    [Test]
    public async Task A_group_has_its_own_extension_beside_its_members()
    {
        var group = (await demo.Scim.Post("/Groups", new JsonObject { ["displayName"] = "Lyon", [Site] = new JsonObject { ["city"] = "Lyon" } })).Expect(201);
        Assert.That(group.Text(Site, "city"), Is.EqualTo("Lyon"));
        Assert.That((await demo.Scim.Get("/Groups?filter=city eq \"lyon\"")).Expect(200).Number("totalResults"), Is.EqualTo(1));
        var patched = (await demo.Scim.Patch("/Groups/" + group.Id, TestOrganization.Patch(TestOrganization.Operation("replace", Site + ":city", "Nice")))).Expect(200);
        Assert.That(patched.Text(Site, "city"), Is.EqualTo("Nice"));
    }

    [Test]
    public async Task U12_an_extension_that_its_resource_type_requires_must_be_in_every_POST()
    {
        var required = CopyOfTheSchemas();
        try
        {
            await File.WriteAllTextAsync(Path.Combine(required, "schemas", "50-badge.json"), BadgeFile);
            var file = Path.Combine(required, "resource-types", "10-user.json");
            var type = JsonNode.Parse(await File.ReadAllTextAsync(file))!.AsObject();
            type["schemaExtensions"]!.AsArray().Add((JsonNode)new JsonObject { ["schema"] = Badge, ["required"] = true });
            await File.WriteAllTextAsync(file, type.ToJsonString());
            await using var strict = await TestService.StartAsync(settings: "Scim:SchemaFolder=" + required);
            var organization = await strict.DemoAsync();
            Assert.That((await organization.Scim.Post("/Users", organization.User("ada"))).ExpectScimError(400, "invalidValue").Text("detail"), Does.Contain(Badge));
            var user = organization.User("ada");
            user[Badge] = new JsonObject { ["number"] = 1 };
            (await organization.Scim.Post("/Users", user)).Expect(201);
        }
        finally
        {
            Directory.Delete(required, recursive: true);
        }
    }

    [TestCase("""{"name":"x","type":"text"}""", "#/attributes/0/type")]
    [TestCase("""{"name":"x"},{"name":"y","uniqueness":"server"}""", "#/attributes/1/uniqueness")]
    [TestCase("""{"name":"x","type":"complex","subAttributes":[{"name":"y","mutability":"often"}]}""", "#/attributes/0/subAttributes/0/mutability")]
    [TestCase("", "#/attributes")]
    [Checklist("Z6", "A9")]
    public async Task A_broken_file_stops_the_start_and_the_line_names_it_with_its_place(string attributes, string pointer)
    {
        var broken = CopyOfTheSchemas();
        try
        {
            await File.WriteAllTextAsync(Path.Combine(broken, "schemas", "60-broken.json"),
                $$"""{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Schema"],"id":"urn:example:broken:1.0:User","name":"Broken","attributes":[{{attributes}}]}""");
            Assert.That(Refusal(broken), Does.Contain(Path.Combine("schemas", "60-broken.json") + pointer));
        }
        finally
        {
            Directory.Delete(broken, recursive: true);
        }
    }

    [Test]
    public async Task A_file_that_extends_nothing_stops_the_start_too()
    {
        var lost = CopyOfTheSchemas();
        try
        {
            await File.WriteAllTextAsync(Path.Combine(lost, "schemas", "60-lost.json"), BadgeFile.Replace("1.0:User", "1.0:Device", StringComparison.Ordinal));
            Assert.That(Refusal(lost), Does.Contain("60-lost.json#/id"));
        }
        finally
        {
            Directory.Delete(lost, recursive: true);
        }
    }

    private static string Refusal(string schemas) =>
        Assert.Throws<SettingsException>(() => Program.Build(["--environment=Development", "--Storage:ConnectionString=Data Source=unused.db", "--Scim:SchemaFolder=" + schemas]))!.Message;

    private Task<Answer> PushAsync(string badge)
    {
        var user = demo.User("u" + Guid.NewGuid().ToString("n"));
        user[Badge] = JsonNode.Parse(badge);
        return demo.Scim.Post("/Users", user);
    }

    private Task<Answer> PatchAsync(string id, params JsonObject[] operations) => demo.Scim.Patch("/Users/" + id, TestOrganization.Patch(operations));

    private static void Same(JsonNode? actual, string expected) =>
        Assert.That(JsonNode.DeepEquals(actual, JsonNode.Parse(expected)), Is.True, $"was {actual?.ToJsonString()}\nnot {expected}");

    private static string CopyOfTheSchemas()
    {
        var source = Path.Combine(AppContext.BaseDirectory, "scim-schemas");
        var copy = Directory.CreateTempSubdirectory("schemas-").FullName;
        foreach (var file in Directory.EnumerateFiles(source, "*.json", SearchOption.AllDirectories))
        {
            var target = Path.Combine(copy, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
        return copy;
    }
}
