using System.Globalization;
using Microsoft.Data.Sqlite;
using NUnit.Framework;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Crashes;

/// <summary>Backup and restore of the embedded database, as an operator types them.</summary>
public sealed class BackupTests
{
    private string folder = null!;

    [SetUp]
    public void MakeFolder() => folder = Directory.CreateTempSubdirectory("backup-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(folder, recursive: true);

    [Test]
    public async Task A_backup_under_writes_restores_exactly_an_acknowledged_prefix()
    {
        await using var service = await ServiceProcess.StartAsync(TestDatabase.Sqlite, standard: 60, premium: 20);
        var organization = await service.DemoAsync();
        var acknowledged = new List<string>();
        using var stop = new CancellationTokenSource();
        // One writer after the other: whatever is in the backup must be everything up to some moment.
        var writer = Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                var name = "u" + i.ToString(CultureInfo.InvariantCulture);
                (await organization.Scim.Post("/Users", organization.User(name))).Expect(201);
                lock (acknowledged) acknowledged.Add(organization.Mail(name));
            }
        });
        await AcknowledgedWrites.UntilAsync(() => Count(acknowledged) >= 60, service);
        var before = Count(acknowledged);
        var file = Path.Combine(folder, "copy.db");
        var (code, output) = await service.CommandAsync("backup", file);
        Assert.That(code, Is.Zero, output);
        Assert.That(output, Does.Contain("Backup complete").And.Contain(file));
        var after = Count(acknowledged);
        await AcknowledgedWrites.UntilAsync(() => Count(acknowledged) >= after + 30, service);
        await stop.CancelAsync();
        await writer;

        (code, output) = await service.CommandAsync("restore", file);
        Assert.That(code, Is.EqualTo(1), "the service is running");
        Assert.That(output, Does.Contain("in use"));
        Assert.That(await service.StopAsync(), Is.Zero);
        (code, output) = await service.CommandAsync("restore", file);
        Assert.That(code, Is.Zero, output);
        Assert.That(output, Does.Contain("before-restore-"));
        await service.RestartAsync();
        organization = await service.DemoAsync();
        var users = (await organization.ScimUsersAsync()).Select(user => TestOrganization.Text(user, "userName")!).ToList();
        Assert.That(users, Is.EqualTo(acknowledged.Take(users.Count)), "a prefix");
        Assert.That(users, Has.Count.InRange(before, after + 1));
        await organization.ExpectBooksAgreeAsync();
        (await organization.Scim.Post("/Users", organization.User("after-the-restore"))).Expect(201);
        Assert.That(Directory.GetFiles(folder), Is.EqualTo((string[])[file]), "nothing half done is left");
    }

    [Test]
    public async Task A_broken_backup_is_refused_and_the_database_stays()
    {
        await using var service = await ServiceProcess.StartAsync(TestDatabase.Sqlite, standard: 5, premium: 5);
        var organization = await service.DemoAsync();
        for (var i = 0; i < 8; i++) await organization.PushAsync("u" + i.ToString(CultureInfo.InvariantCulture));
        var file = Path.Combine(folder, "copy.db");
        Assert.That((await service.CommandAsync("backup", file)).ExitCode, Is.Zero);
        Assert.That(await service.StopAsync(), Is.Zero);
        foreach (var how in (string[])["cut", "flipped", "text", "books", "newer", "absent"])
        {
            var broken = Path.Combine(folder, how + ".db");
            File.Copy(file, broken);
            Break(broken, how);
            var (code, output) = await service.CommandAsync("restore", broken);
            Assert.That(code, Is.EqualTo(1), how + "\n" + output);
            Assert.That(output, Does.Not.Contain("   at ").And.Not.Contain("Restored"), how);
        }
        await service.RestartAsync();
        Assert.That(await (await service.DemoAsync()).ScimUsersAsync(), Has.Count.EqualTo(8));
    }

    [Test]
    public async Task A_backup_does_not_write_over_a_file_and_a_missing_name_is_told()
    {
        await using var database = await TestDatabase.CreateAsync(TestDatabase.Sqlite);
        var file = Path.Combine(folder, "mine.txt");
        await File.WriteAllTextAsync(file, "mine");
        Assert.That((await ServiceProcess.CommandAsync(database, "backup", file)).ExitCode, Is.EqualTo(1));
        Assert.That(await File.ReadAllTextAsync(file), Is.EqualTo("mine"));
        Assert.That((await ServiceProcess.CommandAsync(database, "backup")).ExitCode, Is.EqualTo(2));
    }

    [Test]
    public async Task Other_engines_are_pointed_to_their_own_tools([Values("backup", "restore")] string command)
    {
        await using var database = await TestDatabase.CreateAsync(TestDatabase.PostgreSql);
        var (code, output) = await ServiceProcess.CommandAsync(database, command, Path.Combine(folder, "copy.db"));
        Assert.That(code, Is.EqualTo(2), output);
        Assert.That(output, Does.Contain("pg_dump"));
    }

    private static int Count(List<string> acknowledged)
    {
        lock (acknowledged) return acknowledged.Count;
    }

    private static void Break(string file, string how)
    {
        switch (how)
        {
            case "cut":
                using (var stream = File.OpenWrite(file)) stream.SetLength(stream.Length / 2);
                break;
            case "flipped":
                var bytes = File.ReadAllBytes(file);
                for (var at = 4096; at < bytes.Length; at += 4096)
                    for (var i = 0; i < 64; i++) bytes[at + i] ^= 0xFF;
                File.WriteAllBytes(file, bytes);
                break;
            case "text":
                File.WriteAllText(file, string.Concat(Enumerable.Repeat("this is no database\n", 1000)));
                break;
            case "books":
                Execute(file, "UPDATE seat_pools SET assigned = assigned - 1 WHERE assigned > 0");
                break;
            case "newer":
                Execute(file, "UPDATE service_facts SET fact = '9999' WHERE name = 'schema_version'");
                break;
            default:
                File.Delete(file);
                break;
        }
    }

    private static void Execute(string file, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
