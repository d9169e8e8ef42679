using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Provisioning.Core.Common;

/// <summary>
/// What the service measures of itself. Without a listener an instrument costs one comparison. No tag ever holds what came from a
/// caller: only codes, names of tables and of kinds of units.
/// </summary>
public static class Instruments
{
    /// <summary>The name of the activity source and of every meter of this service.</summary>
    public const string Name = "Provisioning";

    /// <summary>The doors of <see cref="Refused"/>.</summary>
    public const string ScimDoor = "scim", SignInDoor = "jit", AdminDoor = "admin";

    public static readonly ActivitySource Source = new(Name);

    private static readonly Meter Meter = new(Name);

    /// <summary>Fine below a millisecond for a unit alone on a fast disk, up to the deadline of a write.</summary>
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15],
    };

    private static readonly Counter<long> Refusals = Meter.CreateCounter<long>(
        "provisioning.refusals", "{refusal}", "Requests and sign-ins refused, by door and stable reason");

    private static readonly Counter<long> JobRuns = Meter.CreateCounter<long>(
        "provisioning.job.runs", "{run}", "Rounds of background jobs, by job and outcome");

    /// <summary>From the request of a unit that seats somebody to the answer after its commit, in seconds; tag <c>unit</c>.</summary>
    public static readonly Histogram<double> ClaimDuration = Meter.CreateHistogram(
        "provisioning.seat.claim.duration", "s", "Duration of units that seat somebody, waiting and commit included", advice: Seconds);

    /// <summary>COMMIT alone, which is where the disk is waited for, in seconds.</summary>
    public static readonly Histogram<double> CommitDuration = Meter.CreateHistogram(
        "provisioning.commit.duration", "s", "Duration of commits", advice: Seconds);

    /// <summary>Units that one commit made durable.</summary>
    public static readonly Histogram<int> CommitUnits = Meter.CreateHistogram(
        "provisioning.commit.units", "{unit}", "Units per commit",
        advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64] });

    /// <summary>Counts a refusal.</summary>
    /// <param name="reason">A stable code of domain.md section 9, never a text.</param>
    public static void Refused(string door, string reason)
    {
        if (Refusals.Enabled) Refusals.Add(1, new("door", door), new("reason", reason));
    }

    /// <summary>Counts a round of a job.</summary>
    public static void JobRan(string job, bool failed)
    {
        if (JobRuns.Enabled) JobRuns.Add(1, new("job", job), new("outcome", failed ? "failed" : "ok"));
    }

    /// <summary>Marks a span as failed with the kind of the failure; its text may quote values.</summary>
    public static void Fail(this Activity span, string kind)
    {
        span.SetStatus(ActivityStatusCode.Error);
        span.SetTag("error.type", kind);
    }
}
