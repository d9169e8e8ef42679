using System.Data;
using System.Data.Common;
using Microsoft.Data.SqlClient;

namespace Provisioning.Core.Storage.Dialects;

/// <summary>SQL Server and Azure SQL, for several nodes on one database. Reads see committed rows without waiting (READ_COMMITTED_SNAPSHOT).</summary>
public sealed class SqlServerDialect : IDialect
{
    private static readonly HashSet<int> KeyConflicts = [2601, 2627, 547]; // 547: foreign key (or CHECK, which then fails again)

    // Deadlock, lock timeout, snapshot conflict; throttling and resource limits of Azure SQL.
    private static readonly HashSet<int> TransientErrors = [1205, 1222, 3960, 10928, 10929, 40501, 49918, 49919, 49920];

    // Network, login during failover, database moving; -2 is a timeout of the client.
    private static readonly HashSet<int> LostErrors = [-2, -1, 0, 2, 20, 53, 64, 121, 233, 596, 4060, 4221, 10053, 10054, 10060, 10061, 11001, 40143, 40197, 40613, 42108, 42109];

    private readonly string connectionString;

    public SqlServerDialect(string connectionString)
    {
        // Sessions are pooled one level up, open and prepared.
        var builder = new SqlConnectionStringBuilder(connectionString) { Pooling = false, Enlist = false };
        this.connectionString = builder.ToString();
    }

    public string Name => "sqlserver";

    public bool HasOneWriter => false;

    public IsolationLevel WriteIsolation => IsolationLevel.ReadCommitted;

    public string Page => "OFFSET @offset ROWS FETCH NEXT @limit ROWS ONLY";

    public DbConnection Create() => new SqlConnection(connectionString);

    public void AfterOpen(DbConnection connection) { }

    public DbTransaction BeginRead(DbConnection connection) => connection.BeginTransaction(IsolationLevel.ReadCommitted);

    // CHARINDEX compares characters: bytes are read as Latin-1 characters under a binary collation, one for one.
    public string Contains(string column, string parameter) => $"CHARINDEX({Characters(parameter)}, {Characters(column)}) > 0";

    public string EndsWith(string column, string parameter) =>
        $"(DATALENGTH({column}) >= DATALENGTH({parameter}) AND SUBSTRING({column}, DATALENGTH({column}) - DATALENGTH({parameter}) + 1, DATALENGTH({parameter})) = {parameter})";

    public string Savepoint => "SAVE TRANSACTION unit";

    public string RollBackToSavepoint => "ROLLBACK TRANSACTION unit";

    public string? ReleaseSavepoint => null;

    public Fault Classify(Exception exception) => exception switch
    {
        SqlException sql when KeyConflicts.Contains(sql.Number) => Fault.KeyConflict,
        SqlException sql when TransientErrors.Contains(sql.Number) => Fault.Transient,
        SqlException sql when sql.Class >= 20 || LostErrors.Contains(sql.Number) => Fault.Lost,
        _ => Fault.Other,
    };

    private static string Characters(string bytes) => $"CONVERT(varchar(1000), {bytes}) COLLATE Latin1_General_100_BIN2";
}
