using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Seats;

namespace Provisioning.Api.Admin;

/// <summary>Seats: how many, who waits, exchange, drain (domain.md section 8).</summary>
public static class SeatEndpoints
{
    /// <summary>Members in one exchange.</summary>
    private const int MostSwaps = 100;

    public static void MapSeats(this IEndpointRouteBuilder organization)
    {
        organization.MapRest("GET", "/seats", Access.Admin, SeatsAsync).WithSummary("Seats per tier, best tier first").Produces<SeatsForm>();
        organization.MapRest("GET", "/seats/waiting", Access.Admin, WaitingAsync)
            .WithSummary("Who waits, in order, and who was refused at sign-in").WithDescription("Query: limit (1-500), cursor of those who wait, requestsCursor of those who were refused.").Produces<WaitingForm>();
        organization.MapRest("POST", "/seats/drain", Access.Admin, DrainAsync).WithSummary("Hand free seats to whoever waits").Produces<DrainForm>();
        organization.MapRest("POST", "/seat-swaps", Access.Admin, SwapAsync).WithSummary("Exchange seats in one step, all or nothing")
            .WithDescription("""Body: {"changes":[{"memberId":"mem_...","tier":"premium"},{"memberId":"mem_...","tier":null}]}; null unassigns.""")
            .Accepts<SwapsBody>("application/json").Produces<SwappedForm>().Refuses("tier_full", "managed_by_directory", "unknown_tier");
    }

    private static async Task<Outcome<RestReply>> SeatsAsync(RestRequest request) =>
        RestReply.Ok(new SeatsForm(await TiersAsync(request, request.Organization.Id)));

    /// <summary>Pools and waiting people of one snapshot.</summary>
    internal static Task<IReadOnlyList<TierForm>> TiersAsync(RestRequest request, OrganizationId organization) =>
        request.Service<IDatabase>().ReadAsync(async session =>
        {
            var seats = request.Service<ISeatStore>();
            return TierForm.ToApi(await seats.PoolsAsync(session, organization), await seats.CountWaitingAsync(session, organization));
        }, request.Cancel);

    private static async Task<Outcome<RestReply>> WaitingAsync(RestRequest request)
    {
        if (!request.Limit().Try(out var limit, out var error)) return error;
        if (!Cursor.Read(request.Query("cursor"), 24).Try(out var after, out error)) return error;
        if (!Cursor.Read(request.Query("requestsCursor"), 12).Try(out var asked, out error)) return error;
        return await request.Service<IDatabase>().ReadAsync(async session =>
        {
            var page = await request.Service<IMemberStore>().ListWaitingAsync(session, request.Organization.Id, after, limit);
            var refused = await request.Service<ISeatRequestStore>().ListAsync(session, request.Organization.Id, asked, limit);
            return RestReply.Ok(new WaitingForm(
                [.. page.Items.Select(WaitingMemberForm.ToApi)], page.Next, [.. refused.Items.Select(SeatRequestForm.ToApi)], refused.Next));
        }, request.Cancel);
    }

    private static async Task<Outcome<RestReply>> DrainAsync(RestRequest request)
    {
        if (!(await request.BodyAsync(mayBeEmpty: true)).Try(out var body, out var error)) return error;
        if (body.Fields.Problem is { } problem) return problem;
        var drained = await request.Service<MemberAdministration>().DrainAsync(
            request.Organization.Id, request.Actor, body.Idempotency, request.Cancel);
        return drained.Select(report => RestReply.Ok(new DrainForm(
            [.. report.Seated.Select(grant => new SeatedForm(grant.Member.ToString(), grant.Tier))], report.StillWaiting)));
    }

    private static async Task<Outcome<RestReply>> SwapAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        var changes = new List<SeatChange>();
        foreach (var fields in body.Fields.Objects("changes", MostSwaps))
        {
            var member = fields.Text("memberId");
            if (!fields.Has("tier")) fields.Refuse("'tier' is required in each change: a tier, or null to unassign.");
            var tier = fields.OptionalText("tier");
            body.Fields.Check(fields);
            if (body.Fields.ProblemOfKnown is not null) break;
            if (!MemberEndpoints.Parse(member).Try(out var id, out error)) return error;
            if (changes.Exists(change => change.Member == id)) body.Fields.Refuse("Each member may stand in 'changes' once.");
            changes.Add(new SeatChange(id, tier));
        }
        if (body.Fields.Problem is { } problem) return problem;
        var swapped = await request.Service<MemberAdministration>().SwapAsync(
            request.Organization, request.Actor, request.Authority, changes, body.Idempotency, request.Cancel);
        return swapped.Select(members => RestReply.Ok(new SwappedForm([.. members.Select(MemberForm.ToApi)])));
    }
}
