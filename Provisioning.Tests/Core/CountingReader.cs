using System.Collections;
using System.Data.Common;

namespace Provisioning.Tests.Core;

/// <summary>What was asked of an engine: statements, rows read, rows written, and the most rows that one statement gave.</summary>
internal sealed class StatementCounts
{
    public int Statements { get; set; }
    public int Read { get; set; }
    public int Written { get; set; }
    public int MostOfOne { get; set; }

    /// <summary>The statements themselves, when somebody wants them.</summary>
    public List<string>? Texts { get; set; }

    public void Reset() => (Statements, Read, Written, MostOfOne) = (0, 0, 0, 0);

    public override string ToString() => FormattableString.Invariant($"{Statements} statements, {Read} rows read, {Written} rows written");
}

/// <summary>A reader that counts its rows.</summary>
internal sealed class CountingReader(DbDataReader reader, StatementCounts counts) : DbDataReader
{
    private int rows;

    public override object this[int ordinal] => reader[ordinal];
    public override object this[string name] => reader[name];
    public override int Depth => reader.Depth;
    public override int FieldCount => reader.FieldCount;
    public override bool HasRows => reader.HasRows;
    public override bool IsClosed => reader.IsClosed;
    public override int RecordsAffected => reader.RecordsAffected;

    public override bool Read()
    {
        if (!reader.Read()) return false;
        counts.Read++;
        counts.MostOfOne = Math.Max(counts.MostOfOne, ++rows);
        return true;
    }

    public override bool GetBoolean(int ordinal) => reader.GetBoolean(ordinal);
    public override byte GetByte(int ordinal) => reader.GetByte(ordinal);
    public override long GetBytes(int ordinal, long dataOffset, byte[]? buffer, int bufferOffset, int length) => reader.GetBytes(ordinal, dataOffset, buffer, bufferOffset, length);
    public override char GetChar(int ordinal) => reader.GetChar(ordinal);
    public override long GetChars(int ordinal, long dataOffset, char[]? buffer, int bufferOffset, int length) => reader.GetChars(ordinal, dataOffset, buffer, bufferOffset, length);
    public override string GetDataTypeName(int ordinal) => reader.GetDataTypeName(ordinal);
    public override DateTime GetDateTime(int ordinal) => reader.GetDateTime(ordinal);
    public override decimal GetDecimal(int ordinal) => reader.GetDecimal(ordinal);
    public override double GetDouble(int ordinal) => reader.GetDouble(ordinal);
    public override IEnumerator GetEnumerator() => ((IEnumerable)reader).GetEnumerator();
    public override Type GetFieldType(int ordinal) => reader.GetFieldType(ordinal);
    public override T GetFieldValue<T>(int ordinal) => reader.GetFieldValue<T>(ordinal);
    public override float GetFloat(int ordinal) => reader.GetFloat(ordinal);
    public override Guid GetGuid(int ordinal) => reader.GetGuid(ordinal);
    public override short GetInt16(int ordinal) => reader.GetInt16(ordinal);
    public override int GetInt32(int ordinal) => reader.GetInt32(ordinal);
    public override long GetInt64(int ordinal) => reader.GetInt64(ordinal);
    public override string GetName(int ordinal) => reader.GetName(ordinal);
    public override int GetOrdinal(string name) => reader.GetOrdinal(name);
    public override string GetString(int ordinal) => reader.GetString(ordinal);
    public override object GetValue(int ordinal) => reader.GetValue(ordinal);
    public override int GetValues(object[] values) => reader.GetValues(values);
    public override bool IsDBNull(int ordinal) => reader.IsDBNull(ordinal);
    public override bool NextResult() => reader.NextResult();
    public override void Close() => reader.Close();

    protected override void Dispose(bool disposing)
    {
        if (disposing) reader.Dispose();
        base.Dispose(disposing);
    }
}
