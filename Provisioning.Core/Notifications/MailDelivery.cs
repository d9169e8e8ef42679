using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Notifications;

/// <summary>Where owners find the administration; null when no address is configured: then mails have no link.</summary>
public sealed record AdministrationPlace(Uri? Url);

/// <summary>
/// Sends mails that are due. Each is on its own: a mail that a server does not take holds up no other. What was sent is written down
/// afterwards, so a mail may come twice when a node dies in between, with the same Message-ID.
/// </summary>
public sealed class MailDelivery(
    IDatabase database, INotificationStore store, IMailSender sender, SecretMails secrets, DeliveryPolicy settings, AdministrationPlace place,
    TimeProvider time)
{
    /// <summary>Mails of one look.</summary>
    private const int Batch = 50;

    /// <summary>A mail is given up when no server could be reached for this long; reminders are made weeks before they are due.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    public Task<IReadOnlyList<Notification>> DueAsync(CancellationToken cancel) =>
        database.ReadAsync(session => store.DueAsync(session, Instants.Now(time), Batch), cancel);

    /// <summary>One attempt; false when the server cannot be reached, so that there is no use in trying the next one now.</summary>
    public async Task<bool> SendAsync(Notification notification, Actor actor, Lease? lease, CancellationToken cancel)
    {
        var (message, why) = ((MailMessage?)null, (string?)"no_mail_server");
        MailResult? result = null;
        Exception? bug = null;
        try
        {
            if (sender.IsConfigured) (message, why) = await ComposeAsync(notification, cancel);
            if (message is not null) result = await sender.SendAsync(message, cancel);
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or StoreUnavailableException))
        {
            // A mail that cannot be made must not stand in front of all others: it waits like one that failed.
            (bug, result) = (exception, new MailResult(MailFault.Later, "internal_error"));
        }
        var now = Instants.Now(time);
        var after = result is null ? notification with { State = NotificationState.Dropped, Error = why } : After(notification, message?.To, result, now);
        var next = now + settings.Backoff.After(Math.Max(1, after.Attempts));
        await database.WriteAsync(new WriteUnit<Done>(Ids.New<UnitId>(time), "mail.attempt", actor, now, async scope =>
        {
            await store.RecordAsync(scope.Session, after, next);
            return default(Done);
        }) { Lease = lease }, CancellationToken.None); // it is sent: also a service that stops writes that down
        if (bug is not null) throw new InvalidOperationException($"The mail {notification.Id} could not be made or sent.", bug);
        return result?.Fault != MailFault.Unreachable;
    }

    /// <summary>An attempt counts when the server spoke about this mail; a server that is away for long ends it too.</summary>
    private Notification After(Notification before, string? address, MailResult result, DateTimeOffset now)
    {
        if (result.Fault == MailFault.None)
            return before with { State = NotificationState.Sent, Attempts = before.Attempts + 1, SentAt = now, Address = address, Error = null };
        var attempts = before.Attempts + (result.Fault == MailFault.Unreachable ? 0 : 1);
        var isOver = result.Fault == MailFault.Refused || attempts >= settings.Attempts || now - before.CreatedAt > Longest;
        return before with { State = isOver ? NotificationState.Failed : NotificationState.Pending, Attempts = attempts, Error = result.Error };
    }

    /// <summary>Names, addresses and links as they are now; without a mail the reason why there is none.</summary>
    private async Task<(MailMessage? Message, string? Why)> ComposeAsync(Notification notification, CancellationToken cancel)
    {
        var person = notification.Facts["member"] is JsonValue value && value.TryGetValue<string>(out var id) && Ids.TryParse<MemberId>(id, out var member) ? member : (MemberId?)null;
        var (names, address) = await database.ReadAsync(async session => (
            await store.NamesAsync(session, notification.Organization, person),
            notification.Recipient is { } recipient ? await store.AddressAsync(session, notification.Organization, recipient, proven: notification.Kind == NotificationKind.RecoveryLink) : null), cancel);
        if (notification.Kind is NotificationKind.InvitationCreated or NotificationKind.InvitationExpiring)
            return notification.Subject is { } subject && await secrets.Invitations.FindAsync(notification.Organization, subject, cancel) is { } invitation
                ? (new MailMessage(notification.Id, invitation.Email, MailTexts.ToInvited(notification.Kind, invitation, names.Organization)), null)
                : (null, "not_needed");
        if (notification.Kind == NotificationKind.RecoveryLink)
            return address is not null && notification.Subject is { } link && await secrets.Recoveries.FindAsync(notification.Organization, link, cancel) is { } recovery
                ? (new MailMessage(notification.Id, address, MailTexts.ToAdministrator(recovery, names.Organization)), null)
                : (null, "not_needed");
        if (address is null) return (null, "no_address");
        return notification.Facts["own"] is not null ? (new MailMessage(notification.Id, address, SpendMailTexts.ToMember(notification, names.Organization)), null)
            : (new MailMessage(notification.Id, address, MailTexts.ToOwner(notification, names.Organization, names.Member, place.Url)), null);
    }
}
