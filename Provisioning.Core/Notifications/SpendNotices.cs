using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Notifications;

/// <summary>
/// Tells owners by mail that credits are low or used up, that a cap of the organisation or of a tier fills up, stops usage or lets it go on,
/// and that an invoice was issued; and each member the same of a cap on his own spending (rules NOTI-4, NOTI-5).
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
            // That credits are used up says already that usage stopped; and that usage stopped, that the whole cap is spent.
            if (item.Type == "usage.stopped" && reason == "credits_exhausted") continue;
            if (kind == NotificationKind.CapThreshold && after?["percent"]?.GetValue<int>() >= 100) continue;
            var facts = kind == NotificationKind.InvoiceIssued ? Invoice(after) : Spending(after, reason);
            if (after?["memberId"]?.GetValue<string>() is not { } member) await owners.TellAsync(scope, organization, kind, facts);
            else if (Ids.TryParse<MemberId>(member, out var own)) await owners.TellMemberAsync(scope, organization, kind, own, facts);
        }
    }

    private static JsonObject Spending(JsonObject? after, string? reason) => new()
    {
        ["balance"] = after?["balance"]?.DeepClone(), ["tier"] = after?["tier"]?.DeepClone(), ["cap"] = after?["amount"]?.DeepClone(),
        ["currency"] = after?["currency"]?.DeepClone(), ["period"] = after?["period"]?.DeepClone(), ["percent"] = after?["percent"]?.DeepClone(),
        ["spent"] = after?["spent"]?.DeepClone(), ["credits"] = reason == "credits_exhausted",
    };

    private static JsonObject Invoice(JsonObject? after) => new()
    {
        ["number"] = after?["number"]?.DeepClone(), ["total"] = after?["total"]?.DeepClone(), ["currency"] = after?["currency"]?.DeepClone(),
        ["dueOn"] = after?["dueOn"]?.DeepClone(), ["creditNote"] = after?["kind"]?.GetValue<string>() == "credit_note",
    };

    private static NotificationKind? KindOf(string type) => type switch
    {
        "credits.low" => NotificationKind.CreditsLow,
        "credits.exhausted" => NotificationKind.CreditsExhausted,
        "cap.threshold" => NotificationKind.CapThreshold,
        "usage.stopped" => NotificationKind.UsageStopped,
        "usage.resumed" => NotificationKind.UsageResumed,
        "invoice.issued" => NotificationKind.InvoiceIssued,
        _ => null,
    };
}
