using System.Text.Json.Nodes;
using Dapper;
using Provisioning.Core.Common;
using Provisioning.Core.Query;
using Provisioning.Core.Storage.Dialects;

namespace Provisioning.Core.Storage;

/// <summary>A condition in SQL.</summary>
/// <param name="IsExact">False: it lets through more than the predicate, which the evaluator then decides on each row.</param>
internal sealed record SqlCondition(string Sql, bool IsExact);

/// <summary>Where a path lives in SQL.</summary>
internal abstract record SqlPlace
{
    /// <summary>A column of key bytes.</summary>
    public sealed record Key(string Column, bool IsNullable, bool IsExact) : SqlPlace;

    /// <summary>Rows of entry_values.</summary>
    public sealed record Values(int Attribute) : SqlPlace;

    /// <summary>A column of microseconds, never null.</summary>
    public sealed record Instant(string Column) : SqlPlace;

    /// <summary>A boolean: <paramref name="True"/> and <paramref name="Known"/> are conditions.</summary>
    public sealed record Flag(string True, string Known) : SqlPlace;

    /// <summary>An id; <paramref name="Equal"/> is the condition that it equals <c>{0}</c>.</summary>
    public sealed record Id(string Equal, bool IsAlwaysThere) : SqlPlace;

    /// <summary>A column of a row beside the entry's member: one of our words, or microseconds.</summary>
    /// <param name="MemberColumn">The column that holds the member's id.</param>
    /// <param name="IsWord">Whether a text can be in the column at all; null for microseconds.</param>
    public sealed record Beside(string Table, string MemberColumn, string Column, Func<string, bool>? IsWord) : SqlPlace;

    /// <summary>The same for every resource of the type.</summary>
    public sealed record Same(string Value) : SqlPlace;
}

/// <summary>
/// Translates what a predicate says about searched attributes (design D5). What SQL cannot decide is left to the evaluator; SQL then
/// gives a superset. No condition is ever NULL, so that NOT is the plain opposite. Values are parameters, never text.
/// </summary>
internal sealed class FilterSql(IDialect dialect, Func<string, SqlPlace?> places, DynamicParameters parameters)
{
    private const string True = "1 = 1", False = "1 = 0";

    /// <summary>
    /// Deeper and longer filters are decided by the evaluator: SQLite's parser keeps 100 symbols, of which a level takes three, and an
    /// expression is at most 1,000 deep, which a chain of terms is as well.
    /// </summary>
    private const int MostLevels = 16, MostTerms = 500;

    /// <summary>Lookups in other tables; PostgreSQL plans them as joins, and the time for that grows beyond all measure with their number.</summary>
    private const int MostLookups = 12;

    private int count, lookups;

    /// <summary>Null: SQL can say nothing about it.</summary>
    public SqlCondition? Translate(Predicate predicate) => predicate.Terms > MostTerms ? null : Translate(predicate, MostLevels);

    private SqlCondition? Translate(Predicate predicate, int levels) => predicate switch
    {
        And or Or or Not when levels == 0 => null,
        And and => Both(and.Predicates.Select(part => Translate(part, levels - 1)).ToList()),
        Or or => Either(or.Predicates.Select(part => Translate(part, levels - 1)).ToList()),
        Not not => Translate(not.Predicate, levels - 1) is { IsExact: true } inner ? new SqlCondition($"NOT ({inner.Sql})", true) : null,
        Constant constant => new SqlCondition(constant.Value ? True : False, true),
        Compare compare => Comparison(compare),
        Present present => Presence(present.Path.Name),
        AnyValue any => Element(any.Element, levels),
        _ => null,
    };

    private static SqlCondition? Both(List<SqlCondition?> parts)
    {
        var known = parts.OfType<SqlCondition>().ToList();
        return known.Count == 0 ? null : new SqlCondition(
            string.Join(" AND ", known.Select(part => $"({part.Sql})")), known.Count == parts.Count && known.TrueForAll(part => part.IsExact));
    }

    private static SqlCondition? Either(List<SqlCondition?> parts) => parts.Contains(null) ? null : new SqlCondition(
        string.Join(" OR ", parts.Select(part => $"({part!.Sql})")), parts.TrueForAll(part => part!.IsExact));

    /// <summary>
    /// Conditions on one element: what each part alone demands of the resource is a superset; a single positive comparison is exact.
    /// </summary>
    private SqlCondition? Element(Predicate element, int levels) => element switch
    {
        Compare { Operator: not CompareOperator.Ne } compare => Comparison(compare),
        And all when levels > 0 && Both(all.Predicates.Select(part => Element(part, levels - 1)).ToList()) is { } both => both with { IsExact = false },
        _ => null,
    };

    private SqlCondition? Presence(string name) => places(name) switch
    {
        SqlPlace.Key { IsNullable: false } or SqlPlace.Instant or SqlPlace.Same or SqlPlace.Id { IsAlwaysThere: true } => new SqlCondition(True, true),
        SqlPlace.Key key => new SqlCondition($"{key.Column} IS NOT NULL AND {key.Column} <> {Parameter(Array.Empty<byte>())}", true),
        SqlPlace.Values values when lookups++ < MostLookups => new SqlCondition(In(values, $"v.value_key <> {Parameter(Array.Empty<byte>())}"), true),
        SqlPlace.Flag flag => new SqlCondition(flag.Known, true),
        SqlPlace.Beside beside when lookups++ < MostLookups => new SqlCondition(In(beside, $"b.{beside.Column} IS NOT NULL"), true),
        _ => null,
    };

