using System.Data.Common;
using Npgsql;
using NUnit.Framework;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Crashes;

/// <summary>Two processes on one database: no seat is sold twice, nothing acknowledged is lost.</summary>
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

    /// <summary>Waits until as many seats are assigned as were bought.</summary>
    internal static async Task SoldOutAsync(TestOrganization organization, int standard, int premium)
    {
        for (var left = 400; ; left--)
        {
            var seats = await organization.SeatsAsync();
            if ((seats["standard"].Assigned, seats["premium"].Assigned) == (standard, premium)) return;
            if (left == 0) Assert.Fail($"Not all seats are assigned: {seats["standard"]}, {seats["premium"]}");
            await Task.Delay(100);
        }
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
