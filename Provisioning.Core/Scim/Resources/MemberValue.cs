namespace Provisioning.Core.Scim.Resources;

/// <summary>
/// One value of a group's <c>members</c>, as sent (checklist U10). Membership is rows, never part of a resource tree (design D5).
/// </summary>
/// <param name="Value">The id of the member; never empty, not necessarily known.</param>
/// <param name="Ref"><c>$ref</c> as sent.</param>
/// <param name="Type"><c>type</c> as sent.</param>
/// <param name="Display"><c>display</c>, or what was sent as <c>displayName</c>.</param>
public sealed record MemberValue(string Value, string? Ref, string? Type, string? Display);
