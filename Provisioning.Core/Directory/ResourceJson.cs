using System.Text;
using System.Text.Json;
using Provisioning.Core.Common;
using Provisioning.Core.Schemas;

namespace Provisioning.Core.Directory;

/// <summary>
/// Writes a user exactly as <see cref="ResourceTree"/> would have it, without making the tree: what was stored is copied as text. A page
/// of a hundred users is mostly this. Only for answers that leave nothing out.
/// </summary>
public static class ResourceJson
{
    public static void Write(Utf8JsonWriter writer, EntryView view, string baseUrl)
    {
        var entry = view.Entry;
        var stored = Encoding.UTF8.GetBytes(entry.Stored.Text);
        var properties = Properties(stored);
        writer.WriteStartObject();
        writer.WriteStartArray("schemas");
        writer.WriteStringValue(SchemaUris.User);
        foreach (var (name, _) in properties)
            if (name.Contains(':', StringComparison.Ordinal)) writer.WriteStringValue(name);
        if (view.Member is not null) writer.WriteStringValue(SchemaUris.SeatUser);
        writer.WriteEndArray();
        writer.WriteString("id", entry.Id.ToString());
        foreach (var (name, value) in properties)
        {
            writer.WritePropertyName(name);
            writer.WriteRawValue(stored.AsSpan(value), skipInputValidation: true);
        }
        if (view.Groups.Count > 0) WriteGroups(writer, view, baseUrl);
        if (view.Member is { } member) WriteSeat(writer, member);
        writer.WriteStartObject("meta");
        writer.WriteString("resourceType", "User");
        writer.WriteString("created", Instants.Text(entry.Created));
        writer.WriteString("lastModified", Instants.Text(entry.LastModified));
        writer.WriteString("location", $"{baseUrl}/Users/{entry.Id}");
        writer.WriteString("version", ResourceTree.Tag(entry.Version));
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteGroups(Utf8JsonWriter writer, EntryView view, string baseUrl)
    {
        writer.WriteStartArray("groups");
        foreach (var group in view.Groups)
        {
            writer.WriteStartObject();
            writer.WriteString("value", group.Group.ToString());
            writer.WriteString("$ref", $"{baseUrl}/Groups/{group.Group}");
            writer.WriteString("display", group.DisplayName);
            writer.WriteString("type", "direct");
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    private static void WriteSeat(Utf8JsonWriter writer, SeatedMember member)
    {
        writer.WriteStartObject(SchemaUris.SeatUser);
        writer.WriteString("seatStatus", Words.Text(member.Seat.Status));
        if (member.Seat.Tier is { } tier) writer.WriteString("tier", tier);
        if (member.Seat.DesiredTier is { } desired) writer.WriteString("desiredTier", desired);
        if (member.Seat.WaitingSince is { } since) writer.WriteString("waitingSince", Instants.Text(since));
        writer.WriteString("memberState", Words.Text(member.Member.State));
        if (member.Member.SuspendedBy is { } cause) writer.WriteString("suspendedBy", Words.Text(cause));
        writer.WriteEndObject();
    }

    /// <summary>The root properties of an object: their names, and where their values stand.</summary>
    private static List<(string Name, Range Value)> Properties(byte[] json)
    {
        var properties = new List<(string, Range)>(8);
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = JsonText.MaxDepth });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            properties.Add((name, start..(int)reader.BytesConsumed));
        }
        return properties;
    }
}
