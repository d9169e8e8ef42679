using System.Globalization;
using NUnit.Framework;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Crashes;

/// <summary>Two processes on one database: no job runs on both, and none is left when its node is killed.</summary>
public sealed class JobTakeoverTests
{
    [TestCase(TestDatabase.Sqlite)]
    [TestCase(TestDatabase.PostgreSql)]
    public async Task TIME_3_when_the_holder_of_a_job_is_killed_another_node_takes_over_and_no_run_overlaps(string engine)
    {
        // Longer than a busy machine keeps a node from renewing it.
        await using var one = await ServiceProcess.StartAsync(engine, standard: 5, premium: 5, "Jobs:LeaseSeconds=10");
        await UntilHeldAsync(one.Database, generation: 1);
        await using var two = await one.AnotherAsync();
        var organization = await two.OrganizationAsync(standard: 5, premium: 5);
        // More people than one unit serves (200): what is bought for the rest is set aside, and only the job hands it out.
        await Parallel.ForAsync(0, 520, new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (i, _) => (await organization.Scim.Post("/Users", organization.User("u" + i.ToString(CultureInfo.InvariantCulture)))).Expect(201));
        await BuyAsync(two, organization, standard: 245);
        await TwoNodeTests.SoldOutAsync(organization, 245, 5);
        var holder = await HolderAsync(one.Database);
        await one.KillAsync();
        await BuyAsync(two, organization, standard: 485);
        await TwoNodeTests.SoldOutAsync(organization, 485, 5);
        var after = await HolderAsync(one.Database);
        Assert.That((after.Generation, after.Holder == holder.Holder), Is.EqualTo((holder.Generation + 1, false)));

        await one.RestartAsync(); // the node that came back does not take the job from the one that has it
        await Task.Delay(TimeSpan.FromSeconds(11));
        Assert.That(await HolderAsync(one.Database), Is.EqualTo(after));
        var runs = (await organization.AuditAsync()).Reverse().Where(record => record.ToJsonString().Contains("job_", StringComparison.Ordinal))
            .Select(record => TestOrganization.Text(record, "correlationId")!).Where(id => id.StartsWith("job_", StringComparison.Ordinal))
            .Select(id => long.Parse(id.Split('_')[1], CultureInfo.InvariantCulture)).ToList();
        Assert.That(runs.Distinct(), Is.EqualTo((long[])[holder.Generation, after.Generation]), "both generations worked, one after the other");
        Assert.That(runs, Is.Ordered);
        await organization.ExpectBooksAgreeAsync();
    }

    private static async Task BuyAsync(ServiceProcess node, TestOrganization organization, int standard) =>
        (await node.Operator(organization.Slug).Put("/seats", new
        {
            tiers = new[] { new { tier = "standard", rank = 10, purchased = standard }, new { tier = "premium", rank = 20, purchased = 5 } },
        })).Expect(200);

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
}
