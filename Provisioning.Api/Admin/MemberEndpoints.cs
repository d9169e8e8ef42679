using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Api.Admin;

/// <summary>The next verified sign-in with the address is the member's.</summary>
public sealed record LinkConfirmationForm(string MemberId, string Email, string ExpiresAt);

/// <summary>Members: list, read, move, unassign, suspend, restore, remove, entitlements (domain.md section 8).</summary>
public static class MemberEndpoints
{
    public static void MapMembers(this IEndpointRouteBuilder organization)
    {
        organization.MapRest("GET", "/members", Access.Admin, ListAsync).WithSummary("List members")
            .WithDescription("Query: filter (text in userName or e-mail), seatStatus, tier, source, state, role, inactiveDays (1-3650: no sign-in for so many days, and no usage since the month they began in), limit (1-500), cursor. Removed members are listed with state=removed only.")
            .Produces<MembersForm>();
        organization.MapRest("GET", "/members.csv", Access.Admin, CsvAsync).WithSummary("All members as CSV (RFC 4180)")
            .WithDescription("Query: as GET /members, without limit and cursor.").Produces<string>(200, "text/csv");
        organization.MapRest("GET", "/members/{id}", Access.Admin, GetAsync).WithSummary("Read a member; the ETag is its version").Produces<MemberForm>();
        organization.MapRest("PATCH", "/members/{id}", Access.Admin, PatchAsync).WithSummary("Move, unassign, suspend or restore a member, or change the role")
            .WithDescription("""Body: {"seat":{"tier":"premium"}}, {"seat":{"unassign":true}}, {"seat":{"tier":"premium","wait":true}}, {"seat":{"wait":true}} {"state":"suspended"|"active"} or {"role":"owner"|"admin"|"user"}. Needs If-Match.""")
            .Accepts<MemberChangeBody>("application/json").Produces<MemberForm>().NeedsVersion().Refuses("tier_full", "managed_by_directory", "last_primary_owner", "cannot_remove_self", "unknown_tier");
        organization.MapRest("DELETE", "/members/{id}", Access.Admin, RemoveAsync).WithSummary("Remove a member; the seat is free at once")
            .Produces(204).NeedsVersion().Refuses("last_primary_owner", "cannot_remove_self");
        organization.MapRest("POST", "/members/{id}/link-confirmation", Access.Owner, ConfirmLinkAsync)
            .WithSummary("Let the next verified sign-in with a member's address be linked, once, within 21 days")
            .WithDescription("""Body: {"confirmEmail":"...","connection":"con_..."?}: the address of the member, typed, and the only connection it is for, as it is now. For who administers and is not linked to the connection yet (identity_conflict). That of the primary owner: the primary owner in person, or the operator, naming the connection.""")
            .Accepts<LinkConfirmationBody>("application/json").Produces<LinkConfirmationForm>(201).Refuses("domain_not_verified");
        organization.MapRest("GET", "/members/{id}/entitlements", Access.Application, EntitlementsAsync)
            .WithSummary("What the member may use right now").Produces<EntitlementsForm>();
    }

    private static async Task<Outcome<RestReply>> ListAsync(RestRequest request)
    {
        if (!request.Limit().Try(out var limit, out var error)) return error;
        if (!Cursor.Read(request.Query("cursor"), 16).Try(out var after, out error)) return error;
        if (!Filter(request).Try(out var query, out error)) return error;
        var page = await PageAsync(request, query with { After = after, Limit = limit });
        return RestReply.Ok(new MembersForm([.. page.Items.Select(MemberForm.ToApi)], page.Next));
    }

    /// <summary>NOTI-6: page by page, so that no number of members is too large.</summary>
    private static async Task<Outcome<RestReply>> CsvAsync(RestRequest request)
    {
        if (!Filter(request).Try(out var query, out var error)) return error;
        var first = await PageAsync(request, query);
        return new RestReply(200, null, Write: response => MemberCsv.WriteAsync(response, first, next => PageAsync(request, query with { After = next }), request.Cancel));
    }

    private static Task<Page<SeatedMember>> PageAsync(RestRequest request, MemberQuery query) => request.Service<IDatabase>().ReadAsync(
        session => request.Service<IMemberStore>().ListAsync(session, request.Organization.Id, query), request.Cancel);

    private static Outcome<MemberQuery> Filter(RestRequest request)
    {
        if (!request.QueryWord<SeatStatus>("seatStatus").Try(out var status, out var error)) return error;
        if (!request.QueryWord<MemberSource>("source").Try(out var source, out error)) return error;
        if (!request.QueryWord<MemberState>("state").Try(out var state, out error)) return error;
        if (!request.QueryWord<Role>("role").Try(out var role, out error)) return error;
        if (!InactiveSince(request).Try(out var inactive, out error)) return error;
        return new MemberQuery(request.Query("filter"), status, request.Query("tier"), source, state, role, null, MemberCsv.PageSize, inactive);
    }

