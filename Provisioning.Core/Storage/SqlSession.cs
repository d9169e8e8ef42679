using System.Data.Common;
using System.Text;
using Dapper;
using Provisioning.Core.Journal;
using Provisioning.Core.Storage.Dialects;

namespace Provisioning.Core.Storage;

/// <summary>An open transaction on one connection; every statement of the stores goes through it.</summary>
internal sealed class SqlSession(DbConnection connection, DbTransaction? transaction, IDialect dialect, CancellationToken cancel = default) : ISession
{
    public IDialect Dialect { get; } = dialect;

    /// <summary>The session behind the port's opaque handle.</summary>
    public static SqlSession Of(ISession session) => (SqlSession)session;

    public Task<int> ExecuteAsync(string sql, object? parameters = null)
    {
        (sql, parameters) = ListParameters.Expand(sql, parameters);
        return connection.ExecuteAsync(sql, parameters, transaction);
    }

    public async Task<List<T>> QueryAsync<T>(string sql, object? parameters = null)
    {
        (sql, parameters) = ListParameters.Expand(sql, parameters);
        return (await connection.QueryAsync<T>(sql, parameters, transaction)).AsList();
    }

    public Task<T?> FindAsync<T>(string sql, object? parameters = null) where T : class =>
        connection.QueryFirstOrDefaultAsync<T>(sql, parameters, transaction);

    public Task<T> ScalarAsync<T>(string sql, object? parameters = null) => connection.ExecuteScalarAsync<T>(sql, parameters, transaction)!;

    /// <summary>Rows one by one, without keeping them; ends when the caller has enough, or went away.</summary>
    public async IAsyncEnumerable<T> StreamAsync<T>(string sql, object? parameters = null)
    {
        await foreach (var row in connection.QueryUnbufferedAsync<T>(sql, parameters, transaction).WithCancellation(cancel))
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
}
