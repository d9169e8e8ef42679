using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Schemas;
using Provisioning.Core.Scim.Resources;

namespace Provisioning.Tests.Language;

[Description("Checklist R6 to R10, A2 to A4: what an answer shows")]
public sealed class ProjectionTests
{
    private const string E = SchemaUris.EnterpriseUser;

    private const string Full = """
        {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"1","userName":"a","name":{"givenName":"B","familyName":"C"},
         "password":"secret","emails":[{"value":"x","type":"work"},{"value":"y"}],"meta":{"resourceType":"User","version":"v"},
         "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"D","manager":{"value":"2","displayName":"M"}}}
        """;

    private const string Always = """ "schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"1" """;

    private static Projection Parse(string? attributes, string? excluded = null) => Language.Ok(Projection.Parse(Language.User, attributes, excluded));

    [TestCase("userName", """ "userName":"a" """)]
    [TestCase(" USERNAME , name.givenName", """ "userName":"a","name":{"givenName":"B"} """)]
    [TestCase("emails.type", """ "emails":[{"type":"work"}] """)]
    [TestCase("emails[type eq \"work, home]\"]", """ "emails":[{"value":"x","type":"work"},{"value":"y"}] """)]
    [TestCase("urn:ietf:params:scim:schemas:core:2.0:User:userName", """ "userName":"a" """)]
    [TestCase(E, "\"" + E + "\"" + """:{"department":"D","manager":{"value":"2","displayName":"M"}} """)]
    [TestCase(E + ":department", "\"" + E + "\"" + """:{"department":"D"} """)]
    [TestCase(E + ":manager.value", "\"" + E + "\"" + """:{"manager":{"value":"2"}} """)]
    [TestCase("department", "\"" + E + "\"" + """:{"department":"D"} """)]
    [TestCase("meta.version,password", """ "meta":{"version":"v"} """)]
    [TestCase("nothing", null)]
    public void Attributes_names_what_is_shown_besides_what_always_is(string attributes, string? shown) =>
        Language.Same(Parse(attributes).Apply(Language.Json(Full)), "{" + Always + (shown is null ? "" : "," + shown) + "}");

    [Test]
    public void Excluded_attributes_are_left_out_but_never_the_id_R7()
    {
        var shown = Parse(null, $"id,schemas,emails,name.givenName,meta,{E}").Apply(Language.Json(Full));
        Language.Same(shown, "{" + Always + ""","userName":"a","name":{"familyName":"C"}}""");
        Assert.That(Parse(null, E + ":manager").Apply(Language.Json(Full))[E]!.ToJsonString(), Is.EqualTo("""{"department":"D"}"""));
    }

    [Test]
    public void By_default_everything_but_what_is_never_returned_is_shown_A3()
    {
        var projection = Parse(" ", null);
        var expected = Language.Json(Full);
        expected.Remove("password");
        Assert.That(projection.IsDefault, Is.True);
        Language.Same(projection.Apply(Language.Json(Full)), expected.ToJsonString());
    }

    [Test]
    public void Both_parameters_are_refused_R8() =>
        Language.Refused<InvalidValue, Projection>(Projection.Parse(Language.User, "userName", "emails"), "attributes");

    [Test]
    public void What_is_costly_is_loaded_only_if_it_is_shown()
    {
        Assert.That(Parse(null, "members").Includes("groups"), Is.True);
        Assert.That(Parse("id").Includes("groups"), Is.False);
        Assert.That(Parse("groups.value").Includes("groups"), Is.True);
        Assert.That(Parse(null, "groups").Includes("groups"), Is.False);
        Assert.That(Parse(null, "groups.display").Includes("groups"), Is.True);
        Assert.That(Parse("id").Includes(SchemaUris.SeatUser), Is.False);
        Assert.That(Parse("tier").Includes(SchemaUris.SeatUser), Is.True);
        Assert.That(Parse(null).Includes(SchemaUris.SeatUser), Is.True);
        Assert.That(Language.Ok(Projection.Parse(Language.Group, null, "members")).Includes("members"), Is.False);
        Assert.That(Parse("userName").Includes("password"), Is.False);
    }
}
