using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Notifications;

/// <summary>Old events and mails.</summary>
public interface IDeliverySweep
{
    /// <summary>Deletes events made before an instant, and their deliveries, unless one is pending; answers how many events.</summary>
    Task<int> DeleteEventsAsync(ISession session, DateTimeOffset before, int limit);

    /// <summary>Deletes mails made before an instant that are over; answers how many.</summary>
    Task<int> DeleteNotificationsAsync(ISession session, DateTimeOffset before, int limit);
}

/// <summary>How long events and mails are kept: an event can be sent again as long as it is there. The audit trail is kept for ever.</summary>
public sealed class DeliveryRetention(IDatabase database, IDeliverySweep store, TimeProvider time)
{
    public static readonly TimeSpan Events = TimeSpan.FromDays(30), Mails = TimeSpan.FromDays(400);

    private const int Batch = 500;

    /// <summary>Deletes some; false when there was nothing left to delete.</summary>
    public async Task<bool> SweepAsync(Actor actor, Lease? lease, CancellationToken cancel)
    {
        var swept = await database.WriteAsync(new WriteUnit<int>(Ids.New<UnitId>(time), "deliveries.delete", actor, Instants.Now(time), async scope =>
            await store.DeleteEventsAsync(scope.Session, scope.Now - Events, Batch)
            + await store.DeleteNotificationsAsync(scope.Session, scope.Now - Mails, Batch)) { Lease = lease }, cancel);
        return swept.IsOk && swept.Value > 0;
    }
}
