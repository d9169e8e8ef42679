using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Schemas;

namespace Provisioning.Core.Scim.Resources;

/// <summary>
/// What holds for a whole resource, however it came to be: what is required is there, what is searched fits its key column.
/// </summary>
public static class ResourceRules
{
    /// <summary>The canonical names of the texts that have a key column (design D3, D5), and so a greatest length.</summary>
    public static readonly FrozenSet<string> SearchedTexts = FrozenSet.ToFrozenSet(
    [
        "userName", "externalId", "displayName", "name.formatted", "name.familyName", "name.givenName", "name.middleName",
        "name.honorificPrefix", "name.honorificSuffix", "emails.value", $"{SchemaUris.EnterpriseUser}:employeeNumber",
    ], StringComparer.Ordinal);

    /// <summary>
    /// Most values of a multi-valued attribute (design D10). Every operation of a PATCH may look at each of them, and the searched ones
    /// are rows of an index.
    /// </summary>
    public const int MostValues = 1000;

    /// <summary>
    /// <see cref="InvalidValue"/> for a required attribute or extension that is missing or empty (A8, U12), or a searched text that
    /// is too long.
    /// </summary>
    public static InvalidValue? Check(ResourceType type, JsonObject tree)
    {
        if (Required(type.Schema.Attributes, tree, "") is { } missing) return missing;
        foreach (var extension in type.Extensions)
        {
            if (tree[extension.Schema.Id] is JsonObject container)
            {
                if (Required(extension.Schema.Attributes, container, extension.Schema.Id + ":") is { } inner) return inner;
            }
            else if (extension.Required)
            {
                return new InvalidValue($"The extension '{extension.Schema.Id}' is required.");
            }
        }
        return Lengths(type, tree);
    }

    internal static InvalidValue TooLong(string path) =>
        new($"'{path}' is longer than {TextKey.MaxLength} characters or {TextKey.MaxBytes} bytes.");

    internal static TooMany TooManyValues(string path) => new($"'{path}' has more than {MostValues} values, the limit of this service.");

    private static InvalidValue? Required(IReadOnlyList<AttributeDefinition> attributes, JsonObject container, string prefix)
    {
        foreach (var attribute in attributes)
        {
            // Nothing write-only is kept and nothing read-only is sent, so neither can be looked for here.
            if (attribute.Mutability is Mutability.ReadOnly or Mutability.WriteOnly) continue;
            var node = container[attribute.Name];
            if (attribute.Required && AttributeReader.IsEmpty(node)) return new InvalidValue($"'{prefix}{attribute.Name}' is required.");
            if (!attribute.SubAttributes.Any(sub => sub.Required)) continue;
            foreach (var element in Elements(node))
                if (Required(attribute.SubAttributes, element, $"{prefix}{attribute.Name}.") is { } missing) return missing;
        }
        return null;
    }

    private static IEnumerable<JsonObject> Elements(JsonNode? node) => node switch
    {
        JsonArray array => array.OfType<JsonObject>(),
        JsonObject json => [json],
        _ => [],
    };

    private static InvalidValue? Lengths(ResourceType type, JsonObject tree)
    {
        foreach (var name in SearchedTexts)
        {
            if (type.Resolve(name) is not { } path || path.Name != name) continue;
            var container = path.Extension is null ? tree : tree[path.Extension.Id] as JsonObject;
            if (!Fit(container?[path.Attribute!.Name], path.SubAttribute?.Name)) return TooLong(name);
        }
        return null;
    }

    private static bool Fit(JsonNode? node, string? sub) => node switch
    {
        null => true,
        JsonArray array => array.All(element => Fit(element, sub)),
        JsonObject json => sub is null || Fit(json[sub], null),
        _ => node.GetValueKind() != JsonValueKind.String || TextKey.Fits(node.GetValue<string>()),
    };
}
