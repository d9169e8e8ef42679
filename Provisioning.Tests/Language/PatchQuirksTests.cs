using NUnit.Framework;
using Provisioning.Core.Schemas;
using Provisioning.Core.Scim.Patching;
using Provisioning.Core.Scim.Patching.Quirks;

namespace Provisioning.Tests.Language;

[Description("idp-traffic.md: what identity providers really send in a PATCH")]
public sealed class PatchQuirksTests
{
    private const string E = SchemaUris.EnterpriseUser;

    [Test]
    public void Every_quirk_is_on_the_list()
    {
        var listed = PatchQuirks.Message.Cast<object>().Concat(PatchQuirks.Operation).Select(quirk => quirk.GetType());
        var written = typeof(PatchQuirks).Assembly.GetTypes()
            .Where(type => type.IsClass && (type.IsAssignableTo(typeof(IMessageQuirk)) || type.IsAssignableTo(typeof(IOperationQuirk))));
        Assert.That(listed, Is.EquivalentTo(written));
    }

    [TestCase("""{"Operations":{"op":"remove","path":"title"}}""", """{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"remove","path":"title"}]}""")]
    [TestCase("""{"SCHEMAS":["x"],"operations":[{"Op":"add","PATH":"title","Value":"x"}]}""", """{"schemas":["x"],"Operations":[{"op":"add","path":"title","value":"x"}]}""")]
    public void A_message_is_put_right(string sent, string meant) => Language.Same(PatchQuirks.OfMessage(Language.Json(sent)), meant);

    [TestCase("""{"op":"Replace","path":"displayName","value":"Pvlo"}""", """[{"op":"replace","path":"displayName","value":"Pvlo"}]""")]
    [TestCase("""{"op":"replace","path":null,"value":{"active":false}}""", """[{"op":"replace","value":{"active":false}}]""")]
    [TestCase("""{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.manager","value":"271"}""",
        """[{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"271"}]""")]
    [TestCase("""{"op":"replace","value":{"displayName":"B","name.givenName":"K","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber":"A"}}""",
        """
        [{"op":"replace","value":{"displayName":"B"}},{"op":"replace","path":"name.givenName","value":"K"},
         {"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber","value":"A"}]
        """)]
    [TestCase("""{"op":"replace","value":{"meta.created":"x"}}""", "[]")]
    [TestCase("""{"op":"add","path":"manager","value":[{"value":"271"}]}""",
        """[{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":[{"value":"271"}]}]""")]
    [TestCase("""{"op":"replace","path":"roles[primary eq \"True\"].value","value":"Admin"}""", """[{"op":"add","path":"roles[primary eq true].value","value":"Admin"}]""")]
    [TestCase("""{"op":"replace","path":"phoneNumbers[type eq \"work\"].value","value":""}""", """[{"op":"remove","path":"phoneNumbers[type eq \"work\"]"}]""")]
    [TestCase("""{"op":"replace","path":"manager","value":{"value":""}}""", """[{"op":"remove","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"}]""")]
    [TestCase("""{"op":"add","path":"manager.value","value":""}""", """[{"op":"remove","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"}]""")]
    [TestCase("""{"op":"remove","path":"emails.value","value":["x"]}""", """[{"op":"remove","path":"emails[value eq \"x\"]"}]""")]
    [TestCase("""{"op":"replace","path":"title","value":""}""", """[{"op":"replace","path":"title","value":""}]""")]
    [TestCase("""{"op":"remove","path":"emails","value":[{"type":"work","value":"x\"y"}]}""", """[{"op":"remove","path":"emails[type eq \"work\" and value eq \"x\\\"y\"]"}]""")]
    [TestCase("""{"op":"remove","path":"addresses","value":[{"type":"work","primary":true}]}""", """[{"op":"remove","path":"addresses[type eq \"work\" and primary eq true]"}]""")]
    [TestCase("""{"op":"remove","path":"emails[type eq \"work\"].value","value":"old"}""", """[{"op":"remove","path":"emails[type eq \"work\"].value"}]""")]
    [TestCase("""{"op":"remove","path":"title","value":"old"}""", """[{"op":"remove","path":"title"}]""")]
    public void An_operation_is_put_right(string sent, string meant)
    {
        var array = new System.Text.Json.Nodes.JsonArray();
        foreach (var operation in PatchQuirks.OfOperation(Language.User, Language.Json(sent))) array.Add(operation.DeepClone());
        Language.Same(array, meant);
    }

