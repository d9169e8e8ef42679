namespace Provisioning.Bench;

/// <summary>Measures, or is the floor that is measured against.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        try
        {
            switch (args)
            {
                case ["floor", "--url", var url, "--body", var body]:
                    return await Floor.RunAsync(url, body);
                case ["--help" or "-h", ..]:
                    Console.WriteLine(BenchOptions.Usage);
                    return 0;
                default:
                    return await MeasureAsync(BenchOptions.Parse(args));
            }
        }
        catch (FormatException bad)
        {
            await Console.Error.WriteLineAsync($"{bad.Message}\n\n{BenchOptions.Usage}");
            return 2;
        }
    }

    /// <summary>Answers 1 when a request failed: its row is then no measurement.</summary>
    private static async Task<int> MeasureAsync(BenchOptions options)
    {
        var folder = Directory.CreateTempSubdirectory("provisioning-bench-").FullName;
        try
        {
            var reports = new List<BenchReport>();
            var run = new BenchRun(options, folder, TimeProvider.System);
            foreach (var users in options.Flat ? (int[])[1_000, options.Users] : [options.Users])
            {
                reports.Add(await run.RunAsync(users));
                Console.WriteLine(reports[^1].Table());
            }
            if (options.Flat) Console.WriteLine(BenchReport.Flatness(reports[0], reports[1]));
            if (options.Out is not null) await File.WriteAllTextAsync(options.Out, BenchReport.ToJson(reports));
            return reports.Exists(report => report.Rows.Any(row => row.Errors > 0)) ? 1 : 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
