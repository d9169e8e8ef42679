namespace Provisioning.Core.Schemas;

/// <summary>The data types of RFC 7643 2.3.</summary>
public enum AttributeType { Text, Boolean, Decimal, Integer, DateTime, Binary, Reference, Complex }

/// <summary>When an attribute can be written (RFC 7643 7).</summary>
public enum Mutability { ReadWrite, ReadOnly, Immutable, WriteOnly }

/// <summary>When an attribute is in an answer (RFC 7643 7).</summary>
public enum Returned { Default, Always, Never, Request }

/// <summary>Where a value is unique (RFC 7643 7).</summary>
public enum Uniqueness { None, Server, Global }

/// <summary>One attribute as its schema file describes it, with the defaults of RFC 7643 2.2 where the file is silent.</summary>
public sealed record AttributeDefinition
{
    private readonly Dictionary<string, AttributeDefinition> subs = new(StringComparer.OrdinalIgnoreCase);
    private readonly IReadOnlyList<AttributeDefinition> subAttributes = [];

    /// <summary>The name in its canonical letter case, the only one used in resource trees.</summary>
    public required string Name { get; init; }

    public string Description { get; init; } = "";
    public AttributeType Type { get; init; } = AttributeType.Text;
    public bool MultiValued { get; init; }
    public bool Required { get; init; }
    public bool CaseExact { get; init; }
    public Mutability Mutability { get; init; } = Mutability.ReadWrite;
    public Returned Returned { get; init; } = Returned.Default;
    public Uniqueness Uniqueness { get; init; } = Uniqueness.None;

    /// <summary>Suggestions, never restrictions (checklist C17).</summary>
    public IReadOnlyList<string> CanonicalValues { get; init; } = [];

    public IReadOnlyList<string> ReferenceTypes { get; init; } = [];

    /// <summary>The parts of a complex attribute; empty for every other type.</summary>
    public IReadOnlyList<AttributeDefinition> SubAttributes
    {
        get => subAttributes;
        init
        {
            subAttributes = value;
            subs = value.ToDictionary(sub => sub.Name, StringComparer.OrdinalIgnoreCase);
        }
    }

    public bool IsComplex => Type == AttributeType.Complex;

    /// <summary>A sub-attribute by its name in any letter case; null when there is none.</summary>
    public AttributeDefinition? Sub(string name) => subs.GetValueOrDefault(name);
}
