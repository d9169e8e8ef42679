using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Provisioning.Core.Query;

namespace Provisioning.Core.Scim.Filters;

internal static class FilterPrinter
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Print(FilterNode node)
    {
        var text = new StringBuilder();
        Print(text, node);
        return text.ToString();
    }

    /// <summary>A JSON string, the form of a text literal.</summary>
    public static string Quote(string text) => JsonSerializer.Serialize(text, Plain);

    private static void Print(StringBuilder text, FilterNode node)
    {
        switch (node)
        {
            case OrNode or:
                Join(text, or.Nodes, " or ", grouped: part => part is OrNode);
                break;
            case AndNode and:
                Join(text, and.Nodes, " and ", grouped: part => part is OrNode or AndNode);
                break;
            case NotNode not:
                text.Append("not (");
                Print(text, not.Node);
                text.Append(')');
                break;
            case PresentNode present:
                text.Append(present.Path).Append(" pr");
                break;
            case CompareNode compare:
                text.Append(compare.Path).Append(' ').Append(Name(compare.Operator)).Append(' ').Append(Print(compare.Value));
                break;
            case ValuePathNode path:
                text.Append(path.Path).Append('[');
                Print(text, path.Element);
                text.Append(']');
                if (path.Then is null) break;
                text.Append('.');
                Print(text, path.Then);
                break;
        }
    }

    private static void Join(StringBuilder text, IReadOnlyList<FilterNode> parts, string word, Func<FilterNode, bool> grouped)
    {
        for (var i = 0; i < parts.Count; i++)
        {
            if (i > 0) text.Append(word);
            if (grouped(parts[i])) text.Append('(');
            Print(text, parts[i]);
            if (grouped(parts[i])) text.Append(')');
        }
    }

    private static string Print(Literal literal) => literal switch
    {
        TextLiteral text => Quote(text.Text),
        NumberLiteral number => number.Raw,
        BooleanLiteral flag => flag.Value ? "true" : "false",
        BareLiteral bare => bare.Text,
        _ => "null",
    };

    private static string Name(CompareOperator relation) => relation switch
    {
        CompareOperator.Eq => "eq",
        CompareOperator.Ne => "ne",
        CompareOperator.Co => "co",
        CompareOperator.Sw => "sw",
        CompareOperator.Ew => "ew",
        CompareOperator.Gt => "gt",
        CompareOperator.Ge => "ge",
        CompareOperator.Lt => "lt",
        _ => "le",
    };
}
