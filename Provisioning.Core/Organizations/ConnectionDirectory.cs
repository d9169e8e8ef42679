using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Organizations;

/// <summary>A connection as an owner wants it.</summary>
public sealed record NewConnection(string Name, ConnectionKind Kind, bool TrustEmail, string? ExternalIdClaim)
{
    public bool Enabled { get; init; } = true;

    public bool IsDefault { get; init; }

    public ConnectionSettings? Settings { get; init; }

    public string? ProtectedSecret { get; init; }

    /// <summary>E-mail domains whose people sign in here.</summary>
    public IReadOnlyList<string> Domains { get; init; } = [];

    public Connection For(OrganizationId organization, TimeProvider time) =>
        new(Ids.New<ConnectionId>(time), organization, Name, Kind, TrustEmail, ExternalIdClaim, Instants.Now(time))
        {
            Enabled = Enabled, IsDefault = IsDefault, Settings = Settings, ProtectedSecret = ProtectedSecret,
        };
}

/// <summary>A connection and the domains it is for.</summary>
public sealed record RoutedConnection(Connection Connection, IReadOnlyList<string> Domains);

/// <summary>Where somebody's sign-in goes.</summary>
public sealed record HomeRealm(Organization Organization, Connection Connection);

/// <summary>Connections of an organisation: who vouches for its people, and for whom.</summary>
public sealed class ConnectionDirectory(
    IDatabase database, IConnectionStore connections, IOrganizationStore organizations, IConnectionSessions sessions, TimeProvider time)
{
    /// <summary>By id or name.</summary>
    public Task<Connection?> FindAsync(Organization organization, string idOrName, CancellationToken cancel) =>
        database.ReadAsync(session => connections.FindAsync(session, organization.Id, idOrName), cancel);

    public Task<RoutedConnection?> FindRoutedAsync(Organization organization, ConnectionId id, CancellationToken cancel) =>
        database.ReadAsync(async session => await connections.FindAsync(session, organization.Id, id.ToString()) is { } found
            ? new RoutedConnection(found, Domains(await connections.DomainsAsync(session, organization.Id), id)) : null, cancel);

    /// <summary>A connection of whatever organisation, and that organisation; for addresses that name the connection only.</summary>
    public Task<HomeRealm?> FindRealmAsync(ConnectionId id, CancellationToken cancel) =>
        database.ReadAsync(async session => await connections.FindAsync(session, id) is { } found
            && await organizations.FindAsync(session, found.Organization.ToString()) is { } organization
                ? new HomeRealm(organization, found) : null, cancel);

    /// <summary>By id, oldest first.</summary>
    public Task<Page<RoutedConnection>> ListAsync(Organization organization, byte[]? after, int limit, CancellationToken cancel) =>
        database.ReadAsync(async session =>
        {
            var page = await connections.ListAsync(session, organization.Id, after, limit);
            var domains = await connections.DomainsAsync(session, organization.Id);
            return new Page<RoutedConnection>(
                [.. page.Items.Select(connection => new RoutedConnection(connection, Domains(domains, connection.Id)))], page.Next);
        }, cancel);

    /// <summary>
    /// Home-realm discovery: the connection for the domain, else the default one, else the only one. Null where there is none, or where
    /// nothing says which.
    /// </summary>
    /// <param name="domain">Null: nobody asked for an address yet.</param>
    public Task<Connection?> RouteAsync(Organization organization, string? domain, CancellationToken cancel) =>
        database.ReadAsync(session => RouteAsync(session, organization, domain), cancel);

    /// <summary>The organisation that verified the domain, and the connection of its people there.</summary>
    public Task<HomeRealm?> RouteAsync(string domain, CancellationToken cancel) =>
        database.ReadAsync(async session =>
            await organizations.DomainOwnerAsync(session, domain) is { } owner
            && await organizations.FindAsync(session, owner.ToString()) is { } organization
            && await RouteAsync(session, organization, domain) is { } connection
                ? new HomeRealm(organization, connection) : null, cancel);

    public Task<Outcome<RoutedConnection>> ConnectAsync(
        Organization organization, Actor actor, NewConnection wanted, Idempotency? idempotency, CancellationToken cancel)
    {
        var connection = wanted.For(organization.Id, time);
        return database.WriteAsync(new WriteUnit<RoutedConnection>(idempotency?.Id ?? Ids.New<UnitId>(time), "connection.create", actor, Instants.Now(time), async scope =>
        {
            if (await connections.FindAsync(scope.Session, organization.Id, wanted.Name) is not null) return NameTaken(wanted.Name);
            if (wanted.IsDefault) await connections.ClearDefaultAsync(scope.Session, organization.Id, connection.Id);
            await connections.InsertAsync(scope.Session, connection);
            if (await RouteDomainsAsync(scope, connection.Id, organization.Id, wanted.Domains) is { } taken) return taken;
            scope.Note(organization.Id, "connection.created", Target.Connection(connection.Id), Describe(connection, wanted.Domains));
            return new RoutedConnection(connection, wanted.Domains);
        })
        {
            Organization = organization.Id, RequestHash = idempotency?.RequestHash,
            Remember = static made => made.Connection.Id.ToString(),
            Recall = async (session, id) => await connections.FindAsync(session, organization.Id, id) is { } found
                ? new RoutedConnection(found, Domains(await connections.DomainsAsync(session, organization.Id), found.Id))
                : new NotFound("The connection that this request made was deleted."),
        }, cancel);
    }

    /// <summary>Writes the connection anew; kind and id stay. A connection that is switched off ends the sessions that began through it.</summary>
    public Task<Outcome<RoutedConnection>> ChangeAsync(
        Organization organization, Actor actor, ConnectionId id, IfMatch condition, NewConnection wanted, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<RoutedConnection>(Ids.New<UnitId>(time), "connection.change", actor, Instants.Now(time), async scope =>
        {
            if (await connections.FindAsync(scope.Session, organization.Id, id.ToString()) is not { } before) return NoSuchConnection(id);
            if (RefuseVersion(before, condition) is { } changed) return changed;
            if (before.Name != wanted.Name && await connections.FindAsync(scope.Session, organization.Id, wanted.Name) is not null) return NameTaken(wanted.Name);
            if (wanted.IsDefault) await connections.ClearDefaultAsync(scope.Session, organization.Id, id);
            var after = before with
            {
                Name = wanted.Name, TrustEmail = wanted.TrustEmail, ExternalIdClaim = wanted.ExternalIdClaim, Enabled = wanted.Enabled,
                IsDefault = wanted.IsDefault, Settings = wanted.Settings, ProtectedSecret = wanted.ProtectedSecret, UpdatedAt = scope.Now,
            };
            if (!await connections.UpdateAsync(scope.Session, after)) throw new UnitConflictException("The connection was changed meanwhile.");
            var domains = Domains(await connections.DomainsAsync(scope.Session, organization.Id), id);
            await connections.ClearDomainsAsync(scope.Session, id);
            if (await RouteDomainsAsync(scope, id, organization.Id, wanted.Domains) is { } taken) return taken;
            if (before.Enabled && !after.Enabled) await sessions.EndAsync(scope.Session, id, scope.Now);
            scope.Note(organization.Id, "connection.changed", Target.Connection(id), new JsonObject
            {
                ["before"] = Describe(before, domains), ["after"] = Describe(after, wanted.Domains),
            });
            return new RoutedConnection(after with { Version = before.Version + 1 }, wanted.Domains);
        }) { Organization = organization.Id }, cancel);

    /// <summary>Removes the connection and ends the sessions that began through it; the links of people to it stay for the audit.</summary>
    public Task<Outcome<Done>> DisconnectAsync(
        Organization organization, Actor actor, ConnectionId id, IfMatch condition, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<Done>(Ids.New<UnitId>(time), "connection.delete", actor, Instants.Now(time), async scope =>
        {
            if (await connections.FindAsync(scope.Session, organization.Id, id.ToString()) is not { } before) return NoSuchConnection(id);
            if (RefuseVersion(before, condition) is { } changed) return changed;
            await connections.ClearDomainsAsync(scope.Session, id);
            if (!await connections.DeleteAsync(scope.Session, organization.Id, id)) throw new UnitConflictException("The connection was deleted meanwhile.");
            await sessions.EndAsync(scope.Session, id, scope.Now);
            scope.Note(organization.Id, "connection.deleted", Target.Connection(id), null);
            return default(Done);
        }) { Organization = organization.Id }, cancel);

    private async Task<Connection?> RouteAsync(ISession session, Organization organization, string? domain)
    {
        var candidates = (await connections.ListAsync(session, organization.Id, null, 500)).Items.Where(connection => connection.SignsPeopleIn).ToList();
        ConnectionId? routed = domain is not null && (await connections.DomainsAsync(session, organization.Id)).TryGetValue(domain, out var own) ? own : null;
        return candidates.Find(connection => connection.Id == routed)
            ?? candidates.Find(connection => connection.IsDefault)
            ?? (candidates is [var only] ? only : null);
    }

    /// <summary>A domain belongs to one connection of the organisation: the unique key decides, and the second attempt finds it so.</summary>
    private async Task<Error?> RouteDomainsAsync(UnitScope scope, ConnectionId id, OrganizationId organization, IReadOnlyList<string> wanted)
    {
        if (wanted.Count == 0) return null;
        var routed = await connections.DomainsAsync(scope.Session, organization);
        if (wanted.FirstOrDefault(routed.ContainsKey) is { } taken)
            return new Conflict("domain_routed", $"The people of {taken} sign in through another connection of the organisation already.");
        await connections.InsertDomainsAsync(scope.Session, organization, id, wanted);
        return null;
    }

    private static List<string> Domains(IReadOnlyDictionary<string, ConnectionId> routed, ConnectionId connection) =>
        [.. routed.Where(pair => pair.Value == connection).Select(pair => pair.Key).Order(StringComparer.Ordinal)];

    private static JsonObject Describe(Connection connection, IReadOnlyList<string> domains) => new()
    {
        ["name"] = connection.Name, ["kind"] = Words.Text(connection.Kind), ["enabled"] = connection.Enabled, ["isDefault"] = connection.IsDefault,
        ["trustEmail"] = connection.TrustEmail, ["externalIdClaim"] = connection.ExternalIdClaim,
        ["domains"] = new JsonArray([.. domains.Select(domain => JsonValue.Create(domain))]),
        ["settings"] = ConnectionSettings.Write(connection.Settings) is { } text ? JsonNode.Parse(text) : null,
    };

    private static Conflict NameTaken(string name) => new("connection_exists", $"A connection \"{name}\" exists already.");

    private static NotFound NoSuchConnection(ConnectionId id) => new($"There is no connection {id}.");

    /// <summary>Null when the condition holds for the connection as it is now.</summary>
    public static Error? RefuseVersion(Connection current, IfMatch condition) => condition.Accepts(current.Version)
        ? null : new VersionConflict($"The connection was changed meanwhile; its version is \"{current.Version}\" now.");
}
