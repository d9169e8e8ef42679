using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Coverage;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>Checklist section 10: filters, as clients send them. The names of those found stand beside each.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class FilterRowTests(string engine) : ScimRowTests(engine)
{
    private readonly Dictionary<string, string> names = [];
    private TestOrganization own = null!;
    private string group = null!;

    [OneTimeSetUp]
    public async Task FillAsync()
    {
        own = await Service.OrganizationAsync(standard: 5, premium: 5);
        await PushAsync("ada", """
            {"externalId":"AbC","displayName":"Ada \"Countess\" L\\","title":"Dr","active":true,"name":{"familyName":"Lovelace","givenName":"Ada"},
             "emails":[{"value":"ada@work.example","type":"work","primary":true},{"value":"ada@home.example","type":"home"}],
             "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Engines","employeeNumber":"007","manager":{"value":"m1","$ref":"../Users/m1"}}}
            """);
        await PushAsync("bob", """
            {"externalId":"abc","displayName":"Bob","active":false,"name":{"familyName":"babbage"},"emails":[{"value":"bob@home.example","type":"home"}],"userType":"7","title":"null"}
            """);
        await PushAsync("cyd", """{"displayName":"Zoë","active":true,"roles":[{"value":"admin","primary":true}],"title":"true"}""");
        group = await own.PushGroupAsync("Engineers", names.First(pair => pair.Value == "ada").Key);
    }

    [TestCase("userName eq \"ADA@{domain}\"", "ada", Description = "F1 F10")]
    [TestCase("USERNAME Eq \"ada@{domain}\"", "ada", Description = "F1")]
    [TestCase("displayName sw \"ada\"", "ada", Description = "F1")]
    [TestCase("emails.value ew \"HOME.example\"", "ada bob", Description = "F1 F6")]
    [TestCase("userName co \"b@\"", "bob", Description = "F1")]
    [TestCase("name.familyName gt \"b\" and name.familyName le \"Babbage\"", "bob", Description = "F1 F10")]
    [TestCase("name.familyName ge \"LOVELACE\"", "ada", Description = "F1")]
    [TestCase("name.familyName lt \"c\"", "bob", Description = "F1")]
    [TestCase("title pr or displayName eq \"Bob\" and active eq true", "ada bob cyd", Description = "F2: and before or")]
    [TestCase("(title eq \"dr\" or displayName eq \"Bob\") and active eq true", "ada", Description = "F2")]
    [TestCase("not (active eq true) or title eq \"Dr\"", "ada bob", Description = "F2: not before or")]
    [TestCase("not(title pr)", "", Description = "F3")]
    [TestCase("NOT (active eq false)", "ada cyd", Description = "F3")]
    [TestCase("emails[type eq \"work\" and value co \"@work\"]", "ada", Description = "F4")]
    [TestCase("emails[type eq \"work\" and value co \"@home\"]", "", Description = "F4: on the same element")]
    [TestCase("emails[type eq \"home\"].value eq \"BOB@home.example\"", "bob", Description = "F4")]
    [TestCase("emails[not (type eq \"home\")]", "ada", Description = "F4")]
    [TestCase("displayName eq \"Ada \\\"Countess\\\" L\\\\\"", "ada", Description = "F5")]
    [TestCase("displayName eq \"Zo\\u00eb\"", "cyd", Description = "F5")]
    [TestCase("displayName eq \"Zoë\"", "cyd", Description = "F19: UTF-8, percent-encoded")]
    [TestCase("title eq \"null\"", "bob", Description = "F5: a text")]
    [TestCase("title eq null", "", Description = "F5")]
    [TestCase("title eq \"true\"", "cyd", Description = "F5")]
    [TestCase("active eq true", "ada cyd", Description = "F5")]
    [TestCase("active eq \"False\"", "bob", Description = "Entra's text")]
    [TestCase("userType eq 7", "bob", Description = "an unquoted literal")]
    [TestCase("externalId eq AbC", "ada", Description = "an unquoted literal, exact")]
    [TestCase("emails eq \"ada@home.example\"", "ada", Description = "F6: Ping")]
    [TestCase("emails co \"home\"", "ada bob", Description = "F6")]
    [TestCase("roles[primary eq \"True\"]", "cyd", Description = "F6: Entra")]
    [TestCase("urn:ietf:params:scim:schemas:core:2.0:User:userName sw \"cyd\"", "cyd", Description = "F7")]
    [TestCase("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq \"engines\"", "ada", Description = "F7")]
    [TestCase("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq \"m1\"", "ada", Description = "F7")]
    [TestCase("manager eq \"m1\" and userName sw \"ada\"", "ada", Description = "F7: Entra's manager check")]
    [TestCase("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.$ref ew \"m1\"", "ada", Description = "F17: $ref")]
    [TestCase("meta.lastModified gt \"2011-05-13T04:42:34Z\"", "ada bob cyd", Description = "F8")]
    [TestCase("meta.created lt \"2011-05-13T04:42:34.5+02:00\"", "", Description = "F8")]
    [TestCase("meta.created ge \"2011-05-13T23:42:34-11:00\"", "ada bob cyd", Description = "F8")]
    [TestCase("externalId eq \"abc\"", "bob", Description = "F10: exact")]
    [TestCase("name.givenName pr", "ada", Description = "F11")]
    [TestCase("name pr", "ada bob", Description = "F11: a complex node")]
    [TestCase("roles pr", "cyd", Description = "F11")]
    [TestCase("nickName pr", "", Description = "F11")]
    [TestCase("emails.type ne \"home\"", "cyd", Description = "F12: no element equals")]
    [TestCase("nickName ne \"x\"", "ada bob cyd", Description = "F12")]
    [TestCase("emails eq null", "cyd", Description = "F12")]
    [TestCase("emails ne null", "ada bob", Description = "F12")]
    [TestCase("schemas eq \"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\"", "ada", Description = "F16, F17: simple and multi-valued")]
    [TestCase("schemas[value eq \"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\"]", "ada", Description = "F17")]
    [TestCase("meta.resourceType eq \"User\"", "ada bob cyd", Description = "F16")]
    [TestCase("meta.resourceType eq \"Group\"", "", Description = "F16")]
    [TestCase("groups.value eq \"{group}\"", "ada", Description = "F16")]
    [TestCase("groups[display eq \"engineers\"]", "ada", Description = "F16")]
    [TestCase("id eq \"{ada}\" and externalId pr", "ada", Description = "F16")]
    [Checklist("F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F10", "F11", "F12", "F16", "F17", "F19", "A10", "C11")]
    public async Task F1_a_filter_finds_exactly_those(string filter, string expected)
    {
        var text = Fill(filter);
        Assert.That(await FoundAsync("/Users?filter=" + Uri.EscapeDataString(text)), Is.EqualTo(expected));
    }

    [TestCase("members.value eq \"{ada}\"", 1)]
    [TestCase("members eq \"{ada}\" and id eq \"{group}\"", 1)]
    [TestCase("id eq \"{group}\" and members[value eq \"{ada}\"]", 1)]
    [TestCase("members[type eq \"User\"]", 1)]
    [TestCase("displayName eq \"ENGINEERS\" and meta.resourceType eq \"Group\"", 1)]
    [TestCase("externalId pr", 0)]
    public async Task F16_groups_are_found_by_their_members_and_names(string filter, int total) =>
        Assert.That((await own.Scim.Get("/Groups?count=0&filter=" + Uri.EscapeDataString(Fill(filter)))).Expect(200).Number("totalResults"), Is.EqualTo(total));

    [Test]
    public async Task F19_blanks_are_percent_encoded_or_plus_signs()
    {
        foreach (var query in (string[])["displayName+eq+%22Zo%C3%AB%22", "displayName%20eq%20%22Zo%c3%ab%22", "%64isplayName%20sw%20%22Zo%22"])
            Assert.That(await FoundAsync("/Users?filter=" + query), Is.EqualTo("cyd"), query);
    }

    [TestCase("active gt true")]
    [TestCase("active le \"true\"")]
    [TestCase("x509Certificates.value gt \"AA==\"")]
    [TestCase("active co \"t\"")]
    [TestCase("meta.created co \"2011\"")]
    [TestCase("name eq \"Ada\"")]
    [TestCase("userName eq true")]
    [TestCase("title gt null")]
    [TestCase("title eq True")]
    [Checklist("F5", "F9", "F13", "F14")]
    public async Task F9_what_an_attribute_cannot_be_compared_with_is_refused(string filter)
    {
        var answer = await own.Scim.Get("/Users?filter=" + Uri.EscapeDataString(filter));
        if (filter == "title eq True") Assert.That(answer.Expect(200).Number("totalResults"), Is.EqualTo(1), "not a keyword in this case: an unquoted text");
        else answer.ExpectScimError(400, "invalidFilter");
    }

    private string Fill(string filter) => filter.Replace("{domain}", own.Domain, StringComparison.Ordinal).Replace("{group}", group, StringComparison.Ordinal)
        .Replace("{ada}", names.First(pair => pair.Value == "ada").Key, StringComparison.Ordinal);

    private async Task<string> FoundAsync(string path) => string.Join(' ', (await own.Scim.Get(path)).Expect(200).Items("Resources").Select(user => names[TestOrganization.Text(user, "id")!]));

    private async Task PushAsync(string name, string body)
    {
        var user = JsonNode.Parse(body)!.AsObject();
        user["userName"] = own.Mail(name);
        names[(await own.Scim.Post("/Users", user)).Expect(201).Id] = name;
    }
}
