using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Schemas;

namespace Provisioning.Core.Scim.Resources;

/// <summary>
/// Immutable attributes on PUT (RFC 7644 3.5.1, checklist A6, W4): a value that is set stays. A different one is
/// <see cref="MutabilityViolated"/>, an omitted one is kept, an unset one may be set. Group members are rows and not seen here.
/// </summary>
public static class ImmutableRule
{
    /// <summary>The replacement with what it may not lose; neither argument is changed.</summary>
    public static Outcome<JsonObject> Apply(ResourceType type, JsonObject stored, JsonObject replacement)
    {
        var result = (JsonObject)replacement.DeepClone();
        if (Keep(type.Schema.Attributes, stored, result, "") is { } error) return error;
        foreach (var extension in type.Extensions)
        {
            if (stored[extension.Schema.Id] is not JsonObject before) continue;
            var after = result[extension.Schema.Id] as JsonObject ?? [];
            if (Keep(extension.Schema.Attributes, before, after, extension.Schema.Id + ":") is { } inner) return inner;
            if (after.Count > 0 && after.Parent is null) result[extension.Schema.Id] = after;
        }
        return result;
    }

    /// <summary>Carries what is set from the stored container into the new one, or says what would change.</summary>
    internal static MutabilityViolated? Keep(
        IReadOnlyList<AttributeDefinition> attributes, JsonObject stored, JsonObject result, string prefix)
    {
        foreach (var attribute in attributes)
        {
            if (stored[attribute.Name] is not { } before) continue;
            if (attribute.Mutability == Mutability.Immutable)
            {
                if (result[attribute.Name] is not { } after) result[attribute.Name] = before.DeepClone();
                else if (!JsonNode.DeepEquals(before, after))
                    return new MutabilityViolated($"'{prefix}{attribute.Name}' cannot be changed once it is set.");
            }
            else if (before is JsonObject parts)
            {
                if (!attribute.SubAttributes.Any(sub => sub.Mutability == Mutability.Immutable && parts.ContainsKey(sub.Name))) continue;
                // Its immutable parts alone could lack required ones: what is omitted is kept whole.
                if (result[attribute.Name] is not JsonObject after) result[attribute.Name] = parts.DeepClone();
                else if (Keep(attribute.SubAttributes, parts, after, $"{prefix}{attribute.Name}.") is { } error) return error;
            }
        }
        return null;
    }
}
