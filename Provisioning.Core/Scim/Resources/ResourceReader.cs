using System.Text.Json;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Schemas;

namespace Provisioning.Core.Scim.Resources;

/// <summary>
/// Reads the body of a POST or PUT (RFC 7644 3.3, 3.5.1) as leniently as identity providers need it: names in any letter case,
/// unknown attributes and unknown or malformed schema URIs ignored, <c>schemas</c> not demanded, what is read-only or unassigned
/// left out, write-only values checked and discarded. <see cref="InvalidValue"/> names the attribute.
/// </summary>
public static class ResourceReader
{
    public static Outcome<ResourceBody> Read(ResourceType type, JsonObject body)
    {
        if (!JsonNames.AreDistinct(body, "the body", out var twice)) return twice;
        if (CheckSchemas(body) is { } badSchemas) return badSchemas;
        var tree = new JsonObject();
        IReadOnlyList<MemberValue>? members = null;
        foreach (var (name, node) in body)
        {
            if (type.Extension(name) is { } extension)
            {
                if (!ReadContainer(extension, node).Try(out var container, out var error)) return error;
                if (container.Count > 0) tree[extension.Id] = container;
            }
            else if (MemberReader.IsMembers(type, name))
            {
                if (!MemberReader.Read(type, node).Try(out members, out var error)) return error;
            }
            else if (type.CoreAttribute(name) is { } attribute && Put(tree, attribute, node, attribute.Name) is { } error)
            {
                return error;
            }
        }
        return ResourceRules.Check(type, tree) is { } broken ? broken : new ResourceBody(tree, members);
    }

    /// <summary>The writable attributes in an extension's container; empty when it holds none.</summary>
    internal static Outcome<JsonObject> ReadContainer(SchemaDefinition extension, JsonNode? node)
    {
        if (node is JsonArray { Count: <= 1 } one) node = one.Count == 0 ? null : one[0];
        var container = new JsonObject();
        if (node is null || extension.IsReadOnly) return container;
        if (node is not JsonObject json) return new InvalidValue($"'{extension.Id}' must be an object.");
        if (!JsonNames.AreDistinct(json, extension.Id, out var twice)) return twice;
        foreach (var (name, value) in json)
            if (extension.Attribute(name) is { } attribute
                && Put(container, attribute, value, $"{extension.Id}:{attribute.Name}") is { } error)
                return error;
        return container;
    }

    private static Error? Put(JsonObject container, AttributeDefinition attribute, JsonNode? node, string path)
    {
        var decision = WriteTable.Decide(attribute.Mutability, WriteContext.Create);
        if (attribute == CommonAttributes.Schemas || decision == WriteDecision.Ignore) return null;
        if (!AttributeReader.Read(attribute, node, path).Try(out var value, out var error)) return error;
        if (value is not null && decision == WriteDecision.Accept) container[attribute.Name] = value;
        return null;
    }

    /// <summary>
    /// What is in <c>schemas</c> decides nothing: Entra lists malformed and foreign URIs, OneLogin those of SCIM 1, and custom
    /// extensions are often missing. It only has to be a list of strings.
    /// </summary>
    private static InvalidValue? CheckSchemas(JsonObject body)
    {
        if (!JsonNames.TryGet(body, "schemas", out var node) || node is null) return null;
        var isList = node is JsonArray array
            ? array.All(item => item is null || item.GetValueKind() == JsonValueKind.String)
            : node.GetValueKind() == JsonValueKind.String;
        return isList ? null : new InvalidValue("'schemas' must be an array of strings.");
    }
}
