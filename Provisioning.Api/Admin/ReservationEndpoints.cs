using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;

namespace Provisioning.Api.Admin;

public sealed record ReservationForm(string Group, string GroupId, string Tier, int Quantity);

public sealed record ReservationsForm(IReadOnlyList<ReservationForm> Reservations)
{
    public static ReservationsForm ToApi(ReservationState state) => new(
        [.. state.Items.Select(item => new ReservationForm(item.GroupName, item.Reservation.Group.ToString(), item.Reservation.Tier, item.Reservation.Quantity))]);
}

/// <summary>Seats kept for the members of groups (rule SEAT-15).</summary>
public static class ReservationEndpoints
{
    private const int MostReservations = 200;

    public static void MapReservations(this IEndpointRouteBuilder organization)
    {
        organization.MapRest("GET", "/reservations", Access.Owner, GetAsync).WithSummary("Seats kept for groups").Produces<ReservationsForm>();
        organization.MapRest("PUT", "/reservations", Access.Owner, PutAsync).WithSummary("Set the seats kept for groups; nobody loses a seat by it")
            .WithDescription("""Needs If-Match. Body: {"reservations":[{"group":"Engineering","tier":"premium","quantity":5}]}. At most what was bought (409 reservations_exceed_purchased).""")
            .Accepts<ReservationsBody>("application/json").Produces<ReservationsForm>().NeedsVersion().Refuses("reservations_exceed_purchased", "unknown_tier");
    }

    private static async Task<Outcome<RestReply>> GetAsync(RestRequest request)
    {
        var state = await request.Service<Reservations>().FindAsync(request.Organization.Id, request.Cancel);
        return new RestReply(200, ReservationsForm.ToApi(state), state.Version);
    }

    private static async Task<Outcome<RestReply>> PutAsync(RestRequest request)
    {
        if (!request.Condition().Try(out var condition, out var error)) return error;
        if (!(await request.BodyAsync()).Try(out var body, out error)) return error;
        if (!body.Fields.Has("reservations")) body.Fields.Refuse($"'reservations' is required: an array of at most {MostReservations} objects.");
        var wanted = new List<WantedReservation>();
        foreach (var fields in body.Fields.OptionalObjects("reservations", MostReservations))
        {
            wanted.Add(new WantedReservation(fields.Text("group"), fields.Text("tier", 64), fields.Integer("quantity", 1, 10_000_000)));
            body.Fields.Check(fields);
        }
        if (body.Fields.Problem is { } problem) return problem;
        var changed = await request.Service<Reservations>().ChangeAsync(request.Organization, request.Actor, condition, wanted, request.Cancel);
        return changed.Select(state => new RestReply(200, ReservationsForm.ToApi(state), state.Version));
    }
}
