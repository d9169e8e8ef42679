using System.Data.Common;
using System.Reflection;
using System.Text;
using Dapper;
using Provisioning.Core.Common;
using Provisioning.Core.Storage.Dialects;

namespace Provisioning.Core.Storage.Migrations;

/// <summary>The database is newer than this program, or folds text differently: it must not be written by it.</summary>
public sealed class SchemaMismatchException(string message) : Exception(message);

/// <summary>
/// Brings the database to the schema of this program: every script whose number it has not seen, each in a transaction of its own.
/// Scripts are never edited once released. Refuses a database that is newer.
/// </summary>
public sealed class Migrator(IDialect dialect, TimeProvider time)
{
    /// <summary>Applies what is missing; <paramref name="progress"/> is told the name of each script.</summary>
    public async Task<int> MigrateAsync(Action<string> progress)
    {
        await using var connection = dialect.Create();
        await connection.OpenAsync();
        dialect.AfterOpen(connection);
        var scripts = Scripts();
        var applied = 0;
        // The transaction takes the write lock at once, so that two processes do not migrate at the same time.
        foreach (var script in scripts)
        {
            await using var transaction = await connection.BeginTransactionAsync(dialect.WriteIsolation);
            var current = await VersionAsync(connection, transaction);
            if (current > scripts[^1].Number)
                throw new SchemaMismatchException($"The database has schema version {current}; this program knows {scripts[^1].Number}. Run the newer program.");
            if (current >= script.Number) continue;
            progress(script.Name);
            await connection.ExecuteAsync(script.Sql, transaction: transaction);
            if (script.Number == 1) await SetAsync(connection, transaction, "fold_version", TextKey.FoldVersion);
            await SetAsync(connection, transaction, "schema_version", script.Number);
            await SetAsync(connection, transaction, "schema_changed_at", Instants.ToMicroseconds(time.GetUtcNow()));
            await transaction.CommitAsync();
            applied++;
        }
        var fold = await connection.ExecuteScalarAsync<string>("SELECT fact FROM service_facts WHERE name = 'fold_version'");
        if (fold != Text(TextKey.FoldVersion))
            throw new SchemaMismatchException($"The database was written with text folding version {fold}; this program uses {TextKey.FoldVersion}.");
        return applied;
    }

    private static async Task<int> VersionAsync(DbConnection connection, DbTransaction transaction)
    {
        try
        {
            var version = await connection.ExecuteScalarAsync<string>(
                "SELECT fact FROM service_facts WHERE name = 'schema_version'", transaction: transaction);
            return version is null ? 0 : int.Parse(version, System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (DbException) // the table is not there: a new database
        {
            return 0;
        }
    }

    private static async Task SetAsync(DbConnection connection, DbTransaction transaction, string name, long fact)
    {
        var parameters = new { name, fact = Text(fact) };
        if (await connection.ExecuteAsync("UPDATE service_facts SET fact = @fact WHERE name = @name", parameters, transaction) == 0)
            await connection.ExecuteAsync("INSERT INTO service_facts (name, fact) VALUES (@name, @fact)", parameters, transaction);
    }

    private List<(int Number, string Name, string Sql)> Scripts()
    {
        var assembly = typeof(Migrator).Assembly;
        var suffix = $".{dialect.Name}.sql";
        return [.. assembly.GetManifestResourceNames().Where(name => name.EndsWith(suffix, StringComparison.Ordinal))
            .Select(name => Read(assembly, name, suffix)).OrderBy(script => script.Number)];
    }

    private static (int Number, string Name, string Sql) Read(Assembly assembly, string resource, string suffix)
    {
        var name = resource[..^suffix.Length].Split('.')[^1];
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
        return (int.Parse(name.AsSpan(0, 4), System.Globalization.CultureInfo.InvariantCulture), name, reader.ReadToEnd());
    }

    private static string Text(long number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
