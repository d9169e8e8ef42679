namespace Provisioning.Bench.Load;

/// <summary>Percentiles by nearest rank, in milliseconds.</summary>
internal sealed record Latencies(double P50, double P99)
{
    /// <param name="ticks">Of <see cref="System.Diagnostics.Stopwatch"/>; sorted here.</param>
    public static Latencies Of(List<long> ticks, long ticksPerSecond)
    {
        if (ticks.Count == 0) return new Latencies(0, 0);
        ticks.Sort();
        return new Latencies(At(50), At(99));

        double At(int percent) => ticks[Math.Max(0, (int)Math.Ceiling(ticks.Count * percent / 100.0) - 1)] * 1000.0 / ticksPerSecond;
    }
}
