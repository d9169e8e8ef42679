using System.Data.Common;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Provisioning.Core.Storage.Migrations;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Core;

/// <summary>
/// Three scripts for each migration, one schema (design D3): statement by statement the same but for the names of the types, and what the
/// engines then say of themselves is the same as well.
/// </summary>
public sealed partial class CatalogueTests
{
    private static readonly string[] Statements = ["CREATE TABLE ", "CREATE INDEX ", "CREATE UNIQUE INDEX ", "ALTER TABLE ", "INSERT INTO ", "DROP TABLE "];

    [Test]
    public void D3_the_scripts_of_the_engines_differ_in_nothing_but_the_names_of_types()
    {
        foreach (var script in Scripts(TestDatabase.Sqlite).Keys)
        {
            var sqlite = Scripts(TestDatabase.Sqlite)[script].Select(Plain).ToList();
            Assert.That(Scripts(TestDatabase.PostgreSql)[script].Select(Plain), Is.EqualTo(sqlite), script + " of PostgreSQL");
            Assert.That(Scripts(TestDatabase.SqlServer)[script].Select(Plain), Is.EqualTo(sqlite), script + " of SQL Server");
        }
    }

    [Test]
    public void D3_the_scripts_use_plain_statements_and_few_types()
    {
        foreach (var engine in TestDatabase.Engines)
            foreach (var (script, statements) in Scripts(engine))
                foreach (var statement in statements)
                {
                    Assert.That(Statements.Any(start => statement.StartsWith(start, StringComparison.Ordinal)), Is.True, $"{engine} {script}: {statement}");
                    Assert.That(NotPlain().Match(statement).Value, Is.Empty, $"{engine} {script}: {statement}");
                    if (statement.StartsWith("CREATE TABLE ", StringComparison.Ordinal))
                        Assert.That(Regex.IsMatch(statement, @"\bINDEX\b"), Is.False, $"an index inside a table: {engine} {script}");
                }
    }

    [Test]
    public async Task D3_the_engines_have_the_same_tables_columns_and_keys()
    {
        var sqlite = await CatalogueAsync(TestDatabase.Sqlite);
        Assert.That(sqlite, Has.Some.StartsWith("seat_pools.assigned").And.Some.StartsWith("seat_pools key ").And.Some.Contains("unique"));
        Assert.That(await CatalogueAsync(TestDatabase.PostgreSql), Is.EqualTo(sqlite));
    }

    [Test]
    public async Task D3_SQL_Server_has_the_same_tables_columns_and_keys() =>
        Assert.That(await CatalogueAsync(TestDatabase.SqlServer), Is.EqualTo(await CatalogueAsync(TestDatabase.Sqlite)));

