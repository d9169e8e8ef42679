using System.Text.Json.Nodes;
using Provisioning.Core.Common;

namespace Provisioning.Core.Journal;

/// <summary>Reads the audit trail of one organisation; it is written with each unit and never changed.</summary>
public interface IAuditStore
{
    /// <summary>Newest first.</summary>
    Task<Page<AuditRecord>> ListAsync(ISession session, OrganizationId organization, AuditQuery query, CancellationToken cancel);

    /// <summary>Sealed records in the order of the chain, after a number: nothing ever appears before what was given out.</summary>
    Task<IReadOnlyList<AuditRecord>> ListSealedAsync(ISession session, OrganizationId organization, AuditQuery query, long after, long last, int limit);
}

/// <summary>Exact matches, all optional; <paramref name="After"/> is the key of the last record of the page before.</summary>
public sealed record AuditQuery(string? Target, string? Actor, string? Action, byte[]? After, int Limit)
{
    /// <summary>The word of a <see cref="Common.Channel"/>.</summary>
    public string? Channel { get; init; }

    /// <summary>Records at this instant or later.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Records before this instant.</summary>
    public DateTimeOffset? To { get; init; }
}

/// <summary>Who did what to whom, when, through which door, and why (domain.md section 11).</summary>
/// <param name="Sequence">Its place in the chain; null until it is sealed.</param>
/// <param name="IsErased">The detail was there, and was erased with the person.</param>
public sealed record AuditRecord(
    string Id, DateTimeOffset At, string ActorKind, string ActorId, string Channel, string Action, Target Target,
    JsonNode? Before, JsonNode? After, string? Reason, string CorrelationId, long? Sequence, byte[]? Chain, bool IsErased);
