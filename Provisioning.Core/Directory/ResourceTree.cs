using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Schemas;

namespace Provisioning.Core.Directory;

/// <summary>
/// The whole representation of a resource in canonical names: what was sent, and what is derived beside it (id, meta, groups, the seat
/// extension). Filters that SQL cannot decide look at it, and answers are cut out of it.
/// </summary>
public static class ResourceTree
{
    /// <param name="baseUrl">The SCIM base URL, for meta.location and $ref; without trailing slash.</param>
    public static JsonObject Of(EntryView view, string baseUrl)
    {
        var entry = view.Entry;
        var tree = Start(SchemaUris.User, entry.Id, entry.Attributes);
        if (view.Groups.Count > 0)
            tree["groups"] = new JsonArray([.. view.Groups.Select(group => new JsonObject
            {
                ["value"] = group.Group.ToString(), ["$ref"] = $"{baseUrl}/Groups/{group.Group}", ["display"] = group.DisplayName, ["type"] = "direct",
            })]);
        if (view.Member is { } member)
        {
            tree[SchemaUris.SeatUser] = Seat(member);
            tree["schemas"]!.AsArray().Add(SchemaUris.SeatUser);
        }
        tree["meta"] = Meta("User", entry.Created, entry.LastModified, $"{baseUrl}/Users/{entry.Id}", entry.Version);
        return tree;
    }

    /// <param name="members">Null: not loaded, so not shown.</param>
    public static JsonObject Of(Group group, IEnumerable<GroupMember>? members, string baseUrl)
    {
        var tree = Start(SchemaUris.Group, group.Id, group.Attributes);
        if (members?.Select(Describe).ToArray() is { Length: > 0 } shown) tree["members"] = new JsonArray(shown);
        tree["meta"] = Meta("Group", group.Created, group.LastModified, $"{baseUrl}/Groups/{group.Id}", group.Version);
        return tree;
    }

    /// <summary>A row as sent; what was not sent is filled in (checklist U10).</summary>
    public static JsonObject Describe(GroupMember member)
    {
        var json = new JsonObject
        {
            ["value"] = member.Member.ToString(),
            ["$ref"] = member.ShownRef,
            ["type"] = member.ShownType,
        };
        if (member.Display is not null) json["display"] = member.Display;
        return json;
    }

    /// <summary>The entity tag of a version: weak, because representations of one version may differ in derived attributes.</summary>
    public static string Tag(long version) => $"W/\"{version}\"";

    private static JsonObject Start(string schema, ResourceId id, JsonObject attributes)
    {
        var schemas = new JsonArray((JsonNode)schema);
        var tree = new JsonObject { ["schemas"] = schemas, ["id"] = id.ToString() };
        foreach (var (name, value) in attributes)
        {
            tree[name] = value?.DeepClone();
            if (name.Contains(':', StringComparison.Ordinal)) schemas.Add((JsonNode)name);
        }
        return tree;
    }

    private static JsonObject Seat(SeatedMember member)
    {
        var seat = new JsonObject { ["seatStatus"] = Words.Text(member.Seat.Status) };
        if (member.Seat.Tier is { } tier) seat["tier"] = tier;
        if (member.Seat.DesiredTier is { } desired) seat["desiredTier"] = desired;
        if (member.Seat.WaitingSince is { } since) seat["waitingSince"] = Instants.Text(since);
        seat["memberState"] = Words.Text(member.Member.State);
        if (member.Member.SuspendedBy is { } cause) seat["suspendedBy"] = Words.Text(cause);
        return seat;
    }

    private static JsonObject Meta(string type, DateTimeOffset created, DateTimeOffset modified, string location, long version) => new()
    {
        ["resourceType"] = type, ["created"] = Instants.Text(created), ["lastModified"] = Instants.Text(modified),
        ["location"] = location, ["version"] = Tag(version),
    };
}
