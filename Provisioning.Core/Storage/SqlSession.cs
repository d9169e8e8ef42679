using System.Data.Common;
using System.Diagnostics;
using System.Text;
using Dapper;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Storage.Dialects;

namespace Provisioning.Core.Storage;

/// <summary>An open transaction on one connection; every statement of the stores goes through it.</summary>
internal sealed class SqlSession(DbConnection connection, DbTransaction? transaction, IDialect dialect, CancellationToken cancel = default) : ISession
{
    private readonly DbConnection connection = connection;
    private readonly DbTransaction? transaction = transaction;

    public IDialect Dialect { get; } = dialect;

    /// <summary>The session behind the port's opaque handle.</summary>
    public static SqlSession Of(ISession session) => (SqlSession)session;

    public Task<int> ExecuteAsync(string sql, object? parameters = null)
    {
        (sql, parameters) = ListParameters.Expand(sql, parameters);
        return RunAsync(sql, parameters, static (session, text, values) => session.connection.ExecuteAsync(text, values, session.transaction));
    }

    public async Task<List<T>> QueryAsync<T>(string sql, object? parameters = null)
    {
        (sql, parameters) = ListParameters.Expand(sql, parameters);
        return (await RunAsync(sql, parameters, static (session, text, values) =>
            session.connection.QueryAsync<T>(text, values, session.transaction))).AsList();
    }

    public Task<T?> FindAsync<T>(string sql, object? parameters = null) where T : class =>
        RunAsync(sql, parameters, static (session, text, values) => session.connection.QueryFirstOrDefaultAsync<T>(text, values, session.transaction));

    public Task<T> ScalarAsync<T>(string sql, object? parameters = null) =>
        RunAsync(sql, parameters, static (session, text, values) => session.connection.ExecuteScalarAsync<T>(text, values, session.transaction))!;

    /// <summary>Rows one by one, without keeping them; ends when the caller has enough, or went away.</summary>
    public IAsyncEnumerable<T> StreamAsync<T>(string sql, object? parameters = null)
    {
        var rows = UntilCancelledAsync(connection.QueryUnbufferedAsync<T>(sql, parameters, transaction));
        return StatementTrace.IsWanted ? TracedAsync(sql, rows) : rows;
    }

    private async IAsyncEnumerable<T> UntilCancelledAsync<T>(IAsyncEnumerable<T> rows)
    {
        await foreach (var row in rows.WithCancellation(cancel))
        {
            cancel.ThrowIfCancellationRequested();
            yield return row;
        }
    }

    /// <summary>
    /// Inserts rows with one statement per chunk. <paramref name="columns"/> are ours, never from outside; T-SQL takes at most 1,000
    /// rows and 2,100 parameters in a statement.
    /// </summary>
    public async Task InsertAsync<T>(string table, string[] columns, IReadOnlyCollection<T> rows, Func<T, object?[]> values)
    {
        foreach (var chunk in rows.Chunk(Math.Min(200, 2000 / columns.Length)))
        {
            var parameters = new DynamicParameters();
            var sql = new StringBuilder("INSERT INTO ").Append(table).Append(" (").AppendJoin(", ", columns).Append(") VALUES ");
            var at = 0;
            foreach (var row in chunk)
            {
                sql.Append(at == 0 ? "(" : ", (");
                foreach (var value in values(row))
                {
                    if (sql[^1] != '(') sql.Append(", ");
                    var name = "p" + at++;
                    sql.Append('@').Append(name);
                    parameters.Add(name, value);
                }
                sql.Append(')');
            }
            await ExecuteAsync(sql.ToString(), parameters);
        }
    }

    private Task<T> RunAsync<T>(string sql, object? parameters, Func<SqlSession, string, object?, Task<T>> run) =>
        StatementTrace.IsWanted ? TracedAsync(sql, parameters, run) : run(this, sql, parameters);

    private async Task<T> TracedAsync<T>(string sql, object? parameters, Func<SqlSession, string, object?, Task<T>> run)
    {
        using var span = StatementTrace.Start(sql, Dialect.Name);
        try
        {
            return await run(this, sql, parameters);
        }
        catch (Exception exception)
        {
            span?.Fail(exception.GetType().Name);
            throw;
        }
    }

    private async IAsyncEnumerable<T> TracedAsync<T>(string sql, IAsyncEnumerable<T> rows)
    {
        var around = Activity.Current;
        using var span = StatementTrace.Start(sql, Dialect.Name);
        Activity.Current = around; // what the reader of the rows does between them is not part of the statement
        await foreach (var row in rows) yield return row;
    }
}
