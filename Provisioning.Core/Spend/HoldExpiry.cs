using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Spend;

/// <summary>Writes down which authorisations are over by time, and gives their money back (rules TIME-3, TIME-4). Idempotent.</summary>
public sealed class HoldExpiry(IDatabase database, UsageBooks books, UsageRegister register, TimeProvider time)
{
    /// <summary>Most holds of one unit.</summary>
    public const int Most = 200;

    public Task<IReadOnlyList<OrganizationId>> DueAsync(CancellationToken cancel) =>
        database.ReadAsync(session => books.Usage.WithDueHoldsAsync(session, Instants.Now(time), 100), cancel);

    /// <summary>Answers how many were ended.</summary>
    public Task<Outcome<int>> ExpireAsync(OrganizationId organization, Actor actor, Lease? lease, CancellationToken cancel)
    {
        var stamp = WriteStamp.Of(time);
        return database.WriteAsync(new WriteUnit<int>(stamp.Unit, "usage.expire", actor, stamp.Now, async scope =>
        {
            await books.Counters.LockAsync(scope.Session, organization);
            return await register.ExpireAsync(scope, organization, Most);
        }) { Organization = organization, Lease = lease }, cancel);
    }
}
