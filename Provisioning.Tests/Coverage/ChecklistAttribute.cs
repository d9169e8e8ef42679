namespace Provisioning.Tests.Coverage;

/// <summary>The rows of the SCIM checklist that a test shows, where its name does not say so.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ChecklistAttribute(params string[] rows) : Attribute
{
    public IReadOnlyList<string> Rows { get; } = rows;
}
