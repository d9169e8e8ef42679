using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Schemas;
using Provisioning.Core.Scim.Resources;

namespace Provisioning.Tests.Language;

[Description("Checklist sections 3 to 6, 12; idp-traffic.md section 5: what a POST or PUT body means")]
public sealed class ResourceReaderTests
{
    private static Outcome<ResourceBody> Read(string body) => ResourceReader.Read(Language.User, Language.Json(body));

    private static JsonObject Tree(string body) => Language.Ok(Read(body)).Tree;

    [Test]
    public void The_samples_of_RFC_7643_section_8_are_kept_but_for_what_is_ours_or_secret()
    {
        foreach (var name in new[] { "7643-8.1-minimal-user.json", "7643-8.2-full-user.json", "7643-8.3-enterprise-user.json" })
        {
            var sample = Language.Sample(name);
            var tree = Language.Ok(ResourceReader.Read(Language.User, sample)).Tree;
            foreach (var ours in new[] { "id", "meta", "groups", "password", "schemas" }) sample.Remove(ours);
            (sample[SchemaUris.EnterpriseUser]?["manager"] as JsonObject)?.Remove("displayName");
            Language.Same(tree, sample.ToJsonString());
        }
    }

    [Test]
    public void A_group_sample_gives_its_members_apart()
    {
        var body = Language.Ok(ResourceReader.Read(Language.Group, Language.Sample("7643-8.4-group.json")));
        Language.Same(body.Tree, """{"displayName":"Tour Guides"}""");
        Assert.That(body.Members!.Select(member => member.Display), Is.EqualTo(new[] { "Babs Jensen", "Mandy Pepperidge" }));
    }

    [TestCase("""{"displayName":"x"}""", null)]
    [TestCase("""{"displayName":"x","members":[]}""", "")]
    [TestCase("""{"displayName":"x","members":null}""", "")]
    [TestCase("""{"displayName":"x","Members":[{"$ref":null,"VALUE":"a"},"b",null,{"value":"a"}]}""", "a,b")]
    [TestCase("""{"displayName":"x","members":{"value":"a"}}""", "a")]
    public void Members_that_are_absent_differ_from_none_U10(string body, string? ids)
    {
        var members = Language.Ok(ResourceReader.Read(Language.Group, Language.Json(body))).Members;
        Assert.That(members is null ? null : string.Join(',', members.Select(member => member.Value)), Is.EqualTo(ids));
    }

    [Test]
    public void A_members_displayName_is_read_as_display_U10()
    {
        var body = Language.Json("""{"displayName":"x","members":[{"value":"a","displayName":"A","$ref":"../Users/a","type":"User"}]}""");
        Assert.That(Language.Ok(ResourceReader.Read(Language.Group, body)).Members!.Single(), Is.EqualTo(new MemberValue("a", "../Users/a", "User", "A")));
    }

    [TestCase("""{"displayName":"x","members":[{"display":"no value"}]}""")]
    [TestCase("""{"displayName":"x","members":[{"value":""}]}""")]
    [TestCase("""{"displayName":"x","members":[5]}""")]
    public void A_member_without_an_id_is_invalid(string body) =>
        Language.Refused<InvalidValue, ResourceBody>(ResourceReader.Read(Language.Group, Language.Json(body)), "members");

    [Test]
    public void Entras_own_sample_with_nulls_and_a_malformed_URN_is_read()
    {
        Language.Same(Tree("""
            {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0User"],
             "externalId":"0a21f0f2","userName":"user@contoso.com","active":true,"addresses":null,"phoneNumbers":null,"preferredLanguage":null,
             "title":null,"department":null,"manager":null,"meta":{"resourceType":"User"},"roles":[],
             "emails":[{"primary":true,"type":"work","value":"user@contoso.com"}]}
            """), """
            {"externalId":"0a21f0f2","userName":"user@contoso.com","active":true,
             "emails":[{"primary":true,"type":"work","value":"user@contoso.com"}]}
            """);
    }

    [Test]
    public void Oktas_create_body_loses_password_and_groups()
    {
        Language.Same(Tree("""
            {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"test.user@okta.local",
             "name":{"givenName":"Test","familyName":"User"},"locale":"en-US","externalId":"00uj","groups":[{"value":"g"}],"password":"1mz050nq","active":true}
            """), """
            {"userName":"test.user@okta.local","name":{"givenName":"Test","familyName":"User"},"locale":"en-US","externalId":"00uj","active":true}
            """);
    }

