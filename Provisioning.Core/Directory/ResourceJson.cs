using System.Buffers;
using System.Text;
using System.Text.Json;
using Provisioning.Core.Common;
using Provisioning.Core.Schemas;

namespace Provisioning.Core.Directory;

/// <summary>
/// Writes a user exactly as <see cref="ResourceTree"/> would have it, without making the tree: what was stored is copied as text. A page
/// of a hundred users is mostly this. Only for answers that leave nothing out.
/// </summary>
/// <param name="baseUrl">The SCIM base URL, for meta.location and $ref; without trailing slash.</param>
public sealed class ResourceJson(Utf8JsonWriter writer, string baseUrl)
{
    /// <summary>Many users are in few groups: what a user shows of a group is put together once per answer.</summary>
    private readonly Dictionary<ResourceId, byte[]> groups = [];

    public void Write(EntryView view)
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
        if (view.Groups.Count > 0) WriteGroups(view.Groups);
        if (view.Member is { } member) WriteSeat(member);
        writer.WriteStartObject("meta");
        writer.WriteString("resourceType", "User");
        writer.WriteString("created", Instants.Text(entry.Created));
        writer.WriteString("lastModified", Instants.Text(entry.LastModified));
        writer.WriteString("location", $"{baseUrl}/Users/{entry.Id}");
        writer.WriteString("version", ResourceTree.Tag(entry.Version));
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private void WriteGroups(IReadOnlyList<GroupOfUser> memberships)
    {
        writer.WriteStartArray("groups");
        foreach (var membership in memberships)
        {
            if (!groups.TryGetValue(membership.Group, out var shown)) groups[membership.Group] = shown = Shown(membership);
            writer.WriteRawValue(shown, skipInputValidation: true);
        }
        writer.WriteEndArray();
    }

    private byte[] Shown(GroupOfUser membership)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var group = new Utf8JsonWriter(buffer, writer.Options);
        group.WriteStartObject();
        group.WriteString("value", membership.Group.ToString());
        group.WriteString("$ref", $"{baseUrl}/Groups/{membership.Group}");
        group.WriteString("display", membership.DisplayName);
        group.WriteString("type", "direct");
        group.WriteEndObject();
        group.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private void WriteSeat(SeatedMember member)
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
