using System.Text.Json.Nodes;
using Provisioning.Core.Schemas;

namespace Provisioning.Core.Scim.Patching.Quirks;

/// <summary>
/// Serializers that write every member of an operation send a path that is none.
/// Sent: <c>{"op":"replace","path":null,"value":{"active":false}}</c>, or <c>"path":""</c>.
/// Meant: <c>{"op":"replace","value":{"active":false}}</c>.
/// </summary>
internal sealed class EmptyPath : IOperationQuirk
{
    public IEnumerable<JsonObject> Rewrite(ResourceType type, JsonObject operation)
    {
        if (operation.TryGetPropertyValue("path", out var path) && (path is null || string.IsNullOrWhiteSpace(PatchJson.Text(path) ?? "x")))
            operation.Remove("path");
        return [operation];
    }
}
