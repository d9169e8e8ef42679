using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Schemas;

namespace Provisioning.Tests.Language;

/// <summary>The catalog that is served, and short ways to write and read JSON in tests.</summary>
internal static class Language
{
    public static readonly SchemaCatalog Catalog = SchemaCatalog.Load(Path.Combine(AppContext.BaseDirectory, "scim-schemas"));

    public static ResourceType User => Catalog.User;
    public static ResourceType Group => Catalog.Group;

    public static JsonObject Json(string text) => JsonText.Parse(Encoding.UTF8.GetBytes(text), 32).Value;

    public static JsonObject Sample(string name) =>
        Json(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Data", "rfc", name)));

    public static T Ok<T>(Outcome<T> outcome)
    {
        Assert.That(outcome.IsOk, Is.True, outcome.Error?.ToString());
        return outcome.Value;
    }

    public static void Refused<TError, T>(Outcome<T> outcome, params string[] named) where TError : Error
    {
        Assert.That(outcome.Error, Is.InstanceOf<TError>(), outcome.IsOk ? "accepted" : outcome.Error!.ToString());
        foreach (var name in named) Assert.That(outcome.Error!.Detail, Does.Contain(name));
    }

    public static void Same(JsonNode? actual, string expected) =>
        Assert.That(JsonNode.DeepEquals(actual, JsonNode.Parse(expected)), Is.True, $"was {actual?.ToJsonString()}\nnot {expected}");
}
