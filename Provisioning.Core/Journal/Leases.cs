using Provisioning.Core.Common;

namespace Provisioning.Core.Journal;

/// <summary>The right to run a job until a deadline. Its generation moves whenever the job changes hands (rule TIME-3).</summary>
public sealed record Lease(string Job, string Holder, long Generation, DateTimeOffset Deadline);

/// <summary>A unit of a job found that another node has taken the job over: nothing was done. Never reaches a door.</summary>
public sealed class LeaseLostException(Lease lease)
    : Exception($"Job {lease.Job} was taken over; generation {lease.Generation} is not the current one.");

/// <summary>The rows of jobs that run on one node at a time.</summary>
public interface ILeaseStore
{
    /// <summary>The lease as it stands; null before the job ran for the first time.</summary>
    Task<Lease?> FindAsync(ISession session, string job);

    /// <summary>Takes a lease whose deadline has passed at <paramref name="now"/>, with the next generation; null when somebody holds it.</summary>
    Task<Lease?> TakeAsync(ISession session, string job, string holder, DateTimeOffset now, DateTimeOffset deadline);

    /// <summary>Moves the deadline of a lease that is still of this generation; false when it was taken over.</summary>
    Task<bool> SetDeadlineAsync(ISession session, Lease lease, DateTimeOffset deadline);
}

/// <summary>
/// Takes, renews and gives back leases for one node (design D8). Who holds one may act until a unit that carries it
/// (<see cref="WriteUnit{T}.Lease"/>) finds another generation, whatever the clocks of the nodes say.
/// </summary>
/// <param name="life">How long after the holder died another node may take over.</param>
public sealed class Leases(IDatabase database, ILeaseStore store, TimeProvider time, TimeSpan life)
{
    private readonly string holder = "node_" + Ids.NewGuid(time).ToString("N");

    /// <summary>
    /// The lease to act under now: the given one, renewed when half of its life is over, or one just taken; null when another node has it.
    /// Writes only when something is to be changed, so it can be asked before every unit.
    /// </summary>
    public async Task<Lease?> HoldAsync(string job, Lease? held, CancellationToken cancel)
    {
        var now = Instants.Now(time);
        if (held is not null && held.Deadline - now > life / 2) return held;
        if (held is not null && now < held.Deadline && await RenewAsync(held, now + life, cancel)) return held with { Deadline = now + life };
        var found = await database.ReadAsync(session => store.FindAsync(session, job), cancel);
        if (found is not null && found.Deadline > now) return null;
        var taken = await database.WriteAsync(
            Unit("lease.take", job, now, async scope => Outcome.Of(new Taken(await store.TakeAsync(scope.Session, job, holder, now, now + life)))), cancel);
        return taken.IsOk ? taken.Value.Lease : null;
    }

    /// <summary>Gives the job back at once: another node need not wait for the deadline.</summary>
    public Task ReleaseAsync(Lease lease, CancellationToken cancel) => RenewAsync(lease, DateTimeOffset.UnixEpoch, cancel);

    private async Task<bool> RenewAsync(Lease lease, DateTimeOffset deadline, CancellationToken cancel)
    {
        var renewed = await database.WriteAsync(
            Unit("lease.renew", lease.Job, Instants.Now(time), async scope => Outcome.Of(await store.SetDeadlineAsync(scope.Session, lease, deadline))), cancel);
        return renewed.IsOk && renewed.Value;
    }

    private WriteUnit<T> Unit<T>(string kind, string job, DateTimeOffset now, Func<UnitScope, Task<Outcome<T>>> run) =>
        new(Ids.New<UnitId>(time), kind, new Actor(ActorKind.Job, job, Channel.Job, holder), now, run);

    /// <summary>In a record of its own, because an outcome is never null.</summary>
    private sealed record Taken(Lease? Lease);
}
