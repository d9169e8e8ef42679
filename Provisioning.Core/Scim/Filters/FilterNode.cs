using Provisioning.Core.Query;

namespace Provisioning.Core.Scim.Filters;

/// <summary>
/// A filter as it was written, names and literals not yet understood (RFC 7644 3.4.2.2). <see cref="object.ToString"/> prints it so
/// that it parses to the same tree.
/// </summary>
public abstract record FilterNode
{
    private protected FilterNode() { }

    public sealed override string ToString() => FilterPrinter.Print(this);
}

/// <summary>All of at least two.</summary>
public sealed record AndNode(IReadOnlyList<FilterNode> Nodes) : FilterNode;

/// <summary>Any of at least two.</summary>
public sealed record OrNode(IReadOnlyList<FilterNode> Nodes) : FilterNode;

public sealed record NotNode(FilterNode Node) : FilterNode;

public sealed record PresentNode(string Path) : FilterNode;

public sealed record CompareNode(string Path, CompareOperator Operator, Literal Value) : FilterNode;

/// <summary>
/// <c>emails[type eq "work"]</c>, and with <paramref name="Then"/> also <c>emails[type eq "work"].value eq "x"</c> (errata 4690,
/// 7322).
/// </summary>
/// <param name="Then">A comparison or pr on a sub-attribute of the same element; null when the expression ends with the bracket.</param>
public sealed record ValuePathNode(string Path, FilterNode Element, FilterNode? Then) : FilterNode;

/// <summary>The right side of a comparison.</summary>
public abstract record Literal
{
    private protected Literal() { }
}

public sealed record TextLiteral(string Text) : Literal;

/// <param name="Raw">The digits as written: against a text attribute they count as text.</param>
public sealed record NumberLiteral(string Raw) : Literal;

public sealed record BooleanLiteral(bool Value) : Literal;

public sealed record NullLiteral : Literal;

/// <summary>Text without quotation marks, as Entra documents it: <c>externalId eq jyoung</c>.</summary>
public sealed record BareLiteral(string Text) : Literal;

/// <summary>What a filter may cost (checklist F18).</summary>
/// <param name="Length">In characters; setting <c>Limits:FilterLength</c>.</param>
/// <param name="Depth">Open parentheses, brackets and nots; setting <c>Limits:FilterDepth</c>. Never more than <see
/// cref="MaxDepth"/>.</param>
public sealed record FilterLimits(int Length, int Depth)
{
    /// <summary>Beyond this depth a recursive walk could exhaust the stack, whatever the setting says.</summary>
    public const int MaxDepth = 200;

    public static readonly FilterLimits Default = new(8_000, 32);
}
