using Provisioning.Core.Common;
using Provisioning.Core.Query;
using Provisioning.Core.Schemas;

namespace Provisioning.Core.Scim.Filters;

/// <summary>
/// Gives the names and literals of a filter their meaning for a resource type (checklist F14). Unknown names, write-only
/// attributes and literals of the wrong type are <see cref="InvalidFilter"/>: an empty answer would make identity providers create
/// duplicates.
/// </summary>
public static class FilterBinder
{
    public static Outcome<Predicate> Bind(FilterNode filter, ResourceType type) => Bind(filter, type, []);

    /// <summary>For a query over several types (checklist R4): a name only another type knows is no value here, not an error.</summary>
    public static Outcome<Predicate> Bind(FilterNode filter, ResourceType type, IReadOnlyList<ResourceType> otherTypes)
    {
        switch (filter)
        {
            case AndNode and:
                return Each(and.Nodes, node => Bind(node, type, otherTypes), parts => new And(parts));
            case OrNode or:
                return Each(or.Nodes, node => Bind(node, type, otherTypes), parts => new Or(parts));
            case NotNode not:
                return Bind(not.Node, type, otherTypes).Select(Predicate (inner) => new Not(inner));
        }
        var bound = Leaf(filter, type);
        if (bound.IsOk || Names(filter, type)) return bound;
        foreach (var other in otherTypes)
            if (Names(filter, other)) return Leaf(filter, other).Select(Predicate (_) => new Constant(IsTrueOfNoValue(filter)));
        return bound;
    }

    /// <summary>Binds the filter between the brackets of <paramref name="path"/>; its steps start at the element.</summary>
    public static Outcome<Predicate> BindElement(FilterNode filter, AttributePath path)
    {
        switch (filter)
        {
            case AndNode and:
                return Each(and.Nodes, node => BindElement(node, path), parts => new And(parts));
            case OrNode or:
                return Each(or.Nodes, node => BindElement(node, path), parts => new Or(parts));
            case NotNode not:
                return BindElement(not.Node, path).Select(Predicate (inner) => new Not(inner));
            case PresentNode present:
                return ElementPath(present.Path, path).Select(Predicate (bound) => new Present(bound));
            case CompareNode compare:
                return ElementPath(compare.Path, path).Then(bound => Relation(bound, compare));
            default:
                return new InvalidFilter("A filter on the elements of an attribute cannot hold another one.");
        }
    }

    /// <summary>A path as predicates and sort orders use it; null for what may not be revealed (password).</summary>
    public static BoundPath? BindPath(AttributePath path)
    {
        if (path.Attribute?.Returned == Returned.Never || path.SubAttribute?.Returned == Returned.Never) return null;
        List<string> steps = [];
        if (path.Extension is not null) steps.Add(path.Extension.Id);
        if (path.Attribute is not null) steps.Add(path.Attribute.Name);
        if (path.SubAttribute is not null) steps.Add(path.SubAttribute.Name);
        return new BoundPath(path.Name, LiteralBinder.Kind(path.Leaf), path.Leaf?.CaseExact ?? false, steps);
    }

    private static Outcome<Predicate> Leaf(FilterNode filter, ResourceType type) => filter switch
    {
        PresentNode present => Find(present.Path, type).Then(Bound).Select(Predicate (bound) => new Present(bound)),
        CompareNode compare => Find(compare.Path, type).Then(path => Whole(path, compare)),
        ValuePathNode value => Find(value.Path, type).Then(path => Elements(path, value)),
        _ => throw new InvalidOperationException($"An unknown filter: {filter.GetType().Name}"),
    };

    private static Outcome<Predicate> Whole(AttributePath path, CompareNode compare)
    {
        if (path.Leaf is { IsComplex: false } || compare.Value is NullLiteral) return Bound(path).Then(bound => Relation(bound, compare));
        return path.Attribute?.Sub("value") is { } value
            ? Bound(path.With(value)).Then(bound => Relation(bound, compare))
            : new InvalidFilter($"'{path.Name}' has several parts and no value of its own to compare.");
    }

