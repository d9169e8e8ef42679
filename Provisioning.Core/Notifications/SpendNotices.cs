using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Notifications;

/// <summary>
/// Tells owners by mail that credits are low or used up, and that usage of the organisation or of a tier stopped at its cap or goes on (rule
/// NOTI-5). A member's own cap is told as an event only: owners set it, and there may be thousands (choice).
/// </summary>
public sealed class SpendNotices(OwnerNotices owners) : ISealedEvents
{
    public async Task TakeAsync(UnitScope scope, OrganizationId organization, IReadOnlyList<SealedEvent> events)
    {
        foreach (var item in events)
        {
            if (KindOf(item.Type) is not { } kind) continue;
            var data = JsonNode.Parse(item.Data);
            var (after, reason) = (data?["after"] as JsonObject, data?["reason"]?.GetValue<string>());
            // That credits are used up says already that usage stopped.
            if (item.Type == "usage.stopped" && reason == "credits_exhausted") continue;
            if (after?["scope"]?.GetValue<string>() == "individual" || after?["memberId"] is not null) continue;
            await owners.TellAsync(scope, organization, kind, new JsonObject
            {
                ["balance"] = after?["balance"]?.DeepClone(), ["tier"] = after?["tier"]?.DeepClone(), ["cap"] = after?["amount"]?.DeepClone(),
                ["currency"] = after?["currency"]?.DeepClone(), ["period"] = after?["period"]?.DeepClone(), ["credits"] = reason == "credits_exhausted",
            });
        }
    }

    private static NotificationKind? KindOf(string type) => type switch
    {
        "credits.low" => NotificationKind.CreditsLow,
        "credits.exhausted" => NotificationKind.CreditsExhausted,
        "usage.stopped" => NotificationKind.UsageStopped,
        "usage.resumed" => NotificationKind.UsageResumed,
        _ => null,
    };
}
