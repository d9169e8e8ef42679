using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Npgsql;
using Provisioning.Core.Storage.Dialects;

namespace Provisioning.Tests.Core;

/// <summary>When a commit fails: before the engine saw it, while it is under way, or after it was done but before anybody knew.</summary>
internal enum CommitFault { None, Before, During, Unknown }

/// <summary>The connection to the database is gone.</summary>
internal sealed class ConnectionLostException() : DbException("The connection was lost.");

/// <summary>The engine rolled a whole transaction back by itself.</summary>
internal sealed class DeadlockException() : DbException("Chosen as the deadlock victim.");

/// <summary>An engine over connections that fail when the test says so. Reads never fail.</summary>
internal sealed class FaultyDialect(IDialect inner) : IDialect
{
    /// <summary>Asked at each commit of a write.</summary>
    public Func<CommitFault> AtCommit { get; set; } = () => CommitFault.None;

    /// <summary>Asked before each statement of a write; an exception it returns is thrown.</summary>
    public Func<string, Exception?> AtStatement { get; set; } = _ => null;

    /// <summary>Asked at each open; true: out of reach.</summary>
    public Func<bool> AtOpen { get; set; } = () => false;

    /// <summary>What was asked of the engine so far.</summary>
    public StatementCounts Counts { get; } = new();

    /// <summary>Commits that reached the engine.</summary>
    public int Commits { get; private set; }

    public string Name => inner.Name;

    public bool HasOneWriter => inner.HasOneWriter;

    public string Savepoint => inner.Savepoint;

    public string RollBackToSavepoint => inner.RollBackToSavepoint;

    public string? ReleaseSavepoint => inner.ReleaseSavepoint;

    public IsolationLevel WriteIsolation => inner.WriteIsolation;

    public string Page => inner.Page;

    public DbConnection Create() => new FaultyConnection(inner.Create(), this);

    public void AfterOpen(DbConnection connection) => inner.AfterOpen(((FaultyConnection)connection).Inner);

    public DbTransaction BeginRead(DbConnection connection)
    {
        var faulty = (FaultyConnection)connection;
        return new FaultyTransaction(inner.BeginRead(faulty.Inner), faulty, null);
    }

    public string Contains(string column, string parameter) => inner.Contains(column, parameter);

    public string EndsWith(string column, string parameter) => inner.EndsWith(column, parameter);

    public Fault Classify(Exception exception) => exception switch
    {
        ConnectionLostException => Fault.Lost,
        DeadlockException => Fault.Transient,
        _ => inner.Classify(exception),
    };

    private void Commit(DbTransaction transaction)
    {
        var fault = AtCommit();
        if (fault == CommitFault.Before) throw new ConnectionLostException();
        // The server ends the connection while the commit is on its way: who comes first is for the two to decide.
        var cut = fault == CommitFault.During ? Task.Run(() => Cut(((NpgsqlConnection)transaction.Connection!).ProcessID)) : Task.CompletedTask;
        try
        {
            transaction.Commit();
        }
        finally
        {
            cut.Wait();
        }
        Commits++;
        if (fault == CommitFault.Unknown) throw new ConnectionLostException();
    }

    private void Cut(int process)
    {
        using var side = inner.Create();
        side.Open();
        using var command = side.CreateCommand();
        command.CommandText = FormattableString.Invariant($"SELECT pg_terminate_backend({process})");
        command.ExecuteNonQuery();
    }

    private sealed class FaultyConnection(DbConnection connection, FaultyDialect dialect) : DbConnection
    {
        public DbConnection Inner => connection;

        [AllowNull]
        public override string ConnectionString { get => connection.ConnectionString; set => connection.ConnectionString = value; }

        public override string Database => connection.Database;
        public override string DataSource => connection.DataSource;
        public override string ServerVersion => connection.ServerVersion;
        public override ConnectionState State => connection.State;

        public override void ChangeDatabase(string databaseName) => connection.ChangeDatabase(databaseName);

        public override void Close() => connection.Close();

        public override void Open()
        {
            if (dialect.AtOpen()) throw new ConnectionLostException();
            connection.Open();
        }

        protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) =>
            new FaultyTransaction(connection.BeginTransaction(isolationLevel), this, dialect);

        protected override DbCommand CreateDbCommand() => new FaultyCommand(connection.CreateCommand(), dialect);

        protected override void Dispose(bool disposing)
        {
            if (disposing) connection.Dispose();
            base.Dispose(disposing);
        }
    }

    /// <param name="dialect">Null for a read.</param>
    private sealed class FaultyTransaction(DbTransaction transaction, FaultyConnection connection, FaultyDialect? dialect) : DbTransaction
    {
        public DbTransaction Inner => transaction;

        public bool Writes => dialect is not null;

        public override IsolationLevel IsolationLevel => transaction.IsolationLevel;

        protected override DbConnection DbConnection => connection;

        public override void Commit()
        {
            if (dialect is null) transaction.Commit();
            else dialect.Commit(transaction);
        }

        public override void Rollback() => transaction.Rollback();

        protected override void Dispose(bool disposing)
        {
            if (disposing) transaction.Dispose();
            base.Dispose(disposing);
        }
    }

    private sealed class FaultyCommand(DbCommand command, FaultyDialect dialect) : DbCommand
    {
        private DbTransaction? transaction;

        [AllowNull]
        public override string CommandText { get => command.CommandText; set => command.CommandText = value; }

        public override int CommandTimeout { get => command.CommandTimeout; set => command.CommandTimeout = value; }
        public override CommandType CommandType { get => command.CommandType; set => command.CommandType = value; }
        public override bool DesignTimeVisible { get; set; }
        public override UpdateRowSource UpdatedRowSource { get => command.UpdatedRowSource; set => command.UpdatedRowSource = value; }
        protected override DbConnection? DbConnection { get; set; }
        protected override DbParameterCollection DbParameterCollection => command.Parameters;

        protected override DbTransaction? DbTransaction
        {
            get => transaction;
            set
            {
                transaction = value;
                command.Transaction = (value as FaultyTransaction)?.Inner;
            }
        }

        public override void Cancel() => command.Cancel();

        public override void Prepare() => command.Prepare();

        public override int ExecuteNonQuery()
        {
            var rows = Checked().ExecuteNonQuery();
            dialect.Counts.Written += Math.Max(0, rows);
            return rows;
        }

        public override object? ExecuteScalar() => Checked().ExecuteScalar();

        protected override DbParameter CreateDbParameter() => command.CreateParameter();

        protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) => new CountingReader(Checked().ExecuteReader(behavior), dialect.Counts);

        protected override void Dispose(bool disposing)
        {
            if (disposing) command.Dispose();
            base.Dispose(disposing);
        }

        private DbCommand Checked()
        {
            dialect.Counts.Statements++;
            dialect.Counts.Texts?.Add(CommandText);
            if (transaction is FaultyTransaction { Writes: true } && dialect.AtStatement(CommandText) is { } exception)
            {
                // As PostgreSQL and SQL Server do with a deadlock victim: nothing of the transaction is left, savepoints included.
                if (exception is DeadlockException) ((FaultyTransaction)transaction).Inner.Rollback();
                throw exception;
            }
            return command;
        }
    }
}
