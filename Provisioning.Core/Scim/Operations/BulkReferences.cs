using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Provisioning.Core.Scim.Operations;

/// <summary>
/// The references of one operation to others: <c>bulkId:x</c> as a value anywhere in its data, in the path of the operation
/// (<c>/Users/bulkId:x</c>), in a <c>$ref</c>, and in the path of a PATCH operation (<c>members[value eq "bulkId:x"]</c>).
/// </summary>
internal static class BulkReferences
{
    private const string Mark = BulkRequest.Reference;

    /// <summary>The bulkIds an operation refers to.</summary>
    public static HashSet<string> Of(BulkOperation operation)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        Replace(operation.Path, found, static _ => null);
        if (operation.Data is not null) Write(operation.Data, found, static _ => null, keepsUnknown: true);
        return found;
    }

    /// <summary>The path with every reference that is known in its place.</summary>
    public static string In(string path, Func<string, string?> id) => Replace(path, null, id);

    /// <summary>
    /// A copy of the data with ids in the place of references. What refers to something unknown is left out: the whole element of an
    /// array, or the whole attribute.
    /// </summary>
    public static JsonObject In(JsonObject data, Func<string, string?> id) => (JsonObject)Write(data, null, id, keepsUnknown: false)!;

    private static JsonNode? Write(JsonNode? node, HashSet<string>? found, Func<string, string?> id, bool keepsUnknown, string? name = null)
    {
        switch (node)
        {
            case JsonObject json:
                var copy = new JsonObject();
                foreach (var (key, value) in json)
                {
                    var written = Write(value, found, id, keepsUnknown, key);
                    if (written is not null || value is null) copy[key] = written;
                    else if (key == "value") return null; // {"value":"bulkId:x"} without its value says nothing
                }
                return copy;
            case JsonArray array:
                var elements = new JsonArray();
                foreach (var element in array)
                {
                    var written = Write(element, found, id, keepsUnknown, name);
                    if (written is not null || element is null) elements.Add(written);
                }
                return elements;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                var text = value.GetValue<string>();
                if (text.StartsWith(Mark, StringComparison.Ordinal) && text.Length > Mark.Length)
                {
                    found?.Add(text[Mark.Length..]);
                    return id(text[Mark.Length..]) is { } known ? known : keepsUnknown ? text : null;
                }
                return name is "$ref" or "path" ? Replace(text, found, id) : text;
            default:
                return node?.DeepClone();
        }
    }

    /// <summary>Replaces references inside a text; a bulkId there ends where a path or a filter would go on.</summary>
    private static string Replace(string text, HashSet<string>? found, Func<string, string?> id)
    {
        var at = text.IndexOf(Mark, StringComparison.Ordinal);
        if (at < 0) return text;
        var result = new StringBuilder();
        var from = 0;
        for (; at >= 0; at = text.IndexOf(Mark, from, StringComparison.Ordinal))
        {
            var end = at + Mark.Length;
            while (end < text.Length && text[end] is not ('/' or '"' or ']' or ' ' or '?')) end++;
            var name = text[(at + Mark.Length)..end];
            found?.Add(name);
            result.Append(text, from, at - from).Append(id(name) ?? text[at..end]);
            from = end;
        }
        return result.Append(text, from, text.Length - from).ToString();
    }
}
