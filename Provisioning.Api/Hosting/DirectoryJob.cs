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
        foreach (var organization in await database.ReadAsync(session => mappings.WithDueAsync(session, 50), cancel))
            while (await StillMineAsync(cancel) is { } lease && await EvaluateAsync(organization, lease, cancel)) { }
        foreach (var running in await runs.RunningAsync(cancel))
            for (var run = running; run.State == RunState.Running && await StillMineAsync(cancel) is { } lease;)
            {
                if (!(await runs.StepAsync(run, ActorOf(lease), lease, cancel)).Try(out var next, out _)) break;
                run = next;
            }
        foreach (var (organization, effect) in await parked.ApplyingAsync(cancel))
            while (await StillMineAsync(cancel) is { } lease
                && await parked.StepAsync(organization, effect, ActorOf(lease), lease, cancel) is { IsOk: true, Value.State: ParkedState.Applying }) { }
    }

    /// <summary>True: there may be more.</summary>
    private async Task<bool> EvaluateAsync(OrganizationId id, Lease lease, CancellationToken cancel)
    {
        var taken = await database.WriteAsync(new WriteUnit<int>(
            Ids.New<UnitId>(clock), "directory.due", ActorOf(lease), Instants.Now(clock), async scope =>
                await organizations.FindAsync(scope.Session, id.ToString()) is { } organization
                    ? await groups.EvaluateDueAsync(scope, organization, Chunk) : 0) { Organization = id, Lease = lease }, cancel);
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
