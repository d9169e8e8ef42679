using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Notifications;

/// <summary>Puts each event, as it gets its number, on its way to the webhooks that want it: in the same unit, so none is lost or doubled.</summary>
public sealed class WebhookFanOut(IWebhookStore store) : ISealedEvents
{
    public async Task TakeAsync(UnitScope scope, OrganizationId organization, IReadOnlyList<SealedEvent> events)
    {
        foreach (var webhook in await store.ListAsync(scope.Session, organization))
        {
            var wanted = events.Where(item => webhook.Wants(item.Type)).ToList();
            if (wanted.Count > 0) await store.EnqueueAsync(scope.Session, webhook.Id, wanted, scope.Now);
        }
    }
}
