using System.Text.Json;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Schemas;
using Provisioning.Core.Scim.Resources;

namespace Provisioning.Core.Scim.Operations;

/// <summary>
/// Queries at the base URL, over users and groups (RFC 7644 3.4.2.1, checklist R4): users first, then groups, each oldest first; or
/// sorted together, which looks at every match and is bounded like a filter that SQL cannot decide.
/// </summary>
public sealed class RootOperations(UserDirectory users, GroupDirectory groups, MemberLists members, ListRequests lists, SchemaCatalog catalog)
{
    private const int Users = 0, Groups = 1;

    public async Task<Outcome<ScimReply>> ListAsync(ScimCaller caller, ListParameters asked, CancellationToken cancel)
    {
        if (!lists.Read(caller, "/", asked, catalog.User, catalog.Group).Try(out var request, out var error)) return error;
        return request.Types[Users].Sort is null ? await InTurnAsync(request, cancel) : await SortedAsync(request, cancel);
    }

    private async Task<Outcome<ScimReply>> InTurnAsync(ListRequest request, CancellationToken cancel)
    {
        var organization = request.Caller.Organization;
        var (forUsers, forGroups) = (request.Types[Users], request.Types[Groups]);
        var isBehindUsers = request.From is { Type: Groups };
        // Behind the users only their number is wanted.
        var query = request.Query(forUsers);
        var found = await users.ListAsync(
            organization, isBehindUsers ? query with { Count = 0, ByCursor = false, After = null, Start = 1 } : query, forUsers.Projection.Includes("groups"), cancel);
        if (!found.Try(out var some, out var error)) return error;

        var left = request.Count - some.Items.Count;
        var rest = await groups.ListAsync(organization, request.Query(forGroups) with
        {
            Start = (int)Math.Max(1, request.Start - some.Total), Count = some.Last is null ? left : 0, After = isBehindUsers ? request.From!.Position : null,
        }, cancel);
        if (!rest.Try(out var others, out error)) return error;

        var next = some.Last is { } last ? new CursorPlace(Users, last)
            : others.Last is { } place ? new CursorPlace(Groups, place)
            // The page ended exactly with the last user.
            : request.ByCursor && left == 0 && request.Count > 0 && others.Total > 0 ? new CursorPlace(Groups, null) : null;
        return Reply(request, [.. some.Items, .. others.Items], some.Total + others.Total, next);
    }

    private async Task<Outcome<ScimReply>> SortedAsync(ListRequest request, CancellationToken cancel)
    {
        var organization = request.Caller.Organization;
        var query = request.Query(request.Types[Users]);
        if (!(await users.PositionsAsync(organization, query, cancel)).Try(out var ofUsers, out var error)) return error;
        if (!(await groups.PositionsAsync(organization, request.Query(request.Types[Groups]), cancel)).Try(out var ofGroups, out error)) return error;
        var descending = query.Sort!.Descending;
        List<ListPosition> all = [.. ofUsers, .. ofGroups];
        all.Sort((one, other) => one.CompareTo(other, descending));
        var slice = all.Slice(query);
        ResourceId[] ids = [.. slice.Items.Select(place => place.Id)];
        var byId = new Dictionary<ResourceId, object>();
        foreach (var view in await users.FindManyAsync(organization, ids, request.Types[Users].Projection.Includes("groups"), cancel)) byId[view.Entry.Id] = view;
        foreach (var group in await groups.FindManyAsync(organization, ids, cancel)) byId[group.Id] = group;
        // What was deleted since its place was read is not there any more.
        return Reply(request, [.. ids.Where(byId.ContainsKey).Select(id => byId[id])], all.Count, slice.Last is null ? null : new CursorPlace(Users, slice.Last));
    }

    private ScimReply Reply(ListRequest request, IReadOnlyList<object> resources, long total, CursorPlace? next) =>
        ListReply.Of(request, resources.Count, total, lists.Next(request, next)).With(async (writer, cancel) =>
        {
            foreach (var resource in resources) await WriteAsync(writer, resource, request, cancel);
        });

    private async Task WriteAsync(Utf8JsonWriter writer, object resource, ListRequest request, CancellationToken cancel)
    {
        var (forUsers, forGroups, baseUrl) = (request.Types[Users].Projection, request.Types[Groups].Projection, request.Caller.BaseUrl);
        if (resource is EntryView view) forUsers.Apply(ResourceTree.Of(view, baseUrl)).WriteTo(writer);
        else await members.WriteAsync(writer, [(Group)resource], forGroups, baseUrl, cancel);
    }
}
