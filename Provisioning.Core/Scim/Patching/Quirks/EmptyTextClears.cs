using System.Text.Json.Nodes;
using Provisioning.Core.Schemas;
using Provisioning.Core.Scim.Filters;

namespace Provisioning.Core.Scim.Patching.Quirks;

/// <summary>
/// Entra clears with empty text.
/// Sent: <c>{"op":"Replace","path":"phoneNumbers[type eq \"work\"].value","value":""}</c>,
/// <c>{"op":"Replace","path":"urn:...:enterprise:2.0:User:manager","value":{"value":""}}</c> or <c>"value":""</c>.
/// Meant: <c>{"op":"remove","path":"phoneNumbers[type eq \"work\"]"}</c>,
/// <c>{"op":"remove","path":"urn:...:enterprise:2.0:User:manager"}</c>.
/// Other attributes keep the empty text as sent.
/// </summary>
internal sealed class EmptyTextClears : IOperationQuirk
{
    public IEnumerable<JsonObject> Rewrite(ResourceType type, JsonObject operation) =>
        PatchJson.Op(operation) is "add" or "replace" && IsEmpty(operation["value"]) && PatchJson.Path(operation) is { } path
        && Cleared(type, path) is { } cleared
            ? [PatchJson.Make("remove", cleared)]
            : [operation];

    private static bool IsEmpty(JsonNode? value) => value switch
    {
        JsonObject { Count: 1 } json => json.All(part =>
            part.Key.Equals("value", StringComparison.OrdinalIgnoreCase) && PatchJson.Text(part.Value) == ""),
        JsonArray { Count: 1 } array => IsEmpty(array[0]),
        _ => PatchJson.Text(value) == "",
    };

    private static string? Cleared(ResourceType type, string text)
    {
        if (!ScimFilter.ParsePath(text, FilterLimits.Default).Try(out var path, out _) || type.Resolve(path.Attribute) is not { } found)
            return null;
        if (path.Filter is not null)
            return "value".Equals(path.SubAttribute, StringComparison.OrdinalIgnoreCase)
                ? (path with { SubAttribute = null }).ToString()
                : text;
        if (found.Attribute is not { IsComplex: true, MultiValued: false } attribute || attribute.Sub("value") is null) return null;
        return found.SubAttribute is null or { Name: "value" } ? found.Whole.Name : null;
    }
}
