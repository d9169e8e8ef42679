using System.Text.Json.Nodes;
using Provisioning.Core.Schemas;

namespace Provisioning.Core.Scim.Patching.Quirks;

/// <summary>
/// Entra's documented example names an extension's attribute without the URN.
/// Sent: <c>{"op":"Add","path":"manager","value":[{"$ref":"http://.../Users/271","value":"271"}]}</c>.
/// Meant: <c>{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":{...}}</c>.
/// </summary>
internal sealed class ExtensionWithoutUrn : IOperationQuirk
{
    public IEnumerable<JsonObject> Rewrite(ResourceType type, JsonObject operation)
    {
        if (PatchJson.Path(operation) is not { } path) return [operation];
        var bracket = path.IndexOf('[', StringComparison.Ordinal);
        var name = bracket < 0 ? path : path[..bracket];
        if (!name.Contains(':', StringComparison.Ordinal) && type.Resolve(name) is { Extension: { } extension })
            operation["path"] = $"{extension.Id}:{path}";
        return [operation];
    }
}
