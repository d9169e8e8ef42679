using System.Data;
using System.Data.Common;
using Npgsql;

namespace Provisioning.Core.Storage.Dialects;

/// <summary>PostgreSQL, for several nodes on one database.</summary>
public sealed class PostgreSqlDialect : IDialect
{
    private readonly NpgsqlDataSource source;

    public PostgreSqlDialect(string connectionString)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString);
        // The statements are few and constant: the driver prepares each on every connection after its second use.
        if (builder.MaxAutoPrepare == 0) builder.MaxAutoPrepare = 256;
        if (builder.AutoPrepareMinUsages == 5) builder.AutoPrepareMinUsages = 2;
        // Sessions are pooled one level up, open and prepared.
        builder.Pooling = false;
        builder.Enlist = false;
        // A server that does not answer must not hold a connection longer than a request waits.
        if (builder.Timeout == 15) builder.Timeout = 5;
        if (builder.CommandTimeout == 30) builder.CommandTimeout = 10;
        source = NpgsqlDataSource.Create(builder);
    }

    public string Name => "postgresql";

    public bool HasOneWriter => false;

    public IsolationLevel WriteIsolation => IsolationLevel.ReadCommitted;

    public string Page => "LIMIT @limit OFFSET @offset";

    public DbConnection Create() => source.CreateConnection();

    public void AfterOpen(DbConnection connection) { }

    public DbTransaction BeginRead(DbConnection connection) => connection.BeginTransaction(IsolationLevel.RepeatableRead);

    public string Contains(string column, string parameter) => $"position({parameter} IN {column}) > 0";

    public string EndsWith(string column, string parameter) =>
        $"(length({column}) >= length({parameter}) AND substring({column} FROM length({column}) - length({parameter}) + 1) = {parameter})";

    public string Savepoint => "SAVEPOINT unit";

    public string RollBackToSavepoint => "ROLLBACK TO SAVEPOINT unit";

    public string? ReleaseSavepoint => "RELEASE SAVEPOINT unit";

    /// <summary>SQLSTATE classes: https://www.postgresql.org/docs/current/errcodes-appendix.html</summary>
    public Fault Classify(Exception exception) => exception switch
    {
        PostgresException { SqlState: PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.ForeignKeyViolation } => Fault.KeyConflict,
        PostgresException { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.LockNotAvailable } => Fault.Transient,
        PostgresException { SqlState: var state } when state.StartsWith("53", StringComparison.Ordinal) => Fault.Transient, // resources, too many connections
        PostgresException { SqlState: var state } when state.StartsWith("57P", StringComparison.Ordinal) || state.StartsWith("08", StringComparison.Ordinal) => Fault.Lost,
        PostgresException { SqlState: "25006" } => Fault.Lost, // read only: the server was demoted in a failover
        PostgresException => Fault.Other,
        NpgsqlException => Fault.Lost, // the connection: refused, broken, timed out
        _ => Fault.Other,
    };
}
