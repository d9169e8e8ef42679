using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Npgsql;
using Provisioning.Core.Storage.Dialects;

namespace Provisioning.Bench;

/// <summary>A fresh database for one run, removed after it unless its place was given.</summary>
internal sealed class BenchDatabase : IAsyncDisposable
{
    public const string Sqlite = "sqlite", PostgreSql = "postgresql";

    private readonly string? file;
    private readonly Func<Task> drop;

    private BenchDatabase(string engine, string connectionString, string? file, Func<Task> drop)
    {
        Engine = engine;
        ConnectionString = connectionString;
        this.file = file;
        this.drop = drop;
    }

    public string Engine { get; }

    public string ConnectionString { get; }

    public static async Task<BenchDatabase> CreateAsync(string engine, string? given, string folder, int users)
    {
        if (engine == PostgreSql)
        {
            var server = given ?? throw new FormatException("--engine postgresql needs --connection to a server on which a database may be made.");
            var name = string.Create(CultureInfo.InvariantCulture, $"provisioning_bench_{Environment.ProcessId}_{users}");
            await RunAsync(server, $"CREATE DATABASE {name}");
            return new BenchDatabase(engine, new NpgsqlConnectionStringBuilder(server) { Database = name }.ToString(), null,
                () => RunAsync(server, $"DROP DATABASE {name} WITH (FORCE)"));
        }
        var path = given is null
            ? Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"bench-{users}.db"))
            : string.Create(CultureInfo.InvariantCulture, $"{new SqliteConnectionStringBuilder(given).DataSource}.{users}");
        if (File.Exists(path)) throw new FormatException($"{path} exists already; a run starts with a fresh database.");
        return At(path);
    }

    /// <summary>A file of the embedded engine.</summary>
    public static BenchDatabase At(string path) =>
        new(Sqlite, $"Data Source={Path.GetFullPath(path)}", Path.GetFullPath(path), static () => Task.CompletedTask);

    public IDialect Dialect() => Engine == PostgreSql ? new PostgreSqlDialect(ConnectionString) : new SqliteDialect(ConnectionString);

    /// <summary>An open connection, set up like the service's own: the same durability.</summary>
    public async Task<DbConnection> OpenAsync()
    {
        var dialect = Dialect();
        var connection = dialect.Create();
        await connection.OpenAsync();
        dialect.AfterOpen(connection);
        return connection;
    }

    /// <summary>Bytes on disk, the write-ahead log of the embedded engine included.</summary>
    public async Task<long> SizeAsync()
    {
        if (file is not null) return new[] { file, file + "-wal" }.Where(File.Exists).Sum(path => new FileInfo(path).Length);
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT pg_database_size(current_database())", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await drop();
    }

    private static async Task RunAsync(string server, string sql)
    {
        await using var connection = new NpgsqlConnection(server);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
