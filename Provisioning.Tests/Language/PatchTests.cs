using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Schemas;
using Provisioning.Core.Scim.Patching;
using Provisioning.Core.Scim.Resources;

namespace Provisioning.Tests.Language;

[Description("Checklist section 13: RFC 7644 3.5.2")]
public sealed class PatchTests
{
    internal const string E = SchemaUris.EnterpriseUser;

    internal const string Person = """
        {"userName":"bjensen","name":{"familyName":"Jensen","givenName":"Barbara"},"displayName":"Babs","active":true,
         "emails":[{"value":"b@work.example.com","type":"work","primary":true},{"value":"b@home.example","type":"home"}],
         "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"D","manager":{"value":"26","$ref":"../Users/26"}}}
        """;

    internal static Outcome<PatchResult> Apply(string operations, string person = Person) =>
        PatchReader.Read(Language.User, Language.Json($$"""{"schemas":["{{SchemaUris.PatchOp}}"],"Operations":[{{operations}}]}"""), 100)
            .Then(request => Patcher.Apply(Language.User, request, Language.Json(person)));

    private static JsonObject Sample(string name) =>
        Language.Ok(ResourceReader.Read(Language.User, Language.Sample("7643-8.2-full-user.json"))).Tree is var tree
            ? Language.Ok(PatchReader.Read(Language.User, Language.Sample(name), 10).Then(request => Patcher.Apply(Language.User, request, tree))).Resource
            : [];

    [Test]
    public void The_samples_of_RFC_7644_3_5_2_do_what_the_text_says()
    {
        var added = Sample("7644-3.5.2.1-add-without-path.json");
        Assert.That((added["nickName"]!.GetValue<string>(), added["emails"]!.AsArray().Count), Is.EqualTo(("Babs", 2)));
        var removed = Sample("7644-3.5.2.2-remove-value-path.json");
        Language.Same(removed["emails"], """[{"value":"babs@jensen.org","type":"home"}]""");
        var address = Sample("7644-3.5.2.3-replace-work-address.json")["addresses"]!.AsArray();
        Assert.That(address[0]!["streetAddress"]!.GetValue<string>(), Is.EqualTo("911 Universal City Plaza"));
        var street = Sample("7644-3.5.2.3-replace-street.json")["addresses"]!.AsArray();
        Assert.That(street[0]!["streetAddress"]!.GetValue<string>(), Is.EqualTo("1010 Broadway Ave"));
        Assert.That(street[0]!["postalCode"]!.GetValue<string>(), Is.EqualTo("91608"));
        Assert.That(street[1]!["streetAddress"]!.GetValue<string>(), Is.EqualTo("456 Hollywood Blvd"));
        Assert.That(Sample("7644-3.5.2.3-replace-without-path.json")["emails"]!.AsArray(), Has.Count.EqualTo(2));
    }

