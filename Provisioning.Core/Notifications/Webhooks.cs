using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Notifications;

/// <summary>A webhook that was just made or given a new secret.</summary>
/// <param name="Replayed">The answer to a repeated request: the secret was shown before.</param>
public sealed record IssuedWebhook(Webhook Webhook, bool Replayed);

/// <summary>A webhook, and how many events are on their way to it and were given up.</summary>
public sealed record WebhookStatus(Webhook Webhook, long Pending, long Dead);

/// <summary>The webhooks of an organisation, as its owners set them.</summary>
public sealed class Webhooks(IDatabase database, IWebhookStore store, ISecretBox secrets, TimeProvider time)
{
    /// <summary>Each event is sent to all of them.</summary>
    public const int Most = 20;

    /// <summary>How long the secret before signs too.</summary>
    public static readonly TimeSpan Overlap = TimeSpan.FromHours(24);

    public Task<IReadOnlyList<WebhookStatus>> ListAsync(Organization organization, CancellationToken cancel) =>
        database.ReadAsync<IReadOnlyList<WebhookStatus>>(async session =>
        {
            var counts = await store.CountsAsync(session, organization.Id);
            return [.. (await store.ListAsync(session, organization.Id)).Select(webhook =>
                new WebhookStatus(webhook, counts.GetValueOrDefault(webhook.Id).Pending, counts.GetValueOrDefault(webhook.Id).Dead))];
        }, cancel);

    public async Task<Outcome<IssuedWebhook>> AddAsync(
        Organization organization, Actor actor, Uri url, IReadOnlyList<string> types, string secret, Idempotency? idempotency, CancellationToken cancel)
    {
        var wrapped = secrets.Protect(secret);
        var webhook = new Webhook(Ids.New<WebhookId>(time), organization.Id, url, types, wrapped, null, null, 0, Instants.Now(time), 1);
        return await IssueAsync(organization, actor, "webhook.create", wrapped, idempotency, async scope =>
        {
            if ((await store.ListAsync(scope.Session, organization.Id)).Count >= Most)
                return new Conflict("too_many_webhooks", $"An organisation has at most {Most} webhooks; delete one first.");
            await store.InsertAsync(scope.Session, webhook);
            scope.Note(organization.Id, "webhook.created", Subject(webhook.Id), Describe(webhook));
            return webhook;
        }, cancel);
    }

    /// <summary>A new secret; the one before signs too for a day, one before that no more.</summary>
    public Task<Outcome<IssuedWebhook>> RotateAsync(
        Organization organization, Actor actor, WebhookId id, string secret, Idempotency? idempotency, CancellationToken cancel)
    {
        var wrapped = secrets.Protect(secret);
        return IssueAsync(organization, actor, "webhook.rotate", wrapped, idempotency, async scope =>
        {
            if (await store.FindAsync(scope.Session, organization.Id, id) is not { } webhook) return NoSuchWebhook();
            var rotated = webhook with { Secret = wrapped, PreviousSecret = webhook.Secret, PreviousUntil = scope.Now + Overlap, Version = webhook.Version + 1 };
            await store.UpdateSecretsAsync(scope.Session, rotated);
            scope.Note(organization.Id, "webhook.secret_rotated", Subject(id), null);
            return rotated;
        }, cancel);
    }

    public Task<Outcome<Done>> DeleteAsync(Organization organization, Actor actor, WebhookId id, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<Done>(Ids.New<UnitId>(time), "webhook.delete", actor, Instants.Now(time), async scope =>
        {
            if (!await store.DeleteAsync(scope.Session, organization.Id, id)) return NoSuchWebhook();
            scope.Note(organization.Id, "webhook.deleted", Subject(id), null);
            return default(Done);
        }) { Organization = organization.Id }, cancel);

    public Task<Outcome<Page<Delivery>>> DeliveriesAsync(
        Organization organization, WebhookId id, DeliveryState? state, long? before, int limit, CancellationToken cancel) =>
        database.ReadAsync(async session => await store.FindAsync(session, organization.Id, id) is null
            ? NoSuchWebhook() : (Outcome<Page<Delivery>>)await store.DeliveriesAsync(session, id, state, before, limit), cancel);

    /// <summary>Sends dead events again, or any one; each with its old number, before all later ones. Answers how many.</summary>
    public Task<Outcome<int>> ResendAsync(
        Organization organization, Actor actor, WebhookId id, long? sequence, Idempotency? idempotency, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<int>(idempotency?.Id ?? Ids.New<UnitId>(time), "webhook.resend", actor, Instants.Now(time), async scope =>
        {
            if (await store.FindAsync(scope.Session, organization.Id, id) is null) return NoSuchWebhook();
            var count = await store.ResendAsync(scope.Session, id, sequence, scope.Now);
            if (count == 0 && sequence is not null) return new NotFound("This event was not on its way to this webhook.");
            if (count > 0) scope.Note(organization.Id, "webhook.resent", Subject(id), new JsonObject { ["sequence"] = sequence, ["events"] = count });
            return count;
        }) { Organization = organization.Id, RequestHash = idempotency?.RequestHash }, cancel);

    private async Task<Outcome<IssuedWebhook>> IssueAsync(
        Organization organization, Actor actor, string kind, string wrapped, Idempotency? idempotency, Func<UnitScope, Task<Outcome<Webhook>>> run,
        CancellationToken cancel)
    {
        var issued = await database.WriteAsync(new WriteUnit<Webhook>(idempotency?.Id ?? Ids.New<UnitId>(time), kind, actor, Instants.Now(time), run)
        {
            Organization = organization.Id, RequestHash = idempotency?.RequestHash,
            Remember = static webhook => webhook.Id.ToString(),
            Recall = async (session, id) => Ids.TryParse<WebhookId>(id, out var known)
                && await store.FindAsync(session, organization.Id, known) is { } webhook ? webhook : NoSuchWebhook(),
        }, cancel);
        return issued.Select(webhook => new IssuedWebhook(webhook, webhook.Secret != wrapped));
    }

    private static Target Subject(WebhookId id) => new("webhook", id.ToString());

    private static JsonObject Describe(Webhook webhook) => new()
    {
        ["host"] = webhook.Url.Host, ["types"] = new JsonArray([.. webhook.Types.Select(type => JsonValue.Create(type))]),
    };

    private static NotFound NoSuchWebhook() => new("There is no such webhook.");
}
