using System.Diagnostics;
using System.Diagnostics.Metrics;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Notifications;
using Provisioning.Core.Seats;

namespace Provisioning.Api.Hosting;

/// <summary>
/// Seats per tier and the age of the outbox as gauges. Asks the database while somebody listens, at most a fiftieth of the time;
/// every node reports the same sums.
/// </summary>
internal sealed partial class ServiceGauges : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly IDatabase database;
    private readonly IServiceFigures figures;
    private readonly IDeliveryFigures deliveries;
    private readonly TimeProvider time;
    private readonly ILogger<ServiceGauges> logger;
    private readonly Meter meter = new(Instruments.Name);
    private readonly ObservableGauge<long> purchased;
    private volatile Reading? reading;

    public ServiceGauges(IDatabase database, IServiceFigures figures, IDeliveryFigures deliveries, TimeProvider time, ILogger<ServiceGauges> logger)
    {
        (this.database, this.figures, this.deliveries, this.time, this.logger) = (database, figures, deliveries, time, logger);
        purchased = Seats("purchased", "Seats bought", static tier => tier.Purchased);
        Seats("assigned", "Seats members sit on", static tier => tier.Assigned);
        Seats("held", "Seats reserved by pending invitations", static tier => tier.Held);
        Seats("queued", "Seats set aside for people who wait", static tier => tier.Queued);
        Seats("free", "Seats nobody claims", static tier => tier.Free);
        Seats("waiting", "People who wait for a seat", static tier => tier.Waiting);
        meter.CreateObservableGauge("provisioning.outbox.age", OutboxAge, "s", "Age of the oldest event or mail that is not where it belongs; 0 when there is none");
        meter.CreateObservableGauge("provisioning.deliveries.dead", Dead, "{delivery}", "Events and mails that were given up");
    }

    public override void Dispose()
    {
        meter.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            var started = time.GetTimestamp();
            if (purchased.Enabled) await ReadAsync(stoppingToken);
            var pause = time.GetElapsedTime(started) * 50;
            await Task.Delay(pause > Pause ? pause : Pause, time, stoppingToken);
        }
    }

    private async Task ReadAsync(CancellationToken cancel)
    {
        try
        {
            reading = await database.ReadAsync(
                async session => new Reading(
                    await figures.SeatsAsync(session), await figures.OldestUnsealedEventAsync(session), await deliveries.ReadAsync(session)), cancel);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            reading = null; // a gap in the chart, not an old number
            Failed(logger, exception);
        }
    }

    private ObservableGauge<long> Seats(string name, string description, Func<TierFigures, long> number) => meter.CreateObservableGauge(
        "provisioning.seats." + name,
        () => (reading?.Tiers ?? []).Select(tier => new Measurement<long>(number(tier), new KeyValuePair<string, object?>("tier", tier.Tier))),
        name == "waiting" ? "{person}" : "{seat}", description);

    private IEnumerable<Measurement<double>> OutboxAge() => reading is not { } read ? []
        : [new Measurement<double>(read.Oldest is { } at ? Math.Max(0, (time.GetUtcNow() - at).TotalSeconds) : 0)];

    private IEnumerable<Measurement<long>> Dead() => reading is not { } read ? [] :
    [
        new Measurement<long>(read.Deliveries.DeadEvents, new KeyValuePair<string, object?>("kind", "webhook")),
        new Measurement<long>(read.Deliveries.FailedMails, new KeyValuePair<string, object?>("kind", "mail")),
    ];

    [LoggerMessage(LogLevel.Warning, "The numbers of seats could not be read for the metrics; the next round tries again")]
    private static partial void Failed(ILogger logger, Exception exception);

    private sealed record Reading(IReadOnlyList<TierFigures> Tiers, DateTimeOffset? OldestEvent, DeliveryFigures Deliveries)
    {
        public DateTimeOffset? Oldest => OldestEvent is { } at && Deliveries.OldestPending is { } pending ? (at < pending ? at : pending) : OldestEvent ?? Deliveries.OldestPending;
    }
}