    [TestCase("""{"op":"add","path":"title","value":"T"}""", "title", "\"T\"", Description = "X8")]
    [TestCase("""{"op":"add","path":"displayName","value":"New"}""", "displayName", "\"New\"", Description = "X8")]
    [TestCase("""{"op":"add","path":"name","value":{"givenName":"B"}}""", "name", """{"familyName":"Jensen","givenName":"B"}""", Description = "X9")]
    [TestCase("""{"op":"replace","path":"name","value":{"givenName":"B"}}""", "name", """{"familyName":"Jensen","givenName":"B"}""", Description = "X15")]
    [TestCase("""{"op":"replace","value":{"name":{"givenName":"B"}}}""", "name", """{"familyName":"Jensen","givenName":"B"}""", Description = "X14")]
    [TestCase("""{"op":"replace","value":{"name":{"givenName":null}}}""", "name", """{"familyName":"Jensen"}""", Description = "C12")]
    [TestCase("""{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":{"value":null}}""", E,
        """{"department":"D"}""", Description = "C12")]
    [TestCase("""{"op":"replace","path":"name.familyName","value":"X"}""", "name", """{"familyName":"X","givenName":"Barbara"}""", Description = "X5")]
    [TestCase("""{"op":"remove","path":"name.familyName"}""", "name", """{"givenName":"Barbara"}""", Description = "X12")]
    [TestCase("""{"op":"remove","path":"name"}""", "name", "null", Description = "X12")]
    [TestCase("""{"op":"remove","path":"active"}""", "active", "null", Description = "U3")]
    [TestCase("""{"op":"replace","path":"displayName","value":null}""", "displayName", "null", Description = "C12")]
    [TestCase("""{"op":"add","path":"emails","value":[{"value":"n","type":"other"}]}""", "emails",
        """[{"value":"b@work.example.com","type":"work","primary":true},{"value":"b@home.example","type":"home"},{"value":"n","type":"other"}]""", Description = "X8")]
    [TestCase("""{"op":"replace","path":"emails","value":[{"value":"n"}]}""", "emails", """[{"value":"n"}]""", Description = "X15")]
    [TestCase("""{"op":"replace","path":"emails","value":[]}""", "emails", "null", Description = "X15")]
    [TestCase("""{"op":"remove","path":"emails[type eq \"home\"]"}""", "emails", """[{"value":"b@work.example.com","type":"work","primary":true}]""", Description = "X12")]
    [TestCase("""{"op":"remove","path":"emails[value pr]"}""", "emails", "null", Description = "X12")]
    [TestCase("""{"op":"remove","path":"emails[type eq \"home\"].value"}""", "emails", """[{"value":"b@work.example.com","type":"work","primary":true}]""")]
    [TestCase("""{"op":"replace","path":"emails[type eq \"home\"].value","value":"n"}""", "emails",
        """[{"value":"b@work.example.com","type":"work","primary":true},{"value":"n","type":"home"}]""", Description = "X16")]
    [TestCase("""{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"n","display":"N"}}""", "emails",
        """[{"type":"work","value":"n","display":"N"},{"value":"b@home.example","type":"home"}]""", Description = "X16")]
    [TestCase("""{"op":"add","path":"emails[type eq \"home\"].primary","value":true}""", "emails",
        """[{"value":"b@work.example.com","type":"work","primary":false},{"value":"b@home.example","type":"home","primary":true}]""", Description = "X17")]
    [TestCase("""{"op":"add","path":"emails","value":{"value":"b@home.example","type":"home","primary":true}}""", "emails",
        """[{"value":"b@work.example.com","type":"work","primary":false},{"value":"b@home.example","type":"home","primary":true}]""", Description = "X17")]
    [TestCase("""{"op":"add","path":"phoneNumbers[type eq \"mobile\"].value","value":"1"}""", "phoneNumbers", """[{"type":"mobile","value":"1"}]""", Description = "X10")]
    [TestCase("""{"op":"add","path":"ims[type eq \"x\" and display eq \"y\"].value","value":"1"}""", "ims", """[{"type":"x","display":"y","value":"1"}]""", Description = "X10")]
    [TestCase("""{"op":"replace","path":"phoneNumbers[type eq \"mobile\"].value","value":"1"}""", "phoneNumbers", """[{"type":"mobile","value":"1"}]""", Description = "X16 ours")]
    [TestCase("""{"op":"add","path":"emails.value","value":"n"}""", "emails", """[{"value":"n","type":"work","primary":true},{"value":"n","type":"home"}]""")]
    [TestCase("""{"op":"add","path":"emails.type","value":"home"},{"op":"add","path":"emails.value","value":"n"}""", "emails",
        """[{"value":"n","type":"home","primary":true}]""", Description = "C16")]
    [TestCase("""{"op":"remove","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"}""", E, "null", Description = "X21")]
    [TestCase("""{"op":"remove","path":"schemas[value eq \"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\"]"}""", E, "null", Description = "X21")]
    [TestCase("""{"op":"remove","path":"schemas","value":["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]}""", E, "null", Description = "X21")]
    [TestCase("""{"op":"replace","path":"schemas","value":["urn:ietf:params:scim:schemas:core:2.0:User"]}""", E, "null", Description = "X21")]
    [TestCase("""{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","value":{"division":"V"}}""", E, """{"division":"V"}""", Description = "X9")]
    [TestCase("""{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","value":{"schemas":["x"],"department":"V"}}""", E,
        """{"department":"V","manager":{"value":"26","$ref":"../Users/26"}}""", Description = "X9")]
    [TestCase("""{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":{"value":"27"}}""", E,
        """{"department":"D","manager":{"value":"27"}}""")]
    [TestCase("""{"op":"remove","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value"}""", E, """{"department":"D"}""")]
    [TestCase("""{"op":"replace","path":"urn:ietf:params:scim:schemas:core:2.0:User:displayName","value":"X"}""", "displayName", "\"X\"", Description = "X5")]
    [TestCase("""{"op":"add","path":"title","value":"1"},{"op":"replace","path":"title","value":"2"}""", "title", "\"2\"", Description = "X4")]
    public void An_operation_changes_what_it_names(string operation, string attribute, string expected)
    {
        var result = Language.Ok(Apply(operation));
        Assert.That(result.Changed, Is.True);
        Language.Same(result.Resource[attribute], expected);
    }

