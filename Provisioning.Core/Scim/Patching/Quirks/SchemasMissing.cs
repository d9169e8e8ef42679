using System.Text.Json.Nodes;
using Provisioning.Core.Schemas;

namespace Provisioning.Core.Scim.Patching.Quirks;

/// <summary>
/// OneLogin leaves <c>schemas</c> out.
/// Sent: <c>{"Operations":[...]}</c>.
/// Meant: <c>{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[...]}</c>.
/// </summary>
internal sealed class SchemasMissing : IMessageQuirk
{
    public void Rewrite(JsonObject message)
    {
        if (message["schemas"] is null or JsonArray { Count: 0 }) message["schemas"] = new JsonArray(SchemaUris.PatchOp);
    }
}
