using Provisioning.Core.Common;

namespace Provisioning.Core.Notifications;

/// <summary>A webhook: where events of an organisation are sent.</summary>
public readonly record struct WebhookId(Guid Value) : IId<WebhookId>
{
    public static string Prefix => "whk_";
    public static WebhookId From(Guid value) => new(value);
    public override string ToString() => Ids.Text(this);
}

/// <summary>A webhook as kept; the secrets are encrypted.</summary>
/// <param name="Types">Event types to send, exact or a prefix such as <c>seat.*</c>; empty is all.</param>
/// <param name="Secret">Signs, encrypted at rest.</param>
/// <param name="PreviousSecret">Signs too until <paramref name="PreviousUntil"/>, so that a receiver can change over.</param>
/// <param name="Failures">Failed attempts in a row, over all events: how long the next one waits.</param>
public sealed record Webhook(
    WebhookId Id, OrganizationId Organization, Uri Url, IReadOnlyList<string> Types, string Secret, string? PreviousSecret,
    DateTimeOffset? PreviousUntil, int Failures, DateTimeOffset CreatedAt, long Version)
{
    public bool Wants(string type) => Types.Count == 0 || Types.Any(wanted => wanted == type
        || (wanted.EndsWith(".*", StringComparison.Ordinal) && type.StartsWith(wanted[..^1], StringComparison.Ordinal)));

    /// <summary>The encrypted secrets that sign at this instant, the newest first.</summary>
    public IReadOnlyList<string> SecretsAt(DateTimeOffset now) => PreviousSecret is { } previous && now < PreviousUntil ? [Secret, previous] : [Secret];
}

/// <summary>How far an event got on its way to a webhook.</summary>
public enum DeliveryState
{
    /// <summary>Waits for its turn, or for the next attempt.</summary>
    Pending,

    /// <summary>The receiver answered 2xx.</summary>
    Delivered,

    /// <summary>Given up; can be sent again by hand.</summary>
    Dead,
}

/// <summary>One event on its way to one webhook.</summary>
/// <param name="Sequence">The event's number in its organisation: deliveries of a webhook go in this order.</param>
/// <param name="LastStatus">HTTP status of the last answer; null without one.</param>
/// <param name="LastError">Why the last attempt failed, as a stable word; null when it did not.</param>
public sealed record Delivery(
    WebhookId Webhook, long Sequence, Guid Event, string Type, DeliveryState State, int Attempts, DateTimeOffset CreatedAt,
    DateTimeOffset? LastAttemptAt, int? LastStatus, string? LastError)
{
    public string EventId => EventIds.Text(Event);
}

/// <summary>The id by which consumers tell an event they have seen (domain.md section 10).</summary>
public static class EventIds
{
    private const string Prefix = "evt_";

    public static string Text(Guid id) => Prefix + id.ToString("D");
}
