using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Notifications;

namespace Provisioning.Api.Admin;

/// <summary>Webhooks of an organisation, what is on its way to them, and what was sent by mail (domain.md sections 8 and 10).</summary>
public static partial class WebhookEndpoints
{
    private const int LongestUrl = 1000, MostTypes = 50;

    public static void MapWebhooks(this IEndpointRouteBuilder organization)
    {
        organization.MapRest("GET", "/webhooks", Access.Owner, ListAsync).WithSummary("Webhooks, without their secrets").Produces<WebhooksForm>();
        organization.MapRest("POST", "/webhooks", Access.Owner, AddAsync).WithSummary("Send events to an address; the secret that signs them is shown once")
            .WithDescription("""Body: {"url":"https://...","types":["seat.*","member.removed"]?}; without types all events. Requests carry Provisioning-Signature: t=seconds,v1=hex, where v1 is HMAC-SHA-256 under the secret over "seconds.body".""")
            .Accepts<WebhookBody>("application/json").Produces<IssuedWebhookForm>(201).Refuses("too_many_webhooks");
        organization.MapRest("DELETE", "/webhooks/{id}", Access.Owner, DeleteAsync).WithSummary("Delete a webhook and what is on its way to it").Produces(204);
        organization.MapRest("POST", "/webhooks/{id}/rotate", Access.Owner, RotateAsync).WithSummary("Make a new secret; the old one signs too for 24 hours")
            .WithDescription("No body. The new secret is shown once.").Produces<IssuedWebhookForm>();
        organization.MapRest("GET", "/webhooks/{id}/deliveries", Access.Owner, DeliveriesAsync).WithSummary("Events sent to a webhook, newest first")
            .WithDescription("Query: state (pending, delivered, dead), limit (1-500), cursor.").Produces<DeliveriesForm>();
        organization.MapRest("POST", "/webhooks/{id}/resend", Access.Owner, ResendAsync).WithSummary("Send events again")
            .WithDescription("""Body: {"sequence":17} for one event, whatever became of it; none for all that were given up (dead).""")
            .Accepts<ResendBody>(isOptional: true, "application/json").Produces<ResentForm>();
        organization.MapRest("GET", "/notifications", Access.Owner, NotificationsAsync).WithSummary("Mails: to whom, about what, when, and what became of them, newest first")
            .WithDescription("Query: state (pending, sent, failed, dropped), limit (1-500), cursor.").Produces<NotificationsForm>();
    }

    private static async Task<Outcome<RestReply>> ListAsync(RestRequest request)
    {
        var webhooks = await request.Service<Webhooks>().ListAsync(request.Organization, request.Cancel);
        return RestReply.Ok(new WebhooksForm([.. webhooks.Select(webhook => WebhookForm.ToApi(webhook.Webhook, webhook.Pending, webhook.Dead))]));
    }

    private static async Task<Outcome<RestReply>> AddAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        var fields = body.Fields;
        var text = fields.Text("url", LongestUrl);
        var types = fields.Texts("types", MostTypes).Distinct(StringComparer.Ordinal).ToList();
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.UserInfo.Length > 0 || url.Fragment.Length > 0 || !request.Service<OutboundAddress>().AllowsScheme(url))
            fields.Refuse("'url' must be an https address without user name and fragment.");
        if (types.Find(type => !EventType().IsMatch(type)) is { } wrong)
            fields.Refuse($"'types' must hold event types such as seat.assigned, or all of a kind such as seat.*; not {(wrong.Length <= 64 ? wrong : wrong[..64])}.");
        if (fields.Problem is { } problem) return problem;
        var secret = WebhookSignature.NewSecret();
        var added = await request.Service<Webhooks>().AddAsync(request.Organization, request.Actor, url!, types, secret, body.Idempotency, request.Cancel);
        return added.Select(issued => new RestReply(201, IssuedWebhookForm.ToApi(issued, secret)));
    }

    private static async Task<Outcome<RestReply>> RotateAsync(RestRequest request)
    {
        if (!Parse(request.Id).Try(out var id, out var error)) return error;
        if (!(await request.BodyAsync(mayBeEmpty: true)).Try(out var body, out error)) return error;
        if (body.Fields.Problem is { } problem) return problem;
        var secret = WebhookSignature.NewSecret();
        var rotated = await request.Service<Webhooks>().RotateAsync(request.Organization, request.Actor, id, secret, body.Idempotency, request.Cancel);
        return rotated.Select(issued => RestReply.Ok(IssuedWebhookForm.ToApi(issued, secret)));
    }

    private static async Task<Outcome<RestReply>> DeleteAsync(RestRequest request)
    {
        if (!Parse(request.Id).Try(out var id, out var error)) return error;
        return (await request.Service<Webhooks>().DeleteAsync(request.Organization, request.Actor, id, request.Cancel)).Select(_ => RestReply.NoContent);
    }

    private static async Task<Outcome<RestReply>> DeliveriesAsync(RestRequest request)
    {
        if (!Parse(request.Id).Try(out var id, out var error)) return error;
        if (!request.Limit().Try(out var limit, out error)) return error;
        if (!Cursor.Read(request.Query("cursor"), 8).Try(out var after, out error)) return error;
        if (!request.QueryWord<DeliveryState>("state").Try(out var state, out error)) return error;
        var before = after is null ? (long?)null : System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(after);
        var page = await request.Service<Webhooks>().DeliveriesAsync(request.Organization, id, state, before, limit, request.Cancel);
        return page.Select(found => RestReply.Ok(new DeliveriesForm([.. found.Items.Select(DeliveryForm.ToApi)], found.Next)));
    }

    private static async Task<Outcome<RestReply>> ResendAsync(RestRequest request)
    {
        if (!Parse(request.Id).Try(out var id, out var error)) return error;
        if (!(await request.BodyAsync(mayBeEmpty: true)).Try(out var body, out error)) return error;
        var sequence = body.Fields.Has("sequence") ? body.Fields.Integer("sequence", 1, int.MaxValue) : (int?)null;
        if (body.Fields.Problem is { } problem) return problem;
        var resent = await request.Service<Webhooks>().ResendAsync(request.Organization, request.Actor, id, sequence, body.Idempotency, request.Cancel);
        return resent.Select(count => RestReply.Ok(new ResentForm(count)));
    }

    private static async Task<Outcome<RestReply>> NotificationsAsync(RestRequest request)
    {
        if (!request.Limit().Try(out var limit, out var error)) return error;
        if (!Cursor.Read(request.Query("cursor"), 16).Try(out var after, out error)) return error;
        if (!request.QueryWord<NotificationState>("state").Try(out var state, out error)) return error;
        var page = await request.Service<IDatabase>().ReadAsync(
            session => request.Service<INotificationStore>().ListAsync(session, request.Organization.Id, state, after, limit), request.Cancel);
        return RestReply.Ok(new NotificationsForm([.. page.Items.Select(NotificationForm.ToApi)], page.Next));
    }

    private static Outcome<WebhookId> Parse(string text) => Ids.TryParse<WebhookId>(text, out var id) ? id : new NotFound("There is no such webhook.");

    [GeneratedRegex(@"^[a-z][a-z_]{0,30}\.(?:\*|[a-z][a-z_]{0,40})$")]
    private static partial Regex EventType();
}

