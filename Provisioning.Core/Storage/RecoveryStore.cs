using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.SignIn;

namespace Provisioning.Core.Storage;

/// <summary>One-time links in SQL.</summary>
public sealed class RecoveryStore : IRecoveryStore
{
    private const string Select = "SELECT id, organization_id, member_id, origin, created_at, expires_at, used_at FROM recovery_links";

    public Task InsertAsync(ISession session, RecoveryLink link, byte[] tokenHash) =>
        SqlSession.Of(session).ExecuteAsync(
            """
            INSERT INTO recovery_links (id, organization_id, member_id, token_hash, origin, created_at, expires_at, used_at)
            VALUES (@id, @organization, @member, @tokenHash, @origin, @created, @expires, NULL)
            """,
            new
            {
                id = Ids.ToBytes(link.Id), organization = Ids.ToBytes(link.Organization), member = Ids.ToBytes(link.Member), tokenHash,
                origin = Words.Text(link.Origin), created = Instants.ToMicroseconds(link.CreatedAt), expires = Instants.ToMicroseconds(link.ExpiresAt),
            });

    public async Task<RecoveryLink?> FindAsync(ISession session, byte[] tokenHash) =>
        (await SqlSession.Of(session).FindAsync<LinkRow>($"{Select} WHERE token_hash = @tokenHash", new { tokenHash }))?.ToLink();

    public async Task<RecoveryLink?> FindAsync(ISession session, OrganizationId organization, RecoveryLinkId id) =>
        (await SqlSession.Of(session).FindAsync<LinkRow>(
            $"{Select} WHERE id = @id AND organization_id = @organization", new { id = Ids.ToBytes(id), organization = Ids.ToBytes(organization) }))?.ToLink();

    public async Task<int> CountAskedAsync(ISession session, MemberId member, DateTimeOffset after) =>
        (int)await SqlSession.Of(session).ScalarAsync<long>(
            "SELECT CAST(COUNT(*) AS BIGINT) FROM recovery_links WHERE member_id = @member AND created_at > @after AND origin = 'person'",
            new { member = Ids.ToBytes(member), after = Instants.ToMicroseconds(after) });

    public async Task<bool> UseAsync(ISession session, RecoveryLinkId id, DateTimeOffset now) =>
        await SqlSession.Of(session).ExecuteAsync(
            "UPDATE recovery_links SET used_at = @now WHERE id = @id AND used_at IS NULL AND expires_at > @now",
            new { id = Ids.ToBytes(id), now = Instants.ToMicroseconds(now) }) == 1;

    private sealed record LinkRow(byte[] Id, byte[] Organization_Id, byte[] Member_Id, string Origin, long Created_At, long Expires_At, long? Used_At)
    {
        public RecoveryLink ToLink() => new(
            Rows.Id<RecoveryLinkId>(Id), Rows.Id<OrganizationId>(Organization_Id), Rows.Id<MemberId>(Member_Id), Words.Parse<RecoveryOrigin>(Origin),
            Instants.FromMicroseconds(Created_At), Instants.FromMicroseconds(Expires_At), Rows.OptionalInstant(Used_At));
    }
}
