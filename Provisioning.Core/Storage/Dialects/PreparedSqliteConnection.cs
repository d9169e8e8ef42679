using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;

namespace Provisioning.Core.Storage.Dialects;

/// <summary>
/// A SQLite connection that keeps its statements prepared: the driver compiles SQL anew for every command, which costs more than most
/// of our statements take to run. The texts are few and constant; beyond 256 of them a statement is compiled for its one use.
/// </summary>
internal sealed class PreparedSqliteConnection(SqliteConnection inner) : DbConnection
{
    private const int Most = 256;
    private readonly Dictionary<string, SqliteCommand> idle = [];

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

    public override void ChangeDatabase(string databaseName) => inner.ChangeDatabase(databaseName);

    public override void Open() => inner.Open();

    public override void Close()
    {
        foreach (var command in idle.Values) command.Dispose();
        idle.Clear();
        inner.Close();
    }

    /// <summary>A snapshot for reading: takes no write lock.</summary>
    public DbTransaction BeginDeferred() => inner.BeginTransaction(deferred: true);

    internal SqliteCommand Take(string text)
    {
        if (idle.Remove(text, out var prepared))
        {
            prepared.Parameters.Clear();
            return prepared;
        }
        var command = inner.CreateCommand();
        command.CommandText = text;
        return command;
    }

    internal void Return(SqliteCommand command)
    {
        command.Transaction = null;
        if (idle.Count >= Most || inner.State != ConnectionState.Open || !idle.TryAdd(command.CommandText, command)) command.Dispose();
    }

    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) => inner.BeginTransaction(isolationLevel);

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

    /// <summary>Borrows the prepared command of its text, from when the text is set until it is disposed.</summary>
    private sealed class PreparedSqliteCommand(PreparedSqliteConnection connection) : DbCommand
    {
        private SqliteCommand? borrowed;

        [AllowNull]
        public override string CommandText
        {
            get => borrowed?.CommandText ?? "";
            set
            {
                GiveBack();
                borrowed = connection.Take(value ?? "");
            }
        }

        public override int CommandTimeout { get; set; } = 5;

        public override CommandType CommandType
        {
            get => CommandType.Text;
            set
            {
                if (value != CommandType.Text) throw new NotSupportedException("SQLite knows text commands only.");
            }
        }

        public override bool DesignTimeVisible { get; set; }

        public override UpdateRowSource UpdatedRowSource { get; set; }

        protected override DbConnection? DbConnection
        {
            get => connection;
            set => throw new NotSupportedException("A command stays with its connection.");
        }

        protected override DbParameterCollection DbParameterCollection => Borrowed.Parameters;

        protected override DbTransaction? DbTransaction { get; set; }

        private SqliteCommand Borrowed => borrowed ?? throw new InvalidOperationException("A command needs its text first.");

        private SqliteCommand Ready
        {
            get
            {
                Borrowed.Transaction = (SqliteTransaction?)DbTransaction;
                Borrowed.CommandTimeout = CommandTimeout;
                return Borrowed;
            }
        }

        public override void Cancel() { }

        public override int ExecuteNonQuery() => Ready.ExecuteNonQuery();

        public override object? ExecuteScalar() => Ready.ExecuteScalar();

        public override void Prepare() => Ready.Prepare();

        protected override DbParameter CreateDbParameter() => new SqliteParameter();

        protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) => Ready.ExecuteReader(behavior);

        protected override void Dispose(bool disposing)
        {
            if (disposing) GiveBack();
            base.Dispose(disposing);
        }

        private void GiveBack()
        {
            if (borrowed is null) return;
            connection.Return(borrowed);
            borrowed = null;
        }
    }
}
