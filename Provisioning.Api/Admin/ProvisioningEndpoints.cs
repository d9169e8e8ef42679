using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Organizations;

namespace Provisioning.Api.Admin;

/// <summary>Provisioning mode, policies and group mapping: settings, preview, apply, sync, what-if (domain.md section 8).</summary>
public static class ProvisioningEndpoints
{
    private const int MostMappings = 500, MostPeople = 5000, MostGroups = 500;

    private const string Body =
        """
        {"mode":"invite_only"|"jit"|"scim"|"scim_and_jit","onNoSeat":{"scim":"waiting"|"reject"},"requireVerifiedDomain":{"scim":false},"mappingEnabled":true,"mappings":{"roles":[{"group":"Engineering","role":"user"}],"tiers":[{"group":"Power users","tier":"premium"}]},"unmappedTier":"highest_available"|"lowest_available"|"remove","mappedTierExhausted":"wait"|"fallback_lower"}; what is absent stays.
        """;

    public static void MapProvisioning(this IEndpointRouteBuilder organization)
    {
        organization.MapRest("GET", "/provisioning", Access.Owner, GetAsync).WithSummary("Provisioning mode, policies and group mapping").Produces<ProvisioningForm>();
        organization.MapRest("PUT", "/provisioning", Access.Owner, PutAsync).WithSummary("Set provisioning mode, policies and group mapping")
            .WithDescription($"Needs If-Match. Body: {Body} \"acknowledge\": true overrides would_lock_out. A changed mapping waits for a sync; a change that lets the directory rule over people it has pushed needs a preview (409 preview_outdated).")
            .Accepts<ProvisioningBody>("application/json").Produces<ProvisioningForm>().NeedsVersion().Refuses("preview_outdated", "would_lock_out", "unknown_tier");
        organization.MapRest("POST", "/provisioning/preview", Access.Owner, PreviewAsync)
            .WithSummary("Show what a change of mode or mapping would do to people and seats; nothing is changed")
            .WithDescription($"Body: {Body}")
            .Accepts<ProvisioningChangeBody>("application/json").Produces<PreviewForm>(201).Refuses("unknown_tier", "preview_outdated");
        organization.MapRest("POST", "/provisioning/apply", Access.Owner, ApplyAsync).WithSummary("Carry out a preview")
            .WithDescription("""Body: {"previewId":"prv_...","removals":12?,"acknowledge":true?}. 409 preview_outdated, removal_count_mismatch (repeat the number of removals), would_lock_out (empty directory, or the acting owner would lose the ownership).""")
            .Accepts<ApplyBody>("application/json").Produces<RunForm>().Refuses("preview_outdated", "removal_count_mismatch", "would_lock_out");
        organization.MapRest("POST", "/provisioning/what-if", Access.Owner, SupposeAsync)
            .WithSummary("Given these people and groups: who would sit where, who would wait, who would lose access; nothing is changed")
            .WithDescription($$"""Body: {"people":[{"userName":"ada@acme.example","active":true?,"groups":["Engineering"]?}],"complete":false?,"change":{...}?}. complete: these are all the people there are. change: the settings to suppose, as {{Body}}""")
            .Accepts<WhatIfBody>("application/json").Produces<WhatIfForm>().Refuses("unknown_tier").WithMetadata(new TakesNoKey());
        organization.MapRest("POST", "/directory/sync", Access.Owner, SyncAsync)
            .WithSummary("Make members equal to the directory and its groups now, and hand free seats to the waiting")
            .WithDescription("""Body: {"scope":"members"|"groups"|"both"}, or none for both. What is not done at once is carried on by a job: GET /directory/runs/{id}.""")
            .Accepts<SyncBody>(isOptional: true, "application/json").Produces<RunForm>();
        organization.MapRest("GET", "/directory/runs/{id}", Access.Owner, RunAsync).WithSummary("How far a sync or an apply is").Produces<RunForm>();
    }

    private static async Task<Outcome<RestReply>> GetAsync(RestRequest request) =>
        await request.Service<ProvisioningSettings>().FindAsync(request.Organization.Id, request.Cancel) is { } state
            ? new RestReply(200, ProvisioningForm.ToApi(state), state.Organization.Version) : new NotFound("There is no such organisation.");

    private static async Task<Outcome<RestReply>> PutAsync(RestRequest request)
    {
        if (!request.Condition().Try(out var condition, out var error)) return error;
        if (!(await request.BodyAsync()).Try(out var body, out error)) return error;
        var acknowledge = body.Fields.OptionalFlag("acknowledge") ?? false;
        if (!Read(body.Fields).Try(out var change, out error)) return error;
        var changed = await request.Service<ProvisioningSettings>().ChangeAsync(
            request.Organization, request.Actor, condition, change, acknowledge, request.Cancel);
        return changed.Select(state => new RestReply(200, ProvisioningForm.ToApi(state), state.Organization.Version));
    }

