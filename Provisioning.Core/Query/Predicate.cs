using Provisioning.Core.Common;

namespace Provisioning.Core.Query;

/// <summary>
/// A condition on resources, checked and typed. Two-valued: what is absent makes a comparison false, and <see cref="Not"/> is the
/// plain opposite (SQL translators: no NULL may survive).
/// </summary>
public abstract record Predicate
{
    private protected Predicate() { }

    /// <summary>How many comparisons it is made of: what deciding it on one resource costs.</summary>
    public int Terms => this switch
    {
        And and => and.Predicates.Sum(part => part.Terms),
        Or or => or.Predicates.Sum(part => part.Terms),
        Not not => not.Predicate.Terms,
        AnyValue any => any.Element.Terms,
        _ => 1,
    };
}

/// <summary>All of at least two.</summary>
public sealed record And(IReadOnlyList<Predicate> Predicates) : Predicate;

/// <summary>Any of at least two.</summary>
public sealed record Or(IReadOnlyList<Predicate> Predicates) : Predicate;

/// <summary>The plain opposite; also how <c>eq null</c> is bound: Not(Present).</summary>
public sealed record Not(Predicate Predicate) : Predicate;

/// <summary>
/// Some value of the path stands in this relation to the operand; with <see cref="CompareOperator.Ne"/>: no value equals it, so it
/// is true also when there is none (checklist F12). The operand has the type of the path's kind.
/// </summary>
public sealed record Compare(BoundPath Path, CompareOperator Operator, Operand Operand) : Predicate;

/// <summary>There is a value: not null, not empty text, for a complex path at least one such part (checklist F11).</summary>
public sealed record Present(BoundPath Path) : Predicate;

/// <summary>One and the same element of the path fulfils the inner predicate, whose steps start at the element (checklist F4).</summary>
public sealed record AnyValue(BoundPath Path, Predicate Element) : Predicate;

/// <summary>
/// True or false for every resource of the type: a query over all types names an attribute this type lacks (checklist R4).
/// </summary>
public sealed record Constant(bool Value) : Predicate;

/// <summary>The comparisons of RFC 7644 3.4.2.2; pr is <see cref="Present"/>.</summary>
public enum CompareOperator { Eq, Ne, Co, Sw, Ew, Gt, Ge, Lt, Le }

/// <summary>What a value is compared with; never null (see <see cref="Not"/>).</summary>
public abstract record Operand
{
    private protected Operand() { }
}

/// <summary>For text, reference and binary paths.</summary>
public sealed record TextOperand(string Text) : Operand
{
    /// <summary>The text as paths compare it whose case does not count.</summary>
    public string Folded { get; } = TextKey.FoldText(Text);
}

/// <summary>For boolean paths: only Eq and Ne.</summary>
public sealed record BooleanOperand(bool Value) : Operand;

/// <summary>For integer and decimal paths: no Co, Sw, Ew.</summary>
public sealed record NumberOperand(decimal Value) : Operand;

/// <summary>For dateTime paths, in UTC: no Co, Sw, Ew.</summary>
public sealed record InstantOperand(DateTimeOffset Value) : Operand;
