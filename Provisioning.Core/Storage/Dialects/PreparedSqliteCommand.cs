using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Provisioning.Core.Storage.Dialects;

/// <summary>
/// A command that is compiled at its first execution and then kept so; parameters are bound by place. Several statements in one text
/// run one after the other, and only the first is kept. Parameters are added, never replaced.
/// </summary>
internal sealed class PreparedSqliteCommand(PreparedSqliteConnection connection) : DbCommand
{
    private readonly SqliteCommand holder = new(); // of the parameters
    private string text = "";
    private string rest = "";
    private sqlite3_stmt? statement;
    private int[] places = [];
    private PreparedSqliteReader? reader;

    [AllowNull]
    public override string CommandText
    {
        get => text;
        set
        {
            if (text == value) return;
            Forget();
            text = value ?? "";
        }
    }

    /// <summary>Waiting for locks is limited by the connection; nothing else takes long.</summary>
    public override int CommandTimeout { get; set; }

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

    protected override DbParameterCollection DbParameterCollection => holder.Parameters;

    protected override DbTransaction? DbTransaction { get; set; }

    public override void Cancel() { }

    public override void Prepare() => _ = Compiled();

    public override int ExecuteNonQuery()
    {
        var changed = Drain(Bound());
        while (rest.Length > 0)
        {
            var next = Compile(rest, out rest);
            if (next is null) break;
            try
            {
                BindAll(next, Places(next));
                changed += Drain(next);
            }
            finally
            {
                next.Dispose();
            }
        }
        return changed;
    }

    public override object? ExecuteScalar()
    {
        using var rows = ExecuteReader();
        return rows.Read() ? rows.GetValue(0) : null;
    }

    protected override DbParameter CreateDbParameter() => new SqliteParameter();

    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior)
    {
        var bound = Bound();
        if (rest.Length > 0) throw new NotSupportedException("One statement answers rows, not several.");
        reader ??= new PreparedSqliteReader(connection);
        reader.Start(bound);
        return reader;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Forget();
            holder.Dispose();
        }
        base.Dispose(disposing);
    }

    private sqlite3_stmt Compiled()
    {
        if (statement is null)
        {
            statement = Compile(text, out rest) ?? throw new InvalidOperationException("There is no statement in the text of the command.");
            places = [];
        }
        return statement;
    }

    private sqlite3_stmt Bound()
    {
        var compiled = Compiled();
        if (places.Length != holder.Parameters.Count) places = Places(compiled);
        BindAll(compiled, places);
        return compiled;
    }

    /// <summary>Null when there is nothing but blanks and comments.</summary>
    private sqlite3_stmt? Compile(string sql, out string following)
    {
        Check(raw.sqlite3_prepare_v2(connection.Handle, sql, out var compiled, out following));
        following = following.TrimStart();
        if (!compiled.IsInvalid) return compiled;
        compiled.Dispose();
        return following.Length > 0 ? Compile(following, out following) : null;
    }

    /// <summary>Where each parameter stands in the statement; 0 when it does not.</summary>
    private int[] Places(sqlite3_stmt compiled)
    {
        var found = new int[holder.Parameters.Count];
        for (var at = 0; at < found.Length; at++)
        {
            var name = holder.Parameters[at].ParameterName;
            found[at] = raw.sqlite3_bind_parameter_index(compiled, name.StartsWith('@') ? name : "@" + name);
        }
        return found;
    }

    private void BindAll(sqlite3_stmt compiled, int[] at)
    {
        for (var parameter = 0; parameter < at.Length; parameter++)
            if (at[parameter] > 0) Check(Bind(compiled, at[parameter], holder.Parameters[parameter].Value));
    }

    private static int Bind(sqlite3_stmt compiled, int place, object? value) => value switch
    {
        null or DBNull => raw.sqlite3_bind_null(compiled, place),
        string { Length: 0 } empty => raw.sqlite3_bind_text(compiled, place, empty),
        string text => BindText(compiled, place, text),
        byte[] { Length: 0 } => raw.sqlite3_bind_zeroblob(compiled, place, 0), // no bytes are not NULL
        byte[] bytes => raw.sqlite3_bind_blob(compiled, place, bytes),
        long number => raw.sqlite3_bind_int64(compiled, place, number),
        int number => raw.sqlite3_bind_int64(compiled, place, number),
        short number => raw.sqlite3_bind_int64(compiled, place, number),
        bool flag => raw.sqlite3_bind_int64(compiled, place, flag ? 1 : 0),
        double number => raw.sqlite3_bind_double(compiled, place, number),
        _ => throw new NotSupportedException($"A parameter cannot be a {value.GetType().Name}."),
    };

    private static int BindText(sqlite3_stmt compiled, int place, string value)
    {
        Span<byte> utf8 = value.Length <= 256 ? stackalloc byte[768] : new byte[Encoding.UTF8.GetMaxByteCount(value.Length)];
        return raw.sqlite3_bind_text(compiled, place, utf8[..Encoding.UTF8.GetBytes(value, utf8)]);
    }

    /// <summary>Runs to the end; answers how many rows changed.</summary>
    private int Drain(sqlite3_stmt compiled)
    {
        int code;
        do code = raw.sqlite3_step(compiled);
        while (code == raw.SQLITE_ROW);
        var changed = code == raw.SQLITE_DONE && raw.sqlite3_stmt_readonly(compiled) == 0 ? raw.sqlite3_changes(connection.Handle) : 0;
        var reset = raw.sqlite3_reset(compiled);
        Check(code == raw.SQLITE_DONE ? reset : code);
        return changed;
    }

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK) SqliteException.ThrowExceptionForRC(code, connection.Handle);
    }

    private void Forget()
    {
        reader?.Close();
        statement?.Dispose();
        statement = null;
    }
}
