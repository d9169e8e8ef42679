using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Api.Hosting;

/// <summary>
/// Work that one node does at a time: it runs only under its lease, and when the holder dies another node takes over after the
/// deadline (design D8). The lease is kept between rounds, so that the work stays on one node while that node lives.
/// </summary>
public abstract partial class LeasedJob(string name, TimeSpan pause, TimeSpan leaseLife, Leases leases, TimeProvider time, ILogger logger) : BackgroundService
{
    private Lease? held;

    /// <summary>One round. Asks <see cref="StillMineAsync"/> before each unit and ends when the answer is null.</summary>
    protected abstract Task RunAsync(CancellationToken cancel);

    /// <summary>The lease for the next unit, renewed in time; null when another node took the job.</summary>
    protected async Task<Lease?> StillMineAsync(CancellationToken cancel) => held is null ? null : held = await leases.HoldAsync(name, held, cancel);

    /// <summary>For work over many items, of which one that fails must not keep the others.</summary>
    protected JobRound Round(CancellationToken cancel) => new(
        async () => await StillMineAsync(cancel) is { } lease ? new JobTurn(lease, ActorOf(lease)) : null, exception =>
        {
            Instruments.JobRan(name, failed: true);
            ItemFailed(logger, exception, name);
        }, cancel);

    /// <summary>The generation stands in the audit trail: which run of the job did it.</summary>
    protected Actor ActorOf(Lease lease) =>
        new(ActorKind.Job, name, Channel.Job, FormattableString.Invariant($"job_{lease.Generation}_{Ids.NewGuid(time):N}"));

    /// <summary>What a round left running has ended; then the job is given back.</summary>
    protected virtual Task WhenStoppedAsync() => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var tick = pause < leaseLife / 4 ? pause : leaseLife / 4;
        using var timer = new PeriodicTimer(tick, time);
        var due = time.GetUtcNow() + pause;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                var before = held;
                held = await leases.HoldAsync(name, held, stoppingToken);
                if (held is not null && held.Generation != before?.Generation) Took(logger, name, held.Generation);
                if (held is null || time.GetUtcNow() < due) continue;
                await RunAsync(stoppingToken);
                Instruments.JobRan(name, failed: false);
                due = time.GetUtcNow() + pause - (tick / 2);
            }
            catch (LeaseLostException)
            {
                held = null;
                Lost(logger, name);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                Instruments.JobRan(name, failed: true);
                Failed(logger, exception, name);
            }
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await WhenStoppedAsync();
        if (held is { } lease) await leases.ReleaseAsync(lease, cancellationToken);
    }

    [LoggerMessage(LogLevel.Information, "Job {Job} runs on this node now, generation {Generation}")]
    private static partial void Took(ILogger logger, string job, long generation);

    [LoggerMessage(LogLevel.Warning, "Job {Job} was taken over by another node")]
    private static partial void Lost(ILogger logger, string job);

    [LoggerMessage(LogLevel.Error, "Job {Job} failed for one item and goes on with the next; the next round tries it again")]
    private static partial void ItemFailed(ILogger logger, Exception exception, string job);

    [LoggerMessage(LogLevel.Error, "A round of job {Job} failed; the next round tries again")]
    private static partial void Failed(ILogger logger, Exception exception, string job);
}
