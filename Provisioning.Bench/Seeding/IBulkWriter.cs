using System.Data.Common;
using System.Globalization;
using Npgsql;

namespace Provisioning.Bench.Seeding;

/// <summary>A table and the columns that are filled; the others have no value at first.</summary>
internal sealed record BulkTable(string Name, params string[] Columns)
{
    public string Insert =>
        $"INSERT INTO {Name} ({string.Join(", ", Columns)}) VALUES ({string.Join(", ", Columns.Select((_, at) => string.Create(CultureInfo.InvariantCulture, $"@p{at}")))})";
}

/// <summary>Brings many rows into a table as fast as the engine can.</summary>
internal interface IBulkWriter : IAsyncDisposable
{
    /// <summary>Rows of one table, after the tables they refer to.</summary>
    Task WriteAsync(BulkTable table, IReadOnlyCollection<object?[]> rows);

    /// <summary>What was written so far is there to stay.</summary>
    Task CommitAsync();

    /// <summary>Leaves the database as a long life would have left it.</summary>
    Task FinishAsync();
}

/// <summary>One statement per table with its parameters set again for each row.</summary>
internal sealed class RowInserter(BulkTable table, DbConnection connection) : IDisposable
{
    private readonly DbCommand command = Command(table, connection);

    public DbTransaction? Transaction { set => command.Transaction = value; }

    public void Insert(object?[] row)
    {
        for (var at = 0; at < row.Length; at++) command.Parameters[at].Value = row[at] ?? DBNull.Value;
        command.ExecuteNonQuery();
    }

    public void Dispose() => command.Dispose();

    private static DbCommand Command(BulkTable table, DbConnection connection)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // The names are constants of this program.
        command.CommandText = table.Insert;
#pragma warning restore CA2100
        for (var at = 0; at < table.Columns.Length; at++)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = string.Create(CultureInfo.InvariantCulture, $"@p{at}");
            command.Parameters.Add(parameter);
        }
        return command;
    }
}

/// <summary>Prepared inserts, without waiting for the disk: a run that loses its power starts again.</summary>
internal sealed class SqliteBulkWriter : IBulkWriter
{
    private readonly DbConnection connection;
    private readonly Dictionary<string, RowInserter> inserters = [];
    private DbTransaction? transaction;

    public SqliteBulkWriter(DbConnection connection)
    {
        this.connection = connection;
        Run("PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -262144; PRAGMA wal_autocheckpoint = 20000;");
    }

    public Task WriteAsync(BulkTable table, IReadOnlyCollection<object?[]> rows)
    {
        transaction ??= connection.BeginTransaction();
        if (!inserters.TryGetValue(table.Name, out var inserter)) inserters[table.Name] = inserter = new RowInserter(table, connection);
        inserter.Transaction = transaction;
        foreach (var row in rows) inserter.Insert(row);
        return Task.CompletedTask;
    }

    public Task CommitAsync()
    {
        transaction?.Commit();
        transaction?.Dispose();
        transaction = null;
        return Task.CompletedTask;
    }

    public Task FinishAsync()
    {
        Run("PRAGMA wal_checkpoint(TRUNCATE);");
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var inserter in inserters.Values) inserter.Dispose();
        await connection.DisposeAsync();
    }

    private void Run(string pragmas)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Constants of this program.
        command.CommandText = pragmas;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}

/// <summary>Binary COPY.</summary>
internal sealed class PostgreSqlBulkWriter(NpgsqlConnection connection) : IBulkWriter
{
    public async Task WriteAsync(BulkTable table, IReadOnlyCollection<object?[]> rows)
    {
        if (rows.Count == 0) return;
        await using var copy = await connection.BeginBinaryImportAsync($"COPY {table.Name} ({string.Join(", ", table.Columns)}) FROM STDIN (FORMAT BINARY)");
        foreach (var row in rows) await copy.WriteRowAsync(CancellationToken.None, row);
        await copy.CompleteAsync();
    }

    public Task CommitAsync() => Task.CompletedTask;

    public async Task FinishAsync()
    {
        await using var command = new NpgsqlCommand("VACUUM ANALYZE", connection) { CommandTimeout = 600 };
        await command.ExecuteNonQueryAsync();
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
