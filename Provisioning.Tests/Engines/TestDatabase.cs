using System.Data.Common;
using Microsoft.Data.SqlClient;
using Microsoft.Data.Sqlite;
using Npgsql;
using NUnit.Framework;
using Provisioning.Core.Storage.Dialects;
using Provisioning.Core.Storage.Migrations;

namespace Provisioning.Tests.Engines;

/// <summary>A database of its own for one fixture, on the engine asked for; an absent engine is a visible Ignore with its reason.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    public const string Sqlite = "sqlite", PostgreSql = "postgresql", SqlServer = "sqlserver";

    /// <summary>Every engine, for <c>[TestFixtureSource]</c>.</summary>
    public static readonly string[] Engines = [Sqlite, PostgreSql, SqlServer];

    private static readonly Lazy<Task<string>> SqliteTemplate = new(MakeSqliteTemplateAsync), PostgreSqlTemplate = new(MakePostgreSqlTemplateAsync);
    private static readonly Lazy<Task<bool>> CopiesFiles = new(CanCopyFilesAsync);
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

    /// <summary>A closed connection for looking into it; where connecting is dear, one of the driver's pool, unlike those of the dialect.</summary>
    public DbConnection Connection() => Engine switch
    {
        PostgreSql => new NpgsqlConnection(ConnectionString),
        SqlServer => new SqlConnection(ConnectionString),
        _ => Dialect().Create(),
    };

    /// <summary>A database with the newest schema and nothing in it: a copy of one that was migrated once in this run.</summary>
    /// <param name="empty">Without the schema, for what tests the migration.</param>
    public static async Task<TestDatabase> CreateAsync(string engine, bool empty = false)
    {
        var name = $"provisioning_{Environment.ProcessId}_{Interlocked.Increment(ref made)}";
        switch (engine)
        {
            case PostgreSql:
                var server = await PostgreSqlServer.ConnectionStringAsync();
                await PostgreSqlAsync(server, empty ? $"CREATE DATABASE {name}"
                    : $"CREATE DATABASE {name} TEMPLATE {await PostgreSqlTemplate.Value}{(await CopiesFiles.Value ? " STRATEGY FILE_COPY" : "")}");
                var own = new NpgsqlConnectionStringBuilder(server) { Database = name }.ToString();
                return new TestDatabase(engine, own, () => DropAsync(server, name, own));
            case SqlServer:
                var given = Environment.GetEnvironmentVariable("PROVISIONING_TEST_SQLSERVER");
                if (string.IsNullOrEmpty(given)) Assert.Ignore("PROVISIONING_TEST_SQLSERVER holds no connection string to a SQL Server.");
                await SqlServerAsync(given!, $"CREATE DATABASE {name}");
                var made = new TestDatabase(engine, new SqlConnectionStringBuilder(given) { InitialCatalog = name }.ToString(),
                    () => SqlServerAsync(given!, $"DROP DATABASE {name}"));
                if (!empty) await MigrateAsync(made.Dialect());
                return made;
            default:
                var folder = TestFolder.Make("provisioning-");
                var file = Path.Combine(folder, "provisioning.db");
                if (!empty) File.Copy(await SqliteTemplate.Value, file);
                return new TestDatabase(engine, $"Data Source={file}", () =>
                {
                    Directory.Delete(folder, recursive: true);
                    return Task.CompletedTask;
                });
        }
    }

    /// <summary>A migrated file of the embedded engine, copied to this place.</summary>
    public static async Task CopyAsync(string file) => File.Copy(await SqliteTemplate.Value, file);

    /// <summary>Drops what was made for copying; after the last test.</summary>
    public static async Task DropTemplatesAsync()
    {
        if (SqliteTemplate is { IsValueCreated: true, Value.IsCompletedSuccessfully: true }) Directory.Delete(Path.GetDirectoryName(await SqliteTemplate.Value)!, recursive: true);
        if (PostgreSqlTemplate is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            await PostgreSqlAsync(await PostgreSqlServer.ConnectionStringAsync(), $"DROP DATABASE {await PostgreSqlTemplate.Value} WITH (FORCE)");
    }

    private static async Task<string> MakeSqliteTemplateAsync()
    {
        var file = Path.Combine(TestFolder.Make("provisioning-"), "template.db");
        var at = $"Data Source={file};Pooling=False";
        await MigrateAsync(new SqliteDialect(at));
        // Into one file, so that a copy is whole.
        await using var connection = new SqliteConnection(at);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
        await command.ExecuteNonQueryAsync();
        return file;
    }

    private static async Task<string> MakePostgreSqlTemplateAsync()
    {
        var (server, name) = (await PostgreSqlServer.ConnectionStringAsync(), $"provisioning_{Environment.ProcessId}_template");
        await PostgreSqlAsync(server, $"CREATE DATABASE {name}");
        // A database is copied only while nobody is connected to it.
        await MigrateAsync(new PostgreSqlDialect(new NpgsqlConnectionStringBuilder(server) { Database = name, Pooling = false }.ToString()));
        return name;
    }

    private static async Task DropAsync(string server, string name, string connectionString)
    {
        await using (var used = new NpgsqlConnection(connectionString)) NpgsqlConnection.ClearPool(used);
        // The private server goes away as a whole, and dropping costs half of making; on somebody else's nothing is left behind.
        if (!PostgreSqlServer.IsPrivate || !TestFolder.IsMemoryAmple) await PostgreSqlAsync(server, $"DROP DATABASE {name} WITH (FORCE)");
    }

    /// <summary>From 15 on a copy can be made of files instead of through the log, which takes two thirds of the time.</summary>
    private static async Task<bool> CanCopyFilesAsync()
    {
        await using var connection = new NpgsqlConnection(await PostgreSqlServer.ConnectionStringAsync());
        await connection.OpenAsync();
        return connection.PostgreSqlVersion.Major >= 15;
    }

    private static Task<int> MigrateAsync(IDialect dialect) => new Migrator(dialect, TimeProvider.System).MigrateAsync(static _ => { });

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
