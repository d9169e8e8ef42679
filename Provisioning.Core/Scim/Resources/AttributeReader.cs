using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Schemas;

namespace Provisioning.Core.Scim.Resources;

/// <summary>
/// Reads the value of one attribute from a POST, PUT or PATCH into canonical names. The leniency every identity provider needs
/// (idp-traffic.md section 5) is here, because all three need it: null and [] are no value, one object where an array belongs and
/// an array of one where it does not, bare text where a complex value has a <c>value</c>, booleans as text.
/// </summary>
internal static class AttributeReader
{
    /// <summary>The value without its parent, or null when nothing is assigned.</summary>
    public static Outcome<JsonNode?> Read(AttributeDefinition attribute, JsonNode? node, string path)
    {
        if (attribute.MultiValued) return ReadMany(attribute, node, path).Select(JsonNode? (array) => array.Count == 0 ? null : array);
        // Entra, example 5: {"op":"Add","path":"manager","value":[{"$ref":"http://.../Users/271","value":"271"}]}
        if (node is JsonArray { Count: <= 1 } one) node = one.Count == 0 ? null : one[0];
        return node switch
        {
            null => (JsonNode?)null,
            JsonArray => new InvalidValue($"'{path}' has one value, not several."),
            _ => ReadOne(attribute, node, path),
        };
    }

    /// <summary>The elements of a multi-valued attribute: equal ones once, at most one of them primary (checklist C15, C16).</summary>
    public static Outcome<JsonArray> ReadMany(AttributeDefinition attribute, JsonNode? node, string path)
    {
        var elements = new JsonArray();
        var keys = new HashSet<string>(StringComparer.Ordinal);
        var primary = false;
        // OneLogin: "emails":{"value":"a@x"} instead of an array.
        foreach (var item in node is JsonArray array ? array : [node?.DeepClone()])
        {
            if (item is null) continue;
            if (item is JsonArray) return new InvalidValue($"'{path}' must not hold an array inside its array.");
            if (!ReadOne(attribute, item, path).Try(out var element, out var error)) return error;
            if (element is null || !keys.Add(Key(element))) continue;
            if (elements.Count == ResourceRules.MostValues) return ResourceRules.TooManyValues(path);
            if (IsPrimary(element) && primary) ((JsonObject)element)["primary"] = false;
            primary |= IsPrimary(element);
            elements.Add(element);
        }
        return elements;
    }

    /// <summary>What makes two elements the same: type and value, or everything when there is no value (checklist C16, X8).</summary>
    public static string Key(JsonNode element)
    {
        if (element is not JsonObject json) return element.ToJsonString();
        if (json["value"] is { } value)
            return string.Create(CultureInfo.InvariantCulture, $"{value.ToJsonString()} {json["type"]?.ToJsonString()}");
        return string.Join(',', json.OrderBy(part => part.Key, StringComparer.Ordinal)
            .Select(part => $"{part.Key}:{part.Value?.ToJsonString()}"));
    }

    public static bool IsPrimary(JsonNode? element) => element is JsonObject json && json["primary"]?.GetValueKind() == JsonValueKind.True;

    /// <summary>One element, or the only value; null when it says nothing.</summary>
    public static Outcome<JsonNode?> ReadOne(AttributeDefinition attribute, JsonNode node, string path)
    {
        if (!attribute.IsComplex)
            return node is JsonObject
                ? new InvalidValue($"'{path}' is one simple value, not an object.")
                : ScalarReader.Read(attribute, node, path).Select(JsonNode? (value) => value);
        if (node is JsonObject json) return ReadParts(attribute, json, path);
        // Entra: {"op":"Add","path":"urn:...:enterprise:2.0:User:manager","value":"271"}
        if (node.GetValueKind() != JsonValueKind.String || attribute.Sub("value") is not { } value)
            return new InvalidValue($"'{path}' must be an object.");
        if (node.GetValue<string>().Length == 0) return (JsonNode?)null;
        return ScalarReader.Read(value, node, $"{path}.{value.Name}").Select(JsonNode? (text) => new JsonObject { [value.Name] = text });
    }

    private static Outcome<JsonNode?> ReadParts(AttributeDefinition attribute, JsonObject json, string path)
    {
        if (!JsonNames.AreDistinct(json, path, out var twice)) return twice;
        var parts = new JsonObject();
        foreach (var (name, node) in json)
        {
            // Unknown parts are ignored as unknown attributes are (checklist C13); so are read-only ones (A5).
            if (attribute.Sub(name) is not { } sub || sub.Mutability == Mutability.ReadOnly) continue;
            if (!Read(sub, node, $"{path}.{sub.Name}").Try(out var value, out var error)) return error;
            if (value is not null && sub.Mutability != Mutability.WriteOnly) parts[sub.Name] = value;
        }
        // Entra clears a manager with {"value":""}.
        var empty = !attribute.MultiValued && attribute.Sub("value") is not null && parts.All(part => IsEmpty(part.Value));
        return parts.Count == 0 || empty ? (JsonNode?)null : parts;
    }

    /// <summary>Whether the node counts as nothing given where something is required (checklist U1).</summary>
    public static bool IsEmpty(JsonNode? node) =>
        node is null || (node.GetValueKind() == JsonValueKind.String && string.IsNullOrWhiteSpace(node.GetValue<string>()));
}
