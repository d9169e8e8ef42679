using System.Text.Json;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Schemas;
using Provisioning.Core.Scim.Resources;

namespace Provisioning.Core.Scim.Operations;

/// <summary>Reads the body of POST /.search into the parameters that GET takes (RFC 7644 3.4.3, checklist Q1 to Q3).</summary>
public static class SearchRequest
{
    /// <summary>Not a SearchRequest message, or a member of another JSON type: <see cref="InvalidSyntax"/>.</summary>
    public static Outcome<ListParameters> Read(JsonObject body)
    {
        if (!JsonNames.AreDistinct(body, "the body", out var twice)) return twice;
        if (!JsonNames.TryGet(body, "schemas", out var schemas) || !(schemas is JsonArray array ? array : [schemas?.DeepClone()]).Any(IsSearchRequest))
            return new InvalidSyntax($"'schemas' must contain {SchemaUris.SearchRequest}.");
        Error? error = null;
        var asked = new ListParameters(Text("filter"), Number("startIndex"), Number("count"), Names("attributes"), Names("excludedAttributes"))
        {
            SortBy = Text("sortBy"), SortOrder = Text("sortOrder"), Cursor = Text("cursor"),
        };
        return error is null ? asked : error;

        string? Text(string name)
        {
            if (!JsonNames.TryGet(body, name, out var node) || node is null) return null;
            if (node.GetValueKind() == JsonValueKind.String) return node.GetValue<string>();
            error ??= new InvalidSyntax($"'{name}' must be a string.");
            return null;
        }

        // Digits in quotation marks are taken too; what is no integer is refused as in a query.
        string? Number(string name) => JsonNames.TryGet(body, name, out var node) && node?.GetValueKind() == JsonValueKind.Number ? node.ToJsonString() : Text(name);

        string? Names(string name)
        {
            if (!JsonNames.TryGet(body, name, out var node) || node is not JsonArray names) return Text(name);
            if (names.All(item => item?.GetValueKind() == JsonValueKind.String)) return string.Join(',', names.Select(item => item!.GetValue<string>()));
            error ??= new InvalidSyntax($"'{name}' must be an array of strings.");
            return null;
        }
    }

    private static bool IsSearchRequest(JsonNode? schema) =>
        schema?.GetValueKind() == JsonValueKind.String && schema.GetValue<string>().Equals(SchemaUris.SearchRequest, StringComparison.OrdinalIgnoreCase);
}
