using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Storage;

/// <summary>Claimed domains in SQL; a removed row stays as history.</summary>
public sealed class DomainStore : IDomainStore
{
    private const string Select = "SELECT id, organization_id, name, state, token, created_at, verified_at, missing_since FROM domains";

    public async Task<ClaimedDomain?> FindAsync(ISession session, OrganizationId organization, DomainId id) =>
        (await SqlSession.Of(session).FindAsync<DomainRow>(
            $"{Select} WHERE id = @id AND organization_id = @organization AND state <> 'removed'",
            new { id = Ids.ToBytes(id), organization = Ids.ToBytes(organization) }))?.ToDomain();

    public async Task<ClaimedDomain?> FindByNameAsync(ISession session, OrganizationId organization, string name) =>
        (await SqlSession.Of(session).FindAsync<DomainRow>(
            $"{Select} WHERE organization_id = @organization AND name_key = @name AND state <> 'removed' ORDER BY CASE WHEN state = 'verified' THEN 0 ELSE 1 END",
            new { organization = Ids.ToBytes(organization), name = TextKey.Exact(name) }))?.ToDomain();

    public async Task<Page<ClaimedDomain>> ListAsync(ISession session, OrganizationId organization, byte[]? after, int limit)
    {
        var sql = SqlSession.Of(session);
        var rows = await sql.QueryAsync<DomainRow>(
            $"{Select} WHERE organization_id = @organization AND state <> 'removed' AND id > @after ORDER BY id {sql.Dialect.Page}",
            new { organization = Ids.ToBytes(organization), after = after ?? [], limit = limit + 1, offset = 0 });
        return Pages.Of(rows, limit, row => row.ToDomain(), row => row.Id);
    }

    public Task InsertAsync(ISession session, ClaimedDomain domain) =>
        SqlSession.Of(session).ExecuteAsync(
            """
            INSERT INTO domains (id, organization_id, name, name_key, state, created_at, token, verified_at)
            VALUES (@id, @organization, @Name, @key, @state, @created, @Token, NULL)
            """,
            new
            {
                id = Ids.ToBytes(domain.Id), organization = Ids.ToBytes(domain.Organization), domain.Name, key = TextKey.Exact(domain.Name),
                state = Words.Text(domain.State), created = Instants.ToMicroseconds(domain.CreatedAt), domain.Token,
            });

    public async Task<bool> SetTokenAsync(ISession session, DomainId id, string token, DateTimeOffset now) =>
        await SqlSession.Of(session).ExecuteAsync(
            "UPDATE domains SET token = @token, created_at = @now WHERE id = @id AND state = 'pending'",
            new { id = Ids.ToBytes(id), token, now = Instants.ToMicroseconds(now) }) == 1;

    public async Task<bool> VerifyAsync(ISession session, DomainId id, string token, DateTimeOffset now) =>
        await SqlSession.Of(session).ExecuteAsync(
            "UPDATE domains SET state = 'verified', verified_at = @now, checked_at = @now, missing_since = NULL WHERE id = @id AND state = 'pending' AND token = @token",
            new { id = Ids.ToBytes(id), token, now = Instants.ToMicroseconds(now) }) == 1;

    public async Task<IReadOnlyList<ClaimedDomain>> UncheckedSinceAsync(ISession session, DateTimeOffset before, int limit)
    {
        var sql = SqlSession.Of(session);
        return [.. (await sql.QueryAsync<DomainRow>(
            $"{Select} WHERE state = 'verified' AND token IS NOT NULL AND checked_at < @before ORDER BY checked_at {sql.Dialect.Page}",
            new { before = Instants.ToMicroseconds(before), limit, offset = 0 })).Select(row => row.ToDomain())];
    }

    public async Task<bool> SetCheckedAsync(ISession session, ClaimedDomain domain, DateTimeOffset? missingSince, DateTimeOffset now) =>
        await SqlSession.Of(session).ExecuteAsync(
            "UPDATE domains SET checked_at = @now, missing_since = @missing WHERE id = @id AND state = 'verified' AND token = @Token",
            new { id = Ids.ToBytes(domain.Id), domain.Token, now = Instants.ToMicroseconds(now), missing = Rows.OptionalMicroseconds(missingSince) }) == 1;

    public async Task<bool> LoseAsync(ISession session, ClaimedDomain domain) =>
        await SqlSession.Of(session).ExecuteAsync(
            "UPDATE domains SET state = 'pending', verified_at = NULL, missing_since = NULL WHERE id = @id AND state = 'verified' AND token = @Token",
            new { id = Ids.ToBytes(domain.Id), domain.Token }) == 1;

    public async Task<bool> RemoveAsync(ISession session, OrganizationId organization, DomainId id) =>
        await SqlSession.Of(session).ExecuteAsync(
            "UPDATE domains SET state = 'removed' WHERE id = @id AND organization_id = @organization AND state <> 'removed'",
            new { id = Ids.ToBytes(id), organization = Ids.ToBytes(organization) }) == 1;

    private sealed record DomainRow(byte[] Id, byte[] Organization_Id, string Name, string State, string? Token, long Created_At, long? Verified_At, long? Missing_Since)
    {
        public ClaimedDomain ToDomain() => new(
            Rows.Id<DomainId>(Id), Rows.Id<OrganizationId>(Organization_Id), Name, Words.Parse<DomainState>(State), Token,
            Instants.FromMicroseconds(Created_At), Rows.OptionalInstant(Verified_At)) { ProofMissingSince = Rows.OptionalInstant(Missing_Since) };
    }
}
