using System.Collections;
using System.Data.Common;
using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Provisioning.Core.Storage.Dialects;

/// <summary>The rows of one execution of a <see cref="PreparedSqliteCommand"/>, which owns and reuses it. Columns are read as asked for.</summary>
internal sealed class PreparedSqliteReader(PreparedSqliteConnection connection) : DbDataReader
{
    private sqlite3_stmt? statement;
    private bool hasFirst, isBeforeFirst, isAtEnd;

    /// <summary>The first step is taken at once: what is wrong shows where the command was run.</summary>
    public void Start(sqlite3_stmt bound)
    {
        statement = bound;
        isAtEnd = false;
        hasFirst = Step();
        isBeforeFirst = true;
    }

    public override int FieldCount => raw.sqlite3_column_count(Running);

    public override bool HasRows => hasFirst;

    public override bool IsClosed => statement is null;

    public override int RecordsAffected => -1;

    public override int Depth => 0;

    public override object this[int ordinal] => GetValue(ordinal);

    public override object this[string name] => GetValue(GetOrdinal(name));

    private sqlite3_stmt Running => statement ?? throw new InvalidOperationException("The reader is closed.");

    public override bool Read()
    {
        if (!isBeforeFirst) return Step();
        isBeforeFirst = false;
        return hasFirst;
    }

    public override bool NextResult() => false;

    public override void Close()
    {
        if (statement is null) return;
        raw.sqlite3_reset(statement); // repeats the error of the last step, which was reported then
        statement = null;
    }

    public override bool IsDBNull(int ordinal) => raw.sqlite3_column_type(Running, ordinal) == raw.SQLITE_NULL;

    public override long GetInt64(int ordinal) => raw.sqlite3_column_int64(Running, ordinal);

    public override int GetInt32(int ordinal) => checked((int)GetInt64(ordinal));

    public override short GetInt16(int ordinal) => checked((short)GetInt64(ordinal));

    public override bool GetBoolean(int ordinal) => GetInt64(ordinal) != 0;

    public override double GetDouble(int ordinal) => raw.sqlite3_column_double(Running, ordinal);

    public override string GetString(int ordinal) => Encoding.UTF8.GetString(raw.sqlite3_column_blob(Running, ordinal));

    public override object GetValue(int ordinal) => raw.sqlite3_column_type(Running, ordinal) switch
    {
        raw.SQLITE_INTEGER => GetInt64(ordinal),
        raw.SQLITE_FLOAT => GetDouble(ordinal),
        raw.SQLITE_TEXT => GetString(ordinal),
        raw.SQLITE_BLOB => Bytes(ordinal),
        _ => DBNull.Value,
    };

    public override T GetFieldValue<T>(int ordinal) => typeof(T) == typeof(byte[]) ? (T)(object)Bytes(ordinal) : (T)GetValue(ordinal);

    public override int GetValues(object[] values)
    {
        var count = Math.Min(values.Length, FieldCount);
        for (var at = 0; at < count; at++) values[at] = GetValue(at);
        return count;
    }

    public override string GetName(int ordinal) => raw.sqlite3_column_name(Running, ordinal).utf8_to_string();

    public override int GetOrdinal(string name)
    {
        for (var at = 0; at < FieldCount; at++)
            if (GetName(at).Equals(name, StringComparison.OrdinalIgnoreCase)) return at;
        throw new ArgumentOutOfRangeException(nameof(name), name, "There is no such column.");
    }

    /// <summary>Of the value in this row; where there is none, what the column was declared as.</summary>
    public override Type GetFieldType(int ordinal) => raw.sqlite3_column_type(Running, ordinal) switch
    {
        raw.SQLITE_INTEGER => typeof(long),
        raw.SQLITE_FLOAT => typeof(double),
        raw.SQLITE_TEXT => typeof(string),
        raw.SQLITE_BLOB => typeof(byte[]),
        _ => raw.sqlite3_column_decltype(Running, ordinal).utf8_to_string()?.ToUpperInvariant() switch
        {
            "INTEGER" or "BIGINT" => typeof(long),
            "BLOB" => typeof(byte[]),
            _ => typeof(string),
        },
    };

    public override string GetDataTypeName(int ordinal) => GetFieldType(ordinal).Name;

    public override IEnumerator GetEnumerator() => new DbEnumerator(this, closeReader: false);

    public override byte GetByte(int ordinal) => checked((byte)GetInt64(ordinal));

    public override decimal GetDecimal(int ordinal) => Convert.ToDecimal(GetValue(ordinal), CultureInfo.InvariantCulture);

    public override float GetFloat(int ordinal) => (float)GetDouble(ordinal);

    public override long GetBytes(int ordinal, long dataOffset, byte[]? buffer, int bufferOffset, int length) => throw new NotSupportedException();

    public override char GetChar(int ordinal) => throw new NotSupportedException();

    public override long GetChars(int ordinal, long dataOffset, char[]? buffer, int bufferOffset, int length) => throw new NotSupportedException();

    public override DateTime GetDateTime(int ordinal) => throw new NotSupportedException();

    public override Guid GetGuid(int ordinal) => throw new NotSupportedException();

    private byte[] Bytes(int ordinal) => raw.sqlite3_column_blob(Running, ordinal).ToArray();

    private bool Step()
    {
        if (isAtEnd) return false; // another step would run the statement again
        var code = raw.sqlite3_step(Running);
        if (code == raw.SQLITE_ROW) return true;
        isAtEnd = true;
        if (code == raw.SQLITE_DONE) return false;
        Close();
        SqliteException.ThrowExceptionForRC(code, connection.Handle);
        return false;
    }
}
