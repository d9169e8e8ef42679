using System.Globalization;
using System.Text.RegularExpressions;
using Provisioning.Core.Query;

namespace Provisioning.Core.Scim.Filters;

/// <summary>
/// Recursive descent over the tokens; every method answers null after it has set <see cref="Problem"/>. Precedence (errata 4670):
/// comparison, not, and, or. Chains of and / or are flat, so only nesting costs depth.
/// </summary>
internal sealed partial class FilterParser(string text, int maxDepth)
{
    private readonly FilterTokens tokens = new(text);
    private int depth;

    public string Problem { get; private set; } = "";

    /// <summary>Whether the problem of a path lies between its brackets.</summary>
    public bool IsInFilter { get; private set; }

    public FilterNode? Whole()
    {
        if (tokens.Current.Kind == TokenKind.End) return Fail("The filter is empty.");
        var node = Any(inElement: false);
        if (node is null) return null;
        return tokens.Current.Kind == TokenKind.End ? node : Unexpected("the end");
    }

    public PathNode? Path()
    {
        if (tokens.Current is not { Kind: TokenKind.Word } || !Name().IsMatch(tokens.Current.Text)) return NoPath("an attribute name");
        var attribute = tokens.Take().Text;
        if (tokens.Current.Kind == TokenKind.End) return new PathNode(attribute, null, null);
        if (tokens.Current is not { Kind: TokenKind.OpenBracket, Spaced: false }) return NoPath("[ or the end");
        tokens.Take();
        IsInFilter = true;
        var filter = Any(inElement: true);
        if (filter is null) return null;
        if (tokens.Current.Kind != TokenKind.CloseBracket) return NoPath("]");
        IsInFilter = false;
        tokens.Take();
        if (tokens.Current.Kind == TokenKind.End) return new PathNode(attribute, filter, null);
        if (SubName() is not { } sub) return NoPath(".sub-attribute or the end");
        return tokens.Current.Kind == TokenKind.End ? new PathNode(attribute, filter, sub) : NoPath("the end");
    }

    private FilterNode? Any(bool inElement)
    {
        if (All(inElement) is not { } first) return null;
        List<FilterNode>? nodes = null;
        while (IsKeyword("or"))
        {
            tokens.Take();
            if (All(inElement) is not { } next) return null;
            (nodes ??= [first]).Add(next);
        }
        return nodes is null ? first : new OrNode(nodes);
    }

    private FilterNode? All(bool inElement)
    {
        if (One(inElement) is not { } first) return null;
        List<FilterNode>? nodes = null;
        while (IsKeyword("and"))
        {
            tokens.Take();
            if (One(inElement) is not { } next) return null;
            (nodes ??= [first]).Add(next);
        }
        return nodes is null ? first : new AndNode(nodes);
    }

    private FilterNode? One(bool inElement)
    {
        var negated = IsKeyword("not");
        if (negated) tokens.Take();
        if (tokens.Current.Kind != TokenKind.Open) return negated ? Unexpected("( after not") : Expression(inElement);
        if (!Enter()) return null;
        tokens.Take();
        if (Any(inElement) is not { } inner) return null;
        if (tokens.Current.Kind != TokenKind.Close) return Unexpected(")");
        tokens.Take();
        depth--;
        return negated ? new NotNode(inner) : inner;
    }

    private FilterNode? Expression(bool inElement)
    {
        if (tokens.Current.Kind != TokenKind.Word || !Name().IsMatch(tokens.Current.Text)) return Unexpected("an attribute name");
        var path = tokens.Take().Text;
        if (tokens.Current is not { Kind: TokenKind.OpenBracket, Spaced: false }) return Relation(path);
        if (inElement) return Fail("A filter on the elements of an attribute cannot hold another one.");
        if (!Enter()) return null;
        tokens.Take();
        if (Any(inElement: true) is not { } element) return null;
        if (tokens.Current.Kind != TokenKind.CloseBracket) return Unexpected("]");
        tokens.Take();
        depth--;
        if (SubName() is not { } sub) return new ValuePathNode(path, element, null);
        return Relation(sub) is { } then ? new ValuePathNode(path, element, then) : null;
    }

    private string? SubName()
    {
        if (tokens.Current is not { Kind: TokenKind.Word, Spaced: false } word || word.Text[0] != '.' || !Name().IsMatch(word.Text[1..]))
            return null;
        tokens.Take();
        return word.Text[1..];
    }

    private FilterNode? Relation(string path)
    {
        if (tokens.Current is not { Kind: TokenKind.Word, Spaced: true }) return Unexpected("an operator");
        var word = tokens.Take();
        if (word.Text.Equals("pr", StringComparison.OrdinalIgnoreCase)) return new PresentNode(path);
        CompareOperator? relation = word.Text.ToUpperInvariant() switch
        {
            "EQ" => CompareOperator.Eq,
            "NE" => CompareOperator.Ne,
            "CO" => CompareOperator.Co,
            "SW" => CompareOperator.Sw,
            "EW" => CompareOperator.Ew,
            "GT" => CompareOperator.Gt,
            "GE" => CompareOperator.Ge,
            "LT" => CompareOperator.Lt,
            "LE" => CompareOperator.Le,
            _ => null,
        };
        if (relation is null) return Fail($"'{word.Text}' is no operator; there are eq, ne, co, sw, ew, gt, ge, lt, le and pr.");
        return Value() is { } value ? new CompareNode(path, relation.Value, value) : null;
    }

    private Literal? Value()
    {
        if (tokens.Current.Kind == TokenKind.Text) return new TextLiteral(tokens.Take().Text);
        if (tokens.Current is not { Kind: TokenKind.Word, Spaced: true } || IsKeyword("and") || IsKeyword("or") || IsKeyword("not"))
        {
            Unexpected("a value");
            return null;
        }
        var word = tokens.Take().Text;
        return word switch
        {
            "true" => new BooleanLiteral(true),
            "false" => new BooleanLiteral(false),
            "null" => new NullLiteral(),
            _ => Number().IsMatch(word) ? new NumberLiteral(word) : new BareLiteral(word),
        };
    }

    private bool IsKeyword(string word) =>
        tokens.Current.Kind == TokenKind.Word && tokens.Current.Text.Equals(word, StringComparison.OrdinalIgnoreCase);

    private bool Enter()
    {
        var limit = Math.Min(maxDepth, FilterLimits.MaxDepth);
        if (++depth <= limit) return true;
        Fail(string.Create(CultureInfo.InvariantCulture, $"The filter is nested deeper than {limit} levels (setting Limits:FilterDepth)."));
        return false;
    }

    private FilterNode? Fail(string problem)
    {
        Problem = problem;
        return null;
    }

    private FilterNode? Unexpected(string expected) => Fail(string.Create(CultureInfo.InvariantCulture,
        $"Expected {expected} at character {tokens.Current.At + 1}, but found {tokens.Current.Text}."));

    private PathNode? NoPath(string expected)
    {
        Unexpected(expected);
        return null;
    }

    /// <summary>Attribute names, their paths and URIs; <c>$ref</c> included (errata 7122).</summary>
    [GeneratedRegex(@"\A[A-Za-z$][A-Za-z0-9$_.:/%#+~@=&*!-]*\z")]
    private static partial Regex Name();

    [GeneratedRegex(@"\A-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\z")]
    private static partial Regex Number();
}
