using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Schemas;
using Provisioning.Core.Scim.Resources;

namespace Provisioning.Core.Scim.Patching;

/// <summary>Changes one attribute, or one part of a complex one, in its container.</summary>
internal static class AttributePatch
{
    /// <summary>Add or replace of a whole attribute (checklist X8, X15). Null clears on replace and does nothing on add.</summary>
    public static Error? Set(JsonObject container, AttributeDefinition attribute, PatchVerb verb, JsonNode? value, string path)
    {
        var decision = WriteTable.Decide(attribute.Mutability, WriteContext.PatchValue);
        if (decision == WriteDecision.Ignore) return null;
        if (decision == WriteDecision.CheckOnly) return AttributeReader.Read(attribute, value, path).Error;
        var before = decision == WriteDecision.AcceptIfUnset ? container[attribute.Name]?.DeepClone() : null;
        var error = attribute.MultiValued
            ? SetMany(container, attribute, verb, value, path)
            : attribute.IsComplex
                ? SetParts(container, attribute, verb, value, path)
                : SetOne(container, attribute, verb, value, path);
        if (error is null && before is not null && !JsonNode.DeepEquals(before, container[attribute.Name])) error = IsSet(path);
        return error;
    }

    /// <summary>Removes an attribute's value; what is absent already is no error (checklist X12, X13).</summary>
    public static MutabilityViolated? Clear(JsonObject container, AttributeDefinition attribute, string path)
    {
        if (attribute.Required) return new MutabilityViolated($"'{path}' is required and cannot be removed.");
        if (attribute.Mutability == Mutability.Immutable && container[attribute.Name] is not null) return IsSet(path);
        container.Remove(attribute.Name);
        return null;
    }

    /// <summary>An operation on one part of a single-valued complex attribute: <c>name.familyName</c>.</summary>
    public static Error? OnPart(
        JsonObject container, AttributeDefinition attribute, AttributeDefinition sub, PatchVerb verb, JsonNode? value, string path)
    {
        var parts = container[attribute.Name] as JsonObject ?? [];
        var error = verb == PatchVerb.Remove ? Clear(parts, sub, path) : SetPart(parts, attribute, sub, verb, value, path);
        // A reference without its value points to nobody.
        if (error is null && verb == PatchVerb.Remove && sub.Name == "value") parts.Remove("$ref");
        if (error is null) Keep(container, attribute, parts);
        return error;
    }

    /// <summary>
    /// Adds or replaces a part. A reference follows its value: what <c>$ref</c> said of the old manager is wrong of the new one.
    /// </summary>
    public static Error? SetPart(
        JsonObject parts, AttributeDefinition attribute, AttributeDefinition sub, PatchVerb verb, JsonNode? value, string path)
    {
        var before = sub.Name == "value" && attribute.Sub("$ref") is not null ? parts["value"]?.ToJsonString() : null;
        var error = Set(parts, sub, verb, value, path);
        if (error is null && before is not null && parts["value"]?.ToJsonString() != before) parts.Remove("$ref");
        return error;
    }

    /// <summary>Sets every part the value names; <c>$ref</c> last, so that a new value does not take it away.</summary>
    public static Error? SetParts(JsonObject parts, AttributeDefinition attribute, PatchVerb verb, JsonObject value, string path)
    {
        if (!JsonNames.AreDistinct(value, path, out var twice)) return twice;
        foreach (var (name, node) in value.OrderBy(part => part.Key == "$ref"))
            if (attribute.Sub(name) is { } sub && SetPart(parts, attribute, sub, verb, node, $"{path}.{sub.Name}") is { } error)
                return error;
        return null;
    }

    public static MutabilityViolated IsSet(string path) => new($"'{path}' cannot be changed once it is set.");

    private static Error? SetOne(JsonObject container, AttributeDefinition attribute, PatchVerb verb, JsonNode? value, string path)
    {
        if (!AttributeReader.Read(attribute, value, path).Try(out var read, out var error)) return error;
        if (read is not null) container[attribute.Name] = read;
        else if (verb == PatchVerb.Replace) return Clear(container, attribute, path);
        return null;
    }

    private static Error? SetParts(JsonObject container, AttributeDefinition attribute, PatchVerb verb, JsonNode? value, string path)
    {
        if (!AttributeReader.Read(attribute, value, path).Try(out var read, out var error)) return error;
        if (value is JsonArray { Count: 1 } one) value = one[0];
        // {"value":""} or "" says: none. {"givenName":null} says something about that part only, {"displayName":"x"} about a
        // read-only one nothing at all.
        if (read is null && (value is not JsonObject named || (attribute.Sub("value") is not null && JsonNames.TryGet(named, "value", out _))))
            return verb == PatchVerb.Replace ? Clear(container, attribute, path) : null;
        var parts = container[attribute.Name] as JsonObject ?? [];
        if (SetParts(parts, attribute, verb, value as JsonObject ?? (JsonObject)read!, path) is { } wrong) return wrong;
        Keep(container, attribute, parts);
        return null;
    }

    private static Error? SetMany(JsonObject container, AttributeDefinition attribute, PatchVerb verb, JsonNode? value, string path)
    {
        if (!AttributeReader.ReadMany(attribute, value, path).Try(out var read, out var error)) return error;
        if (verb == PatchVerb.Replace)
        {
            if (read.Count == 0) return Clear(container, attribute, path);
            container[attribute.Name] = read;
            return null;
        }
        return read.Count > 0 ? ElementPatch.Append(container, attribute, read) : null;
    }

    private static void Keep(JsonObject container, AttributeDefinition attribute, JsonObject parts)
    {
        if (parts.Count == 0) container.Remove(attribute.Name);
        else if (parts.Parent is null) container[attribute.Name] = parts;
    }
}
