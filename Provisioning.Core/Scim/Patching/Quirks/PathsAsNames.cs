using System.Text.Json.Nodes;
using Provisioning.Core.Schemas;

namespace Provisioning.Core.Scim.Patching.Quirks;

/// <summary>
/// Entra with <c>aadOptscim062020</c> folds operations into one value whose names are paths.
/// Sent: <c>{"op":"replace","value":{"displayName":"B","name.givenName":"K","urn:...:enterprise:2.0:User:employeeNumber":"A"}}</c>.
/// Meant: <c>{"op":"replace","value":{"displayName":"B"}}</c>, <c>{"op":"replace","path":"name.givenName","value":"K"}</c>,
/// <c>{"op":"replace","path":"urn:...:enterprise:2.0:User:employeeNumber","value":"A"}</c>.
/// What is read-only stays ignored, as it is for every operation without path (checklist A5).
/// </summary>
internal sealed class PathsAsNames : IOperationQuirk
{
    public IEnumerable<JsonObject> Rewrite(ResourceType type, JsonObject operation)
    {
        if (operation.ContainsKey("path") || PatchJson.Op(operation) is not { } op || operation["value"] is not JsonObject value)
            return [operation];
        var paths = value.Where(property => IsPath(type, property.Key)).ToList();
        if (paths.Count == 0) return [operation];
        var operations = new List<JsonObject>();
        foreach (var (name, _) in paths) value.Remove(name);
        if (value.Count > 0) operations.Add(operation);
        foreach (var (name, node) in paths)
            if (type.Resolve(name) is not { IsReadOnly: true }) operations.Add(PatchJson.Make(op, name, node));
        return operations;
    }

    private static bool IsPath(ResourceType type, string name) =>
        type.Extension(name) is null && type.CoreAttribute(name) is null
            && (name.Contains('[', StringComparison.Ordinal) || type.Resolve(name) is not null);
}
