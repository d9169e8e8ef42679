using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Schemas;
using Provisioning.Core.Scim.Resources;

namespace Provisioning.Core.Scim.Patching;

/// <summary>Applies a PATCH to a resource tree (RFC 7644 3.5.2): all of it or nothing, in order, on a copy (checklist X3, X4).</summary>
public static class Patcher
{
    /// <param name="resource">The stored tree as <see cref="ResourceReader"/> makes it; it is not changed, and what is read-only in it
    /// stays.</param>
    public static Outcome<PatchResult> Apply(ResourceType type, PatchRequest request, JsonObject resource)
    {
        var copy = (JsonObject)resource.DeepClone();
        foreach (var operation in request.Operations)
        {
            var error = operation.Target is null
                ? Merge(type, copy, operation.Verb, (JsonObject)operation.Value!)
                : OnTarget(type, copy, operation.Verb, operation.Target, operation.Value);
            if (error is not null) return error;
        }
        if (JsonNode.DeepEquals(copy, resource)) return new PatchResult(copy, Changed: false);
        return ResourceRules.Check(type, copy) is { } broken ? broken : new PatchResult(copy, Changed: true);
    }

    /// <summary>
    /// Without a path only the named attributes change (checklist X14); read-only ones and <c>schemas</c> are left alone.
    /// </summary>
    private static Error? Merge(ResourceType type, JsonObject resource, PatchVerb verb, JsonObject value)
    {
        foreach (var (name, node) in value)
        {
            Error? error = null;
            if (type.Extension(name) is { } extension) error = MergeExtension(resource, extension, verb, node);
            else if (type.CoreAttribute(name) is { } attribute && attribute != CommonAttributes.Schemas)
                error = AttributePatch.Set(resource, attribute, verb, node, attribute.Name);
            if (error is not null) return error;
        }
        return null;
    }

    private static Error? OnTarget(ResourceType type, JsonObject resource, PatchVerb verb, PatchTarget target, JsonNode? value)
    {
        var path = target.Path;
        if (path.Attribute == CommonAttributes.Schemas) return SchemasPatch.Apply(type, resource, verb, target, value);
        if (path.Attribute is null) return OnExtension(type, resource, path.Extension!, verb, value);
        if (path.Extension is null) return OnAttribute(resource, verb, target, value);
        var container = resource[path.Extension.Id] as JsonObject ?? [];
        if (OnAttribute(container, verb, target, value) is { } error) return error;
        Keep(resource, path.Extension, container);
        return null;
    }

    private static Error? OnAttribute(JsonObject container, PatchVerb verb, PatchTarget target, JsonNode? value)
    {
        var (path, attribute) = (target.Path, target.Path.Attribute!);
        var before = attribute.Mutability == Mutability.Immutable ? container[attribute.Name]?.DeepClone() : null;
        var error = attribute.MultiValued && (target.Filter is not null || path.SubAttribute is not null)
            ? ElementPatch.Apply(container, verb, target, value)
            : path.SubAttribute is { } sub
                ? AttributePatch.OnPart(container, attribute, sub, verb, value, path.Name)
                : verb == PatchVerb.Remove
                    ? AttributePatch.Clear(container, attribute, path.Name)
                    : AttributePatch.Set(container, attribute, verb, value, path.Name);
        if (error is null && before is not null && !JsonNode.DeepEquals(before, container[attribute.Name]))
            error = AttributePatch.IsSet(path.Name);
        return error;
    }

    /// <summary>An extension's URN alone (checklist X9): add merges, replace replaces the container, remove drops it.</summary>
    private static Error? OnExtension(ResourceType type, JsonObject resource, SchemaDefinition extension, PatchVerb verb, JsonNode? value)
    {
        if (verb == PatchVerb.Add) return MergeExtension(resource, extension, verb, value);
        if (verb == PatchVerb.Remove || value is null) return DropExtension(type, resource, extension);
        if (!ResourceReader.ReadContainer(extension, value).Try(out var container, out var error)) return error;
        if (resource[extension.Id] is JsonObject before
            && ImmutableRule.Keep(extension.Attributes, before, container, extension.Id + ":") is { } change)
            return change;
        Keep(resource, extension, container);
        return null;
    }

    internal static MutabilityViolated? DropExtension(ResourceType type, JsonObject resource, SchemaDefinition extension)
    {
        if (type.Extensions.Any(other => other.Schema == extension && other.Required))
            return new MutabilityViolated($"The extension '{extension.Id}' is required.");
        resource.Remove(extension.Id);
        return null;
    }

    private static Error? MergeExtension(JsonObject resource, SchemaDefinition extension, PatchVerb verb, JsonNode? value)
    {
        if (value is JsonArray { Count: <= 1 } one) value = one.Count == 0 ? null : one[0];
        if (extension.IsReadOnly || value is null) return null;
        if (value is not JsonObject json) return new InvalidValue($"'{extension.Id}' must be an object.");
        if (!JsonNames.AreDistinct(json, extension.Id, out var twice)) return twice;
        var container = resource[extension.Id] as JsonObject ?? [];
        foreach (var (name, node) in json)
            if (extension.Attribute(name) is { } attribute
                && AttributePatch.Set(container, attribute, verb, node, $"{extension.Id}:{attribute.Name}") is { } error)
                return error;
        Keep(resource, extension, container);
        return null;
    }

    private static void Keep(JsonObject resource, SchemaDefinition extension, JsonObject container)
    {
        if (container.Count == 0) resource.Remove(extension.Id);
        else if (container.Parent is null) resource[extension.Id] = container;
    }
}
