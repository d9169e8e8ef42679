using Provisioning.Core.Common;

namespace Provisioning.Core.Notifications;

/// <summary>Which webhooks are being sent to: each once, so many at a time, and never so many of one organisation that others wait for it.</summary>
/// <param name="atOnce">Webhooks sent to at once.</param>
/// <param name="ofOne">Of one organisation.</param>
public sealed class SendingSlots(int atOnce, int ofOne)
{
    private readonly Dictionary<WebhookId, (OrganizationId Organization, Task Turn)> taken = [];

    /// <summary>Begins a turn when there is a slot for it; false when there is none.</summary>
    public bool TryStart(OrganizationId organization, WebhookId webhook, Func<Task> turn)
    {
        if (taken.Count >= atOnce || taken.ContainsKey(webhook) || taken.Values.Count(slot => slot.Organization == organization) >= ofOne) return false;
        taken[webhook] = (organization, turn());
        return true;
    }

    /// <summary>Gives back the slots of turns that have ended.</summary>
    public void Clear()
    {
        foreach (var (webhook, _) in taken.Where(slot => slot.Value.Turn.IsCompleted).ToList()) taken.Remove(webhook);
    }

    /// <summary>Every turn has ended.</summary>
    public Task WhenEmptyAsync() => Task.WhenAll(taken.Values.Select(slot => slot.Turn));
}
