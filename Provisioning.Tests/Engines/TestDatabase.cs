using Microsoft.Data.SqlClient;
using Npgsql;
using NUnit.Framework;
using Provisioning.Core.Storage.Dialects;

namespace Provisioning.Tests.Engines;

/// <summary>A database of its own for one fixture, on the engine asked for; an absent engine is a visible Ignore with its reason.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    public const string Sqlite = "sqlite", PostgreSql = "postgresql", SqlServer = "sqlserver";

    /// <summary>Every engine, for <c>[TestFixtureSource]</c>.</summary>
    public static readonly string[] Engines = [Sqlite, PostgreSql, SqlServer];

    private static int made;
    private readonly Func<Task> drop;

    private TestDatabase(string engine, string connectionString, Func<Task> drop)
    {
        Engine = engine;
        ConnectionString = connectionString;
        this.drop = drop;
    }

    public string Engine { get; }

    public string ConnectionString { get; }

    public IDialect Dialect() => Engine switch
    {
        PostgreSql => new PostgreSqlDialect(ConnectionString),
        SqlServer => new SqlServerDialect(ConnectionString),
        _ => new SqliteDialect(ConnectionString),
    };

    public static async Task<TestDatabase> CreateAsync(string engine)
    {
        var name = $"provisioning_{Environment.ProcessId}_{Interlocked.Increment(ref made)}";
        switch (engine)
        {
            case PostgreSql:
                var server = await PostgreSqlServer.ConnectionStringAsync();
                await PostgreSqlAsync(server, $"CREATE DATABASE {name}");
                return new TestDatabase(engine, new NpgsqlConnectionStringBuilder(server) { Database = name }.ToString(),
                    () => PostgreSqlAsync(server, $"DROP DATABASE {name} WITH (FORCE)"));
            case SqlServer:
                var given = Environment.GetEnvironmentVariable("PROVISIONING_TEST_SQLSERVER");
                if (string.IsNullOrEmpty(given)) Assert.Ignore("PROVISIONING_TEST_SQLSERVER holds no connection string to a SQL Server.");
                await SqlServerAsync(given!, $"CREATE DATABASE {name}");
                return new TestDatabase(engine, new SqlConnectionStringBuilder(given) { InitialCatalog = name }.ToString(),
                    () => SqlServerAsync(given!, $"DROP DATABASE {name}"));
            default:
                var folder = Directory.CreateTempSubdirectory("provisioning-").FullName;
                return new TestDatabase(engine, $"Data Source={Path.Combine(folder, "provisioning.db")}", () =>
                {
                    Directory.Delete(folder, recursive: true);
                    return Task.CompletedTask;
                });
        }
    }

    public async ValueTask DisposeAsync() => await drop();

    private static async Task PostgreSqlAsync(string server, string sql)
    {
        await using var connection = new NpgsqlConnection(server);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task SqlServerAsync(string server, string sql)
    {
        await using var connection = new SqlConnection(server);
        await connection.OpenAsync();
        await using var command = new SqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
