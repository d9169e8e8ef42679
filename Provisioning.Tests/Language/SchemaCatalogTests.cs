using NUnit.Framework;
using Provisioning.Core.Schemas;

namespace Provisioning.Tests.Language;

[Description("Design D4: the schema files are the behaviour")]
public sealed class SchemaCatalogTests
{
    private const string Enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

    [Test]
    public void Discovery_lists_the_schemas_of_Z5_and_User_first()
    {
        Assert.That(Language.Catalog.Schemas.Select(schema => schema.Id), Is.EqualTo(new[]
        {
            SchemaUris.User, SchemaUris.Group, SchemaUris.EnterpriseUser, SchemaUris.SeatUser, SchemaUris.ResourceType,
            SchemaUris.ServiceProviderConfig, SchemaUris.Schema,
        }));
        Assert.That(Language.Catalog.ResourceTypes.Select(type => type.Name), Is.EqualTo(new[] { "User", "Group" }));
        Assert.That(Language.Catalog.FindSchema(SchemaUris.User.ToUpperInvariant())!.Description, Is.EqualTo("User Account"));
    }

    [Test]
    public void Every_attribute_of_RFC_7643_8_7_1_is_described()
    {
        string[] user =
        [
            "userName", "name", "displayName", "nickName", "profileUrl", "title", "userType", "preferredLanguage", "locale", "timezone", "active",
            "password", "emails", "phoneNumbers", "ims", "photos", "addresses", "groups", "entitlements", "roles", "x509Certificates",
        ];
        Assert.That(Language.User.Schema.Attributes.Select(attribute => attribute.Name), Is.EqualTo(user));
        Assert.That(Language.User.Schema.Attribute("name")!.SubAttributes, Has.Count.EqualTo(6));
        Assert.That(Language.User.Schema.Attribute("addresses")!.Sub("primary")!.Type, Is.EqualTo(AttributeType.Boolean), "U6");
    }

    [Test]
    public void Only_what_has_a_unique_key_promises_uniqueness_A9()
    {
        var unique = Language.Catalog.ResourceTypes.SelectMany(type => type.Extensions.Select(extension => extension.Schema).Append(type.Schema))
            .SelectMany(schema => schema.Attributes.Where(attribute => attribute.Uniqueness != Uniqueness.None).Select(attribute => $"{schema.Name}.{attribute.Name}"));
        Assert.That(unique, Is.EquivalentTo(new[] { "User.userName", "Group.displayName" }));
    }

    [Test]
    public void Clients_can_write_nothing_of_the_seat_extension_SCIM_4()
    {
        var seat = Language.Catalog.FindSchema(SchemaUris.SeatUser)!;
        Assert.That(seat.IsReadOnly, Is.True);
        Assert.That(seat.Attributes.Select(attribute => attribute.Name),
            Is.EqualTo(new[] { "seatStatus", "tier", "desiredTier", "waitingSince", "memberState", "suspendedBy" }));
    }

    [TestCase("userName", "userName")]
    [TestCase("USERNAME", "userName")]
    [TestCase("name.FamilyName", "name.familyName")]
    [TestCase("id", "id")]
    [TestCase("externalID", "externalId")]
    [TestCase("meta.lastmodified", "meta.lastModified")]
    [TestCase("urn:ietf:params:scim:schemas:core:2.0:User:name.givenName", "name.givenName")]
    [TestCase("urn:ietf:params:scim:schemas:core:2.0:User:externalId", "externalId")]
    [TestCase("URN:IETF:params:scim:schemas:extension:enterprise:2.0:user:Department", Enterprise + ":department")]
    [TestCase(Enterprise + ":manager.value", Enterprise + ":manager.value")]
    [TestCase(Enterprise, Enterprise)]
    [TestCase("department", Enterprise + ":department")]
    [TestCase("manager.displayName", Enterprise + ":manager.displayName")]
    [TestCase("members", null)]
    [TestCase("name.nothing", null)]
    [TestCase("userName.x", null)]
    [TestCase("name.givenName.x", null)]
    [TestCase("urn:ietf:params:scim:schemas:extension:enterprise:2.0User:department", null)]
    [TestCase("", null)]
    [TestCase(":", null)]
    [TestCase(".", null)]
    public void Paths_resolve_as_in_C11_F7_F14(string path, string? name) =>
        Assert.That(Language.User.Resolve(path)?.Name, Is.EqualTo(name));

