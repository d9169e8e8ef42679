using System.Security.Cryptography;

namespace Provisioning.Core.Notifications;

/// <summary>How long to wait after failures in a row: twice as long after each, up to an hour, and never for all at the same moment.</summary>
/// <param name="First">After the first failure.</param>
public sealed record Backoff(TimeSpan First)
{
    public static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <summary>Between 80 and 120 percent of the pause.</summary>
    /// <param name="failures">At least 1.</param>
    public TimeSpan After(int failures)
    {
        var pause = TimeSpan.FromTicks(Math.Min(Longest.Ticks, First.Ticks * (1L << Math.Min(failures - 1, 20))));
        return pause * (RandomNumberGenerator.GetInt32(800, 1201) / 1000.0);
    }
}
