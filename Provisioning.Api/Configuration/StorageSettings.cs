using System.Data.Common;

namespace Provisioning.Api.Configuration;

/// <summary>The engines of design D3.</summary>
public enum StorageEngine { Sqlite, SqlServer, PostgreSql }

/// <summary>Where the data is.</summary>
public sealed record StorageSettings
{
    public StorageEngine Engine { get; init; } = StorageEngine.Sqlite;

    /// <summary>How long a request is tried again while the database fails, before it is 503 (design D2); seconds.</summary>
    public int DeadlineSeconds { get; init; } = 15;

    /// <summary>As given: a relative file name in it is relative to the content root, see <see cref="ConnectionStringUnder"/>.</summary>
    public string ConnectionString { get; init; } = "Data Source=data/provisioning.db";

    /// <summary>
    /// The full path of the embedded database's file; null for other engines, for a database in memory and for a <c>file:</c> URI,
    /// which SQLite reads by itself.
    /// </summary>
    public string? DatabasePath(string contentRoot)
    {
        if (Engine != StorageEngine.Sqlite) return null;
        var parts = new DbConnectionStringBuilder { ConnectionString = ConnectionString };
        if (SqliteConnectionText.DataSource(parts) is not { Length: > 0 } source) return null;
        var inMemory = source == ":memory:" || source.StartsWith("file:", StringComparison.OrdinalIgnoreCase)
            || (parts.TryGetValue("Mode", out var mode) && "Memory".Equals(mode as string, StringComparison.OrdinalIgnoreCase));
        return inMemory ? null : Path.GetFullPath(source, contentRoot);
    }

    /// <summary>The connection string with the file's full path in place of the relative one.</summary>
    public string ConnectionStringUnder(string contentRoot)
    {
        if (DatabasePath(contentRoot) is not { } path) return ConnectionString;
        var parts = new DbConnectionStringBuilder { ConnectionString = ConnectionString };
        foreach (var name in SqliteConnectionText.DataSourceNames) parts.Remove(name);
        parts.Add("Data Source", path);
        return parts.ConnectionString;
    }

    /// <summary>Without the connection string, which can hold a password.</summary>
    public override string ToString() => $"{nameof(StorageSettings)} {{ Engine = {Engine} }}";
}
