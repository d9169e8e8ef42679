namespace Provisioning.Api.Configuration;

/// <summary>Work in the background that one node does at a time.</summary>
public sealed record JobSettings
{
    /// <summary>Seconds after which another node takes over from one that died.</summary>
    public int LeaseSeconds { get; init; } = 15;

    public TimeSpan LeaseLife => TimeSpan.FromSeconds(LeaseSeconds);
}
