using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Storage;

/// <summary>Runs over everybody, and previews, in SQL.</summary>
public sealed class RunStore : IRunStore
{
    private const string Columns = "id, organization_id, kind, scope, phase, position, started_at, seen, changed, state";

    public Task InsertAsync(ISession session, DirectoryRun run) =>
        SqlSession.Of(session).ExecuteAsync(
            $"INSERT INTO directory_runs ({Columns}) VALUES (@id, @organization, @kind, @scope, @phase, @position, @started, @Seen, @Changed, @state)",
            Parameters(run, run));

    public async Task<DirectoryRun?> FindAsync(ISession session, OrganizationId organization, DirectoryRunId run) =>
        (await SqlSession.Of(session).FindAsync<RunRow>(
            $"SELECT {Columns} FROM directory_runs WHERE id = @id AND organization_id = @organization",
            new { id = Ids.ToBytes(run), organization = Ids.ToBytes(organization) }))?.ToRun();

    public async Task UpdateAsync(ISession session, DirectoryRun before, DirectoryRun after)
    {
        var updated = await SqlSession.Of(session).ExecuteAsync(
            """
            UPDATE directory_runs SET phase = @phase, position = @position, seen = @Seen, changed = @Changed, state = @state
            WHERE id = @id AND organization_id = @organization AND phase = @beforePhase AND seen = @beforeSeen AND state = 'running'
            """, Parameters(after, before));
        if (updated != 1) throw new UnitConflictException("The run was carried on by somebody else.");
    }

    public async Task<IReadOnlyList<DirectoryRun>> RunningAsync(ISession session, DateTimeOffset now, int limit)
    {
        var sql = SqlSession.Of(session);
        return [.. (await sql.QueryAsync<RunRow>(
            $"""
            SELECT {Columns} FROM directory_runs WHERE state = 'running' AND started_at <= @now
              AND NOT EXISTS (SELECT 1 FROM directory_runs earlier WHERE earlier.organization_id = directory_runs.organization_id
                AND earlier.id < directory_runs.id AND earlier.state = 'running' AND earlier.started_at <= @now)
            ORDER BY id {sql.Dialect.Page}
            """,
            new { now = Instants.ToMicroseconds(now), limit, offset = 0 })).Select(row => row.ToRun())];
    }

    public Task InsertPreviewAsync(ISession session, ProvisioningPreview preview) =>
        SqlSession.Of(session).ExecuteAsync(
            """
            INSERT INTO provisioning_previews (id, organization_id, wanted, fingerprint, shown, removals, created_at, run_id)
            VALUES (@id, @organization, @Wanted, @Fingerprint, @Shown, @Removals, @created, NULL)
            """,
            new
            {
                id = Ids.ToBytes(preview.Id), organization = Ids.ToBytes(preview.Organization), preview.Wanted, preview.Fingerprint, preview.Shown,
                preview.Removals, created = Instants.ToMicroseconds(preview.CreatedAt),
            });

    public async Task<ProvisioningPreview?> FindPreviewAsync(ISession session, OrganizationId organization, PreviewId preview) =>
        (await SqlSession.Of(session).FindAsync<PreviewRow>(
            """
            SELECT id, organization_id, wanted, fingerprint, shown, removals, created_at, run_id FROM provisioning_previews
            WHERE id = @id AND organization_id = @organization
            """, new { id = Ids.ToBytes(preview), organization = Ids.ToBytes(organization) }))?.ToPreview();

    public async Task<bool> SetRunAsync(ISession session, ProvisioningPreview preview, DirectoryRunId run) =>
        await SqlSession.Of(session).ExecuteAsync(
            "UPDATE provisioning_previews SET run_id = @run WHERE id = @id AND run_id IS NULL",
            new { id = Ids.ToBytes(preview.Id), run = Ids.ToBytes(run) }) == 1;

    public Task<int> DeletePreviewsAsync(ISession session, DateTimeOffset before) =>
        SqlSession.Of(session).ExecuteAsync("DELETE FROM provisioning_previews WHERE created_at < @before", new { before = Instants.ToMicroseconds(before) });

