using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;
using NUnit.Framework;

namespace Provisioning.Tests.Core;

/// <summary>
/// Random sequences of everything that takes or frees a seat, on the real stack and on the model; after each operation both agree on
/// who sits where, who waits for what, and how full each tier is.
/// </summary>
public sealed class SeatModelTests : CoreTests
{
    private const int Operations = 60, Sequences = 300, AtLeast = 30;

    [Test]
    public async Task Every_sequence_of_operations_agrees_with_the_model()
    {
        var start = int.TryParse(Environment.GetEnvironmentVariable("PROVISIONING_TEST_SEED"), out var chosen) ? chosen : Random.Shared.Next();
        TestContext.Out.WriteLine($"PROVISIONING_TEST_SEED={start}");
        await using var connection = new SqliteConnection(CoreStack.ConnectionString(Stack.File) + ";Pooling=False");
        await connection.OpenAsync();
        var clock = Stopwatch.StartNew();
        var sequences = 0;
        for (; sequences < AtLeast || (sequences < Sequences && clock.Elapsed < TimeSpan.FromSeconds(10)); sequences++)
            await RunAsync(connection, unchecked(start + sequences));
        TestContext.Out.WriteLine($"{sequences} sequences of {Operations} operations in {clock.Elapsed.TotalSeconds:0.0} s");
    }

    private async Task RunAsync(SqliteConnection connection, int seed)
    {
        var run = await SeatModelRun.StartAsync(Stack, new Random(seed));
        var done = new List<string>();
        for (var i = 0; i < Operations; i++)
        {
            string step;
            try
            {
                step = await run.StepAsync();
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"seed {seed} after\n  {string.Join("\n  ", done)}\nand then", exception);
            }
            done.Add(step);
            var actual = await ReadAsync(connection, run);
            var expected = run.Expected();
            if (actual != expected)
                Assert.Fail($"seed {seed} after\n  {string.Join("\n  ", done)}\nexpected\n{expected}\nactual\n{actual}");
        }
    }

    /// <summary>As the database has it; assigned twice: the counter of the pool and the number of open assignments.</summary>
    private static async Task<string> ReadAsync(SqliteConnection connection, SeatModelRun run)
    {
        var lines = new List<string>();
        await using var command = connection.CreateCommand();
        command.CommandText =
            """
            SELECT 0, p.tier || ' ' || p.purchased || ' ' || p.assigned || '/' || (SELECT COUNT(*) FROM seat_assignments a
                WHERE a.organization_id = p.organization_id AND a.tier_key = p.tier_key AND a.to_at IS NULL) || ' ' || p.held || ' ' || p.queued, -p.tier_rank
            FROM seat_pools p WHERE p.organization_id = @org
            UNION ALL
            SELECT 1, m.user_name || ' ' || s.status || ' ' || coalesce(s.tier, '-') || ' ' || coalesce(s.desired_tier, '-'), m.id
            FROM members m JOIN member_seats s ON s.member_id = m.id WHERE m.organization_id = @org ORDER BY 1, 3
            """;
        command.Parameters.AddWithValue("@org", Provisioning.Core.Common.Ids.ToBytes(run.Organization.Id));
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync()) lines.Add(string.Create(CultureInfo.InvariantCulture, $"{reader.GetString(1)}"));
        return string.Join("\n", lines);
    }
}
