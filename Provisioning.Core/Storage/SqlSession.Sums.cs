using System.Collections.Concurrent;
using System.Data;
using System.Text;

namespace Provisioning.Core.Storage;

/// <summary>A sum that is kept with its rows: the column of units, and the column of whole currency units beyond a million, if it has one.</summary>
internal readonly record struct SumColumn(string Part, string? Whole = null);

internal sealed partial class SqlSession
{
    private static readonly ConcurrentDictionary<(string Table, bool ByRow, int Rows), (string Sql, ParameterNames Names)> Additions = new();

    /// <summary>
    /// Adds to the sums of rows that exist; one statement for each table and set of columns, always called with the same ones. Where a
    /// statement is a round trip, one takes many rows; the embedded engine runs one prepared statement per row.
    /// </summary>
    /// <param name="keys">The columns that find a row.</param>
    /// <param name="values">The key, then for each sum what is added: its units, and its whole currency units if it has them.</param>
    /// <returns>How many rows were found.</returns>
    public async Task<int> AddAsync<T>(string table, string[] keys, SumColumn[] sums, IReadOnlyCollection<T> rows, Func<T, object?[]> values)
    {
        var columns = keys.Length + sums.Sum(static sum => sum.Whole is null ? 1 : 2);
        var found = 0;
        foreach (var chunk in rows.Chunk(Dialect.HasOneWriter ? 1 : Math.Min(200, 2000 / columns)))
        {
            var (sql, names) = Additions.GetOrAdd((table, Dialect.HasOneWriter, chunk.Length), key => key.ByRow
                ? Addition(table, keys, sums) : Addition(table, keys, sums, key.Rows));
            var command = Begin(sql, names);
            var at = 0;
            foreach (var row in chunk)
                foreach (var value in values(row)) command.Set(at++, value);
            found += await ExecuteAsync(command);
        }
        return found;
    }

    /// <summary>For one row.</summary>
    private static (string Sql, ParameterNames Names) Addition(string table, string[] keys, SumColumn[] sums)
    {
        var at = keys.Length;
        var set = string.Join(", ", sums.Select(sum => Added(sum.Part, sum.Whole, "@p" + at++, sum.Whole is null ? "" : "@p" + at++, "")));
        var sql = $"UPDATE {table} SET {set} WHERE {string.Join(" AND ", keys.Select(static (key, place) => $"{key} = @p{place}"))}";
        return (sql, Names(at));
    }

    /// <summary>For many, by a list of values that PostgreSQL and T-SQL both join an UPDATE with.</summary>
    private static (string Sql, ParameterNames Names) Addition(string table, string[] keys, SumColumn[] sums, int rows)
    {
        var added = sums.SelectMany(static sum => sum.Whole is null ? (string[])[sum.Part] : [sum.Part, sum.Whole]).ToList();
        var columns = keys.Length + added.Count;
        var sql = new StringBuilder("UPDATE ").Append(table).Append(" SET ")
            .AppendJoin(", ", sums.Select(sum => Added(sum.Part, sum.Whole, "v.add_" + sum.Part, "v.add_" + sum.Whole, table + ".")))
            .Append(" FROM (VALUES ");
        for (var row = 0; row < rows; row++)
            sql.Append(row == 0 ? "(" : ", (").AppendJoin(", ", Enumerable.Range(row * columns, columns).Select(static at => "@p" + at)).Append(')');
        sql.Append(") AS v (").AppendJoin(", ", keys.Select(static key => "of_" + key).Concat(added.Select(static column => "add_" + column)))
            .Append(") WHERE ").AppendJoin(" AND ", keys.Select(key => $"{table}.{key} = v.of_{key}"));
        return (sql.ToString(), Names(rows * columns));
    }

    /// <summary>What does not fit beside a million more moves to the whole units first.</summary>
    private static string Added(string rest, string? whole, string byRest, string byWhole, string table) => whole is null
        ? $"{rest} = {table}{rest} + {byRest}"
        : $"""
          {whole} = {table}{whole} + {byWhole} + CASE WHEN {table}{rest} > 1000000000000000000 THEN {table}{rest} / CAST(1000000000000 AS BIGINT) ELSE 0 END,
          {rest} = {byRest} + CASE WHEN {table}{rest} > 1000000000000000000 THEN {table}{rest} % CAST(1000000000000 AS BIGINT) ELSE {table}{rest} END
          """;

    private static ParameterNames Names(int count) => new([.. Enumerable.Range(0, count).Select(static at => ("p" + at, (DbType?)null))]);
}
