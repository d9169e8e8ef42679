using Microsoft.Data.Sqlite;
using NUnit.Framework;
using Provisioning.Core.Schemas;
using Provisioning.Core.Storage.Dialects;
using Provisioning.Core.Storage.Migrations;

namespace Provisioning.Tests.Core;

public sealed class MigratorTests
{
    private string file = null!;

    [SetUp]
    public void Choose() => file = CoreStack.NewFile();

    [TearDown]
    public void Delete() => CoreStack.Delete(file);

    [Test]
    public async Task Migrating_twice_does_nothing_the_second_time()
    {
        var told = new List<string>();
        Assert.That(await Migrator().MigrateAsync(told.Add), Is.EqualTo(told.Count).And.GreaterThan(0));
        Assert.That(await Migrator().MigrateAsync(told.Add), Is.Zero);
    }

    [Test]
    public void Every_script_has_a_number_of_its_own_and_is_there_for_every_engine()
    {
        // The second of two scripts with one number would be taken for done.
        var scripts = typeof(Migrator).Assembly.GetManifestResourceNames().Where(name => name.EndsWith(".sql", StringComparison.Ordinal))
            .Select(name => name.Split('.')).GroupBy(parts => parts[^2]).ToDictionary(engine => engine.Key, engine => engine.Select(parts => parts[^3]).Order(StringComparer.Ordinal).ToList());
        Assert.That(scripts.Keys, Is.EquivalentTo((string[])["sqlite", "postgresql", "sqlserver"]));
        foreach (var names in scripts.Values)
        {
            Assert.That(names.Select(name => name[..4]), Is.Unique);
            Assert.That(names, Is.EqualTo(scripts["sqlite"]));
        }
    }

    [Test]
    public async Task A_newer_database_is_refused_with_both_versions_named()
    {
        await Migrator().MigrateAsync(_ => { });
        await ExecuteAsync("UPDATE service_facts SET fact = '9999' WHERE name = 'schema_version'");
        Assert.That(() => Migrator().MigrateAsync(_ => { }), Throws.InstanceOf<SchemaMismatchException>().With.Message.Contains("9999"));
    }

    [Test]
    public async Task Another_folding_of_text_is_refused()
    {
        await Migrator().MigrateAsync(_ => { });
        await ExecuteAsync("UPDATE service_facts SET fact = '99' WHERE name = 'fold_version'");
        Assert.That(() => Migrator().MigrateAsync(_ => { }), Throws.InstanceOf<SchemaMismatchException>().With.Message.Contains("99"));
    }

    [Test]
    public async Task Processes_that_start_at_once_migrate_once([Range(1, 4)] int round)
    {
        TestContext.Out.WriteLine($"round {round}");
        var applied = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => Migrator().MigrateAsync(_ => { }))));
        Assert.That(applied.Count(scripts => scripts > 0), Is.EqualTo(1));
    }

    [Test]
    public async Task Every_attribute_that_is_unique_in_the_server_has_a_unique_key()
    {
        // The column that holds the key, beside the organisation: an attribute that becomes unique needs its line and its index.
        var keys = new Dictionary<string, (string Table, string Column)>
        {
            ["User:userName"] = ("directory_entries", "user_name_key"),
            ["User:id"] = ("directory_entries", "id"),
            ["Group:displayName"] = ("directory_groups", "display_name_key"),
            ["Group:id"] = ("directory_groups", "id"),
        };
        await Migrator().MigrateAsync(_ => { });
        var catalog = Language.Language.Catalog;
        foreach (var type in new[] { catalog.User, catalog.Group })
        {
            var unique = type.Schema.Attributes.Concat(type.Extensions.SelectMany(extension => extension.Schema.Attributes))
                .SelectMany(attribute => attribute.SubAttributes.Prepend(attribute))
                .Where(attribute => attribute.Uniqueness != Uniqueness.None).Select(attribute => attribute.Name).Append("id");
            foreach (var name in unique)
            {
                Assert.That(keys, Does.ContainKey($"{type.Name}:{name}"));
                var (table, column) = keys[$"{type.Name}:{name}"];
                var found = await ExecuteAsync(
                    $"""
                    SELECT COUNT(*) FROM pragma_index_list('{table}') i
                    WHERE i."unique" = 1 AND (SELECT group_concat(name) FROM pragma_index_info(i.name)) IN ('{column}', 'organization_id,{column}')
                    """);
                Assert.That(found, Is.GreaterThan(0), $"{table}.{column}");
            }
        }
    }

    private Migrator Migrator() => new(new SqliteDialect(CoreStack.ConnectionString(file)), new AdjustableTime());

    private async Task<long> ExecuteAsync(string sql)
    {
        await using var connection = new SqliteConnection(CoreStack.ConnectionString(file) + ";Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync() is long number ? number : 0;
    }
}
