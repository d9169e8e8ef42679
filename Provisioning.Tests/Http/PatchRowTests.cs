using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Coverage;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>Checklist section 13: PATCH.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class PatchRowTests(string engine) : ScimRowTests(engine)
{
    private const string Person = """
        {"userName":"{name}","title":"T","name":{"givenName":"G","familyName":"F"},"active":true,
         "emails":[{"value":"w@x.example","type":"work","primary":true},{"value":"h@x.example","type":"home"}],
         "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"D"}}
        """;

    public static IEnumerable<TestCaseData> Changes()
    {
        (string Rows, string Name, string Operations, string Attribute, string? Expected)[] cases =
        [
            ("X4", "in order", """[{"op":"replace","path":"title","value":"1"},{"op":"remove","path":"title"},{"op":"add","path":"title","value":"2"}]""", "title", "\"2\""),
            ("X5", "sub-attribute", """[{"op":"replace","path":"name.familyName","value":"N"}]""", "name", """{"givenName":"G","familyName":"N"}"""),
            ("X5", "value path", """[{"op":"replace","path":"emails[type eq \"home\"].value","value":"n@x.example"}]""", "emails",
                """[{"value":"w@x.example","type":"work","primary":true},{"value":"n@x.example","type":"home"}]"""),
            ("X5", "extension attribute", """[{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costCenter","value":"c"}]""", Enterprise, """{"department":"D","costCenter":"c"}"""),
            ("X7", "path-less value merged", """[{"op":"add","value":{"nickName":"N","name":{"middleName":"M"}}}]""", "name", """{"givenName":"G","familyName":"F","middleName":"M"}"""),
            ("X8", "single value replaced", """[{"op":"add","path":"title","value":"U"}]""", "title", "\"U\""),
            ("X8", "multi-valued appended, equal ones once", """[{"op":"add","path":"emails","value":[{"value":"h@x.example","type":"home"},{"value":"o@x.example","type":"other"}]}]""", "emails",
                """[{"value":"w@x.example","type":"work","primary":true},{"value":"h@x.example","type":"home"},{"value":"o@x.example","type":"other"}]"""),
            ("X9", "only the given parts", """[{"op":"add","path":"name","value":{"givenName":"H"}}]""", "name", """{"givenName":"H","familyName":"F"}"""),
            ("X9", "extension as a path", """[{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","value":{"schemas":["x"],"division":"V"}}]""", Enterprise, """{"department":"D","division":"V"}"""),
            ("X9", "extension replaced", """[{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","value":{"division":"V"}}]""", Enterprise, """{"division":"V"}"""),
            ("X10", "element created from its filter", """[{"op":"add","path":"phoneNumbers[type eq \"fax\" and display eq \"F\"].value","value":"1"}]""", "phoneNumbers", """[{"type":"fax","display":"F","value":"1"}]"""),
            ("X12", "one value", """[{"op":"remove","path":"emails[type eq \"work\"]"}]""", "emails", """[{"value":"h@x.example","type":"home"}]"""),
            ("X12", "all values", """[{"op":"remove","path":"emails"}]""", "emails", null),
            ("X12", "filtered until none is left", """[{"op":"remove","path":"emails[value pr]"}]""", "emails", null),
            ("X12", "something absent", """[{"op":"remove","path":"nickName"},{"op":"remove","path":"emails[type eq \"none\"]"}]""", "title", "\"T\""),
            ("X14", "path-less replace", """[{"op":"replace","value":{"title":"U"}}]""", "emails",
                """[{"value":"w@x.example","type":"work","primary":true},{"value":"h@x.example","type":"home"}]"""),
            ("X15", "replace of what is absent", """[{"op":"replace","path":"nickName","value":"N"}]""", "nickName", "\"N\""),
            ("X15", "whole set replaced", """[{"op":"replace","path":"emails","value":[{"value":"o@x.example"}]}]""", "emails", """[{"value":"o@x.example"}]"""),
            ("X16", "all matches", """[{"op":"replace","path":"emails[value pr].display","value":"d"}]""", "emails",
                """[{"value":"w@x.example","type":"work","primary":true,"display":"d"},{"value":"h@x.example","type":"home","display":"d"}]"""),
            ("X16", "canonical type created", """[{"op":"replace","path":"phoneNumbers[type eq \"work\"].value","value":"1"}]""", "phoneNumbers", """[{"type":"work","value":"1"}]"""),
            ("X17", "one primary", """[{"op":"replace","path":"emails[type eq \"home\"].primary","value":true}]""", "emails",
                """[{"value":"w@x.example","type":"work","primary":false},{"value":"h@x.example","type":"home","primary":true}]"""),
            ("X21", "extension removed", """[{"op":"remove","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"}]""", "schemas",
                $"""["{TestOrganization.UserSchema}","{Answer.Seat}"]"""),
            ("X21", "schemas changed", """[{"op":"remove","path":"schemas[value eq \"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\"]"}]""", Enterprise, null),
            ("X1", "op in any case", """[{"op":"ReplacE","path":"title","value":"U"}]""", "title", "\"U\""),
            ("X6", "unknown extension ignored", """[{"op":"add","path":"urn:nobody:1.0:User:x","value":"1"},{"op":"replace","path":"active","value":"False"}]""", "active", "false"),
        ];
        return cases.Select(one => new TestCaseData(one.Operations, one.Attribute, one.Expected).SetArgDisplayNames($"{one.Rows} {one.Name}"));
    }

    [TestCaseSource(nameof(Changes))]
    [Checklist("X1", "X2", "X4", "X5", "X6", "X7", "X8", "X9", "X10", "X12", "X14", "X15", "X16", "X17", "X21")]
    public async Task X4_a_PATCH_does_what_it_says_and_answers_with_the_user(string operations, string attribute, string? expected)
    {
        var made = (await Scim.Post("/Users", Person.Replace("{name}", Org.Mail(Unique("u")), StringComparison.Ordinal))).Expect(201);
        var body = $$"""{"schemas":["{{TestOrganization.PatchSchema}}"],"Operations":{{operations}}}""";
        var patched = (await Scim.Patch("/Users/" + made.Id, body)).Expect(200);
        if (expected is null) Assert.That(patched.At(attribute), Is.Null, patched.ToString());
        else Same(patched.At(attribute), expected);
        Assert.That((await Scim.Get("/Users/" + made.Id)).Body, Is.EqualTo(patched.Body));
    }

    public static IEnumerable<TestCaseData> Refusals()
    {
        (string Name, string Operations, string ScimType)[] cases =
        [
            ("X7 add without value", """{"op":"add","path":"title"}""", "invalidValue"),
            ("X6 malformed path", """{"op":"add","path":"emails[","value":"x"}""", "invalidPath|invalidFilter"),
            ("X6 unknown attribute", """{"op":"add","path":"shoeSize","value":"x"}""", "invalidPath"),
            ("X6 bad filter", """{"op":"remove","path":"emails[shoe eq \"x\"]"}""", "invalidFilter"),
            ("X11 remove without path", """{"op":"remove"}""", "noTarget"),
            ("X13 remove required", """{"op":"remove","path":"userName"}""", "mutability"),
            ("X13 remove read-only", """{"op":"remove","path":"groups"}""", "mutability"),
            ("X16 no match", """{"op":"replace","path":"emails[value eq \"nobody\"].value","value":"x"}""", "noTarget"),
            ("X18 wrong type", """{"op":"replace","path":"active","value":"perhaps"}""", "invalidValue"),
            ("X18 read-only", """{"op":"replace","path":"meta.created","value":"2020-01-01T00:00:00Z"}""", "mutability"),
            ("X1 no op", """{"path":"title","value":"x"}""", "invalidSyntax"),
        ];
        return cases.Select(one => new TestCaseData(one.Operations, one.ScimType).SetArgDisplayNames(one.Name));
    }

    [TestCaseSource(nameof(Refusals))]
    [Checklist("X1", "X3", "X6", "X7", "X11", "X13", "X16", "X18")]
    public async Task X3_a_refused_operation_undoes_those_before_it_with_seat_and_events(string operation, string scimTypes)
    {
        var made = await CreateAsync();
        var before = await JournalAsync();
        var body = $$"""
            {"schemas":["{{TestOrganization.PatchSchema}}"],"Operations":[{"op":"replace","path":"active","value":false},{"op":"add","path":"nickName","value":"N"},{{operation}}]}
            """;
        var refused = (await Scim.Patch("/Users/" + made.Id, body)).ExpectScimError(400);
        Assert.That(scimTypes.Split('|'), Does.Contain(refused.Text("scimType")), refused.ToString());
        Assert.That((await Scim.Get("/Users/" + made.Id)).Body, Is.EqualTo(made.Body));
        Assert.That(await JournalAsync(), Is.EqualTo(before));
    }

    /// <summary>How the seats stand, and the newest record of the audit trail.</summary>
    private async Task<string> JournalAsync() =>
        string.Join(", ", (await Org.SeatsAsync()).Values) + (await Org.Owner.Get("/audit?limit=1")).Expect(200).Text("records", 0, "id");

    [Test]
    [Checklist("X3", "X4", "U10")]
    public async Task X3_a_refused_PATCH_of_a_group_moves_no_member()
    {
        var (ada, bob) = ((await CreateAsync()).Id, (await CreateAsync()).Id);
        var group = (await GroupAsync(ada)).Expect(201);
        (await PatchAsync("/Groups/" + group.Id, Op("remove", $"members[value eq \"{ada}\"]"), Op("add", "members", new JsonArray(new JsonObject { ["value"] = bob })),
            Op("replace", "displayName", new JsonObject()))).ExpectScimError(400);
        Assert.That((await Scim.Get("/Groups/" + group.Id)).Body, Is.EqualTo(group.Body));
        var done = (await PatchAsync("/Groups/" + group.Id, Op("add", "members", new JsonArray(new JsonObject { ["value"] = bob })), Op("remove", "members"),
            Op("add", "members", new JsonArray(new JsonObject { ["value"] = bob })))).Expect(200);
        Assert.That(done.Items("members").Select(member => TestOrganization.Text(member, "value")), Is.EqualTo((string[])[bob]));
    }

    [Test]
    [Checklist("X22", "X2")]
    public async Task X22_a_thousand_members_in_one_operation_and_a_thousand_operations_in_one_request()
    {
        var ids = new List<string>();
        var users = new JsonArray([.. Enumerable.Range(0, 120).Select(i => new JsonObject
        {
            ["method"] = "POST", ["path"] = "/Users", ["bulkId"] = "b" + i, ["data"] = new JsonObject { ["userName"] = Org.Mail(Unique("many")), ["active"] = false },
        })]);
        var bulk = (await Scim.Post("/Bulk", new JsonObject { ["schemas"] = new JsonArray("urn:ietf:params:scim:api:messages:2.0:BulkRequest"), ["Operations"] = users })).Expect(200);
        ids.AddRange(bulk.Items("Operations").Select(one => TestOrganization.Text(one, "location")!.Split('/')[^1]));
        var group = (await GroupAsync()).Expect(201);
        var unknown = Enumerable.Range(0, 1000).Select(_ => Guid.CreateVersion7().ToString());
        (await PatchAsync("/Groups/" + group.Id, Op("add", "members", new JsonArray([.. ids.Concat(unknown).Select(id => new JsonObject { ["value"] = id })])))).Expect(204);
        Assert.That((await Scim.Get("/Groups/" + group.Id)).Items("members"), Has.Count.EqualTo(120));
        var removals = ids.Skip(1).Concat(unknown).Take(1000).Select(id => Op("remove", $"members[value eq \"{id}\"]")).ToArray();
        Assert.That((await PatchAsync("/Groups/" + group.Id, removals)).Expect(200).Items("members"), Has.Count.EqualTo(1), "few enough to be shown again");
    }
}