    private SqlCondition? Comparison(Compare compare)
    {
        if (compare.Operator == CompareOperator.Ne)
            return Comparison(compare with { Operator = CompareOperator.Eq }) is { } equal ? new SqlCondition($"NOT ({equal.Sql})", true) : null;
        return (places(compare.Path.Name), compare.Operand) switch
        {
            (SqlPlace.Key key, TextOperand text) => new SqlCondition(
                (key.IsNullable ? $"{key.Column} IS NOT NULL AND " : "") + Relation(key.Column, compare.Operator, key.IsExact ? TextKey.Exact(text.Text) : TextKey.Fold(text.Text)), true),
            (SqlPlace.Values values, TextOperand text) when lookups++ < MostLookups => new SqlCondition(In(values, Relation("v.value_key", compare.Operator, TextKey.Fold(text.Text))), true),
            (SqlPlace.Id id, TextOperand text) when compare.Operator == CompareOperator.Eq && (id.IsAlwaysThere || lookups++ < MostLookups) => new SqlCondition(
                Ids.TryParse<ResourceId>(text.Text, out var parsed) ? id.Equal.Replace("{0}", Parameter(Ids.ToBytes(parsed)), StringComparison.Ordinal) : False, true),
            (SqlPlace.Instant instant, InstantOperand operand) => new SqlCondition(Relation(instant.Column, compare.Operator, operand.Value), true),
            (SqlPlace.Flag flag, BooleanOperand operand) => new SqlCondition(
                operand.Value ? $"({flag.Known}) AND {flag.True}" : $"({flag.Known}) AND NOT ({flag.True})", true),
            // Written out, since it is one of our words: a partial index serves only conditions that are known when the statement is planned.
            (SqlPlace.Beside { IsWord: { } isWord } beside, TextOperand text) when compare.Operator == CompareOperator.Eq && lookups++ < MostLookups => new SqlCondition(
                isWord(text.Text) ? In(beside, $"b.{beside.Column} = '{text.Text}'") : False, true),
            (SqlPlace.Beside { IsWord: null } beside, InstantOperand operand) when lookups++ < MostLookups => new SqlCondition(
                In(beside, Relation("b." + beside.Column, compare.Operator, operand.Value)), true),
            (SqlPlace.Same same, TextOperand) => new SqlCondition(
                PredicateEvaluator.Matches(compare with { Path = compare.Path with { Steps = ["value"] } }, new JsonObject { ["value"] = same.Value }) ? True : False, true),
            _ => null,
        };
    }

    private string Relation(string column, CompareOperator relation, byte[] key)
    {
        switch (relation)
        {
            case CompareOperator.Eq: return $"{column} = {Parameter(key)}";
            case CompareOperator.Gt: return $"{column} > {Parameter(key)}";
            case CompareOperator.Ge: return $"{column} >= {Parameter(key)}";
            case CompareOperator.Lt: return $"{column} < {Parameter(key)}";
            case CompareOperator.Le: return $"{column} <= {Parameter(key)}";
            case CompareOperator.Co: return key.Length == 0 ? True : dialect.Contains(column, Parameter(key));
            case CompareOperator.Ew: return key.Length == 0 ? True : dialect.EndsWith(column, Parameter(key));
            case CompareOperator.Sw when key.Length == 0: return True;
            // A range over the index: from the prefix up to the next one of its length. UTF-8 has no byte 0xFF, so there is a next one.
            case CompareOperator.Sw:
                var next = (byte[])key.Clone();
                next[^1]++;
                return $"{column} >= {Parameter(key)} AND {column} < {Parameter(next)}";
            default: throw new NotSupportedException(relation.ToString());
        }
    }

    /// <summary>Instants are kept in microseconds; an operand between two of them equals none.</summary>
    private string Relation(string column, CompareOperator relation, DateTimeOffset operand)
    {
        var floor = Instants.ToMicroseconds(operand);
        if (Instants.FromMicroseconds(floor) > operand) floor--;
        var isWhole = Instants.FromMicroseconds(floor) == operand;
        return relation switch
        {
            CompareOperator.Eq => isWhole ? $"{column} = {Parameter(floor)}" : False,
            CompareOperator.Gt => $"{column} > {Parameter(floor)}",
            CompareOperator.Ge => isWhole ? $"{column} >= {Parameter(floor)}" : $"{column} > {Parameter(floor)}",
            CompareOperator.Lt => isWhole ? $"{column} < {Parameter(floor)}" : $"{column} <= {Parameter(floor)}",
            CompareOperator.Le => $"{column} <= {Parameter(floor)}",
            _ => throw new NotSupportedException(relation.ToString()),
        };
    }

    private static string In(SqlPlace.Values values, string condition) =>
        $"e.id IN (SELECT v.entry_id FROM entry_values v WHERE v.organization_id = @organization AND v.attribute = {values.Attribute} AND {condition})";

    /// <summary>Who has no member is in none: IN alone would be NULL for them.</summary>
    private static string In(SqlPlace.Beside beside, string condition) =>
        $"e.member_id IS NOT NULL AND e.member_id IN (SELECT b.{beside.MemberColumn} FROM {beside.Table} b WHERE b.organization_id = @organization AND {condition})";

    private string Parameter(object value)
    {
        var name = "f" + count++;
        parameters.Add(name, value);
        return "@" + name;
    }
}
