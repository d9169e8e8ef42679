using System.Text.Json.Nodes;
using Provisioning.Core.Schemas;

namespace Provisioning.Core.Scim.Patching.Quirks;

/// <summary>
/// Entra without <c>aadOptscim062020</c> capitalizes the op.
/// Sent: <c>{"op":"Replace","path":"displayName","value":"Pvlo"}</c>.
/// Meant: <c>{"op":"replace","path":"displayName","value":"Pvlo"}</c>.
/// </summary>
internal sealed class CapitalizedOp : IOperationQuirk
{
    public IEnumerable<JsonObject> Rewrite(ResourceType type, JsonObject operation)
    {
        if (PatchJson.Op(operation) is { } op) operation["op"] = op.ToLowerInvariant();
        return [operation];
    }
}
