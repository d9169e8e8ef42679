using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Storage;

/// <summary>Connections and their domains in SQL.</summary>
public sealed class ConnectionStore : IConnectionStore
{
    private const string Select =
        """
        SELECT id, organization_id, name, kind, enabled, is_default, trust_email, external_id_claim, settings, protected_secret, created_at,
            updated_at, version
        FROM identity_connections
        """;

    public async Task<Connection?> FindAsync(ISession session, OrganizationId organization, string idOrName)
    {
        var row = Ids.TryParse<ConnectionId>(idOrName, out var id)
            ? await SqlSession.Of(session).FindAsync<ConnectionRow>(
                $"{Select} WHERE id = @id AND organization_id = @organization", new { id = Ids.ToBytes(id), organization = Ids.ToBytes(organization) })
            : await SqlSession.Of(session).FindAsync<ConnectionRow>(
                $"{Select} WHERE organization_id = @organization AND name_key = @name",
                new { organization = Ids.ToBytes(organization), name = TextKey.Exact(idOrName) });
        return row?.ToConnection();
    }

    public async Task<Connection?> FindAsync(ISession session, ConnectionId connection) =>
        (await SqlSession.Of(session).FindAsync<ConnectionRow>($"{Select} WHERE id = @id", new { id = Ids.ToBytes(connection) }))?.ToConnection();

    public async Task<Page<Connection>> ListAsync(ISession session, OrganizationId organization, byte[]? after, int limit)
    {
        var sql = SqlSession.Of(session);
        var rows = await sql.QueryAsync<ConnectionRow>(
            $"{Select} WHERE organization_id = @organization AND id > @after ORDER BY id {sql.Dialect.Page}",
            new { organization = Ids.ToBytes(organization), after = after ?? [], limit = limit + 1, offset = 0 });
        return Pages.Of(rows, limit, row => row.ToConnection(), row => row.Id);
    }

    public async Task<bool> LockEnabledAsync(ISession session, ConnectionId connection) =>
        await SqlSession.Of(session).ExecuteAsync(
            "UPDATE identity_connections SET version = version WHERE id = @id AND enabled = 1", new { id = Ids.ToBytes(connection) }) == 1;

    public Task InsertAsync(ISession session, Connection connection) =>
        SqlSession.Of(session).ExecuteAsync(
            """
            INSERT INTO identity_connections (id, organization_id, name, name_key, kind, enabled, is_default, trust_email, external_id_claim, settings,
                protected_secret, created_at, updated_at, version)
            VALUES (@id, @organization, @Name, @key, @kind, @enabled, @isDefault, @trust, @ExternalIdClaim, @settings, @ProtectedSecret, @created, @updated, 1)
            """, Parameters(connection));

    public async Task<bool> UpdateAsync(ISession session, Connection connection) =>
        await SqlSession.Of(session).ExecuteAsync(
            """
            UPDATE identity_connections SET name = @Name, name_key = @key, enabled = @enabled, is_default = @isDefault, trust_email = @trust,
                external_id_claim = @ExternalIdClaim, settings = @settings, protected_secret = @ProtectedSecret, updated_at = @updated, version = version + 1
            WHERE id = @id AND organization_id = @organization AND version = @Version
            """, Parameters(connection)) == 1;

    public async Task<bool> DeleteAsync(ISession session, OrganizationId organization, ConnectionId connection) =>
        await SqlSession.Of(session).ExecuteAsync(
            "DELETE FROM identity_connections WHERE id = @id AND organization_id = @organization",
            new { id = Ids.ToBytes(connection), organization = Ids.ToBytes(organization) }) == 1;

    public Task ClearDefaultAsync(ISession session, OrganizationId organization, ConnectionId but) =>
        SqlSession.Of(session).ExecuteAsync(
            "UPDATE identity_connections SET is_default = 0, version = version + 1 WHERE organization_id = @organization AND is_default = 1 AND id <> @but",
            new { organization = Ids.ToBytes(organization), but = Ids.ToBytes(but) });

    public async Task<IReadOnlyDictionary<string, ConnectionId>> DomainsAsync(ISession session, OrganizationId organization) =>
        (await SqlSession.Of(session).QueryAsync<DomainRow>(
            "SELECT domain, connection_id FROM connection_domains WHERE organization_id = @organization", new { organization = Ids.ToBytes(organization) }))
        .ToDictionary(row => row.Domain, row => Rows.Id<ConnectionId>(row.Connection_Id));

    public Task InsertDomainsAsync(ISession session, OrganizationId organization, ConnectionId connection, IReadOnlyCollection<string> domains) =>
        SqlSession.Of(session).InsertAsync("connection_domains", ["organization_id", "domain_key", "domain", "connection_id"], domains,
            domain => [Ids.ToBytes(organization), TextKey.Exact(domain), domain, Ids.ToBytes(connection)]);

    public Task ClearDomainsAsync(ISession session, ConnectionId connection) =>
        SqlSession.Of(session).ExecuteAsync("DELETE FROM connection_domains WHERE connection_id = @id", new { id = Ids.ToBytes(connection) });

    private static object Parameters(Connection connection) => new
    {
        id = Ids.ToBytes(connection.Id), organization = Ids.ToBytes(connection.Organization), connection.Name, key = TextKey.Exact(connection.Name),
        kind = Words.Text(connection.Kind), enabled = Rows.Flag(connection.Enabled), isDefault = Rows.Flag(connection.IsDefault),
        trust = Rows.Flag(connection.TrustEmail), connection.ExternalIdClaim, settings = ConnectionSettings.Write(connection.Settings),
        connection.ProtectedSecret, created = Instants.ToMicroseconds(connection.CreatedAt), updated = Instants.ToMicroseconds(connection.UpdatedAt),
        connection.Version,
    };

    private sealed record DomainRow(string Domain, byte[] Connection_Id);

    private sealed record ConnectionRow(
        byte[] Id, byte[] Organization_Id, string Name, string Kind, long Enabled, long Is_Default, long Trust_Email, string? External_Id_Claim,
        string? Settings, string? Protected_Secret, long Created_At, long Updated_At, long Version)
    {
        public Connection ToConnection()
        {
            var kind = Words.Parse<ConnectionKind>(Kind);
            return new Connection(
                Rows.Id<ConnectionId>(Id), Rows.Id<OrganizationId>(Organization_Id), Name, kind, Trust_Email != 0, External_Id_Claim,
                Instants.FromMicroseconds(Created_At))
            {
                Enabled = Enabled != 0, IsDefault = Is_Default != 0, Settings = ConnectionSettings.Read(kind, Settings), ProtectedSecret = Protected_Secret,
                UpdatedAt = Instants.FromMicroseconds(Updated_At), Version = Version,
            };
        }
    }
}
