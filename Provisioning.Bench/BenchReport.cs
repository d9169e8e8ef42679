using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Provisioning.Bench;

/// <summary>A scenario at a concurrency. Times in milliseconds, CPU in seconds of the server's process per 1,000 requests.</summary>
internal sealed record BenchRow(string Scenario, int Concurrency, long Requests, double RequestsPerSecond, double P50, double P99, double CpuPer1000,
    double? Reach, double ResidentMegabytes, double DatabaseMegabytes, long Errors, string? FirstError)
{
    /// <summary>CPU as a multiple of the bare endpoint's at the same concurrency.</summary>
    public double? CpuToFloor { get; init; }

    /// <summary>Requests per second as a part of the floor's: of the raw store's for creating, of the bare endpoint's for the rest.</summary>
    public double? RateToFloor { get; init; }

    /// <summary>Null where no figure is set: none at concurrency 1, none when requests failed.</summary>
    public bool? IsReached => Reach is not { } reach || Concurrency == 1 || Errors > 0 || Requests == 0 ? null : CpuPer1000 <= reach;
}

/// <summary>One run on one engine with one number of users.</summary>
internal sealed record BenchReport(string Engine, int Users, int Nodes, double SeedSeconds, double ReadySeconds, double DatabaseMegabytes, RawResult? Raw, IReadOnlyList<BenchRow> Rows)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string ToJson(IReadOnlyList<BenchReport> reports) => JsonSerializer.Serialize(reports, Json);

    /// <summary>As Markdown.</summary>
    public string Table()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture,
            $"{Engine}, {Nodes} node{(Nodes == 1 ? "" : "s")}, {Users:N0} users seeded in {SeedSeconds:F0} s, database {DatabaseMegabytes:F0} MB; ready {ReadySeconds:F2} s after its start on the existing database.");
        if (Raw is not null)
            text.AppendLine(CultureInfo.InvariantCulture, $"Raw store: {Raw.CreatesPerSecond:F0} creates/s, CPU {Raw.CpuPer1000:F3} s per 1,000.");
        text.AppendLine();
        text.AppendLine("| request | clients | requests/s | p50 ms | p99 ms | CPU s/1000 | reach | reached | CPU to floor | rate to floor | RSS MB | database MB | errors |");
        text.AppendLine("|---|--:|--:|--:|--:|--:|--:|---|--:|--:|--:|--:|--:|");
        foreach (var row in Rows)
            text.AppendLine(CultureInfo.InvariantCulture,
                $"| {row.Scenario} | {row.Concurrency} | {row.RequestsPerSecond:F0} | {row.P50:F2} | {row.P99:F2} | {row.CpuPer1000:F3} | {row.Reach:F2} | {Reached(row)} | {row.CpuToFloor:F1} | {row.RateToFloor:F2} | {row.ResidentMegabytes:F0} | {row.DatabaseMegabytes:F0} | {Errors(row)} |");
        foreach (var row in Rows.Where(row => row.Errors > 0))
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"{row.Scenario} at {row.Concurrency}: {row.FirstError}");
        return text.ToString();
    }

    /// <summary>What a row costs with many users as a multiple of what it costs with few; as Markdown.</summary>
    public static string Flatness(BenchReport few, BenchReport many)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"| request | clients | CPU s/1000, {few.Users:N0} users | CPU s/1000, {many.Users:N0} users | ratio | within 1.3 |");
        text.AppendLine("|---|--:|--:|--:|--:|---|");
        foreach (var row in many.Rows)
        {
            // The big groups exist with many users only: they are compared with the group of ten.
            var other = few.Rows.FirstOrDefault(small => small.Concurrency == row.Concurrency && small.Scenario == row.Scenario)
                ?? few.Rows.FirstOrDefault(small => small.Concurrency == row.Concurrency && small.Scenario == "group-add-10" && row.Scenario.StartsWith("group-add", StringComparison.Ordinal));
            if (other is not { CpuPer1000: > 0 } || row.Scenario.StartsWith("floor", StringComparison.Ordinal)) continue;
            var ratio = row.CpuPer1000 / other.CpuPer1000;
            text.AppendLine(CultureInfo.InvariantCulture,
                $"| {row.Scenario} | {row.Concurrency} | {other.CpuPer1000:F3} | {row.CpuPer1000:F3} | {ratio:F2} | {(ratio <= 1.3 ? "yes" : "no")} |");
        }
        return text.ToString();
    }

    /// <summary>States every row as ratios to the floors of the same run.</summary>
    public static IReadOnlyList<BenchRow> WithRatios(IReadOnlyList<BenchRow> rows, RawResult? raw) =>
    [
        .. rows.Select(row =>
        {
            var floor = rows.FirstOrDefault(other => other.Scenario == BenchRun.FloorName && other.Concurrency == row.Concurrency);
            var rate = row.Scenario == "create" && raw is not null ? raw.CreatesPerSecond : floor?.RequestsPerSecond;
            return row with
            {
                CpuToFloor = floor is { CpuPer1000: > 0 } ? row.CpuPer1000 / floor.CpuPer1000 : null,
                RateToFloor = rate is > 0 ? row.RequestsPerSecond / rate : null,
            };
        }),
    ];

    private static string Reached(BenchRow row) => row.IsReached switch { true => "yes", false => "no", _ => "" };

    private static string Errors(BenchRow row) => row.Errors == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"**{row.Errors}**");
}
