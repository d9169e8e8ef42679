using Provisioning.Core.Spend;

namespace Provisioning.Api.Configuration;

/// <summary>How usage is metered (domain.md section 3).</summary>
public sealed record UsageSettings
{
    /// <summary>How long an authorisation holds money.</summary>
    public int HoldMinutes { get; init; } = 15;

    /// <summary>How old reported usage may be.</summary>
    public int LateDays { get; init; } = 35;

    /// <summary>How far ahead of this service's clock reported usage may be.</summary>
    public int FutureMinutes { get; init; } = 5;

    /// <summary>Percentages of a cap that are told, ascending.</summary>
    public IReadOnlyList<int> CapThresholds { get; init; } = UsagePolicy.Standard.Thresholds;

    /// <summary>Whether usage is allowed, unrecorded, while the database is out of reach.</summary>
    public bool OpenWithoutStore { get; init; }

    public UsagePolicy Policy => new(TimeSpan.FromMinutes(HoldMinutes), TimeSpan.FromDays(LateDays), TimeSpan.FromMinutes(FutureMinutes), CapThresholds, OpenWithoutStore);
}
