using System.Diagnostics;
using Provisioning.Bench.Load;
using Provisioning.Bench.Seeding;

namespace Provisioning.Bench;

/// <summary>One run: a fresh database, the service on it, the floor beside it, every scenario at every concurrency.</summary>
internal sealed class BenchRun(BenchOptions options, string folder, TimeProvider time)
{
    public const string FloorName = "floor-get";

    private const double Megabyte = 1024 * 1024;
    private const long MostRequests = 400_000;
    private const int WarmingClients = 16;

    // The first long enough for the runtime to compile what the scenario needs for good, at any concurrency asked for.
    private static readonly TimeSpan Beginning = TimeSpan.FromSeconds(15), FirstWarmUp = TimeSpan.FromSeconds(3), WarmUp = TimeSpan.FromSeconds(0.5);

    public async Task<BenchReport> RunAsync(int users)
    {
        await using var database = await BenchDatabase.CreateAsync(options.Engine, options.Connection, folder, users);
        // The first start makes the tables and the demo organisation.
        await using (await StartAsync(database, 1)) { }
        var seeding = Stopwatch.StartNew();
        var population = await Seeder.SeedAsync(database, users, time);
        var seeded = seeding.Elapsed.TotalSeconds;
        var size = await database.SizeAsync() / Megabyte;

        var rows = new List<BenchRow>();
        double ready;
        await using (var service = await StartAsync(database, options.Nodes))
        {
            ready = service.First.ReadyAfter.TotalSeconds;
            var scenarios = new Scenarios(population, service.First.EndPoint, await Tenants.MakeAsync(service.First.EndPoint, options.Organizations));
            await using (var floor = new Nodes(await FloorAsync(service.First, scenarios)))
                await MeasureAsync(rows, database, floor, new Scenario(FloorName, null, _ => scenarios.GetFirst()), static _ => null, 1);
            // Code runs instrumented until the runtime has compiled it for good, which it puts off while new code keeps coming.
            await LoadRun.RunAsync(service, WarmingClients, Beginning, MostRequests, scenarios.All().Single(scenario => scenario.Name == "mixed").Next, scenarios.TakeBack, 7);
            foreach (var scenario in scenarios.All().Where(scenario => options.Wants(scenario.Name)))
                await MeasureAsync(rows, database, service, scenario, scenarios.TakeBack, 1);
            if (UsageScenarios.Names.Any(options.Wants))
            {
                var usage = await UsageScenarios.MakeAsync(service.First.EndPoint);
                foreach (var scenario in usage.All().Where(scenario => options.Wants(scenario.Name)))
                    await MeasureAsync(rows, database, service, scenario, usage.TakeBack, 1);
            }
        }
        var raw = options.Wants("create") ? await RawStore.RunAsync(database, options.Duration, time) : null;
        return new BenchReport(options.Engine, users, options.Nodes, seeded, ready, size, raw, BenchReport.WithRatios(rows, raw));
    }

    private Task<Nodes> StartAsync(BenchDatabase database, int nodes) => Nodes.StartAsync(nodes, () => MeasuredProcess.StartAsync("Provisioning.Api", folder, "/health/ready", port =>
    [
        "--environment=Benchmark", "--Logging:LogLevel:Default=Information", "--Logging:LogLevel:Microsoft.AspNetCore=Warning",
        $"--urls=http://127.0.0.1:{port}", $"--Public:BaseUrl=http://127.0.0.1:{port}",
        $"--Storage:Engine={database.Engine}", $"--Storage:ConnectionString={database.ConnectionString}",
        "--Limits:ScimRate=0", "--Limits:AdminRate=0", "--Limits:ApplicationRate=0",
        "--Demo:Enabled=true", $"--Demo:ScimToken={Scenarios.ScimToken}", $"--Demo:OwnerToken={Scenarios.OwnerToken}",
        $"--Demo:GatewayToken={Scenarios.GatewayToken}", "--Demo:Seats:standard=1000000", "--Demo:Seats:premium=1000000",
        $"--Operator:Token={Tenants.OperatorToken}",
    ]));

    /// <summary>The bare endpoint, answering what the service answers to a GET.</summary>
    private async Task<MeasuredProcess> FloorAsync(MeasuredProcess service, Scenarios scenarios)
    {
        using var wire = new WireClient(service.EndPoint);
        var status = await wire.SendAsync(scenarios.GetFirst().Bytes);
        if (status != 200) throw new InvalidOperationException($"The GET of a seeded user answers {status}.");
        var body = Path.Combine(folder, "floor.json");
        await File.WriteAllBytesAsync(body, wire.Body.ToArray());
        return await MeasuredProcess.StartAsync("Provisioning.Bench", folder, "/", port => ["floor", "--url", $"http://127.0.0.1:{port}", "--body", body]);
    }

    private async Task MeasureAsync(List<BenchRow> rows, BenchDatabase database, Nodes server, Scenario scenario, Func<Client, WireRequest?> last, ulong seed)
    {
        // What there is to ask is shared among the warm-ups and the measurements.
        var most = Math.Min(MostRequests, scenario.Supply / (1 + (2 * options.Concurrency.Count)));
        await LoadRun.RunAsync(server, WarmingClients, FirstWarmUp, most, scenario.Next, last, seed);
        foreach (var concurrency in options.Concurrency)
        {
            await LoadRun.RunAsync(server, concurrency, WarmUp, most, scenario.Next, last, seed + 1);
            var result = await LoadRun.RunAsync(server, concurrency, options.Duration, most, scenario.Next, last, seed + 1 + (ulong)concurrency);
            var row = new BenchRow(scenario.Name, concurrency, result.Requests, result.Requests / result.Seconds, result.Latencies.P50, result.Latencies.P99,
                result.Requests == 0 ? 0 : result.CpuSeconds * 1000 / result.Requests, scenario.Reach, server.ResidentBytes / Megabyte,
                await database.SizeAsync() / Megabyte, result.Errors, result.FirstError);
            rows.Add(row);
            await Console.Error.WriteLineAsync(string.Create(System.Globalization.CultureInfo.InvariantCulture,
                $"{row.Scenario,-20} {concurrency,3}: {row.RequestsPerSecond,8:F0}/s, CPU {row.CpuPer1000:F3} s/1000{(row.Errors > 0 ? $", {row.Errors} ERRORS" : "")}"));
        }
    }
}
