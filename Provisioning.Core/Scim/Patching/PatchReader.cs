using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Schemas;
using Provisioning.Core.Scim.Filters;
using Provisioning.Core.Scim.Patching.Quirks;

namespace Provisioning.Core.Scim.Patching;

/// <summary>Reads a PATCH body: the quirks first, then the message, then every path (checklist X1, X5, X6).</summary>
public static class PatchReader
{
    /// <summary>
    /// Not a PatchOp message, no operations, an unknown op: <see cref="InvalidSyntax"/>. Too many operations: <see cref="TooMany"/>.
    /// A bad path: <see cref="InvalidPath"/>, <see cref="InvalidFilter"/> or <see cref="MutabilityViolated"/>.
    /// A path into an unknown extension is left out and reported in <see cref="PatchRequest.Ignored"/>.
    /// </summary>
    /// <param name="maxOperations">As sent, before quirks; setting <c>Limits:PatchOperations</c>.</param>
    public static Outcome<PatchRequest> Read(ResourceType type, JsonObject body, int maxOperations, FilterLimits? limits = null)
    {
        var message = PatchQuirks.OfMessage(body);
        if (!IsPatchOp(message["schemas"])) return new InvalidSyntax($"'schemas' must contain {SchemaUris.PatchOp}.");
        if (message["Operations"] is not JsonArray { Count: > 0 } sent)
            return new InvalidSyntax("'Operations' must be an array with at least one operation.");
        if (sent.Count > maxOperations)
            return new TooMany(string.Create(CultureInfo.InvariantCulture,
                $"More than {maxOperations} operations (setting Limits:PatchOperations)."));
        var reading = new PatchReading(type, limits ?? FilterLimits.Default, maxOperations);
        foreach (var node in sent)
        {
            if (node is not JsonObject operation) return new InvalidSyntax("'Operations' must hold objects.");
            foreach (var rewritten in PatchQuirks.OfOperation(type, operation))
                if (reading.Add(rewritten) is { } error) return error;
        }
        return reading.Result;
    }

    private static bool IsPatchOp(JsonNode? schemas) => schemas switch
    {
        JsonArray array => array.Any(IsPatchOp),
        JsonValue value when value.GetValueKind() == JsonValueKind.String =>
            value.GetValue<string>().Equals(SchemaUris.PatchOp, StringComparison.OrdinalIgnoreCase),
        _ => false,
    };
}
