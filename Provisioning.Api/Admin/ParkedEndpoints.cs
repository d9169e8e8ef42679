using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;

namespace Provisioning.Api.Admin;

/// <summary>Suspensions that the mass-removal guard held back: an owner applies or discards them (rule SCIM-14).</summary>
public static class ParkedEndpoints
{
    public static void MapParkedEffects(this IEndpointRouteBuilder organization)
    {
        organization.MapRest("GET", "/parked-effects", Access.Owner, ListAsync).WithSummary("Suspensions held back by the mass-removal guard, newest first")
            .WithDescription("Query: state (parked, applying, applied, discarded), limit (1-500), cursor.").Produces<ParkedListForm>();
        organization.MapRest("GET", "/parked-effects/{id}", Access.Owner, GetAsync).WithSummary("The people of a parked effect")
            .WithDescription("Query: limit (1-500), cursor.").Produces<ParkedMembersForm>();
        organization.MapRest("POST", "/parked-effects/{id}/apply", Access.Owner, request => DecideAsync(request, apply: true))
            .WithSummary("Suspend these people after all").Produces<ParkedForm>().Refuses("effect_decided");
        organization.MapRest("POST", "/parked-effects/{id}/discard", Access.Owner, request => DecideAsync(request, apply: false))
            .WithSummary("Let these people stay").Produces<ParkedForm>().Refuses("effect_decided");
    }

    private static async Task<Outcome<RestReply>> ListAsync(RestRequest request)
    {
        if (!request.Limit().Try(out var limit, out var error)) return error;
        if (!Cursor.Read(request.Query("cursor"), 16).Try(out var after, out error)) return error;
        if (!request.QueryWord<ParkedState>("state").Try(out var state, out error)) return error;
        var page = await request.Service<ParkedEffects>().ListAsync(request.Organization, state, after, limit, request.Cancel);
        return RestReply.Ok(new ParkedListForm([.. page.Items.Select(ParkedForm.ToApi)], page.Next));
    }

    private static async Task<Outcome<RestReply>> GetAsync(RestRequest request)
    {
        if (!request.Limit().Try(out var limit, out var error)) return error;
        if (!Cursor.Read(request.Query("cursor"), 16).Try(out var after, out error)) return error;
        if (!Ids.TryParse<ParkedEffectId>(request.Id, out var id)) return NoSuchEffect();
        var found = await request.Service<ParkedEffects>().FindAsync(request.Organization, id, after, limit, request.Cancel);
        return found.Select(page => RestReply.Ok(new ParkedMembersForm(ParkedForm.ToApi(page.Effect), [.. page.People.Select(MemberForm.ToApi)], page.Next)));
    }

    private static async Task<Outcome<RestReply>> DecideAsync(RestRequest request, bool apply)
    {
        if (!(await request.BodyAsync(mayBeEmpty: true)).Try(out var body, out var error)) return error;
        if (body.Fields.Problem is { } problem) return problem;
        if (!Ids.TryParse<ParkedEffectId>(request.Id, out var id)) return NoSuchEffect();
        var effects = request.Service<ParkedEffects>();
        var decided = apply
            ? await effects.ApplyAsync(request.Organization, request.Actor, id, body.Idempotency, request.Cancel)
            : await effects.DiscardAsync(request.Organization, request.Actor, id, body.Idempotency, request.Cancel);
        return decided.Select(effect => RestReply.Ok(ParkedForm.ToApi(effect)));
    }

    private static NotFound NoSuchEffect() => new("There is no such parked effect.");
}
