using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Storage;

/// <summary>Organisations and domains in SQL.</summary>
public sealed class OrganizationStore : IOrganizationStore
{
    internal const string Columns =
        """
        o.id, o.slug, o.name, o.billing_zone, o.mode, o.on_no_seat_scim, o.require_verified_domain_scim, o.access_until, o.created_at, o.version,
        o.mapping_enabled, o.unmapped_tier, o.mapped_tier_exhausted, o.has_reservations, o.suspended_at
        """;

    public async Task<Organization?> FindAsync(ISession session, string idOrSlug)
    {
        var row = Ids.TryParse<OrganizationId>(idOrSlug, out var id)
            ? await SqlSession.Of(session).FindAsync<OrganizationRow>($"SELECT {Columns} FROM organizations o WHERE o.id = @id", new { id = Ids.ToBytes(id) })
            : await SqlSession.Of(session).FindAsync<OrganizationRow>(
                $"SELECT {Columns} FROM organizations o WHERE o.slug_key = @slug", new { slug = TextKey.Exact(idOrSlug) });
        return row?.ToOrganization();
    }

    public async Task<Page<Organization>> ListAsync(ISession session, byte[]? after, int limit)
    {
        var sql = SqlSession.Of(session);
        var rows = await sql.QueryAsync<OrganizationRow>(
            $"SELECT {Columns} FROM organizations o WHERE o.id > @after ORDER BY o.id {sql.Dialect.Page}",
            new { after = after ?? [], limit = limit + 1, offset = 0 });
        return Pages.Of(rows, limit, row => row.ToOrganization(), row => row.Id);
    }

    public async Task InsertAsync(ISession session, Organization organization)
    {
        var id = Ids.ToBytes(organization.Id);
        await SqlSession.Of(session).ExecuteAsync(
            """
            INSERT INTO organizations (id, slug, slug_key, name, billing_zone, mode, on_no_seat_scim, require_verified_domain_scim, access_until, created_at, version)
            VALUES (@id, @Slug, @slugKey, @Name, @BillingZone, @mode, @noSeat, @verified, @until, @created, 1)
            """,
            new
            {
                id, organization.Slug, slugKey = TextKey.Exact(organization.Slug), organization.Name, organization.BillingZone,
                mode = Words.Text(organization.Mode), noSeat = Words.Text(organization.OnNoSeatScim),
                verified = Rows.Flag(organization.RequireVerifiedDomainScim), until = Rows.OptionalMicroseconds(organization.AccessUntil),
                created = Instants.ToMicroseconds(organization.CreatedAt),
            });
        await SqlSession.Of(session).ExecuteAsync(
            "INSERT INTO directory_counts (organization_id, users, user_groups) VALUES (@id, 0, 0)", new { id });
    }

    public async Task<bool> UpdateAsync(ISession session, Organization organization) =>
        await SqlSession.Of(session).ExecuteAsync(
            """
            UPDATE organizations SET name = @Name, billing_zone = @BillingZone, mode = @mode, on_no_seat_scim = @noSeat,
                require_verified_domain_scim = @verified, access_until = @until, mapping_enabled = @mapping, unmapped_tier = @unmapped,
                mapped_tier_exhausted = @exhausted, has_reservations = @reservations, suspended_at = @suspended, version = version + 1
            WHERE id = @id AND version = @Version
            """,
            new
            {
                mapping = Rows.Flag(organization.Mapping.Enabled), unmapped = Words.Text(organization.Mapping.UnmappedTier),
                exhausted = Words.Text(organization.Mapping.WhenExhausted), reservations = Rows.Flag(organization.HasReservations),
                id = Ids.ToBytes(organization.Id), organization.Name, organization.BillingZone, mode = Words.Text(organization.Mode),
                noSeat = Words.Text(organization.OnNoSeatScim), verified = Rows.Flag(organization.RequireVerifiedDomainScim),
                until = Rows.OptionalMicroseconds(organization.AccessUntil), suspended = Rows.OptionalMicroseconds(organization.SuspendedAt), organization.Version,
            }) == 1;

    public async Task<IReadOnlyList<string>> VerifiedDomainsAsync(ISession session, OrganizationId organization) =>
        await SqlSession.Of(session).QueryAsync<string>(
            "SELECT name FROM domains WHERE organization_id = @organization AND state = 'verified' ORDER BY name_key",
            new { organization = Ids.ToBytes(organization) });

    public async Task<bool> IsVerifiedDomainAsync(ISession session, OrganizationId organization, string domain) =>
        await DomainOwnerAsync(session, domain) == organization;

    public async Task<OrganizationId?> DomainOwnerAsync(ISession session, string domain) =>
        await SqlSession.Of(session).FindAsync<byte[]>(
            "SELECT organization_id FROM domains WHERE name_key = @domain AND state = 'verified'", new { domain = TextKey.Exact(domain) })
            is { } owner ? Rows.Id<OrganizationId>(owner) : null;

    public Task InsertVerifiedDomainAsync(ISession session, DomainId id, OrganizationId organization, string domain, DateTimeOffset now) =>
        SqlSession.Of(session).ExecuteAsync(
            "INSERT INTO domains (id, organization_id, name, name_key, state, created_at) VALUES (@id, @organization, @domain, @key, 'verified', @now)",
            new
            {
                id = Ids.ToBytes(id), organization = Ids.ToBytes(organization), domain, key = TextKey.Exact(domain), now = Instants.ToMicroseconds(now),
            });

    public Task RemoveDomainAsync(ISession session, OrganizationId organization, string domain) =>
        SqlSession.Of(session).ExecuteAsync(
            "UPDATE domains SET state = 'removed' WHERE organization_id = @organization AND name_key = @domain AND state = 'verified'",
            new { organization = Ids.ToBytes(organization), domain = TextKey.Exact(domain) });
}

internal sealed record OrganizationRow(
    byte[] Id, string Slug, string Name, string Billing_Zone, string Mode, string On_No_Seat_Scim, long Require_Verified_Domain_Scim,
    long? Access_Until, long Created_At, long Version, long Mapping_Enabled, string Unmapped_Tier, string Mapped_Tier_Exhausted, long Has_Reservations,
    long? Suspended_At)
{
    public Organization ToOrganization() => new(
        Rows.Id<OrganizationId>(Id), Slug, Name, Billing_Zone, Words.Parse<ProvisioningMode>(Mode), Words.Parse<NoSeatPolicy>(On_No_Seat_Scim),
        Require_Verified_Domain_Scim != 0, Rows.OptionalInstant(Access_Until), Instants.FromMicroseconds(Created_At), Version,
        Rows.OptionalInstant(Suspended_At))
    {
        Mapping = new MappingPolicy(
            Mapping_Enabled != 0, Words.Parse<UnmappedTier>(Unmapped_Tier), Words.Parse<MappedTierExhausted>(Mapped_Tier_Exhausted)),
        HasReservations = Has_Reservations != 0,
    };
}

/// <summary>Makes pages out of one row more than asked for.</summary>
internal static class Pages
{
    public static Page<T> Of<TRow, T>(List<TRow> rows, int limit, Func<TRow, T> item, Func<TRow, byte[]> key) => new(
        [.. rows.Take(limit).Select(item)], rows.Count > limit ? Cursor.Write(key(rows[limit - 1])) : null);
}
