using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Directory;

/// <summary>
/// Walks over everybody of an organisation in small units: a sync (rule GRP-8) or the apply of a preview (rule SCIM-12). Each unit moves the
/// run's position with what it changed, so whoever carries on after a crash repeats nothing and skips nobody.
/// </summary>
public sealed class DirectoryRuns(
    IDatabase database, IOrganizationStore organizations, IRunStore runs, IParkedStore parked, RunSteps steps, SeatEngine seats, TimeProvider time)
{
    /// <summary>Units that the request of an owner does itself; a job does the rest.</summary>
    public const int UnitsAtOnce = 5;

    /// <summary>Starts a sync and does its first part; also hands free seats to the waiting ("sync now", rule SEAT-12).</summary>
    public async Task<Outcome<DirectoryRun>> SyncAsync(
        Organization organization, Actor actor, SyncScope scope, Idempotency? idempotency, CancellationToken cancel)
    {
        var id = Ids.New<DirectoryRunId>(time);
        var started = await database.WriteAsync(new WriteUnit<DirectoryRun>(
            idempotency?.Id ?? Ids.New<UnitId>(time), "directory.sync", actor, Instants.Now(time), async unit =>
        {
            await seats.DrainAsync(unit, organization.Id);
            await parked.RemoveDiscardedAsync(unit.Session, organization.Id);
            var run = DirectoryRun.Start(id, organization.Id, RunKind.Sync, scope, unit.Now);
            await runs.InsertAsync(unit.Session, run);
            unit.Note(organization.Id, "directory.sync_started", Target(run.Id), new() { ["scope"] = Words.Text(scope) });
            return run;
        }) { Organization = organization.Id, RequestHash = idempotency?.RequestHash }, cancel);
        return started.Try(out var begun, out var error) ? await CarryOnAsync(begun, actor, cancel) : error;
    }

    /// <summary>The first units of a run that was just started.</summary>
    public async Task<Outcome<DirectoryRun>> CarryOnAsync(DirectoryRun run, Actor actor, CancellationToken cancel)
    {
        for (var unit = 0; unit < UnitsAtOnce && run.State == RunState.Running; unit++)
        {
            if (!(await StepAsync(run, actor, null, cancel)).Try(out var next, out var error)) return error;
            run = next;
        }
        return run;
    }

    public Task<DirectoryRun?> FindAsync(OrganizationId organization, DirectoryRunId run, CancellationToken cancel) =>
        database.ReadAsync(session => runs.FindAsync(session, organization, run), cancel);

    /// <summary>Runs that are not done, one of each organisation.</summary>
    public Task<IReadOnlyList<DirectoryRun>> RunningAsync(CancellationToken cancel) =>
        database.ReadAsync(session => runs.RunningAsync(session, time.GetUtcNow(), 50), cancel);

    /// <summary>One unit of a run; answers where it stands now.</summary>
    public Task<Outcome<DirectoryRun>> StepAsync(DirectoryRun known, Actor actor, Lease? lease, CancellationToken cancel)
    {
        var ids = Enumerable.Range(0, RunSteps.Chunk).Select(_ => Ids.New<MemberId>(time)).ToList();
        var again = Ids.New<DirectoryRunId>(time);
        return database.WriteAsync(new WriteUnit<DirectoryRun>(Ids.New<UnitId>(time), "directory.step", actor, Instants.Now(time), async scope =>
        {
            var run = await runs.FindAsync(scope.Session, known.Organization, known.Id);
            if (run is null or { State: RunState.Done }) return run ?? known with { State = RunState.Done };
            var organization = (await organizations.FindAsync(scope.Session, run.Organization.ToString()))!;
            // What is not so any more is not carried on with: a switch back ended it.
            var after = organization.FollowsDirectory ? await steps.TakeAsync(scope, organization, run, ids) : run with { State = RunState.Done };
            await runs.UpdateAsync(scope.Session, run, after);
            if (after.State == RunState.Done) await FinishAsync(scope, after, again);
            return after;
        }) { Organization = known.Organization, Lease = lease }, cancel);
    }

    private async Task FinishAsync(UnitScope scope, DirectoryRun run, DirectoryRunId again)
    {
        scope.Record(run.Organization, run.Kind == RunKind.Apply ? "directory.apply_completed" : "directory.sync_completed", Target(run.Id), null,
            new() { ["seen"] = run.Seen, ["changed"] = run.Changed });
        // Other nodes may have worked with the old settings for a moment (GrantCache): one more look when that is over.
        if (run.Kind == RunKind.Apply)
            await runs.InsertAsync(scope.Session, DirectoryRun.Start(
                again, run.Organization, RunKind.Sync, SyncScope.Both, scope.Now + (2 * GrantCache.Staleness)));
    }

    private static Target Target(DirectoryRunId run) => new("run", run.ToString());
}