    /// <summary>The statements of each script, without comments, blanks made one.</summary>
    private static SortedDictionary<string, List<string>> Scripts(string engine)
    {
        var assembly = typeof(Migrator).Assembly;
        var suffix = $".{engine}.sql";
        var scripts = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var resource in assembly.GetManifestResourceNames().Where(name => name.EndsWith(suffix, StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            scripts[resource[..^suffix.Length].Split('.')[^1]] = [.. Comment().Replace(reader.ReadToEnd(), "").Split(';')
                .Select(statement => Blanks().Replace(statement, " ").Trim()).Where(statement => statement.Length > 0)];
        }
        return scripts;
    }

    /// <summary>A statement in words that all engines share.</summary>
    private static string Plain(string statement)
    {
        statement = ByteType().Replace(statement, "BYTES");
        statement = TextType().Replace(statement, "TEXT");
        statement = NumberType().Replace(statement, "NUMBER");
        statement = statement.Replace(" WITHOUT ROWID", "", StringComparison.Ordinal).Replace(" NONCLUSTERED", "", StringComparison.Ordinal)
            .Replace(" ADD COLUMN ", " ADD ", StringComparison.Ordinal);
        // T-SQL separates a constraint from the column it is added with.
        return statement.StartsWith("ALTER TABLE ", StringComparison.Ordinal) ? statement.Replace(", CONSTRAINT ", " CONSTRAINT ", StringComparison.Ordinal) : statement;
    }

    /// <summary>Columns with kind and nullability, and keys by their columns, in order; names of indexes and constraints do not matter.</summary>
    private static async Task<List<string>> CatalogueAsync(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, empty: true);
        await new Migrator(database.Dialect(), TimeProvider.System).MigrateAsync(static _ => { });
        await using var connection = database.Dialect().Create();
        await connection.OpenAsync();
        var (columns, keys) = engine switch
        {
            TestDatabase.Sqlite => (
                """
                SELECT t.name || '.' || c.name || ' ' || c.type || CASE WHEN c."notnull" = 0 THEN ' NULL' ELSE '' END
                FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'
                """,
                """
                SELECT t.name || CASE WHEN i.origin = 'pk' THEN ' key ' WHEN i."unique" = 1 THEN ' unique ' ELSE ' index ' END
                  || CASE WHEN i.partial = 1 THEN 'where ' ELSE '' END || (SELECT group_concat(k.name, ',') FROM pragma_index_info(i.name) k)
                FROM sqlite_master t, pragma_index_list(t.name) i WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'
                """),
            TestDatabase.PostgreSql => (
                """
                SELECT table_name || '.' || column_name || ' ' || data_type || CASE WHEN is_nullable = 'YES' THEN ' NULL' ELSE '' END
                FROM information_schema.columns WHERE table_schema = 'public'
                """,
                """
                SELECT t.relname || CASE WHEN x.indisprimary THEN ' key ' WHEN x.indisunique THEN ' unique ' ELSE ' index ' END
                  || CASE WHEN x.indpred IS NOT NULL THEN 'where ' ELSE '' END
                  || (SELECT string_agg(a.attname, ',' ORDER BY k.place) FROM unnest(x.indkey) WITH ORDINALITY k (number, place)
                      JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number)
                FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace s ON s.oid = t.relnamespace WHERE s.nspname = 'public'
                """),
            _ => (
                """
                SELECT CONCAT(table_name, '.', column_name, ' ', data_type, CASE WHEN is_nullable = 'YES' THEN ' NULL' ELSE '' END)
                FROM information_schema.columns
                """,
                """
                SELECT CONCAT(t.name, CASE WHEN i.is_primary_key = 1 THEN ' key ' WHEN i.is_unique = 1 THEN ' unique ' ELSE ' index ' END,
                  CASE WHEN i.has_filter = 1 THEN 'where ' ELSE '' END,
                  (SELECT STRING_AGG(c.name, ',') WITHIN GROUP (ORDER BY k.key_ordinal) FROM sys.index_columns k
                   JOIN sys.columns c ON c.object_id = k.object_id AND c.column_id = k.column_id WHERE k.object_id = i.object_id AND k.index_id = i.index_id))
                FROM sys.indexes i JOIN sys.tables t ON t.object_id = i.object_id WHERE i.type > 0
                """),
        };
        return [.. (await ReadAsync(connection, columns)).Select(static column => Plain(column.ToUpperInvariant()).ToLowerInvariant())
            .Concat(await ReadAsync(connection, keys)).Order(StringComparer.Ordinal)];
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

    [GeneratedRegex(@"--.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();

    [GeneratedRegex(@"\b(?:BLOB|BYTEA|(?:VAR)?BINARY(?:\((?:\d+|MAX)\))?)(?![\w(])")]
    private static partial Regex ByteType();

    [GeneratedRegex(@"\b(?:TEXT|NVARCHAR(?:\((?:\d+|MAX)\))?)(?![\w(])")]
    private static partial Regex TextType();

    [GeneratedRegex(@"\b(?:INTEGER|BIGINT)\b")]
    private static partial Regex NumberType();

    /// <summary>What differs between engines, or is decided by them (design D3).</summary>
    [GeneratedRegex(
        @"\b(?:IDENTITY|UNIQUEIDENTIFIER|SERIAL|JSONB?|DATETIME\w*|TIMESTAMP\w*|BOOLEAN|BIT|FLOAT|REAL|DECIMAL|MONEY|VARCHAR|COLLATE|TRIGGER|CASCADE|INCLUDE|CLUSTERED|MERGE|OUTPUT|RETURNING|GETDATE|NEWID|OR ALTER|OR REPLACE|IF NOT EXISTS)\b")]
    private static partial Regex NotPlain();
}
