using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Storage;

/// <summary>Invitations in SQL; each statement that ends one is guarded by its state.</summary>
public sealed class InvitationStore : IInvitationStore
{
    private const string Select =
        """
        SELECT i.id, i.organization_id, i.email, i.role, i.tier, i.hold_id, i.state, i.nonce, i.invited_by, i.created_at, i.expires_at, i.ended_at, i.member_id
        FROM invitations i
        """;

    public async Task<Invitation?> FindAsync(ISession session, OrganizationId organization, InvitationId id) =>
        (await SqlSession.Of(session).FindAsync<InvitationRow>(
            $"{Select} WHERE i.id = @id AND i.organization_id = @organization",
            new { id = Ids.ToBytes(id), organization = Ids.ToBytes(organization) }))?.ToInvitation();

    public async Task<Invitation?> FindByTokenAsync(ISession session, byte[] hash) =>
        (await SqlSession.Of(session).FindAsync<InvitationRow>($"{Select} WHERE i.token_hash = @hash", new { hash }))?.ToInvitation();

    public async Task<Invitation?> FindPendingAsync(ISession session, OrganizationId organization, string email) =>
        (await SqlSession.Of(session).FindAsync<InvitationRow>(
            $"{Select} WHERE i.organization_id = @organization AND i.email_key = @email AND i.state = 'pending'",
            new { organization = Ids.ToBytes(organization), email = TextKey.Fold(email) }))?.ToInvitation();

    public async Task<IReadOnlyList<Invitation>> PendingOwnersAsync(ISession session, OrganizationId organization) =>
        [.. (await SqlSession.Of(session).QueryAsync<InvitationRow>(
            $"{Select} WHERE i.organization_id = @organization AND i.state = 'pending' AND i.role = 'primary_owner' ORDER BY i.id",
            new { organization = Ids.ToBytes(organization) })).Select(row => row.ToInvitation())];

    public async Task<IReadOnlyList<Invitation>> OverdueAsync(ISession session, DateTimeOffset now, Invitation? after, int limit)
    {
        var sql = SqlSession.Of(session);
        var behind = after is null ? "" : "AND i.expires_at >= @since AND (i.expires_at > @since OR i.id > @last)";
        return [.. (await sql.QueryAsync<InvitationRow>(
            $"{Select} WHERE i.state = 'pending' AND i.expires_at <= @now {behind} ORDER BY i.expires_at, i.id {sql.Dialect.Page}",
            new
            {
                now = Instants.ToMicroseconds(now), since = after is null ? 0 : Instants.ToMicroseconds(after.ExpiresAt),
                last = after is null ? [] : Ids.ToBytes(after.Id), limit, offset = 0,
            })).Select(row => row.ToInvitation())];
    }

    public async Task<Page<Invitation>> ListAsync(
        ISession session, OrganizationId organization, InvitationState? state, DateTimeOffset now, byte[]? after, int limit)
    {
        var sql = SqlSession.Of(session);
        var condition = state switch
        {
            null => "",
            InvitationState.Pending => "AND i.state = 'pending' AND i.expires_at > @now",
            InvitationState.Expired => "AND (i.state = 'expired' OR (i.state = 'pending' AND i.expires_at <= @now))",
            _ => "AND i.state = @state",
        };
        var rows = await sql.QueryAsync<InvitationRow>(
            $"{Select} WHERE i.organization_id = @organization AND i.id > @after {condition} ORDER BY i.id {sql.Dialect.Page}",
            new
            {
                organization = Ids.ToBytes(organization), after = after ?? [], state = state is { } wanted ? Words.Text(wanted) : null,
                now = Instants.ToMicroseconds(now), limit = limit + 1, offset = 0,
            });
        return Pages.Of(rows, limit, row => row.ToInvitation(), row => row.Id);
    }

