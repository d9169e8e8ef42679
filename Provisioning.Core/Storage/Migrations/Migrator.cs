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
    /// <summary>The schema version of this program.</summary>
    public int Newest => Scripts()[^1].Number;

    /// <summary>Applies what is missing; <paramref name="progress"/> is told the name of each script.</summary>
    public async Task<int> MigrateAsync(Action<string> progress)
    {
        await using var connection = dialect.Create();
        await connection.OpenAsync();
        dialect.AfterOpen(connection);
        var scripts = Scripts();
        var applied = 0;
        await MakeLockAsync(connection);
        foreach (var script in scripts)
        {
            await using var transaction = await connection.BeginTransactionAsync(dialect.WriteIsolation);
            // Whoever updates this row first migrates; the others wait for the commit and then find nothing to do.
            await connection.ExecuteAsync("UPDATE service_facts SET fact = fact WHERE name = 'migration_lock'", transaction: transaction);
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

    /// <summary>The table of facts comes before all scripts: one of its rows is the lock under which they run.</summary>
    private async Task MakeLockAsync(DbConnection connection)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var locks = await LocksAsync(connection);
                if (locks == 1) return;
                await using var transaction = await connection.BeginTransactionAsync(dialect.WriteIsolation);
                if (locks is null) await connection.ExecuteAsync(Script("0000_service_facts").Sql, transaction: transaction);
                await connection.ExecuteAsync("INSERT INTO service_facts (name, fact) VALUES ('migration_lock', '')", transaction: transaction);
                await transaction.CommitAsync();
                return;
            }
            catch (DbException) when (attempt < 5)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100 * attempt), time); // another process is making it at this moment
            }
        }
    }

    /// <summary>How many lock rows there are; null when the table is not there: a new database.</summary>
    private static async Task<long?> LocksAsync(DbConnection connection)
    {
        try
        {
            return await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM service_facts WHERE name = 'migration_lock'");
        }
        catch (DbException)
        {
            return null;
        }
    }

    private static async Task<int> VersionAsync(DbConnection connection, DbTransaction transaction)
    {
        var version = await connection.ExecuteScalarAsync<string>(
            "SELECT fact FROM service_facts WHERE name = 'schema_version'", transaction: transaction);
        return version is null ? 0 : int.Parse(version, System.Globalization.CultureInfo.InvariantCulture);
    }

    private static async Task SetAsync(DbConnection connection, DbTransaction transaction, string name, long fact)
    {
        var parameters = new { name, fact = Text(fact) };
        if (await connection.ExecuteAsync("UPDATE service_facts SET fact = @fact WHERE name = @name", parameters, transaction) == 0)
            await connection.ExecuteAsync("INSERT INTO service_facts (name, fact) VALUES (@name, @fact)", parameters, transaction);
    }

    /// <summary>The numbered scripts; 0000 makes the table of facts and is none of them.</summary>
    private List<(int Number, string Name, string Sql)> Scripts() => [.. All().Where(script => script.Number > 0).OrderBy(script => script.Number)];

    private (int Number, string Name, string Sql) Script(string name) => All().Single(script => script.Name == name);

    private IEnumerable<(int Number, string Name, string Sql)> All()
    {
        var assembly = typeof(Migrator).Assembly;
        var suffix = $".{dialect.Name}.sql";
        return assembly.GetManifestResourceNames().Where(name => name.EndsWith(suffix, StringComparison.Ordinal))
            .Select(name => Read(assembly, name, suffix));
    }

    private static (int Number, string Name, string Sql) Read(Assembly assembly, string resource, string suffix)
    {
        var name = resource[..^suffix.Length].Split('.')[^1];
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
        return (int.Parse(name.AsSpan(0, 4), System.Globalization.CultureInfo.InvariantCulture), name, reader.ReadToEnd());
    }

    private static string Text(long number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
