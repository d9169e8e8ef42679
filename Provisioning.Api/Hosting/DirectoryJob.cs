using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Api.Hosting;

/// <summary>
/// Carries on with what was too much for one unit: people of big groups, syncs, applies, parked suspensions (design D2, rule TIME-3). Each
/// unit takes what it does off the list, so it is idempotent and survives a crash.
/// </summary>
public sealed class DirectoryJob(
    IDatabase database, IMappingStore mappings, IOrganizationStore organizations, GroupFollower groups, DirectoryRuns runs, ParkedEffects parked,
    Leases leases, TimeProvider time, JobServices services)
    : LeasedJob("directory", TimeSpan.FromSeconds(1), services.LeaseLife, leases, time, services.Logger)
{
    /// <summary>Entries looked at in one unit.</summary>
    private const int Chunk = 100;

    private readonly TimeProvider clock = time;

    protected override async Task RunAsync(CancellationToken cancel)
    {
        var round = Round(cancel);
        await round.EachAsync(await database.ReadAsync(session => mappings.WithDueAsync(session, 50), cancel), async (organization, first) =>
        {
            for (var turn = first; turn is not null && await EvaluateAsync(organization, turn, cancel); turn = await round.MineAsync()) { }
        });
        await round.EachAsync(await runs.RunningAsync(cancel), async (running, first) =>
        {
            var run = running;
            for (var turn = first; turn is not null && run.State == RunState.Running; turn = await round.MineAsync())
            {
                if (!(await runs.StepAsync(run, turn.Actor, turn.Lease, cancel)).Try(out var next, out _)) break;
                run = next;
            }
        });
        await round.EachAsync(await parked.ApplyingAsync(cancel), async (effect, first) =>
        {
            for (var turn = first;
                turn is not null && await parked.StepAsync(effect.Organization, effect.Effect, turn.Actor, turn.Lease, cancel) is { IsOk: true, Value.State: ParkedState.Applying };
                turn = await round.MineAsync()) { }
        });
    }

    /// <summary>True: there may be more.</summary>
    private async Task<bool> EvaluateAsync(OrganizationId id, JobTurn turn, CancellationToken cancel)
    {
        var taken = await database.WriteAsync(new WriteUnit<int>(
            Ids.New<UnitId>(clock), "directory.due", turn.Actor, Instants.Now(clock), async scope =>
                await organizations.FindAsync(scope.Session, id.ToString()) is { } organization
                    ? await groups.EvaluateDueAsync(scope, organization, Chunk) : 0) { Organization = id, Lease = turn.Lease }, cancel);
        return taken is { IsOk: true, Value: Chunk };
    }
}

/// <summary>Deletes previews that are past their time.</summary>
public sealed class PreviewSweepJob(ProvisioningPreviews previews, Leases leases, TimeProvider time, JobServices services)
    : LeasedJob("preview_sweep", TimeSpan.FromMinutes(10), services.LeaseLife, leases, time, services.Logger)
{
    protected override async Task RunAsync(CancellationToken cancel)
    {
        if (await StillMineAsync(cancel) is { } lease) await previews.SweepAsync(lease, ActorOf(lease), cancel);
    }
}
