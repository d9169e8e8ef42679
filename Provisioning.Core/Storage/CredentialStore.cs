using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Storage;

/// <summary>Tokens in SQL.</summary>
public sealed class CredentialStore : ITokenStore
{
    private const string TokenColumns = "t.id AS token_id, t.organization_id, t.door, t.role, t.name AS token_name, t.created_at AS token_created_at, t.expires_at, t.revoked_at";

    async Task<(TokenGrant Grant, byte[] Hash)?> ITokenStore.FindAsync(ISession session, byte[] hash) =>
        await SqlSession.Of(session).FindAsync<GrantRow>(
            $"""
            SELECT {TokenColumns}, t.secret_hash, {OrganizationStore.Columns}
            FROM access_tokens t JOIN organizations o ON o.id = t.organization_id WHERE t.secret_hash = @hash
            """, new { hash }) is { } row ? (row.ToGrant(), row.Secret_Hash) : null;

    async Task<IReadOnlyList<AccessToken>> ITokenStore.ListAsync(ISession session, OrganizationId organization) =>
        [.. (await SqlSession.Of(session).QueryAsync<TokenRow>(
            $"SELECT {TokenColumns} FROM access_tokens t WHERE t.organization_id = @organization ORDER BY t.id",
            new { organization = Ids.ToBytes(organization) })).Select(row => row.ToToken())];

    public Task InsertAsync(ISession session, AccessToken token, byte[] hash) =>
        SqlSession.Of(session).ExecuteAsync(
            """
            INSERT INTO access_tokens (id, organization_id, door, role, name, secret_hash, created_at, expires_at, revoked_at)
            VALUES (@id, @organization, @door, @role, @Name, @hash, @created, @expires, NULL)
            """,
            new
            {
                id = Ids.ToBytes(token.Id), organization = Ids.ToBytes(token.Organization), door = Words.Text(token.Door),
                role = token.Role is { } role ? Words.Text(role) : null, token.Name, hash, created = Instants.ToMicroseconds(token.CreatedAt),
                expires = Rows.OptionalMicroseconds(token.ExpiresAt),
            });

    public async Task<bool> RevokeAsync(ISession session, OrganizationId organization, TokenId token, DateTimeOffset now) =>
        await SqlSession.Of(session).ExecuteAsync(
            "UPDATE access_tokens SET revoked_at = @now WHERE id = @id AND organization_id = @organization AND revoked_at IS NULL",
            new { id = Ids.ToBytes(token), organization = Ids.ToBytes(organization), now = Instants.ToMicroseconds(now) }) == 1;

    private record TokenRow(
        byte[] Token_Id, byte[] Organization_Id, string Door, string? Role, string Token_Name, long Token_Created_At, long? Expires_At, long? Revoked_At)
    {
        public AccessToken ToToken() => new(
            Rows.Id<TokenId>(Token_Id), Rows.Id<OrganizationId>(Organization_Id), Words.Parse<Door>(Door), Rows.OptionalWord<Role>(Role),
            Token_Name, Instants.FromMicroseconds(Token_Created_At), Rows.OptionalInstant(Expires_At), Rows.OptionalInstant(Revoked_At));
    }

    private sealed record GrantRow(
        byte[] Token_Id, byte[] Organization_Id, string Door, string? Role, string Token_Name, long Token_Created_At, long? Expires_At,
        long? Revoked_At, byte[] Secret_Hash, byte[] Id, string Slug, string Name, string Billing_Zone, string Mode, string On_No_Seat_Scim,
        long Require_Verified_Domain_Scim, long? Access_Until, long Created_At, long Version, long Mapping_Enabled, string Unmapped_Tier,
        string Mapped_Tier_Exhausted, long Has_Reservations)
        : TokenRow(Token_Id, Organization_Id, Door, Role, Token_Name, Token_Created_At, Expires_At, Revoked_At)
    {
        public TokenGrant ToGrant() => new(ToToken(), new OrganizationRow(
            Id, Slug, Name, Billing_Zone, Mode, On_No_Seat_Scim, Require_Verified_Domain_Scim, Access_Until, Created_At, Version,
            Mapping_Enabled, Unmapped_Tier, Mapped_Tier_Exhausted, Has_Reservations).ToOrganization());
    }
}