    [TestCase("""{"op":"add","path":"displayName","value":"Babs"}""")]
    [TestCase("""{"op":"add","path":"emails","value":[{"value":"b@home.example","type":"home"}]}""")]
    [TestCase("""{"op":"replace","value":{"active":true,"name":{"givenName":"Barbara"}}}""")]
    [TestCase("""{"op":"remove","path":"title"}""")]
    [TestCase("""{"op":"remove","path":"phoneNumbers[type eq \"work\"].value"}""")]
    [TestCase("""{"op":"add","path":"title","value":null}""")]
    [TestCase("""{"op":"replace","value":{"id":"x","meta":{},"groups":[],"schemas":[],"password":"p","nothing":1}}""")]
    [TestCase("""{"op":"replace","path":"password","value":"p"}""")]
    [TestCase("""{"op":"add","path":"schemas","value":["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]}""")]
    [TestCase("""{"op":"replace","path":"urn:example:unknown:attr","value":"x"}""")]
    [TestCase("""{"op":"replace","value":{"urn:ietf:params:scim:schemas:extension:seat:2.0:User":{"tier":"pro"}}}""")]
    [TestCase("""{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":{"displayName":"Boss"}}""", Description = "X15, A5")]
    [TestCase("""{"op":"add","path":"title","value":"T"},{"op":"remove","path":"title"}""")]
    public void What_changes_nothing_says_so_C8(string operation) => Assert.That(Language.Ok(Apply(operation)).Changed, Is.False);

