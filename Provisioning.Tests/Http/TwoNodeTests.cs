using System.Data.Common;
using System.Globalization;
using Npgsql;
using NUnit.Framework;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>Two processes on one database: no seat is sold twice, nothing acknowledged is lost, no job runs on both.</summary>
public sealed class TwoNodeTests
{
    private const int Standard = 60;
    private const int Premium = 20;
    private const string ShortLease = "Jobs:LeaseSeconds=3";

    [Test]
    public async Task D2_with_a_killed_node_and_cut_connections_all_seats_are_sold_once_and_every_acknowledged_write_is_there()
    {
        await using var one = await ServiceProcess.StartAsync(TestDatabase.PostgreSql, Standard, Premium, ShortLease);
        await using var two = await one.AnotherAsync();
        var (here, there) = (await one.DemoAsync(), await two.DemoAsync());
        var ledger = new Ledger();
        ledger.Group = await here.PushGroupAsync("Everybody");
        var (first, firstWriters) = AcknowledgedWrites.Write(here, ledger.Group, ledger, round: 1, of: 8); // 32 clients each
        var (second, secondWriters) = AcknowledgedWrites.Write(there, ledger.Group, ledger, round: 2, of: 8);
        using (first)
        using (second)
        {
            await AcknowledgedWrites.UntilAsync(() => ledger.Acknowledged >= 150, one);
            await one.KillAsync();
            await first.CancelAsync();
            await firstWriters;
            for (var cut = 1; cut <= 3; cut++)
            {
                var soFar = ledger.Acknowledged;
                Assert.That(await CutAsync(two.Database), Is.GreaterThan(0), "connections");
                await AcknowledgedWrites.UntilAsync(() => ledger.Acknowledged >= soFar + 60, two);
            }
            await one.RestartAsync();
            here = await one.DemoAsync();
            var (third, thirdWriters) = AcknowledgedWrites.Write(here, ledger.Group, ledger, round: 3, of: 8);
            using (third)
            {
                var soFar = ledger.Acknowledged;
                await AcknowledgedWrites.UntilAsync(() => ledger.Acknowledged >= soFar + 150, one);
                await third.CancelAsync();
                await second.CancelAsync();
                await Task.WhenAll(secondWriters, thirdWriters);
            }
        }
        Assert.That(ledger.ServerErrors, Is.Empty, two.Output);
        await SoldOutAsync(here, Standard, Premium);
        await AcknowledgedWrites.VerifyAsync(here, ledger, one);
        await AcknowledgedWrites.VerifyAsync(await two.DemoAsync(), ledger, two);
    }

    [TestCase(TestDatabase.Sqlite)]
    [TestCase(TestDatabase.PostgreSql)]
    public async Task TIME_3_when_the_holder_of_a_job_is_killed_another_node_takes_over_and_no_run_overlaps(string engine)
    {
        // Longer than a busy machine keeps a node from renewing it.
        await using var one = await ServiceProcess.StartAsync(engine, standard: 5, premium: 5, "Jobs:LeaseSeconds=6");
        await UntilHeldAsync(one.Database, generation: 1);
        await using var two = await one.AnotherAsync();
        var organization = await two.OrganizationAsync(standard: 5, premium: 5);
        // More people than one unit serves (200): what is bought for the rest is set aside, and only the job hands it out.
        await Parallel.ForAsync(0, 520, new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (i, _) => (await organization.Scim.Post("/Users", organization.User("u" + i.ToString(CultureInfo.InvariantCulture)))).Expect(201));
        await BuyAsync(two, organization, standard: 245);
        await SoldOutAsync(organization, 245, 5);
        var holder = await HolderAsync(one.Database);
        await one.KillAsync();
        await BuyAsync(two, organization, standard: 485);
        await SoldOutAsync(organization, 485, 5);
        var after = await HolderAsync(one.Database);
        Assert.That((after.Generation, after.Holder == holder.Holder), Is.EqualTo((holder.Generation + 1, false)));

        await one.RestartAsync(); // the node that came back does not take the job from the one that has it
        await Task.Delay(TimeSpan.FromSeconds(7));
        Assert.That(await HolderAsync(one.Database), Is.EqualTo(after));
        var runs = (await organization.AuditAsync()).Reverse().Where(record => record.ToJsonString().Contains("job_", StringComparison.Ordinal))
            .Select(record => TestOrganization.Text(record, "correlationId")!).Where(id => id.StartsWith("job_", StringComparison.Ordinal))
            .Select(id => long.Parse(id.Split('_')[1], CultureInfo.InvariantCulture)).ToList();
        Assert.That(runs.Distinct(), Is.EqualTo((long[])[holder.Generation, after.Generation]), "both generations worked, one after the other");
        Assert.That(runs, Is.Ordered);
        await organization.ExpectBooksAgreeAsync();
    }

