using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Notifications;

/// <summary>Webhooks and the events on their way to them.</summary>
public interface IWebhookStore
{
    Task<IReadOnlyList<Webhook>> ListAsync(ISession session, OrganizationId organization);

    /// <summary>Events pending and dead of each webhook that has any.</summary>
    Task<IReadOnlyDictionary<WebhookId, (long Pending, long Dead)>> CountsAsync(ISession session, OrganizationId organization);

    Task<Webhook?> FindAsync(ISession session, OrganizationId organization, WebhookId id);

    Task InsertAsync(ISession session, Webhook webhook);

    /// <summary>Writes the secrets of the webhook that still has the version before; throws <see cref="UnitConflictException"/> when not.</summary>
    Task UpdateSecretsAsync(ISession session, Webhook webhook);

    /// <summary>With everything on its way to it; false when there is no such webhook.</summary>
    Task<bool> DeleteAsync(ISession session, OrganizationId organization, WebhookId id);

    /// <summary>Puts events on their way, and wakes the webhook when nothing was on its way before.</summary>
    Task EnqueueAsync(ISession session, WebhookId webhook, IReadOnlyList<SealedEvent> events, DateTimeOffset now);

    /// <summary>Webhooks whose next attempt is due.</summary>
    Task<IReadOnlyList<(OrganizationId Organization, WebhookId Webhook)>> DueAsync(ISession session, DateTimeOffset now, int limit);

    /// <summary>The pending delivery with the smallest number, with its event; null when nothing is pending or the webhook is not due.</summary>
    Task<DueDelivery?> NextAsync(ISession session, OrganizationId organization, WebhookId webhook, DateTimeOffset now);

    /// <summary>
    /// Writes what became of an attempt, and when the webhook's next one is due. Locks the webhook first: an event that is enqueued
    /// meanwhile either is seen here or wakes the webhook afterwards.
    /// </summary>
    /// <param name="failures">Failed attempts in a row from now on.</param>
    /// <param name="next">When the next attempt is due, if anything is pending.</param>
    /// <param name="giveUpBefore">What waits since before this instant is given up; null gives up nothing.</param>
    Task RecordAsync(ISession session, Delivery delivery, int failures, DateTimeOffset next, DateTimeOffset? giveUpBefore);

    /// <summary>Newest first.</summary>
    Task<Page<Delivery>> DeliveriesAsync(ISession session, WebhookId webhook, DeliveryState? state, long? before, int limit);

    /// <summary>Puts deliveries back on their way, dead ones or one whatever its state; answers how many.</summary>
    /// <param name="sequence">Null: all dead ones.</param>
    Task<int> ResendAsync(ISession session, WebhookId webhook, long? sequence, DateTimeOffset now);
}

/// <summary>A delivery whose turn it is, with what is to be sent.</summary>
public sealed record DueDelivery(Webhook Webhook, Delivery Delivery, SealedEvent Event);