    [Test]
    public void Every_mutability_and_context_has_a_decision_and_so_has_every_returned()
    {
        foreach (var mutability in Enum.GetValues<Mutability>())
            foreach (var context in Enum.GetValues<WriteContext>())
                Assert.That(WriteTable.Rows.ContainsKey((mutability, context)), Is.True, $"{mutability} {context}");
        foreach (var returned in Enum.GetValues<Returned>())
            foreach (var asked in Enum.GetValues<Asked>())
                Assert.That(ReturnTable.Rows.ContainsKey((returned, asked)), Is.True, $"{returned} {asked}");
    }

    [TestCase("""{"name":"1x"}""", "/attributes/0/name")]
    [TestCase("""{"name":"x","type":"text"}""", "/attributes/0/type")]
    [TestCase("""{"name":"x","mutability":"readwrite"}""", "/attributes/0/mutability")]
    [TestCase("""{"name":"x","required":"true"}""", "/attributes/0/required")]
    [TestCase("""{"name":"x","requierd":true}""", "/attributes/0/requierd")]
    [TestCase("""{"name":"x","type":"complex"}""", "/attributes/0/subAttributes")]
    [TestCase("""{"name":"x","subAttributes":[{"name":"y"}]}""", "/attributes/0/subAttributes")]
    [TestCase("""{"name":"x","type":"reference"}""", "/attributes/0/referenceTypes")]
    [TestCase("""{"name":"x","mutability":"writeOnly"}""", "/attributes/0/returned")]
    [TestCase("""{"name":"x"},{"name":"X"}""", "/attributes/1/name")]
    [TestCase("""{"name":"x","canonicalValues":[1]}""", "/attributes/0/canonicalValues")]
    [TestCase("", "/attributes")]
    [TestCase("5", "/attributes")]
    public void A_file_that_cannot_be_obeyed_is_named_with_its_place(string attributes, string pointer)
    {
        var text = $$"""{"schemas":["{{SchemaUris.Schema}}"],"id":"urn:example:X","name":"X","attributes":[{{attributes}}]}""";
        var refusal = Assert.Throws<SchemaFileException>(() => LoadWith("50-x.json", text))!;
        Assert.That((refusal.File, refusal.Pointer), Is.EqualTo((Path.Combine("schemas", "50-x.json"), pointer)));
        Assert.That(refusal.Reason, Is.Not.Empty);
    }

    [TestCase("{")]
    [TestCase("[]")]
    [TestCase("{}")]
    [TestCase("""{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Schema"],"id":"urn:ietf:params:scim:schemas:core:2.0:User","name":"X","attributes":[{"name":"x"}]}""")]
    public void A_broken_or_second_file_is_refused(string text) =>
        Assert.Throws<SchemaFileException>(() => LoadWith("50-x.json", text));

    [Test]
    public void A_missing_folder_is_refused() => Assert.Throws<SchemaFileException>(() => SchemaCatalog.Load(Path.GetTempPath()));

    private static void LoadWith(string name, string text)
    {
        var source = Path.Combine(AppContext.BaseDirectory, "scim-schemas");
        var copy = Directory.CreateTempSubdirectory("schemas").FullName;
        try
        {
            foreach (var file in Directory.EnumerateFiles(source, "*.json", SearchOption.AllDirectories))
            {
                var target = Path.Combine(copy, Path.GetRelativePath(source, file));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(file, target);
            }
            File.WriteAllText(Path.Combine(copy, "schemas", name), text);
            SchemaCatalog.Load(copy);
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }
}
