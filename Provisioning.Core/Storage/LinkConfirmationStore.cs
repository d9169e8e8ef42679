using System.Globalization;
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
            confirmation.Email, connections = Write(confirmation.Connections), now = Instants.ToMicroseconds(now), expires = Instants.ToMicroseconds(confirmation.ExpiresAt),
        };
        var replaced = await sql.ExecuteAsync(
            "UPDATE link_confirmations SET email = @Email, email_key = @key, connections = @connections, created_at = @now, expires_at = @expires WHERE member_id = @member", parameters);
        if (replaced == 0)
            await sql.ExecuteAsync(
                """
                INSERT INTO link_confirmations (member_id, organization_id, email, email_key, connections, created_at, expires_at)
                VALUES (@member, @organization, @Email, @key, @connections, @now, @expires)
                """, parameters);
    }

    public async Task<LinkConfirmation?> FindOpenAsync(ISession session, MemberId member, string email, DateTimeOffset now) =>
        await SqlSession.Of(session).FindAsync<ConfirmationRow>(
            "SELECT email, connections, expires_at FROM link_confirmations WHERE member_id = @member AND email_key = @key AND expires_at > @now",
            new { member = Ids.ToBytes(member), key = TextKey.Fold(email), now = Instants.ToMicroseconds(now) }) is { } row
            ? new LinkConfirmation(member, row.Email, Instants.FromMicroseconds(row.Expires_At)) { Connections = Read(row.Connections) } : null;

    public async Task<bool> EndAsync(ISession session, MemberId member) =>
        await SqlSession.Of(session).ExecuteAsync("DELETE FROM link_confirmations WHERE member_id = @member", new { member = Ids.ToBytes(member) }) == 1;

    /// <summary>Id and version of each, <c>con_x:3 con_y:1</c>.</summary>
    private static string? Write(IReadOnlyList<ConfirmedConnection>? connections) => connections is null ? null
        : string.Join(' ', connections.Select(static one => string.Create(CultureInfo.InvariantCulture, $"{one.Id}:{one.Version}")));

    private static List<ConfirmedConnection>? Read(string? text) => text is null ? null :
    [
        .. from one in text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
           let colon = one.IndexOf(':', StringComparison.Ordinal)
           select new ConfirmedConnection(
               Ids.TryParse<ConnectionId>(one[..colon], out var id) ? id : throw new FormatException("Not a connection."),
               long.Parse(one.AsSpan(colon + 1), CultureInfo.InvariantCulture)),
    ];

    private sealed record ConfirmationRow(string Email, string? Connections, long Expires_At);
}