/// <param name="Types">Empty: all events.</param>
/// <param name="Pending">Events on their way.</param>
/// <param name="Dead">Events given up.</param>
/// <param name="PreviousSecretUntil">Until then the secret before signs too.</param>
/// <param name="Failures">Failed attempts in a row.</param>
public sealed record WebhookForm(
    string Id, string Url, IReadOnlyList<string> Types, string CreatedAt, string? PreviousSecretUntil, int Failures, long Pending, long Dead)
{
    public static WebhookForm ToApi(Webhook webhook, long pending, long dead) => new(
        webhook.Id.ToString(), webhook.Url.AbsoluteUri, webhook.Types, Instants.Text(webhook.CreatedAt),
        webhook.PreviousUntil is { } until ? Instants.Text(until) : null, webhook.Failures, pending, dead);
}

public sealed record WebhooksForm(IReadOnlyList<WebhookForm> Webhooks);

/// <summary>A webhook with its secret, in the answer to its creation or rotation only.</summary>
/// <param name="SecretShown">This request was answered before, with the secret.</param>
public sealed record IssuedWebhookForm(
    string Id, string Url, IReadOnlyList<string> Types, string CreatedAt, string? PreviousSecretUntil, string? Secret, bool SecretShown)
{
    public static IssuedWebhookForm ToApi(IssuedWebhook issued, string secret) => new(
        issued.Webhook.Id.ToString(), issued.Webhook.Url.AbsoluteUri, issued.Webhook.Types, Instants.Text(issued.Webhook.CreatedAt),
        issued.Webhook.PreviousUntil is { } until ? Instants.Text(until) : null, issued.Replayed ? null : secret, issued.Replayed);
}

/// <summary>One event on its way to a webhook.</summary>
/// <param name="State">pending, delivered or dead.</param>
/// <param name="LastError">status_not_2xx, outbound_failed, outbound_refused, secret_unreadable or internal_error.</param>
public sealed record DeliveryForm(
    long Sequence, string EventId, string Type, string State, int Attempts, string CreatedAt, string? LastAttemptAt, int? LastStatus, string? LastError)
{
    public static DeliveryForm ToApi(Delivery delivery) => new(
        delivery.Sequence, delivery.EventId, delivery.Type, Words.Text(delivery.State), delivery.Attempts, Instants.Text(delivery.CreatedAt),
        delivery.LastAttemptAt is { } at ? Instants.Text(at) : null, delivery.LastStatus, delivery.LastError);
}

public sealed record DeliveriesForm(IReadOnlyList<DeliveryForm> Deliveries, string? NextCursor);

/// <param name="Events">How many are on their way again.</param>
public sealed record ResentForm(int Events);

/// <summary>One mail to one person.</summary>
/// <param name="MemberId">The owner it is for; null for an invited person.</param>
/// <param name="Address">Where it was sent; null before.</param>
/// <param name="Subject">The invitation it is about; null otherwise.</param>
/// <param name="Error">Why it was not sent, or not yet, as a stable word.</param>
public sealed record NotificationForm(
    string Id, string Kind, string State, string? MemberId, string? Address, string? Subject, JsonObject Facts, int Attempts, string CreatedAt,
    string? SentAt, string? Error)
{
    public static NotificationForm ToApi(Notification notification) => new(
        notification.Id.ToString(), Words.Text(notification.Kind), Words.Text(notification.State), notification.Recipient?.ToString(), notification.Address,
        notification.Subject, notification.Facts, notification.Attempts, Instants.Text(notification.CreatedAt),
        notification.SentAt is { } at ? Instants.Text(at) : null, notification.Error);
}

public sealed record NotificationsForm(IReadOnlyList<NotificationForm> Notifications, string? NextCursor);
