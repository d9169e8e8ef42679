using System.Text.Json.Nodes;
using Provisioning.Core.Schemas;

namespace Provisioning.Core.Scim.Patching.Quirks;

/// <summary>
/// Old Entra configurations put a dot between URN and attribute.
/// Sent: <c>{"op":"Replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.manager","value":"271"}</c>.
/// Meant: <c>{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"271"}</c>.
/// </summary>
internal sealed class DotAfterUrn : IOperationQuirk
{
    public IEnumerable<JsonObject> Rewrite(ResourceType type, JsonObject operation)
    {
        if (PatchJson.Path(operation) is { } path && WithColon(type, path) is { } right) operation["path"] = right;
        if (operation.ContainsKey("path") || operation["value"] is not JsonObject value) return [operation];
        foreach (var name in value.Select(property => property.Key).ToList())
        {
            if (WithColon(type, name) is not { } key || value.ContainsKey(key)) continue;
            var node = value[name];
            value.Remove(name);
            value[key] = node;
        }
        return [operation];
    }

    private static string? WithColon(ResourceType type, string path)
    {
        foreach (var schema in type.Extensions.Select(extension => extension.Schema).Append(type.Schema))
            if (path.Length > schema.Id.Length + 1 && path[schema.Id.Length] == '.'
                && path.StartsWith(schema.Id, StringComparison.OrdinalIgnoreCase))
                return $"{schema.Id}:{path[(schema.Id.Length + 1)..]}";
        return null;
    }
}
