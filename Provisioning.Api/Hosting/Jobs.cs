using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Seats;

namespace Provisioning.Api.Hosting;

/// <summary>Hands out the seats that were set aside for people waiting, and gives back expired holds (rules SEAT-12, TIME-3). Idempotent.</summary>
public sealed partial class SeatQueueJob(
    IDatabase database, ISeatStore seats, MemberAdministration administration, TimeProvider time, ILogger<SeatQueueJob> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var failed = false;
            try
            {
                foreach (var organization in await database.ReadAsync(session => seats.NeedingDrainAsync(session, time.GetUtcNow(), 100), stoppingToken))
                {
                    var actor = new Actor(ActorKind.Job, "seat_queue", Channel.Job, "job_" + Ids.NewGuid(time).ToString("N"));
                    await administration.DrainAsync(organization, actor, null, stoppingToken);
                }
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                failed = true;
                Failed(logger, exception);
            }
            Instruments.JobRan("seat_queue", failed);
        }
    }

    [LoggerMessage(LogLevel.Error, "Seats set aside could not be handed out; the next round tries again")]
    private static partial void Failed(ILogger logger, Exception exception);
}

/// <summary>Deletes receipts nobody can ask for any more, a few hundred per unit.</summary>
public sealed partial class ReceiptSweepJob(Core.Storage.SqlDatabase database, TimeProvider time, ILogger<ReceiptSweepJob> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var actor = new Actor(ActorKind.Job, "receipt_sweep", Channel.Job, "receipt_sweep");
        using var timer = new PeriodicTimer(Pause, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var failed = false;
            try
            {
                while (await database.DeleteOldReceiptsAsync(actor, stoppingToken) > 0) { }
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                failed = true;
                Failed(logger, exception);
            }
            Instruments.JobRan("receipt_sweep", failed);
        }
    }

    [LoggerMessage(LogLevel.Error, "Old receipts could not be deleted; the next round tries again")]
    private static partial void Failed(ILogger logger, Exception exception);
}
