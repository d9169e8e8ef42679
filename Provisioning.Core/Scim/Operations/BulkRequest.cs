using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Schemas;
using Provisioning.Core.Scim.Resources;

namespace Provisioning.Core.Scim.Operations;

/// <summary>One operation of a bulk request, as sent (RFC 7644 3.7).</summary>
/// <param name="Method">In capitals.</param>
/// <param name="Path">Relative to the base URL, with a leading slash.</param>
/// <param name="Wrong">What is wrong with the operation as such: it is answered with this and not run.</param>
public sealed record BulkOperation(string Method, string? BulkId, string? Version, string Path, JsonObject? Data, Error? Wrong)
{
    /// <summary>Whether others can refer to what it creates.</summary>
    public bool Creates => Method == "POST" && BulkId is not null && Wrong is null;
}

/// <summary>A bulk request, understood.</summary>
/// <param name="FailOnErrors">After so many errors nothing more is processed; null: all is.</param>
public sealed record BulkRequest(IReadOnlyList<BulkOperation> Operations, int? FailOnErrors)
{
    /// <summary>How a value, or an id in a path, refers to what another operation creates (RFC 7644 3.7.2).</summary>
    public const string Reference = "bulkId:";

    private static readonly string[] Methods = ["POST", "PUT", "PATCH", "DELETE"];

    /// <summary>
    /// Not a BulkRequest message: <see cref="InvalidSyntax"/>. Too many operations: <see cref="BodyTooLarge"/>, and nothing is done. What
    /// is wrong with one operation stands in it (checklist B2, B7, B9).
    /// </summary>
    public static Outcome<BulkRequest> Read(JsonObject body, int maxOperations)
    {
        if (!JsonNames.AreDistinct(body, "the body", out var twice)) return twice;
        if (!JsonNames.TryGet(body, "schemas", out var schemas) || !(schemas is JsonArray array ? array : [schemas?.DeepClone()]).Any(IsBulkRequest))
            return new InvalidSyntax($"'schemas' must contain {SchemaUris.BulkRequest}.");
        if (!JsonNames.TryGet(body, "Operations", out var node) || node is not JsonArray { Count: > 0 } operations)
            return new InvalidSyntax("'Operations' must be an array with at least one operation.");
        if (operations.Count > maxOperations)
            return new BodyTooLarge(string.Create(CultureInfo.InvariantCulture,
                $"The request has {operations.Count} operations, more than maxOperations, which is {maxOperations} (setting Limits:BulkOperations); nothing was done."));
        int? failOnErrors = null;
        if (JsonNames.TryGet(body, "failOnErrors", out var limit) && limit is not null)
        {
            if (limit.GetValueKind() != JsonValueKind.Number || !int.TryParse(limit.ToJsonString(), NumberStyles.None, CultureInfo.InvariantCulture, out var errors))
                return new InvalidSyntax("'failOnErrors' must be a whole number.");
            failOnErrors = errors == 0 ? null : errors;
        }
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return new BulkRequest([.. operations.Select(operation => Operation(operation, seen))], failOnErrors);
    }

    private static BulkOperation Operation(JsonNode? node, HashSet<string> seen)
    {
        if (node is not JsonObject json) return new BulkOperation("", null, null, "", null, new InvalidSyntax("'Operations' must hold objects."));
        var method = (Text(json, "method") ?? "").ToUpperInvariant();
        var (bulkId, path) = (Text(json, "bulkId"), Text(json, "path") ?? "");
        JsonNames.TryGet(json, "data", out var data);
        var isFirst = bulkId is null || seen.Add(bulkId);
        Error? wrong = !JsonNames.AreDistinct(json, "an operation", out var twice) ? twice
            : !Methods.Contains(method) ? new InvalidSyntax("'method' must be POST, PUT, PATCH or DELETE.")
            : path.Length == 0 ? new InvalidSyntax("'path' must say which resource, for example /Users or /Users/{id}.")
            : method == "POST" && string.IsNullOrEmpty(bulkId) ? new InvalidSyntax("A POST needs a 'bulkId'.")
            : !isFirst ? new InvalidSyntax($"The bulkId '{bulkId}' is used twice.")
            : method != "DELETE" && data is not JsonObject ? new InvalidSyntax($"A {method} needs 'data', an object.")
            : null;
        return new BulkOperation(method, bulkId, Text(json, "version"), path.StartsWith('/') ? path : "/" + path, data as JsonObject, wrong);
    }

    private static string? Text(JsonObject json, string name) =>
        JsonNames.TryGet(json, name, out var node) && node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : null;

    private static bool IsBulkRequest(JsonNode? schema) =>
        schema?.GetValueKind() == JsonValueKind.String && schema.GetValue<string>().Equals(SchemaUris.BulkRequest, StringComparison.OrdinalIgnoreCase);
}
