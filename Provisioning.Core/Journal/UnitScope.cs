using System.Text.Json.Nodes;
using Provisioning.Core.Common;

namespace Provisioning.Core.Journal;

/// <summary>One attempt at a unit of work: its transaction, its actor, its instant, and the journal rows it collects (rule I-11).</summary>
public sealed class UnitScope(ISession session, Actor actor, DateTimeOffset now)
{
    private readonly List<JournalRow> rows = [];
    private readonly List<Func<Task>> kept = [];

    public ISession Session { get; } = session;

    public Actor Actor { get; } = actor;

    public DateTimeOffset Now { get; } = now;

    /// <summary>Everything recorded so far, in order; written by the store as the last part of the unit.</summary>
    public IReadOnlyList<JournalRow> Rows => rows;

    /// <summary>Records a state change: an audit record, and an event of the same name for the outbox.</summary>
    public void Record(OrganizationId organization, string action, Target target, JsonObject? before, JsonObject? after, string? reason = null) =>
        rows.Add(new JournalRow(organization, action, target, before, after, reason, HasEvent: true, IsRefusal: false));

    /// <summary>Records what is of interest to an auditor but no event, for example an ignored request.</summary>
    public void Note(OrganizationId organization, string action, Target target, JsonObject? detail, string? reason = null) =>
        rows.Add(new JournalRow(organization, action, target, null, detail, reason, HasEvent: false, IsRefusal: false));

    /// <summary>Writes that are kept when the unit is refused, for example the open seat request of a person who was turned away.</summary>
    public IReadOnlyList<Func<Task>> KeptOnRefusal => kept;

    public void KeepOnRefusal(Func<Task> write) => kept.Add(write);

    /// <summary>Records a refusal: kept although the unit's changes are rolled back (domain.md section 11).</summary>
    public void Refuse(OrganizationId organization, string action, Target target, JsonObject? detail, string reason) =>
        rows.Add(new JournalRow(organization, action, target, null, detail, reason, HasEvent: true, IsRefusal: true));
}

/// <summary>What a journal row is about, for example (member, mem_...).</summary>
public sealed record Target(string Kind, string Id)
{
    public static Target Member(MemberId id) => new("member", id.ToString());
    public static Target User(ResourceId id) => new("user", id.ToString());
    public static Target Group(ResourceId id) => new("group", id.ToString());
    public static Target Organization(OrganizationId id) => new("organization", id.ToString());
    public static Target Token(TokenId id) => new("token", id.ToString());
    public static Target Invitation(InvitationId id) => new("invitation", id.ToString());
    public static Target Domain(DomainId id) => new("domain", id.ToString());
    public static Target Connection(ConnectionId id) => new("connection", id.ToString());
}

/// <summary>One audit record and, when it is an event, its outbox row (domain.md sections 10 and 11).</summary>
/// <param name="Before">Attributes before the change: may hold personal data, never secrets.</param>
public sealed record JournalRow(
    OrganizationId Organization, string Action, Target Target, JsonObject? Before, JsonObject? After, string? Reason,
    bool HasEvent, bool IsRefusal);
