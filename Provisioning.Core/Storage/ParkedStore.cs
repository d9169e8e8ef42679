using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Storage;

/// <summary>What the mass-removal guard counts and holds back, in SQL.</summary>
public sealed class ParkedStore : IParkedStore
{
    private const int Chunk = 500;

    private const string Select =
        """
        SELECT p.id, p.cause, p.state, p.created_at,
            (SELECT CAST(COUNT(*) AS BIGINT) FROM parked_members m WHERE m.effect_id = p.id) AS people
        FROM parked_effects p WHERE p.organization_id = @organization
        """;

    public async Task<int> CountGoneAsync(ISession session, OrganizationId organization, DateTimeOffset after)
    {
        var sql = SqlSession.Of(session);
        var parameters = new { organization = Ids.ToBytes(organization), after = Instants.ToMicroseconds(after) };
        await sql.ExecuteAsync("DELETE FROM guarded_suspensions WHERE organization_id = @organization AND at <= @after", parameters);
        return (int)await sql.ScalarAsync<long>("SELECT COUNT(*) FROM guarded_suspensions WHERE organization_id = @organization", parameters);
    }

    public Task CountAsync(ISession session, OrganizationId organization, IReadOnlyCollection<MemberId> members, DateTimeOffset now) =>
        SqlSession.Of(session).InsertAsync("guarded_suspensions", ["organization_id", "at", "member_id"], members,
            member => [Ids.ToBytes(organization), Instants.ToMicroseconds(now), Ids.ToBytes(member)]);

    public Task<long> CountMembersAsync(ISession session, OrganizationId organization) =>
        SqlSession.Of(session).ScalarAsync<long>(
            "SELECT COUNT(*) FROM members WHERE organization_id = @organization AND state <> 'removed'", new { organization = Ids.ToBytes(organization) });

    public async Task<IReadOnlySet<MemberId>> AmongAsync(ISession session, OrganizationId organization, IReadOnlyCollection<MemberId> members)
    {
        var found = new HashSet<MemberId>();
        foreach (var chunk in members.Chunk(Chunk))
            found.UnionWith((await SqlSession.Of(session).QueryAsync<byte[]>(
                "SELECT member_id FROM parked_members WHERE organization_id = @organization AND member_id IN @ids",
                new { organization = Ids.ToBytes(organization), ids = chunk.Select(Ids.ToBytes) })).Select(Rows.Id<MemberId>));
        return found;
    }

    public async Task<ParkedEffect?> FindOpenAsync(ISession session, OrganizationId organization, string cause)
    {
        var sql = SqlSession.Of(session);
        return (await sql.FindAsync<EffectRow>($"{Select} AND p.state = 'parked' AND p.cause = @cause ORDER BY p.id DESC {sql.Dialect.Page}",
            new { organization = Ids.ToBytes(organization), cause, limit = 1, offset = 0 }))?.ToEffect();
    }

    public async Task<ParkedEffect?> FindAsync(ISession session, OrganizationId organization, ParkedEffectId effect) =>
        (await SqlSession.Of(session).FindAsync<EffectRow>(
            $"{Select} AND p.id = @id", new { organization = Ids.ToBytes(organization), id = Ids.ToBytes(effect) }))?.ToEffect();

    public async Task<Page<ParkedEffect>> ListAsync(ISession session, OrganizationId organization, ParkedState? state, byte[]? after, int limit)
    {
        var sql = SqlSession.Of(session);
        // Tuples are filled by position: without a row SQLite cannot tell the type of a count.
        var rows = (await sql.QueryAsync<(byte[] Id, string Cause, string State, long CreatedAt, long People)>(
            $"{Select}{(after is null ? "" : " AND p.id < @after")}{(state is null ? "" : " AND p.state = @state")} ORDER BY p.id DESC {sql.Dialect.Page}",
            new
            {
                organization = Ids.ToBytes(organization), after = after ?? [], state = state is { } word ? Words.Text(word) : null,
                limit = limit + 1, offset = 0,
            })).ConvertAll(row => new EffectRow(row.Id, row.Cause, row.State, row.CreatedAt, row.People));
        return Pages.Of(rows, limit, row => row.ToEffect(), row => row.Id);
    }