    [TestCase("""{"op":"add","path":"title"}""", typeof(InvalidValue), Description = "X7")]
    [TestCase("""{"op":"add","value":"x"}""", typeof(InvalidValue), Description = "X7")]
    [TestCase("""{"op":"replace","path":"active","value":"maybe"}""", typeof(InvalidValue), Description = "X18")]
    [TestCase("""{"op":"replace","path":"name","value":"x"}""", typeof(InvalidValue), Description = "X18")]
    [TestCase("""{"op":"replace","path":"userName","value":""}""", typeof(InvalidValue), Description = "A8")]
    [TestCase("""{"op":"remove"}""", typeof(NoTarget), Description = "X11")]
    [TestCase("""{"op":"remove","value":{"title":"x"}}""", typeof(NoTarget), Description = "X11")]
    [TestCase("""{"op":"replace","path":"emails[type eq \"x\"].value","value":"n"}""", typeof(NoTarget), Description = "X16")]
    [TestCase("""{"op":"replace","path":"emails[value eq \"x\"]","value":{"value":"n"}}""", typeof(NoTarget), Description = "X16")]
    [TestCase("""{"op":"replace","path":"phoneNumbers[type eq \"work\" and primary eq true].value","value":"n"}""", typeof(NoTarget), Description = "X16")]
    [TestCase("""{"op":"add","path":"phoneNumbers[type co \"work\"].value","value":"n"}""", typeof(NoTarget), Description = "X10")]
    [TestCase("""{"op":"remove","path":"userName"}""", typeof(MutabilityViolated), Description = "X13")]
    [TestCase("""{"op":"replace","path":"userName","value":null}""", typeof(MutabilityViolated), Description = "X13")]
    [TestCase("""{"op":"replace","path":"id","value":"x"}""", typeof(MutabilityViolated), Description = "A5")]
    [TestCase("""{"op":"replace","path":"meta.created","value":"x"}""", typeof(MutabilityViolated), Description = "A5")]
    [TestCase("""{"op":"add","path":"groups","value":[{"value":"g"}]}""", typeof(MutabilityViolated), Description = "A5")]
    [TestCase("""{"op":"remove","path":"groups[value eq \"g\"]"}""", typeof(MutabilityViolated), Description = "X13")]
    [TestCase("""{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.displayName","value":"x"}""", typeof(MutabilityViolated))]
    [TestCase("""{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:seat:2.0:User:tier","value":"pro"}""", typeof(MutabilityViolated), Description = "SCIM-4")]
    [TestCase("""{"op":"remove","path":"urn:ietf:params:scim:schemas:extension:seat:2.0:User"}""", typeof(MutabilityViolated), Description = "SCIM-4")]
    [TestCase("""{"op":"remove","path":"schemas"}""", typeof(MutabilityViolated), Description = "X21")]
    [TestCase("""{"op":"remove","path":"schemas[value eq \"urn:ietf:params:scim:schemas:core:2.0:User\"]"}""", typeof(MutabilityViolated), Description = "X21")]
    [TestCase("""{"op":"add","path":"nothing","value":"x"}""", typeof(InvalidPath), Description = "X6")]
    [TestCase("""{"op":"add","path":"name.nothing","value":"x"}""", typeof(InvalidPath), Description = "X6")]
    [TestCase("""{"op":"add","path":"emails[type eq \"work\"].nothing","value":"x"}""", typeof(InvalidPath), Description = "X6")]
    [TestCase("""{"op":"add","path":"name[familyName eq \"x\"].givenName","value":"x"}""", typeof(InvalidPath), Description = "X6")]
    [TestCase("""{"op":"add","path":"emails[type eq \"work\"]value","value":"x"}""", typeof(InvalidPath), Description = "X6")]
    [TestCase("""{"op":"add","path":5,"value":"x"}""", typeof(InvalidPath), Description = "X6")]
    [TestCase("""{"op":"add","path":"emails[type is \"work\"].value","value":"x"}""", typeof(InvalidFilter), Description = "X6")]
    [TestCase("""{"op":"add","path":"emails[nothing eq \"work\"].value","value":"x"}""", typeof(InvalidFilter), Description = "X6")]
    [TestCase("""{"op":"move","path":"title","value":"x"}""", typeof(InvalidSyntax), Description = "X1")]
    [TestCase("""{"path":"title","value":"x"}""", typeof(InvalidSyntax), Description = "X1")]
    [TestCase("5", typeof(InvalidSyntax), Description = "X1")]
    public void A_wrong_operation_fails_with_its_own_kind_of_error(string operation, Type error)
    {
        var outcome = Apply("""{"op":"replace","path":"title","value":"changed before"},""" + operation);
        Assert.That(outcome.Error, Is.InstanceOf(error), outcome.Error?.Detail ?? "accepted");
        Assert.That(outcome.Error!.Detail, Is.Not.Empty);
    }

    [TestCase("{}")]
    [TestCase("""{"Operations":[]}""")]
    [TestCase("""{"Operations":"x"}""")]
    [TestCase("""{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"Operations":[{"op":"remove","path":"title"}]}""")]
    public void What_is_no_PatchOp_is_invalid_syntax_X1(string body) =>
        Language.Refused<InvalidSyntax, PatchRequest>(PatchReader.Read(Language.User, Language.Json(body), 10));

