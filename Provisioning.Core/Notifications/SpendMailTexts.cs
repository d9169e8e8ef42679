using System.Text.Json.Nodes;

namespace Provisioning.Core.Notifications;

/// <summary>What the mails about caps and invoices say.</summary>
internal static class SpendMailTexts
{
    /// <summary>Subject and paragraphs of a mail to an owner.</summary>
    public static (string Subject, string[] Paragraphs) ToOwner(NotificationKind kind, JsonObject facts, string organization) => kind switch
    {
        NotificationKind.CapThreshold => ($"{organization}: {Text(facts, "percent")} % of a spending cap is spent",
        [
            $"{Text(facts, "spent")} of the cap of {Cap(facts)} {Scope(facts)} is spent in {Text(facts, "period")}.",
            "When all of it is spent, new requests it applies to are refused until it is raised or the next month begins.",
        ]),
        NotificationKind.UsageStopped => ($"{organization}: a spending cap is reached",
        [
            $"The cap of {Cap(facts)} {Scope(facts)} is reached for {Text(facts, "period")}. New requests it applies to are refused.",
            "Usage goes on when the cap is raised or removed, or when the next month begins.",
        ]),
        NotificationKind.UsageResumed => ($"{organization}: usage goes on",
        [
            Flag(facts, "credits") ? $"Credits of {organization} are available: the balance is {Text(facts, "balance")}." : $"The cap {Scope(facts)} is not reached any more.",
        ]),
        NotificationKind.InvoiceIssued when Flag(facts, "creditNote") => ($"{organization}: credit note {Text(facts, "number")}",
            [$"Credit note {Text(facts, "number")} over {Text(facts, "total")} {Text(facts, "currency")} was issued to {organization}."]),
        NotificationKind.InvoiceIssued => ($"{organization}: invoice {Text(facts, "number")}",
        [
            $"Invoice {Text(facts, "number")} over {Text(facts, "total")} {Text(facts, "currency")} was issued to {organization}; it is due on {Text(facts, "dueOn")}.",
            "You find it with its lines, and as PDF, under its number (GET /invoices).",
        ]),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No mail to an owner."),
    };

    /// <summary>A mail to a member about a cap on his own spending.</summary>
    public static MailText ToMember(Notification notification, string organization)
    {
        var facts = notification.Facts;
        var (subject, paragraphs) = notification.Kind switch
        {
            NotificationKind.CapThreshold => ($"{organization}: {Text(facts, "percent")} % of your spending cap is spent", (string[])
            [
                $"You have spent {Text(facts, "spent")} of your cap of {Cap(facts)} in {Text(facts, "period")}.",
                "When all of it is spent, your requests are refused until it is raised or the next month begins.",
            ]),
            NotificationKind.UsageStopped => ($"{organization}: your spending cap is reached",
            [
                $"Your cap of {Cap(facts)} is reached for {Text(facts, "period")}. Your requests are refused.",
                "You can go on when an owner of your organisation raises or removes the cap, or when the next month begins.",
            ]),
            NotificationKind.UsageResumed => ($"{organization}: you can go on", ["Your spending cap is not reached any more."]),
            _ => throw new ArgumentOutOfRangeException(nameof(notification), notification.Kind, "No mail to a member."),
        };
        return MailText.Of(subject, [.. paragraphs, $"You receive this mail because you are a member of {organization}."]);
    }

    private static string Cap(JsonObject facts) => $"{Text(facts, "cap")} {Text(facts, "currency")}";

    private static string Scope(JsonObject facts) => facts["tier"] is null ? "of the organisation" : $"of the tier {Text(facts, "tier")}";

    private static string Text(JsonObject facts, string name) => facts[name]?.ToString() ?? "";

    private static bool Flag(JsonObject facts, string name) => facts[name] is JsonValue value && value.TryGetValue<bool>(out var flag) && flag;
}
