using System.Text.Json;
using System.Text.Json.Nodes;
using Provisioning.Core.Schemas;
using Provisioning.Core.Scim.Filters;
using Provisioning.Core.Scim.Resources;

namespace Provisioning.Core.Scim.Patching.Quirks;

/// <summary>
/// Entra and JumpCloud say in the value which elements go; without this a removal of one member would empty the group.
/// Sent: <c>{"op":"Remove","path":"members","value":[{"$ref":null,"value":"a"},{"$ref":null,"value":"b"}]}</c>.
/// Meant: <c>{"op":"remove","path":"members[value eq \"a\"]"}</c>, <c>{"op":"remove","path":"members[value eq \"b\"]"}</c>.
/// Sent: <c>{"op":"Remove","path":"emails[type eq \"work\"].value","value":"old"}</c>.
/// Meant: <c>{"op":"remove","path":"emails[type eq \"work\"].value"}</c>.
/// An empty array names nothing and removes nothing.
/// </summary>
internal sealed class RemoveWithValue : IOperationQuirk
{
    public IEnumerable<JsonObject> Rewrite(ResourceType type, JsonObject operation)
    {
        if (PatchJson.Op(operation) != "remove" || !operation.TryGetPropertyValue("value", out var value)) return [operation];
        var path = PatchJson.Path(operation);
        operation.Remove("value");
        if (value is null || path is null || type.Resolve(path) is not { Attribute: { MultiValued: true } attribute } found)
            return [operation];
        var whole = found.Whole.Name;
        var items = value is JsonArray array ? array.ToList() : [value];
        return items.Select(item => Condition(type, attribute, found.SubAttribute, item))
            .OfType<string>().Select(condition => PatchJson.Make("remove", $"{whole}[{condition}]")).ToList();
    }

    private static string? Condition(ResourceType type, AttributeDefinition attribute, AttributeDefinition? sub, JsonNode? item)
    {
        if (item is not JsonObject json) return Equal(sub?.Name ?? "value", item);
        var parts = json.Where(part => attribute.Sub(part.Key) is { IsComplex: false })
            .Select(part => (attribute.Sub(part.Key)!.Name, part.Value)).ToList();
        // A member is its id; any other value is known by value and type; one without value by everything that is given.
        if (parts.Any(part => part.Name == "value" && part.Value is not null))
            parts = parts.FindAll(part => part.Name == "value" || (part.Name == "type" && !MemberReader.IsMembers(type, attribute.Name)));
        var equal = parts.Select(part => Equal(part.Name, part.Value)).OfType<string>().ToList();
        return equal.Count == 0 ? null : string.Join(" and ", equal);
    }

    private static string? Equal(string name, JsonNode? value) => value?.GetValueKind() switch
    {
        JsonValueKind.String => $"{name} eq {FilterPrinter.Quote(value.GetValue<string>())}",
        JsonValueKind.True or JsonValueKind.False or JsonValueKind.Number => $"{name} eq {value.ToJsonString()}",
        _ => null,
    };
}
