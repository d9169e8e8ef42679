using System.Text.Json.Nodes;

namespace Provisioning.Core.Scim.Patching.Quirks;

/// <summary>
/// One operation that is not in an array.
/// Sent: <c>{"Operations":{"op":"replace","value":{"active":false}}}</c>.
/// Meant: <c>{"Operations":[{"op":"replace","value":{"active":false}}]}</c>.
/// </summary>
internal sealed class OneOperationWithoutArray : IMessageQuirk
{
    public void Rewrite(JsonObject message)
    {
        if (message["Operations"] is JsonObject one) message["Operations"] = new JsonArray(one.DeepClone());
    }
}
