using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Query;
using Provisioning.Core.Schemas;
using Provisioning.Core.Scim.Filters;
using Provisioning.Core.Scim.Patching;
using Provisioning.Core.Scim.Resources;

namespace Provisioning.Tests.Language;

[Description("Design D4: a new extension is a new file, no code; checklist A4 to A8, U12, W4 with attributes no RFC schema has")]
public sealed class ExtensionTests
{
    private const string X = "urn:example:badge:1.0:User";

    private static readonly string Schema = $$"""
        {"schemas":["{{SchemaUris.Schema}}"],"id":"{{X}}","name":"Badge","attributes":[
          {"name":"number","type":"integer","required":true},
          {"name":"weight","type":"decimal"},
          {"name":"issued","type":"dateTime","mutability":"immutable"},
          {"name":"colors","multiValued":true},
          {"name":"pin","mutability":"writeOnly","returned":"never"},
          {"name":"note","returned":"request"},
          {"name":"kind","returned":"always","caseExact":true},
          {"name":"door","type":"complex","subAttributes":[{"name":"key","mutability":"immutable"},{"name":"floor","type":"integer","required":true}]}]}
        """;

    private static readonly ResourceType User = Load(required: true).User;

    private static SchemaCatalog Load(bool required)
    {
        var source = Path.Combine(AppContext.BaseDirectory, "scim-schemas");
        var copy = Directory.CreateTempSubdirectory("extension").FullName;
        try
        {
            foreach (var file in Directory.EnumerateFiles(source, "*.json", SearchOption.AllDirectories))
            {
                var target = Path.Combine(copy, Path.GetRelativePath(source, file));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                var json = Language.Json(File.ReadAllText(file));
                if (json["name"]!.GetValue<string>() == "User" && json["schemaExtensions"] is JsonArray extensions)
                    extensions.Add((JsonNode)new JsonObject { ["schema"] = X, ["required"] = required });
                File.WriteAllText(target, json.ToJsonString());
            }
            File.WriteAllText(Path.Combine(copy, "schemas", "50-badge.json"), Schema);
            return SchemaCatalog.Load(copy);
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    private static Outcome<ResourceBody> Read(string badge) =>
        ResourceReader.Read(User, Language.Json($$"""{"userName":"a","{{X}}":{{badge}}}"""));

    private static Outcome<PatchResult> Patch(string operation, string badge = """{"number":7,"issued":"2020-01-01T00:00:00Z","door":{"key":"k","floor":1}}""") =>
        PatchReader.Read(User, Language.Json($$"""{"Operations":[{{operation}}]}"""), 10)
            .Then(request => Patcher.Apply(User, request, Language.Ok(Read(badge)).Tree));

    [Test]
    public void Values_are_read_by_what_the_file_says() => Language.Same(
        Language.Ok(Read("""{"NUMBER":7,"weight":1.50,"issued":"2020-01-01T00:00:00+02:00","colors":["red","red","blue"],"pin":"1","door":{"floor":1}}""")).Tree[X],
        """{"number":7,"weight":1.50,"issued":"2020-01-01T00:00:00+02:00","colors":["red","blue"],"door":{"floor":1}}""");

    [TestCase("""{"weight":1}""", "number")]
    [TestCase("""{"number":7.5}""", "number")]
    [TestCase("""{"number":7,"weight":"1"}""", "weight")]
    [TestCase("""{"number":7,"issued":"2020-01-01"}""", "issued")]
    [TestCase("""{"number":7,"colors":[{}]}""", "colors")]
    [TestCase("""{"number":7,"door":{"key":"k"}}""", "door.floor")]
    [TestCase("null", X)]
    [TestCase("{}", X)]
    public void What_the_file_does_not_allow_is_refused(string badge, string named) => Language.Refused<InvalidValue, ResourceBody>(Read(badge), named);

    [TestCase("number eq 7", true)]
    [TestCase("number ge 7.0", true)]
    [TestCase("weight lt 1e3", true)]
    [TestCase("issued lt \"2020-01-01T00:00:00Z\"", true)]
    [TestCase("colors eq \"RED\"", true)]
    [TestCase("colors[value sw \"bl\"]", true)]
    [TestCase("colors[value eq \"green\"]", false)]
    [TestCase("kind eq \"a\"", false)]
    [TestCase(X + ":door.floor gt 0", true)]
    [TestCase(X + " pr", true)]
    public void Filters_compare_by_what_the_file_says(string filter, bool expected)
    {
        var tree = Language.Ok(Read("""{"number":7,"weight":1.50,"issued":"2020-01-01T00:00:00+02:00","colors":["red","blue"],"kind":"A","door":{"floor":1}}""")).Tree;
        var predicate = Language.Ok(ScimFilter.Parse(filter, FilterLimits.Default).Then(node => FilterBinder.Bind(node, User)));
        Assert.That(PredicateEvaluator.Matches(predicate, tree), Is.EqualTo(expected));
    }

    [TestCase("number co 7")]
    [TestCase("number eq \"7\"")]
    [TestCase("issued eq 5")]
    [TestCase("pin eq \"1\"")]
    public void Filters_refuse_what_the_file_does_not_allow(string filter) =>
        Language.Refused<InvalidFilter, Predicate>(ScimFilter.Parse(filter, FilterLimits.Default).Then(node => FilterBinder.Bind(node, User)));

    [TestCase("""{"op":"add","path":"urn:example:badge:1.0:User:issued","value":"2020-01-01T00:00:00Z"}""", true)]
    [TestCase("""{"op":"add","path":"urn:example:badge:1.0:User:issued","value":"2021-01-01T00:00:00Z"}""", false)]
    [TestCase("""{"op":"remove","path":"urn:example:badge:1.0:User:issued"}""", false)]
    [TestCase("""{"op":"replace","value":{"urn:example:badge:1.0:User":{"issued":"2021-01-01T00:00:00Z"}}}""", false)]
    [TestCase("""{"op":"replace","path":"urn:example:badge:1.0:User:door.key","value":"x"}""", false)]
    [TestCase("""{"op":"replace","path":"urn:example:badge:1.0:User:door","value":{"floor":2}}""", true)]
    [TestCase("""{"op":"remove","path":"urn:example:badge:1.0:User:door.floor"}""", false)]
    [TestCase("""{"op":"remove","path":"urn:example:badge:1.0:User"}""", false)]
    [TestCase("""{"op":"replace","path":"urn:example:badge:1.0:User","value":{"number":8}}""", true)]
    [TestCase("""{"op":"replace","path":"urn:example:badge:1.0:User","value":{"number":8,"issued":"2021-01-01T00:00:00Z"}}""", false)]
    [TestCase("""{"op":"replace","path":"urn:example:badge:1.0:User","value":{"number":8,"issued":"2020-01-01T00:00:00Z","door":{"key":"k","floor":1}}}""", true)]
    [TestCase("""{"op":"replace","path":"schemas","value":["urn:ietf:params:scim:schemas:core:2.0:User"]}""", false)]
    [TestCase("""{"op":"add","path":"urn:example:badge:1.0:User:colors","value":"green"}""", true)]
    [TestCase("""{"op":"remove","path":"urn:example:badge:1.0:User:colors","value":["green"]}""", true)]
    public void Immutable_and_required_hold_in_PATCH_A6_A8(string operation, bool accepted)
    {
        if (accepted) Language.Ok(Patch(operation));
        else Language.Refused<MutabilityViolated, PatchResult>(Patch(operation));
    }

    [Test]
    public void Immutable_may_be_set_once_by_PATCH_A6() =>
        Assert.That(Language.Ok(Patch($$"""{"op":"add","path":"{{X}}:issued","value":"2021-01-01T00:00:00Z"}""", """{"number":7}""")).Changed, Is.True);

    [Test]
    public void Immutable_holds_in_PUT_W4()
    {
        var stored = Language.Ok(Read("""{"number":7,"issued":"2020-01-01T00:00:00Z","door":{"key":"k","floor":1}}""")).Tree;
        Outcome<JsonObject> Put(string badge) => ImmutableRule.Apply(User, stored, Language.Ok(Read(badge)).Tree);
        Language.Refused<MutabilityViolated, JsonObject>(Put("""{"number":7,"issued":"2021-01-01T00:00:00Z"}"""), "issued");
        Language.Refused<MutabilityViolated, JsonObject>(Put("""{"number":7,"door":{"key":"x","floor":1}}"""), "door.key");
        Language.Same(Language.Ok(Put("""{"number":8,"door":{"floor":2}}"""))[X], """{"number":8,"issued":"2020-01-01T00:00:00Z","door":{"floor":2,"key":"k"}}""");
    }

    [Test]
    public void Returned_request_and_always_hold_A2_A4()
    {
        var full = Language.Json($$$"""{"id":"1","userName":"a","{{{X}}}":{"number":7,"note":"n","kind":"k","pin":"1"}}""");
        string Shown(string? attributes, string? excluded, JsonObject? written = null) =>
            Language.Ok(Projection.Parse(User, attributes, excluded)).Apply(full, written)[X]?.ToJsonString() ?? "";
        Assert.That(Shown(null, null), Is.EqualTo("""{"number":7,"kind":"k"}"""));
        Assert.That(Shown(null, null, full), Is.EqualTo("""{"number":7,"note":"n","kind":"k"}"""));
        Assert.That(Shown("note", null), Is.EqualTo("""{"note":"n","kind":"k"}"""));
        Assert.That(Shown("userName", null), Is.EqualTo("""{"kind":"k"}"""));
        Assert.That(Shown(null, $"{X}:kind,number"), Is.EqualTo("""{"kind":"k"}"""));
        Assert.That(Shown("pin", null), Is.EqualTo("""{"kind":"k"}"""));
    }
}