    [Test]
    public async Task D2_two_processes_on_one_file_wait_for_each_other_and_sell_each_seat_once()
    {
        await using var one = await ServiceProcess.StartAsync(TestDatabase.Sqlite, Standard, Premium, ShortLease);
        await using var two = await one.AnotherAsync();
        var (here, there) = (await one.DemoAsync(), await two.DemoAsync());
        var ledger = new Ledger();
        ledger.Group = await here.PushGroupAsync("Everybody");
        var (first, firstWriters) = AcknowledgedWrites.Write(here, ledger.Group, ledger, round: 1, of: 4);
        var (second, secondWriters) = AcknowledgedWrites.Write(there, ledger.Group, ledger, round: 2, of: 4);
        using (first)
        using (second)
        {
            await AcknowledgedWrites.UntilAsync(() => ledger.Acknowledged >= 400, one);
            await first.CancelAsync();
            await second.CancelAsync();
            await Task.WhenAll(firstWriters, secondWriters);
        }
        Assert.That(ledger.ServerErrors, Is.Empty, one.Output);
        await SoldOutAsync(here, Standard, Premium);
        await AcknowledgedWrites.VerifyAsync(here, ledger, one);
        await AcknowledgedWrites.VerifyAsync(there, ledger, two);
    }

    private static async Task BuyAsync(ServiceProcess node, TestOrganization organization, int standard) =>
        (await node.Operator(organization.Slug).Put("/seats", new
        {
            tiers = new[] { new { tier = "standard", rank = 10, purchased = standard }, new { tier = "premium", rank = 20, purchased = 5 } },
        })).Expect(200);

    /// <summary>Waits until as many seats are assigned as were bought.</summary>
    private static async Task SoldOutAsync(TestOrganization organization, int standard, int premium)
    {
        for (var left = 200; ; left--)
        {
            var seats = await organization.SeatsAsync();
            if ((seats["standard"].Assigned, seats["premium"].Assigned) == (standard, premium)) return;
            if (left == 0) Assert.Fail($"Not all seats are assigned: {seats["standard"]}, {seats["premium"]}");
            await Task.Delay(100);
        }
    }

    private static async Task UntilHeldAsync(TestDatabase database, long generation)
    {
        for (var left = 100; (await HolderAsync(database)).Generation < generation; left--)
        {
            if (left == 0) Assert.Fail("Nobody runs the job.");
            await Task.Delay(100);
        }
    }

    private static async Task<(string Holder, long Generation)> HolderAsync(TestDatabase database)
    {
        await using var connection = database.Connection();
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT holder, generation FROM job_leases WHERE name = 'seat_queue'";
        await using var reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync() ? (reader.GetString(0), reader.GetInt64(1)) : ("", 0);
    }

    /// <summary>Ends every connection to the database but this one; answers how many.</summary>
    private static async Task<long> CutAsync(TestDatabase database)
    {
        await using DbConnection connection = new NpgsqlConnection(database.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
