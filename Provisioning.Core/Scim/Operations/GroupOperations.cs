using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Query;
using Provisioning.Core.Schemas;
using Provisioning.Core.Scim.Patching;
using Provisioning.Core.Scim.Resources;
using Steps = Provisioning.Core.Directory;

namespace Provisioning.Core.Scim.Operations;

/// <summary>SCIM over /Groups. A member list is read only when the answer shows it.</summary>
public sealed class GroupOperations(GroupDirectory groups, MemberLists members, ListRequests lists, SchemaCatalog catalog, ScimLimits limits)
{
    private ResourceType Type => catalog.Group;

    public async Task<Outcome<ScimReply>> GetAsync(
        ScimCaller caller, string id, string? attributes, string? excludedAttributes, CancellationToken cancel)
    {
        if (!Projection.Parse(Type, attributes, excludedAttributes).Try(out var projection, out var error)) return error;
        if (!Ids.TryParse<ResourceId>(id, out var key) || await groups.FindAsync(caller.Organization, key, cancel) is not { } group)
            return NoSuchGroup(id);
        return await ReplyAsync(200, caller, group, projection, null, cancel);
    }

    public async Task<Outcome<ScimReply>> ListAsync(ScimCaller caller, ListParameters asked, CancellationToken cancel)
    {
        if (!lists.Read(caller, Type.Endpoint, asked, Type).Try(out var request, out var error)) return error;
        var wanted = request.Types[0];
        if (!(await groups.ListAsync(caller.Organization, request.Query(wanted), cancel)).Try(out var page, out error)) return error;
        var next = lists.Next(request, page.Last is null ? null : new CursorPlace(0, page.Last));
        return await members.ReplyAsync(
            ListReply.Of(request, page.Items.Count, page.Total, next), page.Items, wanted.Projection, caller.BaseUrl, cancel);
    }

    public async Task<Outcome<ScimReply>> CreateAsync(
        ScimCaller caller, JsonObject body, string? attributes, string? excludedAttributes, CancellationToken cancel)
    {
        if (!Projection.Parse(Type, attributes, excludedAttributes).Try(out var projection, out var error)) return error;
        if (!ResourceReader.Read(Type, body).Try(out var resource, out error)) return error;
        var created = await groups.CreateAsync(
            caller.Organization, caller.Actor, GroupContent.Of(resource.Tree), References(resource.Members ?? []), cancel);
        if (!created.Try(out var group, out error)) return error;
        return await ReplyAsync(201, caller, group, projection, resource.Tree, cancel);
    }

    /// <summary>PUT: members absent or empty empties the group (checklist W9).</summary>
    public async Task<Outcome<ScimReply>> ReplaceAsync(
        ScimCaller caller, string id, IfMatch? condition, JsonObject body, string? attributes, string? excludedAttributes, CancellationToken cancel)
    {
        if (!Projection.Parse(Type, attributes, excludedAttributes).Try(out var projection, out var error)) return error;
        if (!Ids.TryParse<ResourceId>(id, out var key)) return NoSuchGroup(id);
        if (!ResourceReader.Read(Type, body).Try(out var resource, out error)) return error;
        var change = new GroupChange(
            before => ImmutableRule.Apply(Type, before.Attributes, resource.Tree).Select(GroupContent.Of),
            [new Steps.ReplaceMembers(References(resource.Members ?? []))], limits.FilterScan);
        if (!(await groups.ChangeAsync(caller.Organization, caller.Actor, key, condition, change, cancel)).Try(out var group, out error)) return error;
        return await ReplyAsync(200, caller, group, projection, resource.Tree, cancel);
    }

    /// <summary>
    /// PATCH: 200 with the group while it is small or attributes were asked for, else 204, decided without reading the list
    /// (checklist X2).
    /// </summary>
    public async Task<Outcome<ScimReply>> PatchAsync(
        ScimCaller caller, string id, IfMatch? condition, JsonObject body, string? attributes, string? excludedAttributes, CancellationToken cancel)
    {
        if (!Projection.Parse(Type, attributes, excludedAttributes).Try(out var projection, out var error)) return error;
        if (!Ids.TryParse<ResourceId>(id, out var key)) return NoSuchGroup(id);
        if (!PatchReader.Read(Type, body, limits.PatchOperations, limits.Filter).Try(out var request, out error)) return error;
        var change = new GroupChange(
            request.Operations.Count == 0
                ? null
                : before => Patcher.Apply(Type, request, before.Attributes).Select(result => GroupContent.Of(result.Resource)),
            [.. request.Members.Select(Step)], limits.FilterScan);
        if (!(await groups.ChangeAsync(caller.Organization, caller.Actor, key, condition, change, cancel)).Try(out var group, out error)) return error;
        if (!projection.IsDefault) return await ReplyAsync(200, caller, group, projection, group.Attributes, cancel);
        var few = limits.GroupPatchBody == 0 ? null : await groups.FewMembersAsync(group.Id, limits.GroupPatchBody, cancel);
        var reply = few is not null
            ? Head(200, caller, group) with { Body = projection.Apply(ResourceTree.Of(group, few, caller.BaseUrl), group.Attributes) }
            : ScimReply.NoContent with { Tag = ResourceTree.Tag(group.Version) };
        return reply with { Ignored = request.Ignored };
    }

    public async Task<Outcome<ScimReply>> DeleteAsync(ScimCaller caller, string id, IfMatch? condition, CancellationToken cancel)
    {
        if (!Ids.TryParse<ResourceId>(id, out var key)) return NoSuchGroup(id);
        return (await groups.DeleteAsync(caller.Organization, caller.Actor, key, condition, cancel)).Select(_ => ScimReply.NoContent);
    }

    private Task<ScimReply> ReplyAsync(
        int status, ScimCaller caller, Group group, Projection projection, JsonObject? written, CancellationToken cancel) =>
        members.ReplyAsync(Head(status, caller, group), group, projection, written, caller.BaseUrl, cancel);

    private static ScimReply Head(int status, ScimCaller caller, Group group) =>
        new(status, null, $"{caller.BaseUrl}/Groups/{group.Id}", ResourceTree.Tag(group.Version));

    private static MembershipStep Step(MemberOperation operation) => operation switch
    {
        Patching.AddMembers add => new Steps.AddMembers(References(add.Values)),
        Patching.RemoveMembers remove => new Steps.RemoveMembers(remove.Ids),
        Patching.RemoveMembersWhere where => new Steps.RemoveMembersWhere(
            member => PredicateEvaluator.MatchesElement(where.Member, ResourceTree.Describe(member)), where.Member.Terms),
        Patching.ClearMembers => new Steps.ReplaceMembers([]),
        Patching.ReplaceMembers replace => new Steps.ReplaceMembers(References(replace.Values)),
        _ => throw new NotSupportedException(operation.GetType().Name),
    };

    private static List<MemberRef> References(IReadOnlyList<MemberValue> values) =>
        [.. values.Select(value => new MemberRef(value.Value, value.Ref, value.Type, value.Display))];

    private static NotFound NoSuchGroup(string id) => new($"There is no group {(id.Length <= 64 ? id : id[..64])}.");
}
