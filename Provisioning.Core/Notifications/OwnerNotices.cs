using System.Globalization;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Notifications;

/// <summary>
/// Decides, as events get their numbers, what owners and invited people are told by mail (rules NOTI-1, NOTI-2, NOTI-3, NOTI-5). It runs
/// in the unit that numbers the events, so each event counts once.
/// </summary>
public sealed class OwnerNotices(IDatabase database, INotificationStore store, TimeProvider time) : ISealedEvents
{
    /// <summary>Further refusals and waiting people are told together after this time (rule NOTI-3).</summary>
    public static readonly TimeSpan Day = TimeSpan.FromHours(24);

    /// <summary>How long before its end an invited person is reminded (rule NOTI-5).</summary>
    public static readonly TimeSpan Reminder = TimeSpan.FromDays(3);

    public async Task TakeAsync(UnitScope scope, OrganizationId organization, IReadOnlyList<SealedEvent> events)
    {
        if (events.Any(item => item.Type.StartsWith("seat", StringComparison.Ordinal) || item.Type.StartsWith("invitation.", StringComparison.Ordinal)))
            await LevelsAsync(scope, organization);
        var wanted = events.Where(item => item.Type is "seat.refused" or "seat.waiting").ToList();
        if (wanted.Count > 0) await WantedAsync(scope, organization, wanted);
        foreach (var invitation in events.Where(item => item.Type.StartsWith("invitation.", StringComparison.Ordinal)))
            await InvitationAsync(scope, organization, invitation);
        foreach (var asked in events.Where(item => item.Type == "recovery_link.requested"))
            if (Ids.TryParse<MemberId>(asked.Subject.Id, out var member) && (string?)JsonNode.Parse(asked.Data)?["after"]?["link"] is { } link)
                await store.InsertAsync(scope.Session, [About(organization, NotificationKind.RecoveryLink, member, link, [], scope.Now)], scope.Now);
        foreach (var domain in events.Where(item => item.Type is "domain.proof_missing" or "domain.lost"))
            await TellAsync(scope, organization, domain.Type == "domain.lost" ? NotificationKind.DomainLost : NotificationKind.DomainProofMissing,
                (JsonObject)JsonNode.Parse(domain.Data)!["after"]!.DeepClone());
        foreach (var parked in events.Where(item => item.Type == "members.parked"))
        {
            var after = JsonNode.Parse(parked.Data)?["after"];
            await TellAsync(scope, organization, NotificationKind.MembersParked,
                new JsonObject { ["cause"] = after?["cause"]?.DeepClone(), ["count"] = after?["count"]?.DeepClone() });
        }
    }

    /// <summary>Organisations whose day is over.</summary>
    public Task<IReadOnlyList<OrganizationId>> DaysEndedAsync(CancellationToken cancel) =>
        database.ReadAsync(session => store.WindowsEndedAsync(session, Instants.Now(time), 100), cancel);

    /// <summary>The day is over: a digest when somebody else was refused or waits, and then another day (rule NOTI-3).</summary>
    public Task<Outcome<Done>> EndDayAsync(OrganizationId organization, Actor actor, Lease? lease, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<Done>(Ids.New<UnitId>(time), "notices.end_day", actor, Instants.Now(time), async scope =>
        {
            if (await store.WindowAsync(scope.Session, organization) is { } window && window.Until <= scope.Now) await EndAsync(scope, organization, window);
            return default(Done);
        }) { Lease = lease }, cancel);

    private async Task EndAsync(UnitScope scope, OrganizationId organization, NoticeWindow window)
    {
        if (window is { Refused: 0, Waiting: 0 })
        {
            await store.SetWindowAsync(scope.Session, organization, window, null);
            return;
        }
        await TellAsync(scope, organization, NotificationKind.SeatDigest, new JsonObject { ["refused"] = window.Refused, ["waiting"] = window.Waiting });
        await store.SetWindowAsync(scope.Session, organization, window, new NoticeWindow(scope.Now + Day, 0, 0));
    }

