using Provisioning.Core.Query;
using Provisioning.Core.Scim.Resources;

namespace Provisioning.Core.Scim.Patching;

/// <summary>One step on the member rows of a group (design D5: membership is rows, never a JSON array).</summary>
public abstract record MemberOperation
{
    private protected MemberOperation() { }
}

/// <summary>Adds those that are not members yet.</summary>
public sealed record AddMembers(IReadOnlyList<MemberValue> Values) : MemberOperation;

/// <summary>Removes those that are members; the others are no error (checklist X12).</summary>
public sealed record RemoveMembers(IReadOnlyList<string> Ids) : MemberOperation;

/// <summary>
/// Removes the members that fulfil a condition other than a list of ids; its steps start at the member (value, $ref, type, display).
/// </summary>
public sealed record RemoveMembersWhere(Predicate Member) : MemberOperation;

public sealed record ClearMembers : MemberOperation;

/// <summary>Afterwards exactly these are members; an empty list clears.</summary>
public sealed record ReplaceMembers(IReadOnlyList<MemberValue> Values) : MemberOperation;
