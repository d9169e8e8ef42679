using Provisioning.Core.Common;

namespace Provisioning.Core.Journal;

/// <summary>The database as the rooms see it: consistent reads, and writes that are whole units (design D2).</summary>
public interface IDatabase
{
    /// <summary>Runs a query on one consistent snapshot.</summary>
    Task<T> ReadAsync<T>(Func<ISession, Task<T>> query, CancellationToken cancel);

    /// <summary>
    /// Runs a unit in one transaction and answers after its commit: changes, seat, audit and outbox rows are durable together,
    /// or nothing is. A unit that ends in an error is rolled back; only the rows it recorded as refusals are kept. The unit may
    /// be run several times (deadlock, key conflict, lost connection), but takes effect once: its receipt decides.
    /// Answers <see cref="StoreUnavailable"/> when the database stays out of reach.
    /// </summary>
    Task<Outcome<T>> WriteAsync<T>(WriteUnit<T> unit, CancellationToken cancel);
}

/// <summary>One change, ready to be run. Everything random or timed was made before (rule I-13); it does SQL only.</summary>
/// <param name="Id">The receipt's id: the same for every attempt, and for every replay of an idempotency key.</param>
/// <param name="Kind">What the unit does, for example <c>user.create</c>.</param>
/// <param name="Now">The instant of the change.</param>
public sealed record WriteUnit<T>(UnitId Id, string Kind, Actor Actor, DateTimeOffset Now, Func<UnitScope, Task<Outcome<T>>> Run)
{
    /// <summary>The organisation that is written. Units of one organisation share transactions; null is a unit about none in particular.</summary>
    public OrganizationId? Organization { get; init; }

    /// <summary>For a unit of a job: it runs only while this lease is the current one, else it throws <see cref="LeaseLostException"/>.</summary>
    public Lease? Lease { get; init; }

    /// <summary>
    /// A repeat finds by itself what the first attempt wrote, changes nothing and answers the same: no receipt is kept of it, unless a key
    /// asks for one.
    /// </summary>
    public bool IsRepeatable { get; init; }

    /// <summary>A digest of the request, when the id came from an Idempotency-Key: the same key with another request is refused.</summary>
    public byte[]? RequestHash { get; init; }

    /// <summary>What the receipt keeps of the answer; by default the whole value as JSON.</summary>
    public Func<T, string>? Remember { get; init; }

    /// <summary>Turns what the receipt kept back into the answer.</summary>
    public Func<ISession, string, Task<Outcome<T>>>? Recall { get; init; }
}
