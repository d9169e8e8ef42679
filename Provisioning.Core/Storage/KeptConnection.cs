using System.Data;
using System.Data.Common;
using Provisioning.Core.Storage.Dialects;

namespace Provisioning.Core.Storage;

/// <summary>An open connection and the commands that were run on it, ready for the next time. Not for use by two threads at once.</summary>
internal sealed class KeptConnection(DbConnection connection) : IAsyncDisposable, IDisposable
{
    /// <summary>Texts kept. Ours are fewer; filters make more, and then everything is forgotten and what is used comes back.</summary>
    private const int Most = 256;

    private readonly Dictionary<string, KeptCommand> idle = new(StatementText.Comparer);

    public DbConnection Connection { get; } = connection;

    public bool IsOpen => Connection.State == ConnectionState.Open;

    /// <summary>Opened and set up.</summary>
    public static async Task<KeptConnection> OpenAsync(IDialect dialect, CancellationToken cancel = default)
    {
        var opened = dialect.Create();
        try
        {
            await opened.OpenAsync(cancel);
            dialect.AfterOpen(opened);
            return new KeptConnection(opened);
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// The command of a text with parameters of these names; nobody else has it until it is given back. Other names make another command:
    /// Npgsql binds a command's first parameters for good.
    /// </summary>
    public KeptCommand Take(string sql, ParameterNames names)
    {
        if (idle.Remove(sql, out var kept))
        {
            if (kept.IsFor(names)) return kept;
            kept.Dispose();
        }
        return new KeptCommand(Connection, sql, names);
    }

    public void Return(KeptCommand command)
    {
        if (idle.Count >= Most) Forget();
        if (!IsOpen || !idle.TryAdd(command.Text, command)) command.Dispose();
    }

    public void Dispose()
    {
        Forget();
        Connection.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        Forget();
        await Connection.DisposeAsync();
    }

    private void Forget()
    {
        foreach (var command in idle.Values) command.Dispose();
        idle.Clear();
    }
}

/// <summary>A command with its parameters made, and the reader of its rows once there is one.</summary>
internal sealed class KeptCommand : IDisposable
{
    private readonly ParameterNames names;

    public KeptCommand(DbConnection connection, string sql, ParameterNames names)
    {
        Text = sql;
        Command = connection.CreateCommand();
#pragma warning disable CA2100 // Texts are constants of the stores; values are parameters.
        Command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var (name, type) in names.All)
        {
            var parameter = Command.CreateParameter();
            parameter.ParameterName = name;
            if (type is { } known) parameter.DbType = known;
            Command.Parameters.Add(parameter);
        }
        this.names = names;
    }

    public string Text { get; }

    public DbCommand Command { get; }

    /// <summary>A <c>Func&lt;DbDataReader, T&gt;</c> for the columns of this text.</summary>
    public Delegate? RowReader { get; set; }

    public bool IsFor(ParameterNames wanted) => ReferenceEquals(names, wanted) || names.All.SequenceEqual(wanted.All);

    public void Set(int at, object? value)
    {
        var parameter = Command.Parameters[at];
        parameter.Value = value ?? DBNull.Value;
        // One plan for all texts on SQL Server, where the type of a text has its length (-1: any).
        if (value is string text) parameter.Size = text.Length <= 4000 ? 4000 : -1;
    }

    public void Dispose() => Command.Dispose();
}

/// <summary>
/// Compares statements: mostly the same object, else texts of which the last letters differ. Hashing all of a text at each execution
/// costs as much as running it.
/// </summary>
internal sealed class StatementText : IEqualityComparer<string>
{
    public static readonly StatementText Comparer = new();

    public bool Equals(string? one, string? other) => string.Equals(one, other, StringComparison.Ordinal);

    public int GetHashCode(string text)
    {
        var hash = text.Length;
        for (var at = Math.Max(0, text.Length - 24); at < text.Length; at++) hash = (hash * 31) + text[at];
        for (var at = 0; at < text.Length; at += 16) hash = (hash * 31) + text[at];
        return hash;
    }
}
