using System.Text.Json;
using System.Text.Json.Nodes;
using Provisioning.Core.Schemas;

namespace Provisioning.Core.Scim.Operations;

/// <summary>Writes list answers (RFC 7644 3.4.2, RFC 9865 2).</summary>
/// <param name="Start">Null by cursor.</param>
/// <param name="NextCursor">Null by index, and on the last page.</param>
public sealed record ListReply(int Count, long Total, int? Start, string? NextCursor)
{
    public static ListReply Of(ListRequest request, int count, long total, string? nextCursor) =>
        new(count, total, request.ByCursor ? null : request.Start, nextCursor);

    /// <summary>All there is, of a list that is never paged.</summary>
    public static ScimReply Of(IReadOnlyCollection<JsonObject> resources) => new ListReply(resources.Count, resources.Count, 1, null).With(resources);

    public ScimReply With(IEnumerable<JsonObject> resources) => With(writer =>
    {
        foreach (var resource in resources) resource.WriteTo(writer);
    });

    /// <summary>The resources written one by one.</summary>
    public ScimReply With(Action<Utf8JsonWriter> resources) => new(200, null)
    {
        Write = writer =>
        {
            Open(writer);
            resources(writer);
            Close(writer);
        },
    };

    /// <summary>The resources written in parts.</summary>
    public ScimReply With(Func<Utf8JsonWriter, CancellationToken, Task> resources) => new(200, null)
    {
        Stream = async (writer, cancel) =>
        {
            Open(writer);
            await resources(writer, cancel);
            Close(writer);
        },
    };

    /// <summary>Exactly schemas, totalResults, startIndex, itemsPerPage, Resources (checklist R2), by cursor nextCursor in place of startIndex.</summary>
    private void Open(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("schemas");
        writer.WriteStringValue(SchemaUris.ListResponse);
        writer.WriteEndArray();
        writer.WriteNumber("totalResults", Total);
        if (Start is { } start) writer.WriteNumber("startIndex", start);
        writer.WriteNumber("itemsPerPage", Count);
        if (NextCursor is not null) writer.WriteString("nextCursor", NextCursor);
        writer.WriteStartArray("Resources");
    }

    private static void Close(Utf8JsonWriter writer)
    {
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
