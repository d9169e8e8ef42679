using Provisioning.Api.Configuration;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Invitations;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Hosting;

/// <summary>Hands out the seats that were set aside for people waiting, and gives back expired holds (rules SEAT-12, TIME-3). Idempotent.</summary>
public sealed class SeatQueueJob(
    IDatabase database, ISeatStore seats, MemberAdministration administration, Leases leases, TimeProvider time, JobServices services)
    : LeasedJob("seat_queue", TimeSpan.FromSeconds(1), services.LeaseLife, leases, time, services.Logger)
{
    private readonly TimeProvider clock = time;

    protected override async Task RunAsync(CancellationToken cancel) =>
        await Round(cancel).EachAsync(
            await database.ReadAsync(session => seats.NeedingDrainAsync(session, clock.GetUtcNow(), 100), cancel),
            (organization, turn) => administration.DrainUnderAsync(turn.Lease, organization, turn.Actor, cancel));
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

/// <summary>Ends the invitations whose time is over.</summary>
public sealed class InvitationExpiryJob(InvitationExpiry expiry, Leases leases, TimeProvider time, JobServices services)
    : LeasedJob("invitation_expiry", TimeSpan.FromSeconds(30), services.LeaseLife, leases, time, services.Logger)
{
    protected override Task RunAsync(CancellationToken cancel) => expiry.RunAsync(Round(cancel), cancel);
}

/// <summary>Looks again for the records of verified domains. Each at most once a day; a round takes some, and renews its lease before each.</summary>
public sealed class DomainProofJob(DomainProofs proofs, Leases leases, TimeProvider time, JobServices services)
    : LeasedJob("domain_proofs", TimeSpan.FromMinutes(10), services.LeaseLife, leases, time, services.Logger)
{
    protected override async Task RunAsync(CancellationToken cancel) =>
        await Round(cancel).EachAsync(await proofs.DueAsync(cancel), (domain, turn) => proofs.CheckAsync(domain, turn.Actor, turn.Lease, cancel));
}

/// <summary>Writes when tokens were used last; each node for the requests it saw.</summary>
public sealed partial class TokenUseJob(Credentials credentials, TimeProvider time, ILogger<TokenUseJob> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await credentials.WriteUseAsync(Actor(), stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                Failed(logger, exception);
            }
        }
    }

    private Actor Actor() => new(ActorKind.Job, "token_use", Channel.Job, "job_" + Ids.NewGuid(time).ToString("N"));

    [LoggerMessage(LogLevel.Warning, "The times of last use of tokens were not written; the next round tries again")]
    private static partial void Failed(ILogger logger, Exception exception);
}

/// <summary>What every job needs of the host.</summary>
public sealed class JobServices(ServiceSettings settings, ILogger<LeasedJob> logger)
{
    public TimeSpan LeaseLife => settings.Jobs.LeaseLife;

    public ILogger Logger => logger;
}
