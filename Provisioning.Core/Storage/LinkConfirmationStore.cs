using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Storage;

/// <summary>Confirmed links in SQL.</summary>
public sealed class LinkConfirmationStore : ILinkConfirmationStore
{
    public async Task SaveAsync(ISession session, OrganizationId organization, LinkConfirmation confirmation, DateTimeOffset now)
    {
        var sql = SqlSession.Of(session);
        var parameters = new
        {
            member = Ids.ToBytes(confirmation.Member), organization = Ids.ToBytes(organization), key = TextKey.Fold(confirmation.Email),
            confirmation.Email, now = Instants.ToMicroseconds(now), expires = Instants.ToMicroseconds(confirmation.ExpiresAt),
        };
        var replaced = await sql.ExecuteAsync(
            "UPDATE link_confirmations SET email = @Email, email_key = @key, created_at = @now, expires_at = @expires WHERE member_id = @member", parameters);
        if (replaced == 0)
            await sql.ExecuteAsync(
                """
                INSERT INTO link_confirmations (member_id, organization_id, email, email_key, created_at, expires_at)
                VALUES (@member, @organization, @Email, @key, @now, @expires)
                """, parameters);
    }

    public async Task<bool> IsOpenAsync(ISession session, MemberId member, string email, DateTimeOffset now) =>
        await SqlSession.Of(session).ScalarAsync<long>(
            "SELECT COUNT(*) FROM link_confirmations WHERE member_id = @member AND email_key = @key AND expires_at > @now",
            new { member = Ids.ToBytes(member), key = TextKey.Fold(email), now = Instants.ToMicroseconds(now) }) > 0;

    public async Task<bool> EndAsync(ISession session, MemberId member) =>
        await SqlSession.Of(session).ExecuteAsync("DELETE FROM link_confirmations WHERE member_id = @member", new { member = Ids.ToBytes(member) }) == 1;
}
