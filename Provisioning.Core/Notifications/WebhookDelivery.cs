using System.Globalization;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Notifications;

/// <summary>When attempts are made and when they end.</summary>
/// <param name="Attempts">Of one event, before it is given up.</param>
public sealed record DeliveryPolicy(Backoff Backoff, int Attempts)
{
    /// <summary>What waits longer is given up at the next failure, so that an endpoint that is gone does not collect events for ever.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(72);
}

/// <summary>
/// Sends a webhook its events, one after the other in the order of their numbers (domain.md section 10). What was sent is written down
/// afterwards, so an event may come twice when a node dies in between, and never not at all.
/// </summary>
public sealed class WebhookDelivery(
    IDatabase database, IWebhookStore store, IWebhookSender sender, ISecretBox secrets, DeliveryPolicy settings, TimeProvider time)
{
    /// <summary>Most attempts in one turn.</summary>
    public const int TurnEvents = 100;

    /// <summary>After this long no other attempt begins in the same turn.</summary>
    public static readonly TimeSpan TurnTime = TimeSpan.FromSeconds(10);

    public Task<IReadOnlyList<(OrganizationId Organization, WebhookId Webhook)>> DueAsync(int limit, CancellationToken cancel) =>
        database.ReadAsync(session => store.DueAsync(session, Instants.Now(time), limit), cancel);

    /// <summary>
    /// A turn of one webhook: attempts as long as events are due, until <see cref="TurnEvents"/> or <see cref="TurnTime"/>; then whoever waits for a
    /// slot has one, and the rest follows in a turn of its own.
    /// </summary>
    /// <param name="mine">The lease for the next attempt; null ends the turn.</param>
    public async Task SendTurnAsync(OrganizationId organization, WebhookId webhook, Func<(Actor Actor, Lease? Lease)?> mine, CancellationToken cancel)
    {
        var started = time.GetTimestamp();
        for (var sent = 0; sent < TurnEvents && time.GetElapsedTime(started) < TurnTime && !cancel.IsCancellationRequested; sent++)
            if (mine() is not { } job || !await SendNextAsync(organization, webhook, job.Actor, job.Lease, cancel)) return;
    }

    /// <summary>One attempt at the next event; false when none is due.</summary>
    public async Task<bool> SendNextAsync(OrganizationId organization, WebhookId webhook, Actor actor, Lease? lease, CancellationToken cancel)
    {
        var due = await database.ReadAsync(async session => new Found(await store.NextAsync(session, organization, webhook, Instants.Now(time))), cancel);
        if (due.Delivery is not { } next) return false;
        var now = Instants.Now(time);
        var (result, bug) = await SendAsync(next, now, cancel);
        var after = next.Delivery with
        {
            Attempts = next.Delivery.Attempts + 1, LastAttemptAt = now, LastStatus = result.Status, LastError = result.Error,
        };
        after = after with { State = result.IsOk ? DeliveryState.Delivered : after.Attempts >= settings.Attempts ? DeliveryState.Dead : DeliveryState.Pending };
        var failures = result.IsOk ? 0 : next.Webhook.Failures + 1;
        var then = Instants.Now(time);
        // After giving one up the next event is tried at once: it may be this one that the receiver cannot take.
        var again = result.IsOk || after.State == DeliveryState.Dead ? then : then + settings.Backoff.After(failures);
        var written = await database.WriteAsync(new WriteUnit<Done>(Ids.New<UnitId>(time), "webhook.attempt", actor, then, async scope =>
        {
            await store.RecordAsync(scope.Session, after, failures, again, result.IsOk ? null : then - DeliveryPolicy.Longest);
            return default(Done);
        }) { Lease = lease }, CancellationToken.None); // it is sent: also a service that stops writes that down
        if (bug is not null) throw new InvalidOperationException($"Event {next.Event.Sequence} could not be made or sent.", bug);
        return written.IsOk;
    }

    /// <summary>What is wrong with us counts as a failed attempt too, so that it is not tried again and again at once.</summary>
    private async Task<(SendResult Result, Exception? Bug)> SendAsync(DueDelivery due, DateTimeOffset now, CancellationToken cancel)
    {
        try
        {
            return (Request(due, now) is { } request ? await sender.SendAsync(request, cancel) : new SendResult(null, "secret_unreadable"), null);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return (new SendResult(null, "internal_error"), exception);
        }
    }

    private WebhookRequest? Request(DueDelivery due, DateTimeOffset now)
    {
        var keys = due.Webhook.SecretsAt(now).Select(secrets.Unprotect).OfType<string>().ToList();
        if (keys.Count == 0) return null;
        var body = TextKey.Exact(Body(due).ToJsonString());
        return new WebhookRequest(due.Webhook.Url,
        [
            new(WebhookSignature.Header, WebhookSignature.Of(keys, now, body)),
            new("Provisioning-Event-Id", due.Delivery.EventId),
            new("Provisioning-Event-Type", due.Event.Type),
            new("Provisioning-Attempt", (due.Delivery.Attempts + 1).ToString(CultureInfo.InvariantCulture)),
        ], body);
    }

    /// <summary>id, type, organisation, number, instant, subject and data (domain.md section 10).</summary>
    private static JsonObject Body(DueDelivery due) => new()
    {
        ["id"] = due.Delivery.EventId, ["type"] = due.Event.Type, ["organization"] = due.Webhook.Organization.ToString(),
        ["sequence"] = due.Event.Sequence, ["occurredAt"] = Instants.Text(due.Event.At),
        ["subject"] = new JsonObject { ["kind"] = due.Event.Subject.Kind, ["id"] = due.Event.Subject.Id, ["version"] = due.Event.SubjectVersion },
        ["data"] = JsonNode.Parse(due.Event.Data),
    };

    /// <summary>In a record of its own, because a read answers something.</summary>
    private sealed record Found(DueDelivery? Delivery);
}