    public Task InsertAsync(ISession session, Invitation invitation, byte[] tokenHash) =>
        SqlSession.Of(session).ExecuteAsync(
            """
            INSERT INTO invitations (id, organization_id, email, email_key, role, tier, hold_id, state, nonce, token_hash, invited_by, created_at, expires_at)
            VALUES (@id, @organization, @Email, @key, @role, @Tier, @hold, @state, @Nonce, @tokenHash, @InvitedBy, @created, @expires)
            """,
            new
            {
                id = Ids.ToBytes(invitation.Id), organization = Ids.ToBytes(invitation.Organization), invitation.Email, key = TextKey.Fold(invitation.Email),
                role = Words.Text(invitation.Role), invitation.Tier, hold = Rows.OptionalBytes(invitation.Hold), state = Words.Text(invitation.State),
                invitation.Nonce, tokenHash, invitation.InvitedBy, created = Instants.ToMicroseconds(invitation.CreatedAt),
                expires = Instants.ToMicroseconds(invitation.ExpiresAt),
            });

    public async Task EndAsync(ISession session, InvitationId id, InvitationState state, MemberId? member, DateTimeOffset now)
    {
        var ended = await SqlSession.Of(session).ExecuteAsync(
            "UPDATE invitations SET state = @state, member_id = @member, ended_at = @now WHERE id = @id AND state = 'pending'",
            new { id = Ids.ToBytes(id), state = Words.Text(state), member = Rows.OptionalBytes(member), now = Instants.ToMicroseconds(now) });
        if (ended != 1) throw new UnitConflictException("The invitation was ended by somebody else.");
    }

    public async Task DropHoldAsync(ISession session, InvitationId id)
    {
        var dropped = await SqlSession.Of(session).ExecuteAsync(
            "UPDATE invitations SET hold_id = NULL, tier = NULL WHERE id = @id AND state = 'pending'", new { id = Ids.ToBytes(id) });
        if (dropped != 1) throw new UnitConflictException("The invitation was ended by somebody else.");
    }

    public Task MoveTiersAsync(ISession session, OrganizationId organization, string tier) =>
        SqlSession.Of(session).ExecuteAsync(
            "UPDATE invitations SET tier = @tier WHERE organization_id = @organization AND state = 'pending' AND tier IS NOT NULL",
            new { organization = Ids.ToBytes(organization), tier });

    public async Task<bool> WasSentAwayAsync(ISession session, OrganizationId organization, string email) =>
        await SqlSession.Of(session).ScalarAsync<long>(
            """
            SELECT CAST(COUNT(*) AS BIGINT) FROM members m
            WHERE m.organization_id = @organization AND m.match_email_key = @email AND m.state <> 'active'
              AND EXISTS (SELECT 1 FROM directory_entries e WHERE e.member_id = m.id AND e.deleted_at IS NULL AND e.active = 0
                UNION ALL SELECT 1 FROM directory_entries d WHERE d.member_id = m.id AND d.deleted_at IS NOT NULL)
              AND NOT EXISTS (SELECT 1 FROM directory_entries l WHERE l.member_id = m.id AND l.deleted_at IS NULL AND l.active = 1)
            """, new { organization = Ids.ToBytes(organization), email = TextKey.Fold(email) }) > 0;

    private sealed record InvitationRow(
        byte[] Id, byte[] Organization_Id, string Email, string Role, string? Tier, byte[]? Hold_Id, string State, byte[] Nonce, string Invited_By,
        long Created_At, long Expires_At, long? Ended_At, byte[]? Member_Id)
    {
        public Invitation ToInvitation() => new(
            Rows.Id<InvitationId>(Id), Rows.Id<OrganizationId>(Organization_Id), Email, Words.Parse<Role>(Role), Tier, Rows.OptionalId<SeatHoldId>(Hold_Id),
            Words.Parse<InvitationState>(State), Nonce, Invited_By, Instants.FromMicroseconds(Created_At), Instants.FromMicroseconds(Expires_At),
            Rows.OptionalInstant(Ended_At), Rows.OptionalId<MemberId>(Member_Id));
    }
}
