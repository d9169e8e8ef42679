using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;

namespace Provisioning.Core.Query;

/// <summary>
/// Decides a predicate on a resource tree in canonical attribute names. It is the oracle of the SQL (design D5) and never throws:
/// a value of an unexpected JSON type is no value.
/// </summary>
public static class PredicateEvaluator
{
    /// <param name="resource">The whole representation: a path sees only what is in the tree, computed attributes included.</param>
    public static bool Matches(Predicate predicate, JsonObject resource) => Holds(predicate, resource);

    /// <summary>
    /// Decides a predicate bound to the elements of a multi-valued attribute on one element, which need not be an object.
    /// </summary>
    public static bool MatchesElement(Predicate predicate, JsonNode? element) => Holds(predicate, element);

    private static bool Holds(Predicate predicate, JsonNode? node) => predicate switch
    {
        And and => and.Predicates.All(part => Holds(part, node)),
        Or or => or.Predicates.Any(part => Holds(part, node)),
        Constant constant => constant.Value,
        Not not => !Holds(not.Predicate, node),
        Present present => Values(node, present.Path.Steps, 0).Any(HasContent),
        AnyValue any => Values(node, any.Path.Steps, 0).Any(element => Holds(any.Element, element)),
        Compare { Operator: CompareOperator.Ne } compare => !Compares(compare with { Operator = CompareOperator.Eq }, node),
        Compare compare => Compares(compare, node),
        _ => throw new InvalidOperationException($"An unknown predicate: {predicate.GetType().Name}"),
    };

    private static bool Compares(Compare compare, JsonNode? node) =>
        Values(node, compare.Path.Steps, 0).Any(value => Stands(compare, value));

    private static IEnumerable<JsonNode> Values(JsonNode? node, IReadOnlyList<string> steps, int at)
    {
        if (node is JsonArray array) return array.SelectMany(element => Values(element, steps, at));
        if (node is null) return [];
        if (at == steps.Count) return [node];
        return node is JsonObject json && json.TryGetPropertyValue(steps[at], out var next) ? Values(next, steps, at + 1) : [];
    }

    private static bool HasContent(JsonNode? node) => node switch
    {
        null => false,
        JsonObject json => json.Any(property => HasContent(property.Value)),
        JsonArray array => array.Any(HasContent),
        _ => !(node.GetValueKind() == JsonValueKind.String && node.GetValue<string>().Length == 0),
    };

    private static bool Stands(Compare compare, JsonNode node)
    {
        switch (compare.Operand)
        {
            case TextOperand operand when node.GetValueKind() == JsonValueKind.String:
                var text = node.GetValue<string>();
                return compare.Path.CaseExact
                    ? Stands(compare.Operator, text, operand.Text)
                    : Stands(compare.Operator, TextKey.FoldText(text), operand.Folded);
            case BooleanOperand operand when node.GetValueKind() is JsonValueKind.True or JsonValueKind.False:
                return compare.Operator == CompareOperator.Eq && node.GetValueKind() == JsonValueKind.True == operand.Value;
            case NumberOperand operand when node.GetValueKind() == JsonValueKind.Number:
                return decimal.TryParse(node.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                    && Ordered(compare.Operator, number.CompareTo(operand.Value));
            case InstantOperand operand when node.GetValueKind() == JsonValueKind.String:
                return XsdDateTime.TryParse(node.GetValue<string>(), out var instant)
                    && Ordered(compare.Operator, instant.CompareTo(operand.Value));
            default:
                return false;
        }
    }

    private static bool Stands(CompareOperator relation, string text, string operand) => relation switch
    {
        CompareOperator.Eq => string.Equals(text, operand, StringComparison.Ordinal),
        CompareOperator.Co => text.Contains(operand, StringComparison.Ordinal),
        CompareOperator.Sw => text.StartsWith(operand, StringComparison.Ordinal),
        CompareOperator.Ew => text.EndsWith(operand, StringComparison.Ordinal),
        // UTF-8 order is code point order and that of the key columns; UTF-16 order is another above U+FFFF.
        _ => Ordered(relation, TextKey.Exact(text).AsSpan().SequenceCompareTo(TextKey.Exact(operand))),
    };

    private static bool Ordered(CompareOperator relation, int order) => relation switch
    {
        CompareOperator.Eq => order == 0,
        CompareOperator.Gt => order > 0,
        CompareOperator.Ge => order >= 0,
        CompareOperator.Lt => order < 0,
        CompareOperator.Le => order <= 0,
        _ => false,
    };
}
