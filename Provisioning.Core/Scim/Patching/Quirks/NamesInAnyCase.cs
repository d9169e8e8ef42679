using System.Text.Json.Nodes;

namespace Provisioning.Core.Scim.Patching.Quirks;

/// <summary>
/// The message's own names in another letter case (RFC 7643 2.1 allows it for attributes, some clients do it here).
/// Sent: <c>{"operations":[{"Op":"replace","Path":"title","Value":"x"}]}</c>.
/// Meant: <c>{"Operations":[{"op":"replace","path":"title","value":"x"}]}</c>.
/// </summary>
internal sealed class NamesInAnyCase : IMessageQuirk
{
    public void Rewrite(JsonObject message)
    {
        Rename(message, "schemas", "Operations");
        var operations = message["Operations"] is JsonArray array ? array.OfType<JsonObject>() : [];
        foreach (var operation in message["Operations"] is JsonObject one ? [one] : operations) Rename(operation, "op", "path", "value");
    }

    private static void Rename(JsonObject json, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (json.ContainsKey(name)) continue;
            var other = json.Select(property => property.Key).FirstOrDefault(Names(name));
            if (other is null) continue;
            var value = json[other];
            json.Remove(other);
            json[name] = value;
        }
    }

    private static Func<string, bool> Names(string name) => key => key.Equals(name, StringComparison.OrdinalIgnoreCase);
}