    [Test]
    public void The_number_of_operations_is_limited_and_the_setting_named() =>
        Language.Refused<TooMany, PatchRequest>(
            PatchReader.Read(Language.User, Language.Json("""{"Operations":[{"op":"remove","path":"title"},{"op":"remove","path":"title"}]}"""), 1),
            "Limits:PatchOperations");

    [Test]
    public void An_unknown_extension_does_not_lose_a_later_active_false_X6()
    {
        var body = Language.Json("""{"Operations":[{"op":"add","path":"urn:x:y:1.0:User:z","value":"1"},{"op":"replace","path":"active","value":false}]}""");
        var request = Language.Ok(PatchReader.Read(Language.User, body, 10));
        Assert.That(request.Ignored, Is.EqualTo(new[] { "urn:x:y:1.0:User:z" }));
        Assert.That(Language.Ok(Patcher.Apply(Language.User, request, Language.Json(Person))).Resource["active"]!.GetValue<bool>(), Is.False);
    }

    [Test]
    public void Searched_texts_must_fit_after_a_PATCH_too() =>
        Language.Refused<InvalidValue, PatchResult>(Apply($$"""{"op":"add","path":"displayName","value":"{{new string('x', 257)}}"}"""), "displayName");

    [Test]
    public void A_PATCH_is_atomic_keeps_the_resource_valid_and_never_throws_X3([Values(41, 42, 43)] int seed)
    {
        var random = new Random(seed);
        string[] ops = ["add", "replace", "remove", "Replace"];
        string[] paths =
        [
            "userName", "title", "name", "name.givenName", "emails", "emails.value", "emails[type eq \\\"work\\\"]", "emails[type eq \\\"work\\\"].value",
            "emails[primary eq true].type", "phoneNumbers[type eq \\\"fax\\\"].value", "active", "manager", E, E + ":department", "schemas",
            "addresses[type eq \\\"work\\\"].locality", "schemas[value co \\\"enterprise\\\"]", "password", "roles[primary eq \\\"True\\\"].value", "x[", "",
        ];
        string[] values =
        [
            "null", "\"\"", "\"x\"", "true", "\"False\"", "5", "[]", "{}", "[null]", "{\"value\":\"y\",\"primary\":true}", "{\"value\":\"\"}",
            "[{\"value\":\"y\",\"type\":\"work\"},{\"value\":\"z\",\"primary\":true}]", "{\"givenName\":\"G\",\"title\":\"T\"}", "[[\"x\"]]",
            "{\"emails[type eq \\\"home\\\"].value\":\"h\",\"name.givenName\":\"N\",\"members\":[]}",
        ];
        for (var i = 0; i < 10_000; i++)
        {
            var operations = Enumerable.Range(0, random.Next(1, 4)).Select(_ =>
            {
                var path = random.Next(4) == 0 ? "" : $"\"path\":\"{paths[random.Next(paths.Length)]}\",";
                return $$"""{"op":"{{ops[random.Next(ops.Length)]}}",{{path}}"value":{{values[random.Next(values.Length)]}}}""";
            });
            var body = Language.Json($$"""{"Operations":[{{string.Join(',', operations)}}]}""");
            var sent = body.ToJsonString();
            var person = Language.Json(Person);
            var outcome = PatchReader.Read(Language.User, body, 10).Then(request => Patcher.Apply(Language.User, request, person));
            Language.Same(person, Person);
            Assert.That(body.ToJsonString(), Is.EqualTo(sent), "the request is not changed either");
            if (!outcome.Try(out var result, out _)) continue;
            var again = Language.Ok(ResourceReader.Read(Language.User, result.Resource));
            Assert.That(JsonNode.DeepEquals(again.Tree, result.Resource), Is.True, $"{sent}\n{result.Resource.ToJsonString()}");
        }
    }
}