    /// <summary>Looks at the seats as they are now, not at each event: a hundred assignments at once cross a threshold once.</summary>
    private async Task LevelsAsync(UnitScope scope, OrganizationId organization)
    {
        var alerts = await store.AlertsAsync(scope.Session, organization);
        foreach (var tier in await store.TiersAsync(scope.Session, organization))
        {
            var (before, after) = (alerts.GetValueOrDefault(tier.Tier), LowSeats.Of(tier));
            if (before == after) continue;
            await store.SetAlertAsync(scope.Session, organization, tier.Tier, before, after);
            if (!LowSeats.IsTold(before, after)) continue;
            var exhausted = after == SeatAlert.Exhausted;
            var facts = new JsonObject
            {
                ["tier"] = tier.Tier, ["purchased"] = tier.Purchased, ["free"] = tier.Free, ["purchaseHint"] = SeatEngine.PurchaseHint(tier.Tier),
            };
            scope.Record(organization, exhausted ? "seats.exhausted" : "seats.low", Target.Organization(organization), null, (JsonObject)facts.DeepClone());
            await TellAsync(scope, organization, exhausted ? NotificationKind.SeatsExhausted : NotificationKind.SeatsLow, facts);
        }
    }

    /// <summary>NOTI-3: at once for the first, the others are counted.</summary>
    private async Task WantedAsync(UnitScope scope, OrganizationId organization, List<SealedEvent> wanted)
    {
        var window = await store.WindowAsync(scope.Session, organization);
        var (refused, waiting) = (wanted.Count(item => item.Type == "seat.refused"), wanted.Count(item => item.Type == "seat.waiting"));
        if (window is not null)
        {
            await store.SetWindowAsync(scope.Session, organization, window, window with { Refused = window.Refused + refused, Waiting = window.Waiting + waiting });
            return;
        }
        var first = wanted[0];
        await TellAsync(scope, organization, NotificationKind.SeatWanted, new JsonObject
        {
            ["refused"] = first.Type == "seat.refused", ["member"] = first.Subject.Kind == "member" ? first.Subject.Id : null,
            ["purchaseHint"] = JsonNode.Parse(first.Data)?["after"]?["purchaseHint"]?.DeepClone(),
        });
        var (moreRefused, moreWaiting) = first.Type == "seat.refused" ? (refused - 1, waiting) : (refused, waiting - 1);
        await store.SetWindowAsync(scope.Session, organization, null, new NoticeWindow(scope.Now + Day, moreRefused, moreWaiting));
    }

    private async Task InvitationAsync(UnitScope scope, OrganizationId organization, SealedEvent invitation)
    {
        if (invitation.Type == "invitation.created")
        {
            await store.InsertAsync(scope.Session, [About(organization, NotificationKind.InvitationCreated, null, invitation.Subject.Id, [], scope.Now)], scope.Now);
            if (Instant(JsonNode.Parse(invitation.Data)?["after"]?["expiresAt"]) is { } expires && expires - Reminder > scope.Now)
                await store.InsertAsync(
                    scope.Session, [About(organization, NotificationKind.InvitationExpiring, null, invitation.Subject.Id, [], scope.Now)], expires - Reminder);
        }
        else if (invitation.Type == "invitation.expired")
        {
            var before = JsonNode.Parse(invitation.Data)?["before"];
            await TellAsync(scope, organization, NotificationKind.InvitationExpired,
                new JsonObject { ["tier"] = before?["tier"]?.DeepClone(), ["role"] = before?["role"]?.DeepClone() }, invitation.Subject.Id);
        }
    }

    /// <summary>A mail to each owner.</summary>
    internal async Task TellAsync(UnitScope scope, OrganizationId organization, NotificationKind kind, JsonObject facts, string? subject = null)
    {
        var owners = await store.OwnersAsync(scope.Session, organization);
        if (owners.Count > 0)
            await store.InsertAsync(
                scope.Session, [.. owners.Select(owner => About(organization, kind, owner.Id, subject, (JsonObject)facts.DeepClone(), scope.Now))], scope.Now);
    }

    /// <summary>A mail to the member himself.</summary>
    internal Task TellMemberAsync(UnitScope scope, OrganizationId organization, NotificationKind kind, MemberId member, JsonObject facts)
    {
        facts["own"] = true;
        return store.InsertAsync(scope.Session, [About(organization, kind, member, null, facts, scope.Now)], scope.Now);
    }

    private Notification About(OrganizationId organization, NotificationKind kind, MemberId? recipient, string? subject, JsonObject facts, DateTimeOffset now) => new(
        Ids.New<NotificationId>(time), organization, kind, recipient, subject, facts, NotificationState.Pending, 0, now, null, null, null);

    private static DateTimeOffset? Instant(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue<string>(out var text)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant) ? instant : null;
}
