namespace Provisioning.Core.Query;

/// <summary>How the values of a path compare.</summary>
public enum ValueKind { Text, Boolean, Integer, Decimal, DateTime, Reference, Binary, Complex }

/// <summary>A path whose meaning is settled: what a translator or evaluator needs, without the schemas.</summary>
/// <param name="Name">
/// The canonical full name to switch on: <c>userName</c>, <c>name.familyName</c>, <c>emails.value</c>, <c>meta.lastModified</c>,
/// <c>urn:...:enterprise:2.0:User:employeeNumber</c>. Inside <see cref="AnyValue"/> it is still the full name.
/// </param>
/// <param name="Kind">Only <see cref="Present"/> and <see cref="AnyValue"/> have <see cref="ValueKind.Complex"/>.</param>
/// <param name="CaseExact">Whether letter case counts; if not, values compare by <see cref="Common.TextKey.FoldText"/>.</param>
/// <param name="Steps">
/// The property names from the resource (inside <see cref="AnyValue"/>: from the element) to the value. An array on the way stands
/// for each of its elements. Empty: the element itself.
/// </param>
public sealed record BoundPath(string Name, ValueKind Kind, bool CaseExact, IReadOnlyList<string> Steps)
{
    public override string ToString() => Name;
}
