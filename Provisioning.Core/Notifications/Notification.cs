using System.Text.Json.Nodes;
using Provisioning.Core.Common;

namespace Provisioning.Core.Notifications;

/// <summary>A notification: one mail to one person.</summary>
public readonly record struct NotificationId(Guid Value) : IId<NotificationId>
{
    public static string Prefix => "ntf_";
    public static NotificationId From(Guid value) => new(value);
    public override string ToString() => Ids.Text(this);
}

/// <summary>What a mail is about.</summary>
public enum NotificationKind
{
    /// <summary>NOTI-2: few seats of a tier are left. To owners.</summary>
    SeatsLow,

    /// <summary>No seat of a tier is left. To owners.</summary>
    SeatsExhausted,

    /// <summary>NOTI-3: the first person in a day who was refused or waits. To owners.</summary>
    SeatWanted,

    /// <summary>NOTI-3: how many more since. To owners.</summary>
    SeatDigest,

    /// <summary>INV-1. To the invited person.</summary>
    InvitationCreated,

    /// <summary>NOTI-5: three days are left. To the invited person.</summary>
    InvitationExpiring,

    /// <summary>NOTI-5. To owners.</summary>
    InvitationExpired,

    /// <summary>SCIM-14: suspensions wait for an owner's word. To owners.</summary>
    MembersParked,

    /// <summary>NOTI-5: few prepaid credits are left. To owners.</summary>
    CreditsLow,

    /// <summary>NOTI-5: none are left; usage stopped (rule USE-4). To owners.</summary>
    CreditsExhausted,

    /// <summary>NOTI-4: a part of a cap is spent. To owners, or to the member whose own spending it limits.</summary>
    CapThreshold,

    /// <summary>NOTI-5: a cap is reached. To owners, or to the member whose own spending it limits.</summary>
    UsageStopped,

    /// <summary>NOTI-5: usage goes on. To owners, or to the member it goes on for.</summary>
    UsageResumed,

    /// <summary>NOTI-5: an invoice was issued. To owners.</summary>
    InvoiceIssued,

    /// <summary>The record that proves a domain is gone. To owners.</summary>
    DomainProofMissing,

    /// <summary>A domain without its record is not verified any more. To owners.</summary>
    DomainLost,

    /// <summary>A one-time link to the administration. To the owner or admin who asked.</summary>
    RecoveryLink,
}

public enum NotificationState
{
    /// <summary>Waits for its time, or for the next attempt.</summary>
    Pending,

    /// <summary>A mail server took it.</summary>
    Sent,

    /// <summary>Given up.</summary>
    Failed,

    /// <summary>Not needed any more, for example because the invitation was accepted; or no mail server is configured.</summary>
    Dropped,
}

/// <summary>One mail to one person. Names and addresses are looked up when it is sent, so none is kept before.</summary>
/// <param name="Recipient">An owner, the member whose own cap it is about, or the admin who asked for a link; null for the person an invitation is for.</param>
/// <param name="Subject">The invitation or link it is about; null otherwise.</param>
/// <param name="Facts">Numbers and codes for the text.</param>
/// <param name="Address">Where it was sent to; null before, and after the person was erased.</param>
/// <param name="Error">Why the last attempt failed or it was dropped, as a stable word.</param>
public sealed record Notification(
    NotificationId Id, OrganizationId Organization, NotificationKind Kind, MemberId? Recipient, string? Subject, JsonObject Facts,
    NotificationState State, int Attempts, DateTimeOffset CreatedAt, DateTimeOffset? SentAt, string? Address, string? Error);

/// <summary>An owner who can be written to.</summary>
public sealed record Owner(MemberId Id, string Address);

/// <summary>How many seats of a tier are bought and free.</summary>
public sealed record TierLevel(string Tier, int Purchased, int Free);

/// <summary>What owners were last told about a tier.</summary>
public enum SeatAlert { None, Low, Exhausted }

/// <summary>The day in which further refusals and waiting people are counted (rule NOTI-3).</summary>
public sealed record NoticeWindow(DateTimeOffset Until, int Refused, int Waiting);
