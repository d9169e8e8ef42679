using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;

namespace Provisioning.Core.Notifications;

/// <summary>A mail's subject and body, as plain text and as HTML with the same words.</summary>
public sealed record MailText(string Subject, string Plain, string Html)
{
    /// <summary>From paragraphs of plain text; the link, if any, is a paragraph of its own. Everything is encoded for HTML.</summary>
    public static MailText Of(string subject, IReadOnlyList<string> paragraphs, string? linkText = null, Uri? link = null)
    {
        var plain = string.Join("\n\n", paragraphs);
        if (link is not null) plain += $"\n\n{linkText}:\n{link.AbsoluteUri}";
        var html = new StringBuilder("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>").Append(WebUtility.HtmlEncode(subject))
            .Append("</title></head>\n<body style=\"font-family:sans-serif;line-height:1.5;max-width:36em;margin:2em auto;padding:0 1em;color:#1a1a1a\">\n");
        foreach (var paragraph in paragraphs) html.Append("<p>").Append(WebUtility.HtmlEncode(paragraph)).Append("</p>\n");
        if (link is not null)
        {
            var href = WebUtility.HtmlEncode(link.AbsoluteUri);
            html.Append("<p><a href=\"").Append(href).Append("\">").Append(WebUtility.HtmlEncode(linkText)).Append("</a></p>\n<p style=\"color:#555\">")
                .Append(href).Append("</p>\n");
        }
        return new MailText(OneLine(subject), plain + "\n", html.Append("</body></html>\n").ToString());
    }

    /// <summary>A subject is one line whatever a name holds: a line break would start another header.</summary>
    private static string OneLine(string text) => string.Concat(text.Select(letter => char.IsControl(letter) || letter is '\u2028' or '\u2029' ? ' ' : letter));
}

/// <summary>What the mails say.</summary>
public static class MailTexts
{
    private const string Why = "You receive this mail because you own this organisation.";

    /// <param name="member">The person it is about, as far as it is about one and known.</param>
    public static MailText ToOwner(Notification notification, string organization, string? member, Uri? place)
    {
        var facts = notification.Facts;
        var (subject, paragraphs) = notification.Kind switch
        {
            NotificationKind.SeatsLow => ($"{organization}: few {Text(facts, "tier")} seats are left", (string[])
            [
                $"{Text(facts, "free")} of {Text(facts, "purchased")} {Text(facts, "tier")} seats of {organization} are free.",
                "When they are taken, people who come in get a seat of a lower tier, or wait until a seat is free.",
            ]),
            NotificationKind.SeatsExhausted => ($"{organization}: no {Text(facts, "tier")} seat is left",
            [
                $"All {Text(facts, "purchased")} {Text(facts, "tier")} seats of {organization} are taken.",
                "People who come in now get a seat of a lower tier, or wait. Free a seat by suspending or unassigning somebody, or buy more.",
            ]),
            NotificationKind.SeatWanted => (Flag(facts, "refused") ? $"{organization}: somebody was refused for want of a seat" : $"{organization}: somebody is waiting for a seat",
            [
                Flag(facts, "refused")
                    ? $"{member ?? "Somebody"} did not get a seat of {organization}, because none is free."
                    : $"{member ?? "Somebody"} is in {organization}, but has no seat and waits for one.",
                "Free a seat by suspending or unassigning somebody, or buy more; who waits gets it first.",
                "Whoever else is refused or has to wait in the next 24 hours is told in one mail.",
            ]),
            NotificationKind.SeatDigest => ($"{organization}: people wanted seats in the last 24 hours",
            [
                $"In the last 24 hours, for want of a free seat of {organization}, requests were refused: {Text(facts, "refused")}; people started to wait: {Text(facts, "waiting")}.",
                "Some of them may have a seat by now.",
            ]),
            NotificationKind.InvitationExpired => ($"{organization}: an invitation has expired",
            [
                $"An invitation to {organization}{(facts["tier"] is null ? "" : $" with a {Text(facts, "tier")} seat")} was not accepted in time. The seat it held is free again.",
                "You can invite the person once more.",
            ]),
            NotificationKind.MembersParked => ($"{organization}: suspensions wait for your decision",
            [
                $"A change in the directory of {organization} ({Text(facts, "cause")}) would suspend more people than the mass-removal guard lets go within an hour: {Text(facts, "count")} of them keep their access for now.",
                "If this was meant, apply it; if it was a mistake, correct the group or discard it (GET /parked-effects).",
            ]),
            NotificationKind.DomainProofMissing => ($"{organization}: the proof of {Text(facts, "domain")} is gone",
            [
                $"The TXT record that proves that {Text(facts, "domain")} belongs to {organization} was not found any more.",
                $"Publish it again at the root of the domain, exactly: {Text(facts, "record")}",
                $"If it is still missing on {Text(facts, "lostAt")}, the domain is not verified any more: members stay, but nobody new comes in by an address there.",
            ]),
            NotificationKind.DomainLost => ($"{organization}: {Text(facts, "domain")} is not verified any more",
            [
                $"The TXT record that proves that {Text(facts, "domain")} belongs to {organization} has been missing for two weeks. Members stay and sign in as before; nobody new comes in by an address there.",
                "To verify the domain again, publish the record and ask for it to be looked for (POST /domains/{id}/verify).",
            ]),
            NotificationKind.CreditsLow => ($"{organization}: prepaid credits are running low",
            [
                $"{Text(facts, "balance")} of the credits of {organization} are left.",
                "When they are used up, usage stops for everybody until more are bought (POST /credits/purchases).",
            ]),
            NotificationKind.CreditsExhausted => ($"{organization}: prepaid credits are used up, usage has stopped",
            [
                $"The balance of the credits of {organization} is {Text(facts, "balance")}. New requests are refused for everybody.",
                "Usage goes on as soon as a purchase of credits is paid; what was used beyond the balance is taken from it first.",
            ]),
            var kind => SpendMailTexts.ToOwner(kind, facts, organization),
        };
        if (facts["purchaseHint"] is not JsonObject hint) return MailText.Of(subject, [.. paragraphs, Why], "Seats and people", place);
        return place is null
            ? MailText.Of(subject, [.. paragraphs, $"To get a price, send this as it is to POST /seat-quotes: {hint.ToJsonString()}", Why])
            : MailText.Of(subject, [.. paragraphs, Why], $"Get a price for one more {Text(hint, "tier")} seat", Prepared(place, hint));
    }

