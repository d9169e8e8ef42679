using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Schemas;
using Provisioning.Core.Scim.Patching;
using Provisioning.Core.Scim.Resources;

namespace Provisioning.Core.Scim.Operations;

/// <summary>SCIM over /Users (RFC 7644 3.3 to 3.6): reads the language, lets the directory decide, cuts the answer out of the whole.</summary>
public sealed class UserOperations(UserDirectory users, ListRequests lists, SchemaCatalog catalog, ScimLimits limits)
{
    private readonly bool showsAll = catalog.User.ShowsAllByDefault;

    private ResourceType Type => catalog.User;

    public async Task<Outcome<ScimReply>> GetAsync(
        ScimCaller caller, string id, string? attributes, string? excludedAttributes, CancellationToken cancel)
    {
        if (!Projection.Parse(Type, attributes, excludedAttributes).Try(out var projection, out var error)) return error;
        if (!Ids.TryParse<ResourceId>(id, out var key) || await users.FindAsync(caller.Organization, key, projection.Includes("groups"), cancel) is not { } view)
            return NoSuchUser(id);
        return Reply(200, caller, view, projection);
    }

    public async Task<Outcome<ScimReply>> ListAsync(ScimCaller caller, ListParameters asked, CancellationToken cancel)
    {
        if (!lists.Read(caller, Type.Endpoint, asked, Type).Try(out var request, out var error)) return error;
        var wanted = request.Types[0];
        var found = await users.ListAsync(caller.Organization, request.Query(wanted), wanted.Projection.Includes("groups"), cancel);
        if (!found.Try(out var page, out error)) return error;
        var list = ListReply.Of(request, page.Items.Count, page.Total, lists.Next(request, page.Last is null ? null : new CursorPlace(0, page.Last)));
        if (!IsWhole(wanted.Projection)) return list.With(page.Items.Select(view => wanted.Projection.Apply(ResourceTree.Of(view, caller.BaseUrl))));
        return list.With(writer =>
        {
            var user = new ResourceJson(writer, caller.BaseUrl);
            foreach (var view in page.Items) user.Write(view);
        });
    }

    public async Task<Outcome<ScimReply>> CreateAsync(
        ScimCaller caller, JsonObject body, string? attributes, string? excludedAttributes, CancellationToken cancel)
    {
        if (!Projection.Parse(Type, attributes, excludedAttributes).Try(out var projection, out var error)) return error;
        if (!ResourceReader.Read(Type, body).Try(out var resource, out error)) return error;
        resource.Tree["active"] ??= true; // checklist U3
        var created = await users.CreateAsync(caller.Organization, caller.Actor, EntryContent.Of(resource.Tree), cancel);
        return created.Select(view => Reply(201, caller, view, projection, resource.Tree));
    }

    public async Task<Outcome<ScimReply>> ReplaceAsync(
        ScimCaller caller, string id, IfMatch? condition, JsonObject body, string? attributes, string? excludedAttributes, CancellationToken cancel)
    {
        if (!Projection.Parse(Type, attributes, excludedAttributes).Try(out var projection, out var error)) return error;
        if (!Ids.TryParse<ResourceId>(id, out var key)) return NoSuchUser(id);
        if (!ResourceReader.Read(Type, body).Try(out var resource, out error)) return error;
        var replaced = await users.ChangeAsync(caller.Organization, caller.Actor, key, condition, before =>
        {
            if (!ImmutableRule.Apply(Type, before.Attributes, resource.Tree).Try(out var tree, out var refused)) return refused;
            // An omitted active neither frees nor takes a seat (checklist W6).
            if (tree["active"] is null && before.Attributes["active"] is { } active) tree["active"] = active.DeepClone();
            return EntryContent.Of(tree);
        }, cancel);
        return replaced.Select(view => Reply(200, caller, view, projection, resource.Tree));
    }

    public async Task<Outcome<ScimReply>> PatchAsync(
        ScimCaller caller, string id, IfMatch? condition, JsonObject body, string? attributes, string? excludedAttributes, CancellationToken cancel)
    {
        if (!Projection.Parse(Type, attributes, excludedAttributes).Try(out var projection, out var error)) return error;
        if (!Ids.TryParse<ResourceId>(id, out var key)) return NoSuchUser(id);
        if (!PatchReader.Read(Type, body, limits.PatchOperations, limits.Filter).Try(out var request, out error)) return error;
        var patched = await users.ChangeAsync(caller.Organization, caller.Actor, key, condition,
            before => Patcher.Apply(Type, request, before.Attributes).Select(result => EntryContent.Of(result.Resource)), cancel);
        return patched.Select(view => Reply(200, caller, view, projection, view.Entry.Attributes) with { Ignored = request.Ignored });
    }

    public async Task<Outcome<ScimReply>> DeleteAsync(ScimCaller caller, string id, IfMatch? condition, CancellationToken cancel)
    {
        if (!Ids.TryParse<ResourceId>(id, out var key)) return NoSuchUser(id);
        return (await users.DeleteAsync(caller.Organization, caller.Actor, key, condition, cancel)).Select(_ => ScimReply.NoContent);
    }

    private ScimReply Reply(int status, ScimCaller caller, EntryView view, Projection projection, JsonObject? written = null) => new(
        status, IsWhole(projection) ? null : projection.Apply(ResourceTree.Of(view, caller.BaseUrl), written),
        $"{caller.BaseUrl}/Users/{view.Entry.Id}", ResourceTree.Tag(view.Entry.Version))
    {
        Write = IsWhole(projection) ? writer => new ResourceJson(writer, caller.BaseUrl).Write(view) : null,
    };

    /// <summary>Whether the answer is all there is, so that it can be copied instead of built.</summary>
    private bool IsWhole(Projection projection) => projection.IsDefault && showsAll;

    private static NotFound NoSuchUser(string id) => new($"There is no user {(id.Length <= 64 ? id : id[..64])}.");
}