    [TestCase("""{"USERNAME":"A"}""", """{"userName":"A"}""")]
    [TestCase("""{"userName":"A","Name":{"GIVENNAME":"B"}}""", """{"userName":"A","name":{"givenName":"B"}}""")]
    [TestCase("""{"userName":"A","active":"True"}""", """{"userName":"A","active":true}""")]
    [TestCase("""{"userName":"A","active":"false"}""", """{"userName":"A","active":false}""")]
    [TestCase("""{"userName":"A","nothing":{"x":1},"id":"5","meta":7,"schemas":null}""", """{"userName":"A"}""")]
    [TestCase("""{"userName":"A","schemas":["urn:scim:schemas:core:1.0"]}""", """{"userName":"A"}""")]
    [TestCase("""{"userName":"A","emails":{"value":"a@x"}}""", """{"userName":"A","emails":[{"value":"a@x"}]}""")]
    [TestCase("""{"userName":"A","emails":["a@x"]}""", """{"userName":"A","emails":[{"value":"a@x"}]}""")]
    [TestCase("""{"userName":["A"]}""", """{"userName":"A"}""")]
    [TestCase("""{"userName":"A","name":{},"emails":[{}],"title":[]}""", """{"userName":"A"}""")]
    [TestCase("""{"userName":"A","emails":[{"value":"a","primary":true},{"value":"b","primary":"True"}]}""",
        """{"userName":"A","emails":[{"value":"a","primary":true},{"value":"b","primary":false}]}""")]
    [TestCase("""{"userName":"A","emails":[{"value":"a","type":"work"},{"value":"a","type":"work","display":"x"},{"value":"a","type":"home"}]}""",
        """{"userName":"A","emails":[{"value":"a","type":"work"},{"value":"a","type":"home"}]}""")]
    [TestCase("""{"userName":"A","urn:ietf:params:scim:schemas:extension:enterprise:2.0:USER":{"Department":"D","manager":"271"}}""",
        """{"userName":"A","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"D","manager":{"value":"271"}}}""")]
    [TestCase("""{"userName":"A","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":[{"value":"271"}]}}""",
        """{"userName":"A","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"271"}}}""")]
    [TestCase("""{"userName":"A","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":""}}}""", """{"userName":"A"}""")]
    [TestCase("""{"userName":"A","urn:ietf:params:scim:schemas:extension:seat:2.0:User":{"tier":"pro"}}""", """{"userName":"A"}""")]
    [TestCase("""{"userName":"A","phoneNumbers":[{"value":" +49 (0) 30 ","type":"RANDOM"}],"profileUrl":"no url","locale":"??"}""",
        """{"userName":"A","phoneNumbers":[{"value":" +49 (0) 30 ","type":"RANDOM"}],"profileUrl":"no url","locale":"??"}""")]
    public void What_identity_providers_send_is_read(string body, string tree) => Language.Same(Tree(body), tree);

    [TestCase("""{}""", "userName")]
    [TestCase("""{"userName":null}""", "userName")]
    [TestCase("""{"userName":" "}""", "userName")]
    [TestCase("""{"userName":5}""", "userName")]
    [TestCase("""{"userName":["A","B"]}""", "userName")]
    [TestCase("""{"userName":"A","active":"maybe"}""", "active")]
    [TestCase("""{"userName":"A","active":1}""", "active")]
    [TestCase("""{"userName":"A","name":"Jensen"}""", "name")]
    [TestCase("""{"userName":"A","name":{"givenName":{}}}""", "name.givenName")]
    [TestCase("""{"userName":"A","emails":[{"primary":"maybe"}]}""", "emails.primary")]
    [TestCase("""{"userName":"A","emails":[5]}""", "emails")]
    [TestCase("""{"userName":"A","emails":[[]]}""", "emails")]
    [TestCase("""{"userName":"A","password":5}""", "password")]
    [TestCase("""{"userName":"A","x509Certificates":[{"value":"***"}]}""", "x509Certificates.value")]
    [TestCase("""{"userName":"A","schemas":5}""", "schemas")]
    [TestCase("""{"userName":"A","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":"x"}""", "enterprise")]
    public void What_cannot_be_is_an_invalid_value_that_names_the_attribute_E6_E7(string body, string named) =>
        Language.Refused<InvalidValue, ResourceBody>(Read(body), named);

    [Test]
    public void Two_names_for_one_attribute_are_refused() =>
        Language.Refused<InvalidSyntax, ResourceBody>(Read("""{"userName":"A","USERNAME":"B"}"""), "USERNAME");

    [Test]
    public void Searched_texts_must_fit_their_key_column_design_D3()
    {
        foreach (var name in ResourceRules.SearchedTexts) Assert.That(Language.User.Resolve(name)?.Name, Is.EqualTo(name));
        var longText = new string('x', TextKey.MaxLength + 1);
        Language.Refused<InvalidValue, ResourceBody>(Read($$"""{"userName":"{{longText}}"}"""), "userName", "256");
        Language.Refused<InvalidValue, ResourceBody>(Read($$$"""{"userName":"A","emails":[{"value":"{{{longText}}}"}]}"""), "emails.value");
        Language.Refused<InvalidValue, ResourceBody>(
            Read($$$"""{"userName":"A","{{{SchemaUris.EnterpriseUser}}}":{"employeeNumber":"{{{longText}}}"}}"""), "employeeNumber");
        Language.Ok(Read($$"""{"userName":"A","title":"{{longText}}"}"""));
    }

    [Test]
    public void Schemas_are_computed_from_the_tree_C2_R2()
    {
        var tree = Tree($$$"""{"userName":"A","{{{SchemaUris.EnterpriseUser}}}":{"department":"D"}}""");
        Language.Same(ResourceSchemas.Of(Language.User, tree), $"""["{SchemaUris.User}","{SchemaUris.EnterpriseUser}"]""");
        tree[SchemaUris.SeatUser] = new JsonObject { ["tier"] = "pro" };
        Assert.That(ResourceSchemas.Of(Language.User, tree), Has.Count.EqualTo(3));
    }

    [TestCase("1", true)]
    [TestCase("-9223372036854775808", true)]
    [TestCase("1.0", false)]
    [TestCase("1e2", false)]
    [TestCase("\"1\"", false)]
    public void Integers_have_neither_fraction_nor_exponent_C14(string number, bool accepted)
    {
        var attribute = new AttributeDefinition { Name = "n", Type = AttributeType.Integer };
        Assert.That(AttributeReader.Read(attribute, Language.Json($$"""{"n":{{number}}}""")["n"], "n").IsOk, Is.EqualTo(accepted));
    }
}
