using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Notifications;

/// <summary>Encrypts secrets at rest.</summary>
public interface ISecretBox
{
    string Protect(string secret);

    /// <summary>Null when the key is not there any more.</summary>
    string? Unprotect(string secret);
}

/// <summary>A request to a receiver.</summary>
public sealed record WebhookRequest(Uri Url, IReadOnlyList<KeyValuePair<string, string>> Headers, ReadOnlyMemory<byte> Body);

/// <summary>What came of sending: a status, or why there was none, as a stable word.</summary>
public sealed record SendResult(int? Status, string? Error)
{
    public bool IsOk => Error is null;
}

/// <summary>Sends one request to a receiver; never throws for what the receiver or the network does.</summary>
public interface IWebhookSender
{
    Task<SendResult> SendAsync(WebhookRequest request, CancellationToken cancel);
}

/// <summary>A mail, complete.</summary>
/// <param name="Id">Of the notification: the same at every attempt, so that a mail server can drop the second.</param>
public sealed record MailMessage(NotificationId Id, string To, MailText Text);

/// <summary>What came of handing a mail over.</summary>
public enum MailFault
{
    /// <summary>The server took it.</summary>
    None,

    /// <summary>The server refused this mail for good: another attempt would not help.</summary>
    Refused,

    /// <summary>The server wants this mail later.</summary>
    Later,

    /// <summary>The server cannot be reached or talked to: no other mail would get through now.</summary>
    Unreachable,
}

/// <summary>What came of handing a mail over, and why it failed as a stable word.</summary>
public sealed record MailResult(MailFault Fault, string? Error);

/// <summary>Hands mails to a mail server.</summary>
public interface IMailSender
{
    /// <summary>Without a server mails are noted and not sent.</summary>
    bool IsConfigured { get; }

    Task<MailResult> SendAsync(MailMessage message, CancellationToken cancel);
}

/// <summary>An invitation that is still open, with the link that accepts it, made for this mail and kept nowhere (rule INV-9).</summary>
public sealed record InvitationMail(string Email, string Role, string? Tier, DateTimeOffset ExpiresAt, Uri Link);

/// <summary>What a mail about an invitation needs to know.</summary>
public interface IInvitationMails
{
    /// <summary>Null when the invitation was accepted, revoked, superseded or has expired meanwhile.</summary>
    Task<InvitationMail?> FindAsync(OrganizationId organization, string invitation, CancellationToken cancel);
}

/// <summary>A one-time link that is still good, made for this mail and kept nowhere.</summary>
public sealed record RecoveryMail(DateTimeOffset ExpiresAt, Uri Link);

/// <summary>What a mail with a one-time link needs to know.</summary>
public interface IRecoveryMails
{
    /// <summary>Null when the link was used, is over, or would let nobody in any more.</summary>
    Task<RecoveryMail?> FindAsync(OrganizationId organization, string link, CancellationToken cancel);
}

/// <summary>Mails whose text holds a secret of its own.</summary>
public sealed record SecretMails(IInvitationMails Invitations, IRecoveryMails Recoveries);

/// <summary>The state of all deliveries in a few numbers, for those who watch the service.</summary>
public interface IDeliveryFigures
{
    Task<DeliveryFigures> ReadAsync(ISession session);
}

/// <param name="OldestPending">Since when the oldest event or mail that is due waits to be delivered; null when none does.</param>
/// <param name="DeadEvents">Events that webhooks were not sent, after all attempts.</param>
/// <param name="FailedMails">Mails given up in the last 30 days.</param>
public sealed record DeliveryFigures(DateTimeOffset? OldestPending, long DeadEvents, long FailedMails);
