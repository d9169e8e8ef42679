using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Query;
using Provisioning.Core.Schemas;
using Provisioning.Core.Scim.Filters;
using Provisioning.Core.Scim.Resources;

namespace Provisioning.Core.Scim.Operations;

/// <summary>Reads list parameters and writes list answers (RFC 7644 3.4.2).</summary>
internal static class ListReading
{
    public static Outcome<(ResourceQuery Query, Projection Projection)> Read(ResourceType type, ListParameters asked, ScimLimits limits, string baseUrl)
    {
        if (!Projection.Parse(type, asked.Attributes, asked.ExcludedAttributes).Try(out var projection, out var error)) return error;
        if (!Number(asked.StartIndex, "startIndex", 1).Try(out var start, out error)) return error;
        if (!Number(asked.Count, "count", limits.DefaultPage).Try(out var count, out error)) return error;
        Predicate? filter = null;
        if (asked.Filter is not null)
        {
            var bound = ScimFilter.Parse(asked.Filter, limits.Filter).Then(node => FilterBinder.Bind(node, type));
            if (!bound.Try(out filter, out error)) return error;
        }
        return (new ResourceQuery(filter, Math.Max(1, start), Math.Clamp(count, 0, limits.PageSize), limits.FilterScan, baseUrl), projection);
    }

    /// <summary>Exactly schemas, totalResults, startIndex, itemsPerPage, Resources (checklist R2).</summary>
    public static ScimReply Write(IEnumerable<JsonObject> resources, long total, int start)
    {
        var list = new JsonArray([.. resources]);
        return new ScimReply(200, new JsonObject
        {
            ["schemas"] = new JsonArray(SchemaUris.ListResponse), ["totalResults"] = total, ["startIndex"] = start, ["itemsPerPage"] = list.Count,
            ["Resources"] = list,
        });
    }

    /// <summary>The same list, its resources written one by one.</summary>
    public static ScimReply Write(int count, long total, int start, Action<Utf8JsonWriter> resources) => new(200, null)
    {
        Write = writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("schemas");
            writer.WriteStringValue(SchemaUris.ListResponse);
            writer.WriteEndArray();
            writer.WriteNumber("totalResults", total);
            writer.WriteNumber("startIndex", start);
            writer.WriteNumber("itemsPerPage", count);
            writer.WriteStartArray("Resources");
            resources(writer);
            writer.WriteEndArray();
            writer.WriteEndObject();
        },
    };

    /// <summary>What is no integer of 64 bits is refused; what is out of range is brought into it (checklist G1, G2, G5).</summary>
    private static Outcome<int> Number(string? text, string name, int absent)
    {
        if (text is null) return absent;
        return long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? (int)Math.Clamp(number, int.MinValue, int.MaxValue)
            : new InvalidValue($"'{name}' must be an integer.");
    }
}