    /// <summary>The administration with the change to be quoted in its query, beside what stands there already.</summary>
    private static Uri Prepared(Uri place, JsonObject hint)
    {
        var query = string.Join('&', hint.Select(field => $"{Uri.EscapeDataString(field.Key)}={Uri.EscapeDataString(field.Value?.ToString() ?? "")}"));
        var to = new UriBuilder(place);
        to.Query = to.Query.Length > 1 ? to.Query[1..] + "&" + query : query;
        return to.Uri;
    }

    public static MailText ToInvited(NotificationKind kind, InvitationMail invitation, string organization)
    {
        var until = invitation.ExpiresAt.UtcDateTime.ToString("d MMMM yyyy, HH:mm 'UTC'", CultureInfo.InvariantCulture);
        var expiring = kind == NotificationKind.InvitationExpiring;
        return MailText.Of(expiring ? $"Your invitation to {organization} ends soon" : $"You are invited to {organization}",
        [
            expiring ? $"You were invited to {organization} and have not answered yet." : $"You are invited to join {organization}.",
            invitation.Tier is null ? "Accept the invitation with the link below." : $"A {invitation.Tier} seat is held for you. Accept the invitation with the link below.",
            $"The link is for you alone and works until {until}. If you did not expect this mail, ignore it.",
        ], "Accept the invitation", invitation.Link);
    }

    public static MailText ToAdministrator(RecoveryMail recovery, string organization) => MailText.Of($"{organization}: your link to the administration",
    [
        $"Somebody, probably you, asked to get into the administration of {organization} without the usual sign-in.",
        $"The link below lets you in once, until {recovery.ExpiresAt.UtcDateTime.ToString("HH:mm 'UTC'", CultureInfo.InvariantCulture)}, for one hour. It opens the administration only, not the product.",
        "If it was not you, do nothing and tell an owner of your organisation: whoever reads this mail can use the link.",
    ], "Open the administration", recovery.Link);

    private static string Text(JsonObject facts, string name) => facts[name]?.ToString() ?? "";

    private static bool Flag(JsonObject facts, string name) => facts[name] is JsonValue value && value.TryGetValue<bool>(out var flag) && flag;
}
