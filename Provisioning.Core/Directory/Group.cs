using System.Text.Json.Nodes;
using Provisioning.Core.Common;

namespace Provisioning.Core.Directory;

/// <summary>A group as pushed. Its members are rows of their own, never part of it (design D5).</summary>
/// <param name="Version">A counter that moves with the group's attributes and with its rows (rule SCIM-16).</param>
public sealed record Group(
    ResourceId Id, OrganizationId Organization, string DisplayName, string? ExternalId, JsonObject Attributes,
    long Version, DateTimeOffset Created, DateTimeOffset LastModified)
{
    /// <summary>Whether an owner means this group: by id, externalId, or name without regard to case.</summary>
    public bool IsNamed(string name) =>
        Id.ToString() == name || ExternalId == name || TextKey.Fold(DisplayName).AsSpan().SequenceEqual(TextKey.Fold(name));
}

/// <summary>A row of a group: who, and how it was written.</summary>
/// <param name="IsGroup">A nested group; else a user.</param>
/// <param name="Ref">$ref as sent; null when it was not.</param>
/// <param name="Type">type as sent; null when it was not.</param>
public sealed record GroupMember(ResourceId Member, bool IsGroup, string? Ref, string? Type, string? Display)
{
    /// <summary>As sent, else relative to the base URL.</summary>
    public string ShownRef => Ref ?? $"{(IsGroup ? "Groups" : "Users")}/{Member}";

    /// <summary>As sent, else the kind.</summary>
    public string ShownType => Type ?? (IsGroup ? "Group" : "User");

    /// <summary>The row as it is written now; what is not given, or given as it is shown, stays.</summary>
    public GroupMember As(MemberRef written) => this with
    {
        Ref = written.Ref is null || written.Ref == ShownRef ? Ref : written.Ref,
        Type = written.Type is null || written.Type == ShownType ? Type : written.Type,
        Display = written.Display ?? Display,
    };
}

/// <summary>A group a user is in, for the derived attribute <c>groups</c>.</summary>
public sealed record GroupOfUser(ResourceId User, ResourceId Group, string DisplayName);

/// <summary>One step of a membership change, in the order sent.</summary>
public abstract record MembershipStep;

/// <summary>Adds those that are not in yet.</summary>
public sealed record AddMembers(IReadOnlyList<MemberRef> Members) : MembershipStep;

/// <summary>Removes those that are in.</summary>
public sealed record RemoveMembers(IReadOnlyList<string> Values) : MembershipStep;

/// <summary>Makes exactly these the members.</summary>
public sealed record ReplaceMembers(IReadOnlyList<MemberRef> Members) : MembershipStep;

/// <summary>Removes the members for which the predicate over (value, type, display, $ref) holds; reads the list, so it is the slow way.</summary>
/// <param name="Terms">Comparisons per member.</param>
public sealed record RemoveMembersWhere(Func<GroupMember, bool> Matches, int Terms) : MembershipStep;

/// <summary>A member as the identity provider wrote it.</summary>
public sealed record MemberRef(string Value, string? Ref, string? Type, string? Display);
