using System.Text.Json;
using System.Text.Json.Nodes;
using Provisioning.Core.Directory;
using Provisioning.Core.Scim.Resources;

namespace Provisioning.Core.Scim.Operations;

/// <summary>
/// Shows groups with member lists of any length: read in slices, each written before the next is read, so that a list of a million
/// costs the memory of one slice. A slice is read on a snapshot of its own; the answer's version is the one from before the first, so
/// whoever compares it later learns of every change in between.
/// </summary>
public sealed class MemberLists(GroupDirectory groups)
{
    /// <summary>Rows in memory at once.</summary>
    public const int Slice = 2000;

    /// <summary>Groups whose members are asked for together.</summary>
    private const int Together = 100;

    /// <summary>One group; small ones are built, large ones streamed.</summary>
    /// <param name="reply">Status and headers.</param>
    public async Task<ScimReply> ReplyAsync(ScimReply reply, Group group, Projection projection, JsonObject? written, string baseUrl, CancellationToken cancel)
    {
        var first = projection.Includes("members") ? await groups.MembersAsync(group.Id, null, Slice, cancel) : null;
        if (first is null || first.Count < Slice) return reply with { Body = projection.Apply(ResourceTree.Of(group, first, baseUrl), written) };
        return reply with { Stream = (writer, going) => WriteAsync(writer, group, first, projection, written, baseUrl, going) };
    }

    /// <summary>Several groups in their order.</summary>
    public async Task<ScimReply> ReplyAsync(ListReply list, IReadOnlyList<Group> page, Projection projection, string baseUrl, CancellationToken cancel)
    {
        if (!projection.Includes("members")) return list.With(page.Select(group => projection.Apply(ResourceTree.Of(group, null, baseUrl))));
        var all = await groups.MembersOfAsync([.. page.Select(group => group.Id)], Slice, cancel);
        if (all is not null) return list.With(page.Select(group => projection.Apply(ResourceTree.Of(group, all[group.Id], baseUrl))));
        return list.With((writer, going) => WriteAsync(writer, page, projection, baseUrl, going));
    }

    /// <summary>Groups in their order, with their members.</summary>
    public async Task WriteAsync(Utf8JsonWriter writer, IReadOnlyList<Group> page, Projection projection, string baseUrl, CancellationToken cancel)
    {
        foreach (var some in page.Chunk(Together))
        {
            var all = projection.Includes("members") ? await groups.MembersOfAsync([.. some.Select(group => group.Id)], Slice, cancel) : null;
            foreach (var group in some)
            {
                IReadOnlyList<GroupMember> first = !projection.Includes("members") ? []
                    : all is null ? await groups.MembersAsync(group.Id, null, Slice, cancel) : [.. all[group.Id]];
                await WriteAsync(writer, group, first, projection, null, baseUrl, cancel);
            }
            await writer.FlushAsync(cancel);
        }
    }

    private async Task WriteAsync(
        Utf8JsonWriter writer, Group group, IReadOnlyList<GroupMember> first, Projection projection, JsonObject? written, string baseUrl,
        CancellationToken cancel)
    {
        writer.WriteStartObject();
        foreach (var (name, value) in projection.Apply(ResourceTree.Of(group, null, baseUrl), written))
        {
            writer.WritePropertyName(name);
            value!.WriteTo(writer);
        }
        var isOpen = false;
        for (var slice = first; slice.Count > 0; slice = await groups.MembersAsync(group.Id, slice[^1].Member, Slice, cancel))
        {
            var shown = projection.Apply(new JsonObject { ["members"] = new JsonArray([.. slice.Select(ResourceTree.Describe)]) }, written)["members"];
            foreach (var member in shown as JsonArray ?? [])
            {
                if (!isOpen) writer.WriteStartArray("members");
                isOpen = true;
                member!.WriteTo(writer);
            }
            if (slice.Count < Slice) break;
            await writer.FlushAsync(cancel);
        }
        if (isOpen) writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