    [TestCase("""{"op":"Replace","path":"active","value":"False"}""", "active", "false", Description = "Entra quirk 1")]
    [TestCase("""{"op":"Add","path":"active","value":"False"}""", "active", "false", Description = "Entra quirk 1")]
    [TestCase("""{"op":"Replace","value":{"active":"False"}}""", "active", "false", Description = "Entra quirk 1")]
    [TestCase("""{"op":"Add","path":"phoneNumbers[type eq \"work\"].value","value":"1"}""", "phoneNumbers", """[{"type":"work","value":"1"}]""", Description = "Entra quirk 2")]
    [TestCase("""{"op":"Add","path":"addresses[type eq \"work\"].locality","value":"L"},{"op":"Add","path":"addresses[type eq \"work\"].country","value":"C"},{"op":"Add","path":"addresses[type eq \"work\"].primary","value":"True"}""",
        "addresses", """[{"type":"work","locality":"L","country":"C","primary":true}]""", Description = "Entra quirks 3 and 8")]
    [TestCase("""{"op":"Remove","path":"emails[type eq \"work\"].value","value":"old"}""", "emails", """[{"value":"b@home.example","type":"home"}]""", Description = "Entra quirk 5")]
    [TestCase("""{"op":"Add","path":"NICKNAME","value":"Babs"}""", "nickName", "\"Babs\"", Description = "Entra quirk 6")]
    [TestCase("""{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"271"}""", E, """{"department":"D","manager":{"value":"271"}}""", Description = "Entra")]
    [TestCase("""{"op":"Add","path":"manager","value":[{"$ref":"http://x/Users/271","value":"271"}]}""", E,
        """{"department":"D","manager":{"value":"271","$ref":"http://x/Users/271"}}""", Description = "Entra example 5")]
    [TestCase("""{"op":"Replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":""}""", E, """{"department":"D"}""", Description = "Entra clear")]
    [TestCase("""{"op":"Replace","value":{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"Manager":{"Value":""}}}}""", E, """{"department":"D"}""", Description = "Entra clear")]
    [TestCase("""{"op":"Replace","path":"roles[primary eq \"True\"].value","value":"Admin"}""", "roles", """[{"primary":true,"value":"Admin"}]""", Description = "Entra roles")]
    [TestCase("""{"op":"Add","path":"roles","value":[{"value":"{\"id\":\"..\",\"value\":\"Admin\"}"}]}""", "roles", """[{"value":"{\"id\":\"..\",\"value\":\"Admin\"}"}]""", Description = "Entra roles")]
    [TestCase("""{"op":"replace","value":{"emails":{"value":"o@x"}}}""", "emails", """[{"value":"o@x"}]""", Description = "OneLogin")]
    [TestCase("""{"op":"replace","value":{"emails[type eq \"work\"].value":"n","department":"X"}}""", E, """{"department":"X","manager":{"value":"26","$ref":"../Users/26"}}""")]
    public void The_real_payload_does_what_its_sender_means(string operations, string attribute, string expected) =>
        Language.Same(Language.Ok(PatchTests.Apply(operations)).Resource[attribute], expected);

    [Test]
    public void Okta_renames_a_group_with_its_id_in_the_value()
    {
        var body = Language.Json("""{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"id":"g1","displayName":"x"}}]}""");
        var result = Language.Ok(PatchReader.Read(Language.Group, body, 1).Then(request => Patcher.Apply(Language.Group, request, Language.Json("""{"displayName":"y"}"""))));
        Language.Same(result.Resource, """{"displayName":"x"}""");
    }

    [Test]
    public void Other_values_come_back_as_sent_Entra_quirks_9_and_10()
    {
        var result = Language.Ok(PatchTests.Apply("""{"op":"Add","path":"phoneNumbers[type eq \"weird TYPE\"].value","value":" +1 (0) x "},{"op":"Add","path":"locale","value":"no locale"}"""));
        Language.Same(result.Resource["phoneNumbers"], """[{"type":"weird TYPE","value":" +1 (0) x "}]""");
        Language.Same(result.Resource["locale"], "\"no locale\"");
    }
}
