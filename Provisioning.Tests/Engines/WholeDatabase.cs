using System.Data.Common;
using System.Text;

namespace Provisioning.Tests.Engines;

/// <summary>Every table and column, whatever they are called: where a text is kept.</summary>
internal static class WholeDatabase
{
    /// <summary>The columns that hold the text somewhere, as table.column; texts and bytes are looked at.</summary>
    public static async Task<IReadOnlyList<string>> WhereAsync(TestDatabase database, string text)
    {
        await using var connection = database.Dialect().Create();
        await connection.OpenAsync();
        var columns = await ReadAsync(connection, database.Engine == TestDatabase.Sqlite
            ? "SELECT t.name || '.' || c.name || '.' || lower(c.type) FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'"
            : "SELECT CONCAT(table_name, '.', column_name, '.', data_type) FROM information_schema.columns WHERE table_schema IN ('public', 'dbo')");
        var bytes = Convert.ToHexString(Encoding.UTF8.GetBytes(text));
        var found = new List<string>();
        foreach (var table in columns.Select(column => column.Split('.')).Where(parts => parts[2] is not ("integer" or "bigint")).GroupBy(parts => parts[0]))
        {
            var counts = table.Select(parts => $"SELECT '{parts[0]}.{parts[1]}' AS place FROM {parts[0]} WHERE " + (parts[2] switch
            {
                "blob" => $"instr({parts[1]}, X'{bytes}') > 0",
                "bytea" => $"position('\\x{bytes}'::bytea in {parts[1]}) > 0",
                "varbinary" or "binary" => $"CHARINDEX(0x{bytes}, {parts[1]}) > 0",
                _ => $"{parts[1]} LIKE '%{text}%'",
            }));
            found.AddRange(await ReadAsync(connection, string.Join(" UNION ", counts)));
        }
        return found;
    }

    private static async Task<List<string>> ReadAsync(DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var rows = await command.ExecuteReaderAsync();
        var read = new List<string>();
        while (await rows.ReadAsync()) read.Add(rows.GetString(0));
        return read;
    }
}
