using System.Globalization;
using Provisioning.Core.Common;
using Provisioning.Core.Query;
using Provisioning.Core.Schemas;

namespace Provisioning.Core.Scim.Filters;

/// <summary>
/// Turns a literal into the operand its attribute needs, and refuses operators the type does not have (checklist F5, F8, F9).
/// </summary>
internal static class LiteralBinder
{
    public static ValueKind Kind(AttributeDefinition? attribute) => attribute?.Type switch
    {
        AttributeType.Text => ValueKind.Text,
        AttributeType.Boolean => ValueKind.Boolean,
        AttributeType.Decimal => ValueKind.Decimal,
        AttributeType.Integer => ValueKind.Integer,
        AttributeType.DateTime => ValueKind.DateTime,
        AttributeType.Binary => ValueKind.Binary,
        AttributeType.Reference => ValueKind.Reference,
        _ => ValueKind.Complex,
    };

    public static Outcome<Operand> Bind(BoundPath path, CompareOperator relation, Literal literal)
    {
        if (!Has(path.Kind, relation))
            return new InvalidFilter($"'{path.Name}' ({Word(path.Kind)}) cannot be compared with this operator.");
        var text = literal switch { TextLiteral quoted => quoted.Text, BareLiteral bare => bare.Text, _ => null };
        Operand? operand = path.Kind switch
        {
            ValueKind.Boolean => Boolean(literal, text),
            ValueKind.Integer or ValueKind.Decimal => Number(literal),
            ValueKind.DateTime => text is not null && XsdDateTime.TryParse(text, out var instant) ? new InstantOperand(instant) : null,
            // Digits without quotation marks are an unquoted literal like externalId eq jyoung.
            _ => (text ?? (literal as NumberLiteral)?.Raw) is { } value ? new TextOperand(value) : null,
        };
        return operand is null ? new InvalidFilter($"'{path.Name}' needs a {Word(path.Kind)} to compare with.") : operand;
    }

    private static bool Has(ValueKind kind, CompareOperator relation) => kind switch
    {
        ValueKind.Boolean => relation is CompareOperator.Eq or CompareOperator.Ne,
        ValueKind.Binary => relation is not (CompareOperator.Gt or CompareOperator.Ge or CompareOperator.Lt or CompareOperator.Le),
        ValueKind.Integer or ValueKind.Decimal or ValueKind.DateTime =>
            relation is not (CompareOperator.Co or CompareOperator.Sw or CompareOperator.Ew),
        ValueKind.Complex => false,
        _ => true,
    };

    /// <summary>Entra compares booleans with strings: <c>roles[primary eq "True"]</c>.</summary>
    private static BooleanOperand? Boolean(Literal literal, string? text)
    {
        if (literal is BooleanLiteral flag) return new BooleanOperand(flag.Value);
        if (string.Equals(text, "true", StringComparison.OrdinalIgnoreCase)) return new BooleanOperand(true);
        return string.Equals(text, "false", StringComparison.OrdinalIgnoreCase) ? new BooleanOperand(false) : null;
    }

    private static NumberOperand? Number(Literal literal) =>
        literal is NumberLiteral number && decimal.TryParse(number.Raw, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            ? new NumberOperand(value)
            : null;

    private static string Word(ValueKind kind) => kind switch
    {
        ValueKind.Boolean => "boolean",
        ValueKind.Integer or ValueKind.Decimal => "number",
        ValueKind.DateTime => "dateTime",
        ValueKind.Complex => "complex",
        ValueKind.Binary => "binary",
        _ => "string",
    };
}
