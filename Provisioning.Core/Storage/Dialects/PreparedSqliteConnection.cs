using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Provisioning.Core.Storage.Dialects;

/// <summary>
/// A SQLite connection whose commands keep their compiled statement for as long as they live and talk to the engine directly: the
/// driver compiles the text anew and looks every parameter up by its name at each execution, which costs more than most of our
/// statements take to run. Opening, closing and error codes are the driver's.
/// </summary>
internal sealed class PreparedSqliteConnection(SqliteConnection inner) : DbConnection
{
    /// <summary>How long a statement waits for another connection's write lock; one connection writes, so only tools hold it longer.</summary>
    private const int BusyMilliseconds = 5000;

    private readonly Dictionary<string, PreparedSqliteCommand> frames = [];

    [AllowNull]
    public override string ConnectionString
    {
        get => inner.ConnectionString;
        set => inner.ConnectionString = value;
    }

    public override string Database => inner.Database;

    public override string DataSource => inner.DataSource;

    public override string ServerVersion => inner.ServerVersion;

    public override ConnectionState State => inner.State;

    /// <summary>The engine's handle; only while open.</summary>
    internal sqlite3 Handle => inner.Handle ?? throw new InvalidOperationException("The connection is not open.");

    /// <summary>Whether the engine is inside a transaction; it ends one by itself after some errors.</summary>
    internal bool IsInTransaction => inner.Handle is { } handle && raw.sqlite3_get_autocommit(handle) == 0;

    public override void ChangeDatabase(string databaseName) => inner.ChangeDatabase(databaseName);

    public override void Open()
    {
        inner.Open();
        SqliteException.ThrowExceptionForRC(raw.sqlite3_busy_timeout(Handle, BusyMilliseconds), Handle);
    }

    public override void Close()
    {
        foreach (var command in frames.Values) command.Dispose();
        frames.Clear();
        inner.Close();
    }

    /// <summary>A snapshot for reading: takes no write lock.</summary>
    public DbTransaction BeginDeferred() => Begin("BEGIN");

    /// <summary>Runs one of the few statements around a transaction.</summary>
    internal void Run(string text)
    {
        if (!frames.TryGetValue(text, out var command)) frames[text] = command = new PreparedSqliteCommand(this) { CommandText = text };
        command.ExecuteNonQuery();
    }

    /// <summary>Takes the write lock at once, so that a unit never loses it half way.</summary>
    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) => Begin("BEGIN IMMEDIATE");

    protected override DbCommand CreateDbCommand() => new PreparedSqliteCommand(this);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Close();
            inner.Dispose();
        }
        base.Dispose(disposing);
    }

    private Transaction Begin(string text)
    {
        Run(text);
        return new Transaction(this);
    }

    /// <summary>Rolled back unless committed.</summary>
    private sealed class Transaction(PreparedSqliteConnection connection) : DbTransaction
    {
        private bool ended;

        public override IsolationLevel IsolationLevel => IsolationLevel.Serializable;

        protected override DbConnection? DbConnection => ended ? null : connection;

        public override void Commit()
        {
            connection.Run("COMMIT");
            ended = true;
        }

        public override void Rollback()
        {
            if (ended) return;
            ended = true;
            if (connection.IsInTransaction) connection.Run("ROLLBACK");
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) Rollback();
            base.Dispose(disposing);
        }
    }
}
