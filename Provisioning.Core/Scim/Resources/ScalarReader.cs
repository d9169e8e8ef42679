using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Schemas;

namespace Provisioning.Core.Scim.Resources;

/// <summary>
/// Checks one simple value against its type and keeps it as sent (checklist C14: no more than type, number, base64 and dateTime is
/// checked).
/// </summary>
internal static class ScalarReader
{
    /// <summary>A copy of the value, free of its parent.</summary>
    public static Outcome<JsonNode> Read(AttributeDefinition attribute, JsonNode node, string path)
    {
        var kind = node.GetValueKind();
        switch (attribute.Type)
        {
            case AttributeType.Boolean:
                // Entra: {"op":"Replace","path":"active","value":"False"}
                if (kind is JsonValueKind.True or JsonValueKind.False) return node.DeepClone();
                if (kind == JsonValueKind.String && bool.TryParse(node.GetValue<string>(), out var flag)) return JsonValue.Create(flag);
                return Wrong(path, "true or false");
            case AttributeType.Integer:
                return kind == JsonValueKind.Number
                    && long.TryParse(node.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
                    ? node.DeepClone()
                    : Wrong(path, "an integer without fraction or exponent");
            case AttributeType.Decimal:
                return kind == JsonValueKind.Number
                    && decimal.TryParse(node.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out _)
                    ? node.DeepClone()
                    : Wrong(path, "a number");
            case AttributeType.DateTime:
                return kind == JsonValueKind.String && XsdDateTime.TryParse(node.GetValue<string>(), out _)
                    ? node.DeepClone()
                    : Wrong(path, "a dateTime such as 2011-05-13T04:42:34Z");
            case AttributeType.Binary:
                return kind == JsonValueKind.String && IsBase64(node.GetValue<string>()) ? node.DeepClone() : Wrong(path, "base64");
            default:
                return kind == JsonValueKind.String ? node.DeepClone() : Wrong(path, "a string");
        }
    }

    private static bool IsBase64(string text) => Base64.IsValid(text) || Base64Url.IsValid(text);

    private static InvalidValue Wrong(string path, string expected) => new($"'{path}' must be {expected}.");
}
