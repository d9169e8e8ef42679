using System.Data;
using System.Data.Common;

namespace Provisioning.Core.Storage.Dialects;

/// <summary>What is left of the differences between engines after the statements were written portably (design D3).</summary>
public interface IDialect
{
    /// <summary>Part of the names of its migration scripts, for example <c>sqlite</c>.</summary>
    string Name { get; }

    /// <summary>A closed connection to the database.</summary>
    DbConnection Create();

    /// <summary>Prepares a connection that was just opened.</summary>
    void AfterOpen(DbConnection connection);

    /// <summary>One writer for the whole database (embedded), or as many as there are organisations being written.</summary>
    bool HasOneWriter { get; }

    /// <summary>The isolation of a unit; on SQLite it also takes the write lock at once.</summary>
    IsolationLevel WriteIsolation { get; }

    /// <summary>Begins a consistent snapshot for reading.</summary>
    DbTransaction BeginRead(DbConnection connection);

    /// <summary>The end of an ordered statement that takes <c>@limit</c> rows after <c>@offset</c>.</summary>
    string Page { get; }

    /// <summary>Marks the start of a unit inside a transaction that it shares with others.</summary>
    string Savepoint { get; }

    string RollBackToSavepoint { get; }

    /// <summary>Null where a savepoint ends with its transaction.</summary>
    string? ReleaseSavepoint { get; }

    /// <summary>A condition: the bytes in the column contain those of the parameter.</summary>
    string Contains(string column, string parameter);

    /// <summary>A condition: the bytes in the column end with those of the parameter.</summary>
    string EndsWith(string column, string parameter);

    /// <summary>What an exception of the driver means; never decided by its text.</summary>
    Fault Classify(Exception exception);
}

/// <summary>What went wrong, as far as it matters for what to do next.</summary>
public enum Fault
{
    /// <summary>Not the database's fault: a bug.</summary>
    Other,

    /// <summary>A unique key was there already, or a row that was read is gone: the unit runs again and finds it so.</summary>
    KeyConflict,

    /// <summary>Busy, deadlock, serialisation: the unit may run again.</summary>
    Transient,

    /// <summary>The connection or the file is lost; a commit under way has an unknown outcome.</summary>
    Lost,
}
