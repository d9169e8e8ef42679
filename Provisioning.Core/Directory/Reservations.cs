using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Directory;

/// <summary>Seats of a tier to be kept for a group.</summary>
/// <param name="Group">Name, externalId or id of a pushed group.</param>
public sealed record WantedReservation(string Group, string Tier, int Quantity);

/// <summary>What is reserved, with the groups' names, and the version of the settings.</summary>
public sealed record ReservationState(IReadOnlyList<(SeatReservation Reservation, string GroupName)> Items, long Version);

/// <summary>Reservations of seats for groups (rule SEAT-15).</summary>
public sealed class Reservations(
    IDatabase database, IOrganizationStore organizations, IMappingStore mappings, ISeatStore seats, SeatEngine engine, GrantCache cache, TimeProvider time)
{
    public Task<ReservationState> FindAsync(OrganizationId organization, CancellationToken cancel) =>
        database.ReadAsync(session => ReadAsync(session, organization), cancel);

    /// <summary>Makes exactly these the reservations. Nobody loses a seat (rule SEAT-9); whoever may have one now gets it (rule SEAT-12).</summary>
    public async Task<Outcome<ReservationState>> ChangeAsync(
        Organization organization, Actor actor, IfMatch condition, IReadOnlyList<WantedReservation> wanted, CancellationToken cancel)
    {
        var changed = await database.WriteAsync(new WriteUnit<ReservationState>(
            Ids.New<UnitId>(time), "reservations.change", actor, Instants.Now(time), async scope =>
        {
            await engine.LockAsync(scope, organization.Id);
            if (await organizations.FindAsync(scope.Session, organization.Id.ToString()) is not { } before) return new NotFound("There is no such organisation.");
            if (!condition.Accepts(before.Version))
                return new VersionConflict($"The settings were changed meanwhile; their version is \"{before.Version}\" now.");
            if (!(await ResolveAsync(scope.Session, organization, wanted)).Try(out var reservations, out var error)) return error;
            var old = await seats.ReservationsAsync(scope.Session, organization.Id);
            if (old.ToHashSet().SetEquals(reservations)) return await ReadAsync(scope.Session, organization.Id);
            if (!await organizations.UpdateAsync(scope.Session, before with { HasReservations = reservations.Count > 0 }))
                throw new UnitConflictException("The organisation was changed meanwhile.");
            if (!await engine.ReserveAsync(scope, organization.Id, reservations))
                return new Conflict("reservations_exceed_purchased", "More seats would be reserved of a tier than were bought.");
            scope.Record(organization.Id, "seats.reserved", Target.Organization(organization.Id), Describe(old), Describe(reservations));
            return await ReadAsync(scope.Session, organization.Id);
        })
        {
            Organization = organization.Id, Remember = _ => "", Recall = async (session, _) => await ReadAsync(session, organization.Id),
        }, cancel);
        cache.Forget(organization.Id);
        return changed;
    }

    private async Task<ReservationState> ReadAsync(ISession session, OrganizationId organization)
    {
        var reservations = await seats.ReservationsAsync(session, organization);
        var names = (await mappings.NamedAsync(session, organization, [.. reservations.Select(item => item.Group.ToString()).Distinct()]))
            .ToDictionary(group => group.Id, group => group.DisplayName);
        var version = (await organizations.FindAsync(session, organization.ToString()))!.Version;
        return new ReservationState([.. reservations.Select(item => (item, names[item.Group]))], version);
    }

    private async Task<Outcome<IReadOnlyList<SeatReservation>>> ResolveAsync(
        ISession session, Organization organization, IReadOnlyList<WantedReservation> wanted)
    {
        var tiers = (await seats.PoolsAsync(session, organization.Id)).Select(pool => pool.Tier).ToList();
        var groups = await mappings.NamedAsync(session, organization.Id, [.. wanted.Select(item => item.Group)]);
        var resolved = new List<SeatReservation>();
        foreach (var item in wanted)
        {
            if (!tiers.Contains(item.Tier))
                return new Unprocessable("unknown_tier", $"There is no tier {item.Tier}; the tiers are {string.Join(", ", tiers)}.");
            if (groups.FirstOrDefault(group => group.IsNamed(item.Group)) is not { } group)
                return new InvalidValue($"The directory has pushed no group '{item.Group}'.");
            if (resolved.Exists(other => other.Group == group.Id && other.Tier == item.Tier))
                return new InvalidValue($"The group '{item.Group}' has two reservations of tier {item.Tier}.");
            resolved.Add(new SeatReservation(group.Id, item.Tier, item.Quantity));
        }
        return resolved;
    }

    private static JsonObject Describe(IReadOnlyList<SeatReservation> reservations) => new()
    {
        ["reservations"] = new JsonArray([.. reservations.Select(item => new JsonObject
        {
            ["groupId"] = item.Group.ToString(), ["tier"] = item.Tier, ["quantity"] = item.Quantity,
        })]),
    };
}
