using System.Text.Json.Nodes;
using Provisioning.Core.Common;

namespace Provisioning.Core.Journal;

/// <summary>Reads the audit trail of one organisation; it is written with each unit and never changed.</summary>
public interface IAuditStore
{
    /// <summary>Newest first.</summary>
    Task<Page<AuditRecord>> ListAsync(ISession session, OrganizationId organization, AuditQuery query, CancellationToken cancel);
}

/// <summary>Exact matches, all optional; <paramref name="After"/> is the key of the last record of the page before.</summary>
public sealed record AuditQuery(string? Target, string? Actor, string? Action, byte[]? After, int Limit);

/// <summary>Who did what to whom, when, through which door, and why (domain.md section 11).</summary>
public sealed record AuditRecord(
    string Id, DateTimeOffset At, string ActorKind, string ActorId, string Channel, string Action, Target Target,
    JsonNode? Before, JsonNode? After, string? Reason, string CorrelationId);