    private static Outcome<Predicate> Elements(AttributePath path, ValuePathNode node)
    {
        if (path.SubAttribute is not null || path.Attribute is not { } attribute || !(attribute.IsComplex || attribute.MultiValued))
            return new InvalidFilter($"'{path.Name}' has no elements that a filter in brackets could choose.");
        if (!Bound(path).Try(out var bound, out var error) || !BindElement(node.Element, path).Try(out var element, out error))
            return error;
        if (node.Then is null) return new AnyValue(bound, element);
        // "No element equals" (F12) and "eq null = not pr" hold for the chosen elements, too.
        var negative = node.Then is CompareNode { Operator: CompareOperator.Ne, Value: not NullLiteral }
            or CompareNode { Operator: CompareOperator.Eq, Value: NullLiteral };
        var positive = node.Then is CompareNode compare && negative
            ? compare with { Operator = compare.Operator == CompareOperator.Ne ? CompareOperator.Eq : CompareOperator.Ne }
            : node.Then;
        return BindElement(positive, path).Select(Predicate (then) =>
        {
            var any = new AnyValue(bound, new And([element, then]));
            return negative ? new Not(any) : any;
        });
    }

    private static Outcome<BoundPath> ElementPath(string name, AttributePath parent)
    {
        var attribute = parent.Attribute!;
        // A simple multi-valued attribute has elements without parts: "value" is the element itself (errata 7122).
        if (!attribute.IsComplex)
            return name.Equals("value", StringComparison.OrdinalIgnoreCase)
                ? new BoundPath(parent.Name, LiteralBinder.Kind(attribute), attribute.CaseExact, [])
                : new InvalidFilter($"The elements of '{parent.Name}' have no '{name}'; only 'value' can be named.");
        if (attribute.Sub(name) is not { } sub) return new InvalidFilter($"'{parent.Name}' has no sub-attribute '{name}'.");
        return Bound(parent.With(sub)).Select(bound => bound with { Steps = [sub.Name] });
    }

    private static Outcome<Predicate> Relation(BoundPath path, CompareNode compare)
    {
        if (compare.Value is not NullLiteral)
            return LiteralBinder.Bind(path, compare.Operator, compare.Value)
                .Select(Predicate (operand) => new Compare(path, compare.Operator, operand));
        return compare.Operator switch
        {
            CompareOperator.Eq => new Not(new Present(path)),
            CompareOperator.Ne => new Present(path),
            _ => new InvalidFilter("null can only be compared with eq and ne."),
        };
    }

    private static Outcome<AttributePath> Find(string name, ResourceType type) =>
        type.Resolve(name) is { } path
            ? path
            : new InvalidFilter($"A {type.Name} has no attribute '{name}', or more than one extension has it.");

    private static Outcome<BoundPath> Bound(AttributePath path) =>
        BindPath(path) is { } bound ? bound : new InvalidFilter($"'{path.Name}' cannot be used in a filter.");

    private static Outcome<Predicate> Each(
        IReadOnlyList<FilterNode> nodes, Func<FilterNode, Outcome<Predicate>> bind, Func<IReadOnlyList<Predicate>, Predicate> join)
    {
        var parts = new List<Predicate>(nodes.Count);
        foreach (var node in nodes)
        {
            if (!bind(node).Try(out var part, out var error)) return error;
            parts.Add(part);
        }
        return join(parts);
    }

    private static bool Names(FilterNode leaf, ResourceType type) => type.Resolve(Path(leaf)) is not null;

    private static string Path(FilterNode leaf) => leaf switch
    {
        PresentNode present => present.Path,
        CompareNode compare => compare.Path,
        ValuePathNode value => value.Path,
        _ => "",
    };

    private static bool IsTrueOfNoValue(FilterNode leaf)
    {
        var last = leaf is ValuePathNode { Then: { } then } ? then : leaf;
        return last is CompareNode { Operator: CompareOperator.Ne, Value: not NullLiteral }
            or CompareNode { Operator: CompareOperator.Eq, Value: NullLiteral };
    }
}
