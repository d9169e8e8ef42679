using System.Text.Json.Nodes;
using Provisioning.Core.Schemas;

namespace Provisioning.Core.Scim.Resources;

/// <summary>
/// <c>schemas</c> is never stored: it is what the tree holds, computed at output (checklist C1, C2, R2). Whoever completes a tree
/// (id, meta, groups, seat extension) calls this last.
/// </summary>
public static class ResourceSchemas
{
    /// <summary>The base schema's URI first, then those of the extensions whose container is in the tree, in the type's order.</summary>
    public static JsonArray Of(ResourceType type, JsonObject tree)
    {
        var schemas = new JsonArray(type.Schema.Id);
        foreach (var extension in type.Extensions)
            if (tree[extension.Schema.Id] is JsonObject { Count: > 0 }) schemas.Add((JsonNode)extension.Schema.Id);
        return schemas;
    }
}
