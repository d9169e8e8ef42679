using System.Globalization;

namespace Provisioning.Bench;

/// <summary>What was asked for on the command line.</summary>
internal sealed record BenchOptions
{
    public const string Usage =
        """
        dotnet run -c Release --project Provisioning.Bench -- [options]
          --engine sqlite|postgresql   sqlite
          --connection <text>          sqlite: a new file, .<users> is added (default: in a temporary folder); postgresql: a server, where a database is made and dropped
          --users <n>                  10000; at most 1800000
          --seconds <n>                per scenario and concurrency, 5
          --concurrency <a,b>          1,16,64
          --scenarios <a,b>            all; names as in the table, or the start of a name
          --nodes <n>                  1; more processes on the same database, clients dealt out to them in turn
          --organizations <n>          0; first sign-ins over that many organisations too (jit-first-spread), beside those in one
          --out <file.json>            the results
          --flat                       the same with 1,000 users first, and the ratio of the costs per row
        """;

    public string Engine { get; init; } = BenchDatabase.Sqlite;

    public string? Connection { get; init; }

    public int Users { get; init; } = 10_000;

    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(5);

    public IReadOnlyList<int> Concurrency { get; init; } = [1, 16, 64];

    public IReadOnlyList<string> Scenarios { get; init; } = [];

    public int Nodes { get; init; } = 1;

    public int Organizations { get; init; }

    public string? Out { get; init; }

    public bool Flat { get; init; }

    public bool Wants(string scenario) => Scenarios.Count == 0 || Scenarios.Any(name => scenario.StartsWith(name, StringComparison.Ordinal));

    /// <exception cref="FormatException">An option is unknown or its value is bad.</exception>
    public static BenchOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new BenchOptions();
        for (var at = 0; at < arguments.Count; at++)
        {
            var name = arguments[at];
            if (name == "--flat")
            {
                options = options with { Flat = true };
                continue;
            }
            if (++at == arguments.Count) throw new FormatException($"{name} lacks its value.");
            var value = arguments[at];
            options = name switch
            {
                "--engine" => options with { Engine = Engines(value) },
                "--connection" => options with { Connection = value },
                "--users" => options with { Users = Number(name, value, 1_800_000) },
                "--seconds" => options with { Duration = TimeSpan.FromSeconds(Number(name, value, 3600)) },
                "--concurrency" => options with { Concurrency = [.. value.Split(',').Select(part => Number(name, part, 1024))] },
                "--scenarios" => options with { Scenarios = value.Split(',') },
                "--nodes" => options with { Nodes = Number(name, value, 8) },
                "--organizations" => options with { Organizations = Number(name, value, 1000) },
                "--out" => options with { Out = value },
                _ => throw new FormatException($"{name} is no option."),
            };
        }
        return options;
    }

    private static string Engines(string value) => value is BenchDatabase.Sqlite or BenchDatabase.PostgreSql
        ? value : throw new FormatException($"--engine takes {BenchDatabase.Sqlite} or {BenchDatabase.PostgreSql}.");

    private static int Number(string name, string value, int most) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most
            ? number : throw new FormatException($"{name} takes whole numbers from 1 to {most}.");
}
