using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Provisioning.Core.Storage.Dialects;

/// <summary>The embedded engine: write-ahead log, one writer, every commit on disk before it is answered.</summary>
public sealed class SqliteDialect(string connectionString) : IDialect
{
    // Extended result codes, https://www.sqlite.org/rescode.html
    private const int Busy = 5, Locked = 6, ConstraintPrimaryKey = 1555, ConstraintUnique = 2067, ConstraintRowId = 2579;
    private static readonly HashSet<int> LostCodes = [10, 11, 13, 14, 26]; // IOERR, CORRUPT, FULL, CANTOPEN, NOTADB

    // A session is never used by two threads at once, so the engine need not lock at each column it hands out.
    static SqliteDialect()
    {
        SQLitePCL.Batteries_V2.Init();
        _ = SQLitePCL.raw.sqlite3_config(SQLitePCL.raw.SQLITE_CONFIG_MULTITHREAD); // refused, and locking as ever, if the engine runs already
    }

    private readonly string connectionString = new SqliteConnectionStringBuilder(connectionString)
    {
        ForeignKeys = true,
        Pooling = false, // sessions are pooled one level up, open and prepared
    }.ToString();

    public string Name => "sqlite";

    public bool HasOneWriter => true;

    public string Savepoint => "SAVEPOINT unit";

    public string RollBackToSavepoint => "ROLLBACK TO unit";

    public string? ReleaseSavepoint => "RELEASE unit";

    public IsolationLevel WriteIsolation => IsolationLevel.Serializable; // BEGIN IMMEDIATE

    public string Page => "LIMIT @limit OFFSET @offset";

    public DbConnection Create() => new PreparedSqliteConnection(new SqliteConnection(connectionString) { DefaultTimeout = 5 });

    public void AfterOpen(DbConnection connection)
    {
        using var command = connection.CreateCommand();
        // FULL: a commit is acknowledged only when it is on disk, also when the machine loses power.
        command.CommandText = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;";
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                command.ExecuteNonQuery();
                return;
            }
            // The change of a new file to the write-ahead log does not wait for others who make it at the same moment.
            catch (SqliteException busy) when (busy.SqliteErrorCode == Busy && attempt < 250)
            {
                Thread.Sleep(20);
            }
        }
    }

    public DbTransaction BeginRead(DbConnection connection) => ((PreparedSqliteConnection)connection).BeginDeferred();

    public string Contains(string column, string parameter) => $"instr({column}, {parameter}) > 0";

    public string EndsWith(string column, string parameter) =>
        $"(length({column}) >= length({parameter}) AND substr({column}, length({column}) - length({parameter}) + 1) = {parameter})";

    public Fault Classify(Exception exception) => exception switch
    {
        SqliteException { SqliteExtendedErrorCode: ConstraintPrimaryKey or ConstraintUnique or ConstraintRowId } => Fault.KeyConflict,
        SqliteException { SqliteErrorCode: Busy or Locked } => Fault.Transient,
        SqliteException sqlite when LostCodes.Contains(sqlite.SqliteErrorCode) => Fault.Lost,
        _ => Fault.Other,
    };
}
