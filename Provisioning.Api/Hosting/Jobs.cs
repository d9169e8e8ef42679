using Provisioning.Api.Configuration;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Seats;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Hosting;

/// <summary>Hands out the seats that were set aside for people waiting, and gives back expired holds (rules SEAT-12, TIME-3). Idempotent.</summary>
public sealed class SeatQueueJob(
    IDatabase database, ISeatStore seats, MemberAdministration administration, Leases leases, TimeProvider time, JobServices services)
    : LeasedJob("seat_queue", TimeSpan.FromSeconds(1), services.LeaseLife, leases, time, services.Logger)
{
    private readonly TimeProvider clock = time;

    protected override async Task RunAsync(CancellationToken cancel)
    {
        foreach (var organization in await database.ReadAsync(session => seats.NeedingDrainAsync(session, clock.GetUtcNow(), 100), cancel))
        {
            if (await StillMineAsync(cancel) is not { } lease) return;
            await administration.DrainUnderAsync(lease, organization, ActorOf(lease), cancel);
        }
    }
}

/// <summary>Deletes receipts nobody can ask for any more, a few hundred per unit.</summary>
public sealed class ReceiptSweepJob(IReceiptSweep receipts, Leases leases, TimeProvider time, JobServices services)
    : LeasedJob("receipt_sweep", TimeSpan.FromMinutes(10), services.LeaseLife, leases, time, services.Logger)
{
    protected override async Task RunAsync(CancellationToken cancel)
    {
        while (await StillMineAsync(cancel) is { } lease && await receipts.DeleteOldReceiptsAsync(ActorOf(lease), lease, cancel) > 0) { }
    }
}

/// <summary>Deletes codes, flows and replay rows past their time, and sessions that are long over.</summary>
public sealed class SessionSweepJob(SessionDirectory sessions, Leases leases, TimeProvider time, JobServices services)
    : LeasedJob("session_sweep", TimeSpan.FromMinutes(10), services.LeaseLife, leases, time, services.Logger)
{
    protected override async Task RunAsync(CancellationToken cancel)
    {
        while (await StillMineAsync(cancel) is { } lease && await sessions.SweepAsync(lease, ActorOf(lease), cancel) > 0) { }
    }
}

/// <summary>What every job needs of the host.</summary>
public sealed class JobServices(ServiceSettings settings, ILogger<LeasedJob> logger)
{
    public TimeSpan LeaseLife => settings.Jobs.LeaseLife;

    public ILogger Logger => logger;
}
