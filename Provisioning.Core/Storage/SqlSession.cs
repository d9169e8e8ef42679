using System.Collections.Concurrent;
using System.Data;
using System.Data.Common;
using System.Diagnostics;
using System.Text;
using Dapper;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Storage.Dialects;

namespace Provisioning.Core.Storage;

/// <summary>
/// An open transaction on one connection; every statement of the stores goes through it. Parameters are the properties of an object, or
/// <see cref="DynamicParameters"/> of a text that is put together; rows are made by <see cref="RowReader"/>.
/// </summary>
internal sealed partial class SqlSession(KeptConnection connection, DbTransaction? transaction, IDialect dialect, CancellationToken cancel = default) : ISession
{
    private static readonly ConcurrentDictionary<(string Table, string[] Columns, int Rows), (string Sql, ParameterNames Names)> Inserts = new(new SameInsert());

    public IDialect Dialect { get; } = dialect;

    /// <summary>The session behind the port's opaque handle.</summary>
    public static SqlSession Of(ISession session) => (SqlSession)session;

    /// <summary>Answers how many rows changed.</summary>
    public Task<int> ExecuteAsync(string sql, object? parameters = null) => ExecuteAsync(Bind(sql, parameters));

    public async Task<List<T>> QueryAsync<T>(string sql, object? parameters = null)
    {
        var command = Bind(sql, parameters);
        using var span = StartSpan(command);
        try
        {
            await using var rows = await command.Command.ExecuteReaderAsync(cancel);
            var all = new List<T>();
            if (await rows.ReadAsync(cancel))
            {
                var read = RowReader.For<T>(command, rows, Dialect.Name);
                do all.Add(read(rows));
                while (await rows.ReadAsync(cancel));
            }
            return all;
        }
        catch (Exception exception)
        {
            span?.Fail(exception.GetType().Name);
            throw;
        }
        finally
        {
            connection.Return(command);
        }
    }

    /// <summary>The first row, if there is one.</summary>
    public async Task<T?> FindAsync<T>(string sql, object? parameters = null) where T : class
    {
        var command = Bind(sql, parameters);
        using var span = StartSpan(command);
        try
        {
            await using var rows = await command.Command.ExecuteReaderAsync(cancel);
            return await rows.ReadAsync(cancel) ? RowReader.For<T>(command, rows, Dialect.Name)(rows) : null;
        }
        catch (Exception exception)
        {
            span?.Fail(exception.GetType().Name);
            throw;
        }
        finally
        {
            connection.Return(command);
        }
    }

    /// <summary>The first column of the first row; the default when there is none.</summary>
    public async Task<T> ScalarAsync<T>(string sql, object? parameters = null)
    {
        var command = Bind(sql, parameters);
        using var span = StartSpan(command);
        try
        {
            return RowReader.Scalar<T>(await command.Command.ExecuteScalarAsync(cancel));
        }
        catch (Exception exception)
        {
            span?.Fail(exception.GetType().Name);
            throw;
        }
        finally
        {
            connection.Return(command);
        }
    }

    /// <summary>Rows one by one, without keeping them; ends when the caller has enough, or went away.</summary>
    public async IAsyncEnumerable<T> StreamAsync<T>(string sql, object? parameters = null)
    {
        var command = Bind(sql, parameters);
        var around = Activity.Current;
        using var span = StartSpan(command);
        Activity.Current = around; // what the reader of the rows does between them is not part of the statement
        try
        {
            await using var rows = await command.Command.ExecuteReaderAsync(cancel);
            while (await rows.ReadAsync(cancel))
            {
                cancel.ThrowIfCancellationRequested();
                yield return RowReader.For<T>(command, rows, Dialect.Name)(rows);
            }
        }
        finally
        {
            connection.Return(command);
        }
    }

    /// <summary>
    /// Inserts rows. <paramref name="table"/> and <paramref name="columns"/> are ours, never from outside. Where a statement is a round
    /// trip, one takes many rows (T-SQL: at most 1,000 rows and 2,100 parameters); the embedded engine runs one prepared statement per row.
    /// </summary>
    public async Task InsertAsync<T>(string table, string[] columns, IReadOnlyCollection<T> rows, Func<T, object?[]> values)
    {
        var most = Dialect.HasOneWriter ? 1 : Math.Min(200, 2000 / columns.Length);
        var (left, waiting) = (rows.Count, new List<object?[]>(Math.Min(most, rows.Count)));
        foreach (var row in rows)
        {
            waiting.Add(values(row));
            if (--left > 0 && waiting.Count < most) continue;
            var (sql, names) = Inserts.GetOrAdd((table, columns, waiting.Count), static key => Insert(key.Table, key.Columns, key.Rows));
            var command = Begin(sql, names);
            var at = 0;
            foreach (var value in waiting.SelectMany(static one => one)) command.Set(at++, value);
            waiting.Clear();
            await ExecuteAsync(command);
        }
    }

    private async Task<int> ExecuteAsync(KeptCommand command)
    {
        using var span = StartSpan(command);
        try
        {
            return await command.Command.ExecuteNonQueryAsync(cancel);
        }
        catch (Exception exception)
        {
            span?.Fail(exception.GetType().Name);
            throw;
        }
        finally
        {
            connection.Return(command);
        }
    }

    /// <summary>The command with its values, ready to run.</summary>
    private KeptCommand Bind(string sql, object? parameters)
    {
        if (parameters is null) return Begin(sql, ParameterNames.None);
        if (parameters is DynamicParameters put)
        {
            var names = put.ParameterNames.ToList();
            var filled = Begin(sql, new ParameterNames([.. names.Select(static name => (name, (DbType?)null))]));
            for (var at = 0; at < names.Count; at++) filled.Set(at, put.Get<object?>(names[at]));
            return filled;
        }
        var reader = ParameterReader.Of(parameters);
        if (ListParameters.AreIn(sql)) return ListParameters.Bind(sql, reader, parameters, Begin);
        var command = Begin(sql, reader.Names);
        reader.Fill(command, parameters);
        return command;
    }

    private KeptCommand Begin(string sql, ParameterNames names)
    {
        var command = connection.Take(sql, names);
        command.Command.Transaction = transaction;
        return command;
    }

    private Activity? StartSpan(KeptCommand command) => StatementTrace.IsWanted ? StatementTrace.Start(command.Text, Dialect.Name) : null;

    /// <summary>Callers may write their columns down anew each time.</summary>
    private sealed class SameInsert : IEqualityComparer<(string Table, string[] Columns, int Rows)>
    {
        public bool Equals((string Table, string[] Columns, int Rows) one, (string Table, string[] Columns, int Rows) other) =>
            one.Rows == other.Rows && one.Table == other.Table && (one.Columns == other.Columns || one.Columns.AsSpan().SequenceEqual(other.Columns));

        public int GetHashCode((string Table, string[] Columns, int Rows) insert) => HashCode.Combine(insert.Table.Length, insert.Table[0], insert.Columns.Length, insert.Rows);
    }

    private static (string Sql, ParameterNames Names) Insert(string table, string[] columns, int rows)
    {
        var sql = new StringBuilder("INSERT INTO ").Append(table).Append(" (").AppendJoin(", ", columns).Append(") VALUES ");
        for (var row = 0; row < rows; row++)
            sql.Append(row == 0 ? "(" : ", (")
                .AppendJoin(", ", Enumerable.Range(row * columns.Length, columns.Length).Select(static at => "@p" + at)).Append(')');
        return (sql.ToString(), new ParameterNames([.. Enumerable.Range(0, rows * columns.Length).Select(static at => ("p" + at, (DbType?)null))]));
    }
}