    public Task InsertAsync(ISession session, OrganizationId organization, ParkedEffect effect) =>
        SqlSession.Of(session).ExecuteAsync(
            "INSERT INTO parked_effects (id, organization_id, cause, state, created_at) VALUES (@id, @organization, @Cause, @state, @created)",
            new
            {
                id = Ids.ToBytes(effect.Id), organization = Ids.ToBytes(organization), effect.Cause, state = Words.Text(effect.State),
                created = Instants.ToMicroseconds(effect.CreatedAt),
            });

    public async Task<bool> MoveAsync(ISession session, OrganizationId organization, ParkedEffectId effect, ParkedState from, ParkedState to) =>
        await SqlSession.Of(session).ExecuteAsync(
            "UPDATE parked_effects SET state = @to WHERE id = @id AND organization_id = @organization AND state = @from",
            new { id = Ids.ToBytes(effect), organization = Ids.ToBytes(organization), from = Words.Text(from), to = Words.Text(to) }) == 1;

    public Task ParkAsync(ISession session, OrganizationId organization, ParkedEffectId effect, IReadOnlyCollection<MemberId> members) =>
        SqlSession.Of(session).InsertAsync("parked_members", ["member_id", "organization_id", "effect_id"], members,
            member => [Ids.ToBytes(member), Ids.ToBytes(organization), Ids.ToBytes(effect)]);

    public async Task RemoveAsync(ISession session, OrganizationId organization, IReadOnlyCollection<MemberId> members)
    {
        foreach (var chunk in members.Chunk(Chunk))
            await SqlSession.Of(session).ExecuteAsync(
                "DELETE FROM parked_members WHERE organization_id = @organization AND member_id IN @ids",
                new { organization = Ids.ToBytes(organization), ids = chunk.Select(Ids.ToBytes) });
    }

    public Task RemoveDiscardedAsync(ISession session, OrganizationId organization) =>
        SqlSession.Of(session).ExecuteAsync(
            """
            DELETE FROM parked_members WHERE effect_id IN
              (SELECT p.id FROM parked_effects p WHERE p.organization_id = @organization AND p.state = 'discarded')
            """, new { organization = Ids.ToBytes(organization) });

    public async Task<Page<MemberId>> MembersAsync(ISession session, OrganizationId organization, ParkedEffectId effect, byte[]? after, int limit)
    {
        var sql = SqlSession.Of(session);
        var rows = await sql.QueryAsync<byte[]>(
            $"""
            SELECT member_id FROM parked_members WHERE effect_id = @effect AND organization_id = @organization AND member_id > @after
            ORDER BY member_id {sql.Dialect.Page}
            """,
            new { effect = Ids.ToBytes(effect), organization = Ids.ToBytes(organization), after = after ?? [], limit = limit + 1, offset = 0 });
        return Pages.Of(rows, limit, Rows.Id<MemberId>, row => row);
    }

    public async Task<IReadOnlyList<(OrganizationId Organization, ParkedEffectId Effect)>> ApplyingAsync(ISession session, int limit)
    {
        var sql = SqlSession.Of(session);
        return [.. (await sql.QueryAsync<ApplyingRow>(
            $"SELECT organization_id, id FROM parked_effects WHERE state = 'applying' ORDER BY id {sql.Dialect.Page}", new { limit, offset = 0 }))
            .Select(row => (Rows.Id<OrganizationId>(row.Organization_Id), Rows.Id<ParkedEffectId>(row.Id)))];
    }

    private sealed record EffectRow(byte[] Id, string Cause, string State, long Created_At, long People)
    {
        public ParkedEffect ToEffect() => new(
            Rows.Id<ParkedEffectId>(Id), Cause, Words.Parse<ParkedState>(State), Instants.FromMicroseconds(Created_At), People);
    }

    private sealed record ApplyingRow(byte[] Organization_Id, byte[] Id);
}
