using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Storage;

/// <summary>Tokens in SQL.</summary>
public sealed class CredentialStore : ITokenStore
{
    private const string TokenColumns = "t.id AS token_id, t.organization_id, t.door, t.role, t.name AS token_name, t.created_at AS token_created_at, t.expires_at, t.revoked_at, t.member_id, t.last_used_at";

    async Task<(TokenGrant Grant, byte[] Hash)?> ITokenStore.FindAsync(ISession session, byte[] hash) =>
        await SqlSession.Of(session).FindAsync<GrantRow>(
            $"""
            SELECT {TokenColumns}, t.secret_hash, m.role AS member_role, m.state AS member_state, {OrganizationStore.Columns}
            FROM access_tokens t JOIN organizations o ON o.id = t.organization_id LEFT JOIN members m ON m.id = t.member_id
            WHERE t.secret_hash = @hash
            """, new { hash }) is { } row ? (row.ToGrant(), row.Secret_Hash) : null;

    async Task<IReadOnlyList<AccessToken>> ITokenStore.ListAsync(ISession session, OrganizationId organization) =>
        [.. (await SqlSession.Of(session).QueryAsync<TokenRow>(
            $"SELECT {TokenColumns} FROM access_tokens t WHERE t.organization_id = @organization ORDER BY t.id",
            new { organization = Ids.ToBytes(organization) })).Select(row => row.ToToken())];

    async Task<Page<AccessToken>> ITokenStore.ListAsync(ISession session, OrganizationId organization, Door? door, byte[]? after, int limit)
    {
        var sql = SqlSession.Of(session);
        var rows = await sql.QueryAsync<TokenRow>(
            $"""
            SELECT {TokenColumns} FROM access_tokens t WHERE t.organization_id = @organization AND t.id > @after
            {(door is null ? "" : "AND t.door = @door")} ORDER BY t.id {sql.Dialect.Page}
            """,
            new
            {
                organization = Ids.ToBytes(organization), door = door is { } wanted ? Words.Text(wanted) : null, after = after ?? [], limit = limit + 1,
                offset = 0,
            });
        return Pages.Of(rows, limit, row => row.ToToken(), row => row.Token_Id);
    }

    public async Task<int> CountValidAsync(ISession session, OrganizationId organization, Door door, DateTimeOffset now)
    {
        var parameters = new { organization = Ids.ToBytes(organization), door = Words.Text(door), now = Instants.ToMicroseconds(now) };
        // Locks the row, so that two nodes do not count at the same time.
        await SqlSession.Of(session).ExecuteAsync("UPDATE organizations SET version = version WHERE id = @organization", parameters);
        return (int)await SqlSession.Of(session).ScalarAsync<long>(
            """
            SELECT CAST(COUNT(*) AS BIGINT) FROM access_tokens
            WHERE organization_id = @organization AND door = @door AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > @now)
            """, parameters);
    }

    public async Task<bool> InsertAsync(ISession session, AccessToken token, byte[] hash)
    {
        if (token.Member is { } member && await SqlSession.Of(session).ScalarAsync<long>(
            "SELECT CAST(COUNT(*) AS BIGINT) FROM members WHERE id = @id AND organization_id = @organization AND state = 'active'",
            new { id = Ids.ToBytes(member), organization = Ids.ToBytes(token.Organization) }) == 0)
            return false;
        await SqlSession.Of(session).ExecuteAsync(
            """
            INSERT INTO access_tokens (id, organization_id, door, role, name, secret_hash, created_at, expires_at, revoked_at, member_id)
            VALUES (@id, @organization, @door, @role, @Name, @hash, @created, @expires, NULL, @member)
            """,
            new
            {
                id = Ids.ToBytes(token.Id), organization = Ids.ToBytes(token.Organization), door = Words.Text(token.Door),
                role = token.Role is { } role ? Words.Text(role) : null, token.Name, hash, created = Instants.ToMicroseconds(token.CreatedAt),
                expires = Rows.OptionalMicroseconds(token.ExpiresAt), member = Rows.OptionalBytes(token.Member),
            });
        return true;
    }

    public Task RevokeOfMemberAsync(ISession session, MemberId member, DateTimeOffset now) =>
        SqlSession.Of(session).ExecuteAsync(
            "UPDATE access_tokens SET revoked_at = @now WHERE member_id = @member AND revoked_at IS NULL",
            new { member = Ids.ToBytes(member), now = Instants.ToMicroseconds(now) });

    public Task SetUsedAsync(ISession session, IReadOnlyCollection<TokenId> tokens, DateTimeOffset at) =>
        SqlSession.Of(session).ExecuteAsync(
            "UPDATE access_tokens SET last_used_at = @at WHERE id IN @tokens AND (last_used_at IS NULL OR last_used_at < @at)",
            new { tokens = tokens.Select(Ids.ToBytes), at = Instants.ToMicroseconds(at) });

    public async Task<bool> RevokeAsync(ISession session, OrganizationId organization, TokenId token, DateTimeOffset now) =>
        await SqlSession.Of(session).ExecuteAsync(
            "UPDATE access_tokens SET revoked_at = @now WHERE id = @id AND organization_id = @organization AND revoked_at IS NULL",
            new { id = Ids.ToBytes(token), organization = Ids.ToBytes(organization), now = Instants.ToMicroseconds(now) }) == 1;

    private record TokenRow(
        byte[] Token_Id, byte[] Organization_Id, string Door, string? Role, string Token_Name, long Token_Created_At, long? Expires_At, long? Revoked_At,
        byte[]? Member_Id, long? Last_Used_At)
    {
        public AccessToken ToToken() => new(
            Rows.Id<TokenId>(Token_Id), Rows.Id<OrganizationId>(Organization_Id), Words.Parse<Door>(Door), Rows.OptionalWord<Role>(Role),
            Token_Name, Instants.FromMicroseconds(Token_Created_At), Rows.OptionalInstant(Expires_At), Rows.OptionalInstant(Revoked_At),
            Rows.OptionalId<MemberId>(Member_Id), Rows.OptionalInstant(Last_Used_At));
    }

    private sealed record GrantRow(
        byte[] Token_Id, byte[] Organization_Id, string Door, string? Role, string Token_Name, long Token_Created_At, long? Expires_At,
        long? Revoked_At, byte[]? Member_Id, long? Last_Used_At, byte[] Secret_Hash, string? Member_Role, string? Member_State, byte[] Id, string Slug,
        string Name, string Billing_Zone, string Mode, string On_No_Seat_Scim, long Require_Verified_Domain_Scim, long? Access_Until, long Created_At,
        long Version, long Mapping_Enabled, string Unmapped_Tier, string Mapped_Tier_Exhausted, long Has_Reservations, long? Suspended_At)
        : TokenRow(Token_Id, Organization_Id, Door, Role, Token_Name, Token_Created_At, Expires_At, Revoked_At, Member_Id, Last_Used_At)
    {
        public TokenGrant ToGrant() => new(
            ToToken(),
            new OrganizationRow(
                Id, Slug, Name, Billing_Zone, Mode, On_No_Seat_Scim, Require_Verified_Domain_Scim, Access_Until, Created_At, Version,
                Mapping_Enabled, Unmapped_Tier, Mapped_Tier_Exhausted, Has_Reservations, Suspended_At).ToOrganization(),
            Member_State is null or "active" ? Rows.OptionalWord<Role>(Member_Role ?? base.Role) : null);
    }
}