    /// <summary>SEAT-13: the first day of the last so many days.</summary>
    private static Outcome<DateOnly?> InactiveSince(RestRequest request)
    {
        if (request.Query("inactiveDays") is not { } text) return (DateOnly?)null;
        return int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var days) && days is >= 1 and <= 3650
            ? (DateOnly?)DateOnly.FromDateTime(request.Service<TimeProvider>().GetUtcNow().UtcDateTime).AddDays(-days)
            : new InvalidValue("'inactiveDays' must be an integer from 1 to 3650.");
    }

    private static async Task<Outcome<RestReply>> GetAsync(RestRequest request)
    {
        if (!(await FindAsync(request)).Try(out var member, out var error)) return error;
        return new RestReply(200, MemberForm.ToApi(member), member.Version);
    }

    private static async Task<Outcome<RestReply>> PatchAsync(RestRequest request)
    {
        if (!Parse(request.Id).Try(out var id, out var error)) return error;
        if (!request.Condition().Try(out var condition, out error)) return error;
        if (!(await request.BodyAsync()).Try(out var body, out error)) return error;
        if (!Command(body.Fields).Try(out var command, out error)) return error;
        var changed = await request.Service<MemberAdministration>().ChangeAsync(
            request.Organization, request.Actor, request.Authority, id, condition, command, request.Cancel);
        return changed.Select(member => new RestReply(200, MemberForm.ToApi(member), member.Version));
    }

    private static async Task<Outcome<RestReply>> RemoveAsync(RestRequest request)
    {
        if (!Parse(request.Id).Try(out var id, out var error)) return error;
        if (!request.Condition().Try(out var condition, out error)) return error;
        var removed = await request.Service<MemberAdministration>().RemoveAsync(
            request.Organization, request.Actor, request.Authority, id, condition, request.Cancel);
        return removed.Select(_ => RestReply.NoContent);
    }

    private static async Task<Outcome<RestReply>> ConfirmLinkAsync(RestRequest request)
    {
        if (!Parse(request.Id).Try(out var id, out var error)) return error;
        if (!(await request.BodyAsync()).Try(out var body, out error)) return error;
        var email = body.Fields.Text("confirmEmail");
        var named = body.Fields.OptionalText("connection");
        ConnectionId connection = default;
        if (named is not null && !Ids.TryParse(named, out connection)) body.Fields.Refuse("'connection' must be the id of a connection.");
        if (body.Fields.Problem is { } problem) return problem;
        var confirmed = await request.Service<LinkConfirmations>().GrantAsync(
            request.Organization, request.Actor, request.Authority, id, email, named is null ? null : connection, body.Idempotency, request.Cancel);
        return confirmed.Select(until => new RestReply(201, new LinkConfirmationForm(id.ToString(), email, Instants.Text(until))));
    }

    /// <summary>SEAT-16: member active, seat assigned, access running.</summary>
    private static async Task<Outcome<RestReply>> EntitlementsAsync(RestRequest request)
    {
        if (!(await FindAsync(request)).Try(out var member, out var error)) return error;
        var pools = await request.Service<IDatabase>().ReadAsync(
            session => request.Service<ISeatStore>().PoolsAsync(session, request.Organization.Id), request.Cancel);
        var reason = member.Member.State == MemberState.Removed ? "member_removed"
            : member.Member.State == MemberState.Suspended ? "member_suspended"
            : member.Seat.Status != SeatStatus.Assigned ? "seat_required"
            : !request.Organization.HasAccess(request.Service<TimeProvider>().GetUtcNow()) ? "term_inactive" : null;
        var features = reason is null ? pools.FirstOrDefault(pool => pool.Tier == member.Seat.Tier)?.Features : null;
        return RestReply.Ok(new EntitlementsForm(member.Member.Id.ToString(), reason is null, member.Seat.Tier, features ?? [], reason));
    }

    private static Outcome<MemberCommand> Command(JsonFields fields)
    {
        var seat = fields.OptionalObject("seat");
        var state = fields.OptionalWord<MemberState>("state");
        var role = fields.OptionalWord<Role>("role");
        var tier = seat?.OptionalText("tier");
        var unassign = seat?.OptionalFlag("unassign") ?? false;
        var wait = seat?.OptionalFlag("wait") ?? false;
        fields.Check(seat);
        if (state is MemberState.Removed) fields.Refuse("'state' must be active or suspended; DELETE removes a member.");
        if ((seat is null ? 0 : 1) + (state is null ? 0 : 1) + (role is null ? 0 : 1) != 1)
            fields.Refuse("Say what to change: exactly one of 'seat', 'state' and 'role'.");
        if (seat is not null && unassign == (tier is not null || wait))
            fields.Refuse("'seat' must be {\"tier\":...}, {\"tier\":...,\"wait\":true}, {\"wait\":true} or {\"unassign\":true}.");
        if (fields.Problem is { } problem) return problem;
        if (role is { } given) return new MemberCommand.Role(given);
        if (state is { } asked) return asked == MemberState.Active ? new MemberCommand.Restore() : new MemberCommand.Suspend();
        return unassign ? new MemberCommand.Unassign() : new MemberCommand.Seat(tier, wait);
    }

    internal static async Task<Outcome<SeatedMember>> FindAsync(RestRequest request)
    {
        if (!Parse(request.Id).Try(out var id, out var error)) return error;
        return await request.Service<IDatabase>().ReadAsync(
            session => request.Service<IMemberStore>().FindAsync(session, request.Organization.Id, id), request.Cancel) is { } member
            ? member : NoSuchMember();
    }

    internal static Outcome<MemberId> Parse(string text) => Ids.TryParse<MemberId>(text, out var id) ? id : NoSuchMember();

    private static NotFound NoSuchMember() => new("There is no such member.");
}
