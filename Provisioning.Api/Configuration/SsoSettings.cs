using System.Net;

namespace Provisioning.Api.Configuration;

/// <summary>Sign-in at this service.</summary>
public sealed record SsoSettings
{
    /// <summary>Minutes after which a person signs in again.</summary>
    public int SessionMinutes { get; init; } = 720;

    public TimeSpan SessionLife => TimeSpan.FromMinutes(SessionMinutes);
}

/// <summary>What the service fetches and calls on an owner's word.</summary>
public sealed record OutboundSettings
{
    /// <summary>Networks it may connect to although they are not public, for identity providers of one's own.</summary>
    public IReadOnlyList<IPNetwork> AllowedNetworks { get; init; } = [];
}
