using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Notifications;

namespace Provisioning.Api.Hosting;

/// <summary>
/// Sends events to webhooks: one after the other to each, side by side to different ones, so that a receiver that hangs holds up no
/// other. Work goes on between rounds; a round only starts what is due.
/// </summary>
public sealed partial class WebhookDeliveryJob(WebhookDelivery delivery, Leases leases, TimeProvider time, JobServices services)
    : LeasedJob(Name, TimeSpan.FromMilliseconds(500), services.LeaseLife, leases, time, services.Logger)
{
    private const string Name = "webhook_delivery";

    /// <summary>Webhooks sent to at once, and of one organisation.</summary>
    private const int AtOnce = 64, OfOne = 8;

    private readonly SendingSlots slots = new(AtOnce, OfOne);
    private readonly ILogger logger = services.Logger;
    private volatile Lease? current;
    private volatile bool lost;

    protected override async Task RunAsync(CancellationToken cancel)
    {
        slots.Clear();
        if (lost && current is { } old)
        {
            (lost, current) = (false, null);
            throw new LeaseLostException(old);
        }
        if ((current = await StillMineAsync(cancel)) is null) return;
        foreach (var (organization, webhook) in await delivery.DueAsync(AtOnce * 4, cancel))
            slots.TryStart(organization, webhook, () => SendAsync(organization, webhook, cancel));
    }

    protected override Task WhenStoppedAsync() => slots.WhenEmptyAsync();

    private async Task SendAsync(OrganizationId organization, WebhookId webhook, CancellationToken cancel)
    {
        try
        {
            await delivery.SendTurnAsync(organization, webhook, () => current is { } lease ? (ActorOf(lease), lease) : null, cancel);
        }
        catch (LeaseLostException)
        {
            lost = true;
        }
        catch (Exception exception) when (!cancel.IsCancellationRequested)
        {
            Instruments.JobRan(Name, failed: true);
            Failed(logger, exception, webhook);
        }
        catch (OperationCanceledException)
        {
            // The service stops; what was not written down is sent again.
        }
    }

    [LoggerMessage(LogLevel.Error, "Sending to webhook {Webhook} failed; the next round tries again")]
    private static partial void Failed(ILogger logger, Exception exception, WebhookId webhook);
}

/// <summary>Ends the days of notices and sends the mails that are due.</summary>
public sealed class MailDeliveryJob(MailDelivery delivery, OwnerNotices notices, Leases leases, TimeProvider time, JobServices services)
    : LeasedJob("mail_delivery", TimeSpan.FromMilliseconds(500), services.LeaseLife, leases, time, services.Logger)
{
    /// <summary>Between looks at a mail server that cannot be reached.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    private readonly TimeProvider clock = time;
    private DateTimeOffset pausedUntil = DateTimeOffset.MinValue;
    private int failures;

    protected override async Task RunAsync(CancellationToken cancel)
    {
        var ended = await Round(cancel).EachAsync(await notices.DaysEndedAsync(cancel),
            (organization, job) => notices.EndDayAsync(organization, job.Actor, job.Lease, cancel));
        if (!ended) return;
        while (clock.GetUtcNow() >= pausedUntil && await delivery.DueAsync(cancel) is { Count: > 0 } due)
        {
            foreach (var notification in due)
            {
                if (await StillMineAsync(cancel) is not { } lease) return;
                if (await delivery.SendAsync(notification, ActorOf(lease), lease, cancel))
                {
                    failures = 0;
                    continue;
                }
                pausedUntil = clock.GetUtcNow() + Min(TimeSpan.FromSeconds(Math.Pow(2, Math.Min(failures++, 10))), Longest);
                return;
            }
        }
    }

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;
}

/// <summary>Deletes events and mails that are past their time, a few hundred per unit.</summary>
public sealed class DeliverySweepJob(DeliveryRetention retention, Leases leases, TimeProvider time, JobServices services)
    : LeasedJob("delivery_sweep", TimeSpan.FromMinutes(10), services.LeaseLife, leases, time, services.Logger)
{
    protected override async Task RunAsync(CancellationToken cancel)
    {
        while (await StillMineAsync(cancel) is { } lease && await retention.SweepAsync(ActorOf(lease), lease, cancel)) { }
    }
}
