using Provisioning.Core.Common;

namespace Provisioning.Core.Journal;

/// <summary>How far the journal of an organisation is sealed.</summary>
/// <param name="AuditSequence">Of the last sealed record; 0 when there is none.</param>
/// <param name="Chain">The link of that record.</param>
/// <param name="EventSequence">Of the last numbered event.</param>
public sealed record JournalHead(long AuditSequence, byte[] Chain, long EventSequence);

/// <summary>A committed record that has no number yet.</summary>
/// <param name="EventData">The payload of the event that was written with it; null when it is no event.</param>
public sealed record UnsealedRecord(ChainedRecord Record, AuditDetail? Detail, string? EventData);

/// <summary>The place of a record in the chain, and of its event in the sequence of events.</summary>
public sealed record Seal(Guid Id, long Sequence, byte[] Chain, byte[]? DetailDigest, long? EventSequence);

/// <summary>A record in its place, as the database has it now.</summary>
public sealed record SealedRecord(long Sequence, byte[] Chain, byte[]? DetailDigest, ChainedRecord Record, AuditDetail? Detail);

/// <summary>The journal as the sealer and the verification need it.</summary>
public interface IJournalStore
{
    /// <summary>The next organisation, in the order of ids, with records that have no number; null when there is none.</summary>
    Task<OrganizationId?> NextUnsealedAsync(ISession session, OrganizationId? after);

    /// <summary>Null before the first sealing.</summary>
    Task<JournalHead?> HeadAsync(ISession session, OrganizationId organization);

    /// <summary>Committed records without a number, oldest first.</summary>
    Task<IReadOnlyList<UnsealedRecord>> UnsealedAsync(ISession session, OrganizationId organization, int limit);

    /// <summary>Writes numbers and links, and moves the head; throws <see cref="UnitConflictException"/> when somebody else did.</summary>
    /// <param name="before">Null for the first sealing.</param>
    Task SealAsync(ISession session, OrganizationId organization, JournalHead? before, JournalHead after, IReadOnlyList<Seal> seals);

    /// <summary>Sealed records in order.</summary>
    Task<IReadOnlyList<SealedRecord>> SealedAsync(ISession session, OrganizationId organization, long after, int limit);

    /// <summary>The greatest number of a record, whatever the head says; 0 when there is none.</summary>
    Task<long> LastSequenceAsync(ISession session, OrganizationId organization);

    Task<long> CountUnsealedAsync(ISession session, OrganizationId organization);

    /// <summary>The records whose details this erasure emptied.</summary>
    Task<IReadOnlyList<Guid>> ErasedByAsync(ISession session, Guid erasure);

    /// <summary>The details (after) of the erasures that are not in the chain up to this number.</summary>
    Task<IReadOnlyList<string>> LateErasuresAsync(ISession session, OrganizationId organization, long after);
}

/// <summary>An event in its place: what consumers see, in this order.</summary>
public sealed record SealedEvent(long Sequence, Guid Id, string Type, Target Subject, DateTimeOffset At, string Data)
{
    /// <summary>Of the subject as the unit of the event left it; null for what has no version, and where it is not asked for.</summary>
    public long? SubjectVersion { get; init; }
}

/// <summary>Somebody who acts on events as they get their place, in the same unit: it sees each event once.</summary>
public interface ISealedEvents
{
    Task TakeAsync(UnitScope scope, OrganizationId organization, IReadOnlyList<SealedEvent> events);
}
