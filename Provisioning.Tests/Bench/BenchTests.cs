using System.Text.Json;
using NUnit.Framework;
using Provisioning.Bench;
using Provisioning.Bench.Load;
using Provisioning.Bench.Seeding;
using Provisioning.Core.Directory;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;
using Provisioning.Tests.Core;

namespace Provisioning.Tests.Bench;

/// <summary>What the benchmark says must be true before it is worth reading.</summary>
public sealed class BenchTests
{
    [Test]
    public void Percentiles_are_those_of_the_nearest_rank()
    {
        Assert.That(Latencies.Of([.. Enumerable.Range(1, 200).Reverse().Select(number => (long)number)], 1000), Is.EqualTo(new Latencies(100, 198)));
        Assert.That(Latencies.Of([7], 1000), Is.EqualTo(new Latencies(7, 7)));
        Assert.That(Latencies.Of([], 1000), Is.EqualTo(new Latencies(0, 0)));
    }

    [Test]
    public void Cpu_and_memory_are_read_from_proc_whatever_the_program_is_called()
    {
        Assert.That(MeasuredProcess.CpuOf("42 (a b) c) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 30 0 1 2 3"), Is.EqualTo(3.0));
        Assert.That(MeasuredProcess.ResidentOf(["VmPeak:\t   99 kB", "VmRSS:\t   2048 kB"]), Is.EqualTo(2 * 1024 * 1024));
    }

    [Test]
    public void A_figure_is_reached_only_at_the_concurrencies_it_was_set_for_and_without_errors()
    {
        Assert.That(Row("get", 16, 100, 0.05).IsReached, Is.True);
        Assert.That(Row("get", 64, 100, 0.06).IsReached, Is.False);
        Assert.That(Row("get", 1, 100, 0.01).IsReached, Is.Null);
        Assert.That((Row("get", 16, 100, 0.01) with { Errors = 1 }).IsReached, Is.Null);
    }

    [Test]
    public void Rows_are_ratios_to_the_floors_of_their_own_concurrency()
    {
        var rows = BenchReport.WithRatios(
            [Row(BenchRun.FloorName, 16, 1000, 0.02), Row(BenchRun.FloorName, 64, 2000, 0.01), Row("get", 64, 500, 0.05), Row("create", 64, 300, 0.3)], new RawResult(600, 0.1));
        Assert.That(rows.Select(row => row.RateToFloor), Is.EqualTo(new double?[] { 1, 1, 0.25, 0.5 }));
        Assert.That(rows[2].CpuToFloor, Is.EqualTo(5).Within(1e-9));
    }

    [Test]
    public void Errors_are_shown_in_the_table_and_the_file_has_every_row()
    {
        var report = new BenchReport("sqlite", 10, 1, 1, 0.5, 2, null, [Row("get", 16, 100, 0.05) with { Errors = 3, FirstError = "500 oh" }]);
        Assert.That(report.Table(), Does.Contain("| **3** |").And.Contain("get at 16: 500 oh"));
        using var json = JsonDocument.Parse(BenchReport.ToJson([report]));
        Assert.That(json.RootElement[0].GetProperty("rows")[0].GetProperty("cpuPer1000").GetDouble(), Is.EqualTo(0.05));
    }

    [Test]
    public void Options_that_make_no_sense_are_refused()
    {
        Assert.That(BenchOptions.Parse(["--users", "5", "--flat"]), Has.Property("Users").EqualTo(5).And.Property("Flat").True);
        Assert.That(() => BenchOptions.Parse(["--users", "many"]), Throws.TypeOf<FormatException>());
        Assert.That(() => BenchOptions.Parse(["--engine", "oracle"]), Throws.TypeOf<FormatException>());
        Assert.That(BenchOptions.Parse(["--nodes", "2", "--organizations", "100"]), Has.Property("Nodes").EqualTo(2).And.Property("Organizations").EqualTo(100));
        Assert.That(() => BenchOptions.Parse(["--nodes", "0"]), Throws.TypeOf<FormatException>());
        Assert.That(() => BenchOptions.Parse(["--out"]), Throws.TypeOf<FormatException>());
    }

    [Test]
    public void Nobody_is_added_to_a_group_twice()
    {
        var family = new GroupFamily("10", 10, [Guid.CreateVersion7(), Guid.CreateVersion7()]);
        var added = new List<(Guid Group, int User)>();
        while (family.NextToAdd(30) is { } next) added.Add(next);
        Assert.That(added, Has.Count.EqualTo(40).And.Unique);
        Assert.That(added.Where(pair => pair.Group == family.Groups[1]).Select(pair => pair.User), Has.None.InRange(10, 19), "they are in it from the start");
    }

    [Test]
    public async Task Seeded_rows_keep_every_rule_of_the_books()
    {
        await using var stack = await CoreStack.StartAsync();
        await stack.Setup.CreateAsync(CoreStack.Actor, new NewOrganization(
            "acme", "Acme", "UTC", ProvisioningMode.ScimAndJit, [new TierSeats("premium", 20, 1000, []), new TierSeats("standard", 10, 100, [])],
            ["acme.example"], [new NewConnection("demo", ConnectionKind.Gateway, true, "sub")], []), null, default);
        await using var database = BenchDatabase.At(stack.File);
        var population = await Seeder.SeedAsync(database, 100, TimeProvider.System);
        await RawStore.RunAsync(database, TimeSpan.FromTicks(1), TimeProvider.System);
        Assert.That(population.Users, Has.Count.EqualTo(100));
        await Books.CheckAsync(stack);
        Assert.That(await Books.CountAsync(stack, "SELECT COUNT(*) FROM members"), Is.EqualTo(164), "and a group of the raw store's");
    }

    private static BenchRow Row(string scenario, int concurrency, double rate, double cpu) =>
        new(scenario, concurrency, 1000, rate, 1, 2, cpu, 0.05, 100, 10, 0, null);
}