    public async Task<string> FingerprintAsync(ISession session, OrganizationId organization)
    {
        var rows = await SqlSession.Of(session).QueryAsync<SumRow>(
            """
            SELECT CAST(1 AS BIGINT) AS part, CAST(COUNT(*) AS BIGINT) AS rows_there, CAST(COALESCE(SUM(version), 0) AS BIGINT) AS versions FROM organizations WHERE id = @organization
            UNION ALL SELECT CAST(2 AS BIGINT), CAST(COUNT(*) AS BIGINT), CAST(COALESCE(SUM(version), 0) AS BIGINT) FROM directory_entries
              WHERE organization_id = @organization AND deleted_at IS NULL
            UNION ALL SELECT CAST(3 AS BIGINT), CAST(COUNT(*) AS BIGINT), CAST(COALESCE(SUM(version), 0) AS BIGINT) FROM directory_groups WHERE organization_id = @organization
            UNION ALL SELECT CAST(4 AS BIGINT), CAST(COUNT(*) AS BIGINT), CAST(COALESCE(SUM(version), 0) AS BIGINT) FROM members WHERE organization_id = @organization
            UNION ALL SELECT CAST(5 AS BIGINT), CAST(COUNT(*) AS BIGINT), CAST(COALESCE(SUM(version), 0) AS BIGINT) FROM member_seats WHERE organization_id = @organization
            UNION ALL SELECT CAST(6 AS BIGINT), CAST(COUNT(*) AS BIGINT), CAST(COALESCE(SUM(purchased), 0) AS BIGINT) FROM seat_pools WHERE organization_id = @organization
            UNION ALL SELECT CAST(7 AS BIGINT), CAST(COALESCE(MAX(modified_at), 0) AS BIGINT), CAST(0 AS BIGINT) FROM directory_entries WHERE organization_id = @organization AND deleted_at IS NULL
            UNION ALL SELECT CAST(8 AS BIGINT), CAST(COUNT(*) AS BIGINT), CAST(COALESCE(SUM(held), 0) AS BIGINT) FROM seat_pools WHERE organization_id = @organization
            """, new { organization = Ids.ToBytes(organization) });
        return string.Join('.', rows.OrderBy(row => row.Part).Select(row => FormattableString.Invariant($"{row.Rows_There}-{row.Versions}")));
    }

    public async Task<DateTimeOffset?> LastPushAsync(ISession session, OrganizationId organization)
    {
        var parameters = new { organization = Ids.ToBytes(organization) };
        var users = await SqlSession.Of(session).ScalarAsync<long?>(
            "SELECT MAX(modified_at) FROM directory_entries WHERE organization_id = @organization AND deleted_at IS NULL", parameters);
        var groups = await SqlSession.Of(session).ScalarAsync<long?>(
            "SELECT MAX(modified_at) FROM directory_groups WHERE organization_id = @organization", parameters);
        return Rows.OptionalInstant(users is null ? groups : groups is null ? users : Math.Max(users.Value, groups.Value));
    }

    public async Task<IReadOnlyList<DirectoryEntry>> EntriesAsync(ISession session, OrganizationId organization, Guid? after, int limit)
    {
        var sql = SqlSession.Of(session);
        return [.. (await sql.QueryAsync<EntryRow>(
            $"""
            SELECT {EntryStore.Columns} FROM directory_entries e
            WHERE e.organization_id = @organization AND e.deleted_at IS NULL AND e.id > @after ORDER BY e.id {sql.Dialect.Page}
            """, new { organization = Ids.ToBytes(organization), after = Position(after), limit, offset = 0 })).Select(row => row.ToEntry())];
    }

    public async Task<IReadOnlyList<SeatedMember>> AbsenteesAsync(
        ISession session, OrganizationId organization, DateTimeOffset before, Guid? after, int limit)
    {
        var sql = SqlSession.Of(session);
        return [.. (await sql.QueryAsync<MemberRow>(
            $"""
            {MemberStore.Select} WHERE m.organization_id = @organization AND m.id > @after AND m.state <> 'removed' AND m.created_at < @before
              AND e.id IS NULL ORDER BY m.id {sql.Dialect.Page}
            """,
            new
            {
                organization = Ids.ToBytes(organization), after = Position(after), before = Instants.ToMicroseconds(before), limit, offset = 0,
            })).Select(row => row.ToMember())];
    }

    private static byte[] Position(Guid? after) => after?.ToByteArray(bigEndian: true) ?? [];

    private static object Parameters(DirectoryRun run, DirectoryRun before) => new
    {
        id = Ids.ToBytes(run.Id), organization = Ids.ToBytes(run.Organization), kind = Words.Text(run.Kind), scope = Words.Text(run.Scope),
        phase = Words.Text(run.Phase), position = run.Position?.ToByteArray(bigEndian: true), started = Instants.ToMicroseconds(run.StartedAt),
        run.Seen, run.Changed, state = Words.Text(run.State), beforePhase = Words.Text(before.Phase), beforeSeen = before.Seen,
    };

    private sealed record RunRow(
        byte[] Id, byte[] Organization_Id, string Kind, string Scope, string Phase, byte[]? Position, long Started_At, long Seen, long Changed, string State)
    {
        public DirectoryRun ToRun() => new(
            Rows.Id<DirectoryRunId>(Id), Rows.Id<OrganizationId>(Organization_Id), Words.Parse<RunKind>(Kind), Words.Parse<SyncScope>(Scope),
            Words.Parse<RunPhase>(Phase), Position is null ? null : new Guid(Position, bigEndian: true), Instants.FromMicroseconds(Started_At), Seen,
            Changed, Words.Parse<RunState>(State));
    }

    private sealed record PreviewRow(
        byte[] Id, byte[] Organization_Id, string Wanted, string Fingerprint, string Shown, long Removals, long Created_At, byte[]? Run_Id)
    {
        public ProvisioningPreview ToPreview() => new(
            Rows.Id<PreviewId>(Id), Rows.Id<OrganizationId>(Organization_Id), Wanted, Fingerprint, Shown, (int)Removals,
            Instants.FromMicroseconds(Created_At), Rows.OptionalId<DirectoryRunId>(Run_Id));
    }

    private sealed record SumRow(long Part, long Rows_There, long Versions);
}
