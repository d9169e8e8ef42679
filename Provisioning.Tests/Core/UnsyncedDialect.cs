using System.Data;
using System.Data.Common;
using Provisioning.Core.Storage.Dialects;

namespace Provisioning.Tests.Core;

/// <summary>The embedded engine without waiting for the disk: thousands of commits a second; tests lose no power.</summary>
internal sealed class UnsyncedDialect(IDialect inner) : IDialect
{
    public string Name => inner.Name;

    public bool HasOneWriter => inner.HasOneWriter;

    public string Savepoint => inner.Savepoint;

    public string RollBackToSavepoint => inner.RollBackToSavepoint;

    public string? ReleaseSavepoint => inner.ReleaseSavepoint;

    public IsolationLevel WriteIsolation => inner.WriteIsolation;

    public string Page => inner.Page;

    public DbConnection Create() => inner.Create();

    public void AfterOpen(DbConnection connection)
    {
        inner.AfterOpen(connection);
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA synchronous = OFF; PRAGMA mmap_size = 0; PRAGMA cache_size = -512;";
        command.ExecuteNonQuery();
    }

    public DbTransaction BeginRead(DbConnection connection) => inner.BeginRead(connection);

    public string Contains(string column, string parameter) => inner.Contains(column, parameter);

    public string EndsWith(string column, string parameter) => inner.EndsWith(column, parameter);

    public Fault Classify(Exception exception) => inner.Classify(exception);
}
