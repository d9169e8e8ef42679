using System.Text.Json;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Query;
using Provisioning.Core.Schemas;
using Provisioning.Core.Scim.Resources;

namespace Provisioning.Core.Scim.Patching;

/// <summary>
/// <c>schemas</c> as a path (checklist X21). It is computed from the tree, so an added URI says nothing until the extension has a
/// value, and a URI that goes takes its container with it.
/// </summary>
internal static class SchemasPatch
{
    public static Error? Apply(ResourceType type, JsonObject resource, PatchVerb verb, PatchTarget target, JsonNode? value)
    {
        if (verb == PatchVerb.Remove)
            return target.Filter is null
                ? new MutabilityViolated("'schemas' is required and cannot be removed.")
                : Drop(type, resource, uri => PredicateEvaluator.MatchesElement(target.Filter, uri));
        if (target.Filter is not null) return new InvalidPath("A value of 'schemas' can be added or removed, not changed.");
        var list = value switch { JsonArray array => array.ToList(), null => [], _ => [value] };
        if (list.Any(item => item is not null && item.GetValueKind() != JsonValueKind.String))
            return new InvalidValue("'schemas' must be an array of strings.");
        if (verb == PatchVerb.Add) return null;
        var kept = list.Where(item => item is not null).Select(item => item!.GetValue<string>()).Append(type.Schema.Id)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        return Drop(type, resource, uri => !kept.Contains(uri.GetValue<string>()));
    }

    private static MutabilityViolated? Drop(ResourceType type, JsonObject resource, Func<JsonNode, bool> goes)
    {
        foreach (var uri in ResourceSchemas.Of(type, resource))
        {
            if (!goes(uri!)) continue;
            if (type.Extension(uri!.GetValue<string>()) is not { } extension)
                return new MutabilityViolated("The base schema cannot be removed.");
            if (!extension.IsReadOnly && Patcher.DropExtension(type, resource, extension) is { } error) return error;
        }
        return null;
    }
}
