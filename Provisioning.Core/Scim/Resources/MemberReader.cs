using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Schemas;

namespace Provisioning.Core.Scim.Resources;

/// <summary>Reads the <c>members</c> of a group (checklist U10).</summary>
internal static class MemberReader
{
    private const string Members = "members";

    public static bool IsMembers(ResourceType type, string name) =>
        type.Schema.Id == SchemaUris.Group && name.Equals(Members, StringComparison.OrdinalIgnoreCase);

    /// <summary>The members in the order sent, each id once; null and [] are none. A bare string is the id.</summary>
    public static Outcome<IReadOnlyList<MemberValue>> Read(ResourceType type, JsonNode? node)
    {
        var definition = type.Schema.Attribute(Members)!;
        var values = new List<MemberValue>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in node is JsonArray array ? array : [node?.DeepClone()])
        {
            if (item is null) continue;
            if (!AttributeReader.ReadOne(definition, WithDisplay(item), Members).Try(out var element, out var error)) return error;
            if (element is not JsonObject json || AttributeReader.IsEmpty(json["value"]))
                return new InvalidValue("'members.value' is required.");
            var value = Text(json, "value")!;
            // Bulk replaces these before anybody reads them; what is left names no operation (checklist U10, B6).
            if (value.StartsWith("bulkId:", StringComparison.Ordinal)) return new InvalidValue($"'{value}' names no resource of this request.");
            if (!TextKey.Fits(value)) return ResourceRules.TooLong("members.value");
            if (seen.Add(value)) values.Add(new MemberValue(value, Text(json, "$ref"), Text(json, "type"), Text(json, "display")));
        }
        return values;
    }

    /// <summary>Some clients name the display text of a member as that of a user: {"value":"x","displayName":"B"}.</summary>
    private static JsonNode WithDisplay(JsonNode item)
    {
        if (item is not JsonObject json || JsonNames.TryGet(json, "display", out _) || !JsonNames.TryGet(json, "displayName", out var name))
            return item;
        var renamed = (JsonObject)json.DeepClone();
        renamed["display"] = name?.DeepClone();
        return renamed;
    }

    private static string? Text(JsonObject json, string name) =>
        json[name] is { } node && node.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : null;
}
