using System.Text.Json.Nodes;

namespace Provisioning.Core.Scim.Patching.Quirks;

/// <summary>The members of an operation as the quirks see them.</summary>
internal static class PatchJson
{
    public static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    public static string? Op(JsonObject operation) => Text(operation["op"]);

    public static string? Path(JsonObject operation) => Text(operation["path"]);

    public static JsonObject Make(string op, string path) => new() { ["op"] = op, ["path"] = path };

    public static JsonObject Make(string op, string path, JsonNode? value) =>
        new() { ["op"] = op, ["path"] = path, ["value"] = value?.DeepClone() };
}