    private static async Task<Outcome<RestReply>> PreviewAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        if (!Read(body.Fields).Try(out var change, out error)) return error;
        var previewed = await request.Service<ProvisioningPreviews>().PreviewAsync(request.Organization, request.Actor, change, body.Idempotency, request.Cancel);
        return previewed.Select(made => new RestReply(201, PreviewForm.ToApi(made.Preview, made.Report)));
    }

    private static async Task<Outcome<RestReply>> ApplyAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        var named = body.Fields.Text("previewId");
        var removals = body.Fields.OptionalInteger("removals", 0, int.MaxValue);
        var acknowledge = body.Fields.OptionalFlag("acknowledge") ?? false;
        if (body.Fields.Problem is { } problem) return problem;
        if (!Ids.TryParse<PreviewId>(named, out var id)) return new NotFound("There is no such preview.");
        var applied = await request.Service<ProvisioningPreviews>().ApplyAsync(
            request.Organization, request.Actor, id, removals, acknowledge, body.Idempotency, request.Cancel);
        return await CarryOnAsync(request, applied);
    }

    private static async Task<Outcome<RestReply>> SyncAsync(RestRequest request)
    {
        if (!(await request.BodyAsync(mayBeEmpty: true)).Try(out var body, out var error)) return error;
        var scope = body.Fields.OptionalWord<SyncScope>("scope") ?? SyncScope.Both;
        if (body.Fields.Problem is { } problem) return problem;
        return await CarryOnAsync(request, await request.Service<DirectoryRuns>().SyncAsync(
            request.Organization, request.Actor, scope, body.Idempotency, request.Cancel));
    }

    private static async Task<Outcome<RestReply>> RunAsync(RestRequest request) =>
        Ids.TryParse<DirectoryRunId>(request.Id, out var id)
        && await request.Service<DirectoryRuns>().FindAsync(request.Organization.Id, id, request.Cancel) is { } run
            ? RestReply.Ok(RunForm.ToApi(run)) : new NotFound("There is no such run.");

    private static async Task<Outcome<RestReply>> SupposeAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        var fields = body.Fields;
        var people = new List<SupposedPerson>();
        foreach (var person in fields.Objects("people", MostPeople))
        {
            people.Add(new SupposedPerson(person.Text("userName"), person.OptionalFlag("active") ?? true, person.Texts("groups", MostGroups)));
            fields.Check(person);
        }
        if (people.GroupBy(person => TextKey.FoldText(person.UserName)).FirstOrDefault(same => same.Count() > 1) is { } twice)
            fields.Refuse($"'people' names {twice.First().UserName} twice.");
        var complete = fields.OptionalFlag("complete") ?? false;
        var supposed = fields.OptionalObject("change") is { } inner ? Read(inner) : new ProvisioningChange(null, null, null, null, null, null, null);
        if (fields.Problem is { } problem) return problem;
        if (!supposed.Try(out var change, out error)) return error;
        var report = await request.Service<ProvisioningPreviews>().SupposeAsync(request.Organization, change, people, complete, request.Cancel);
        return report.Select(plan => RestReply.Ok(WhatIfForm.ToApi(plan)));
    }

    private static async Task<Outcome<RestReply>> CarryOnAsync(RestRequest request, Outcome<DirectoryRun> started)
    {
        if (!started.Try(out var begun, out var error)) return error;
        return (await request.Service<DirectoryRuns>().CarryOnAsync(begun, request.Actor, request.Cancel)).Select(run => RestReply.Ok(RunForm.ToApi(run)));
    }

    private static Outcome<ProvisioningChange> Read(JsonFields fields)
    {
        var onNoSeat = fields.OptionalObject("onNoSeat");
        var domains = fields.OptionalObject("requireVerifiedDomain");
        var mappings = fields.OptionalObject("mappings");
        var change = new ProvisioningChange(
            fields.OptionalWord<ProvisioningMode>("mode"), onNoSeat?.OptionalWord<NoSeatPolicy>("scim"), domains?.OptionalFlag("scim"),
            fields.OptionalFlag("mappingEnabled"), fields.OptionalWord<UnmappedTier>("unmappedTier"),
            fields.OptionalWord<MappedTierExhausted>("mappedTierExhausted"), mappings is null ? null : Mappings(mappings));
        fields.Check(onNoSeat);
        fields.Check(domains);
        fields.Check(mappings);
        return fields.Problem is { } problem ? problem : change;
    }

    private static List<WantedMapping> Mappings(JsonFields fields)
    {
        var wanted = new List<WantedMapping>();
        foreach (var mapping in fields.OptionalObjects("roles", MostMappings))
        {
            var role = mapping.OptionalWord<Role>("role");
            wanted.Add(new WantedMapping(mapping.Text("group"), role ?? Role.User, null));
            if (role is null) mapping.Refuse("'role' is required: owner, admin or user.");
            if (role == Role.PrimaryOwner) mapping.Refuse("'role' must be owner, admin or user; no group makes a primary owner.");
            fields.Check(mapping);
        }
        foreach (var mapping in fields.OptionalObjects("tiers", MostMappings))
        {
            wanted.Add(new WantedMapping(mapping.Text("group"), null, mapping.Text("tier", 64)));
            fields.Check(mapping);
        }
        if (wanted.Exists(mapping => !TextKey.IsStorable(mapping.Group) || !TextKey.Fits(mapping.Group))) fields.Refuse("'group' is too long, or has characters that no group name has.");
        return wanted;
    }
}
