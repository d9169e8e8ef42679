using System.Net;

namespace Provisioning.Api.Configuration;

/// <summary>Sign-in at this service.</summary>
public sealed record SsoSettings
{
    /// <summary>Minutes after which a person signs in again.</summary>
    public int SessionMinutes { get; init; } = 720;

    /// <summary>Sign-ins that one client address may begin a minute on one node; 0 is no limit. A whole office can be behind one address.</summary>
    public int StartsPerMinute { get; init; } = 300;

    /// <summary>
    /// Requests without credentials that one client address may make a minute on one node: answers of identity providers, pages, invitations
    /// accepted; 0 is no limit. A sign-in takes two to four.
    /// </summary>
    public int RequestsPerMinute { get; init; } = 1200;

    /// <summary>Recovery links that one client address may ask for an hour on one node; 0 is no limit.</summary>
    public int RecoveriesPerHour { get; init; } = 20;

    public TimeSpan SessionLife => TimeSpan.FromMinutes(SessionMinutes);
}

/// <summary>What the service fetches and calls on an owner's word.</summary>
public sealed record OutboundSettings
{
    /// <summary>Networks it may connect to although they are not public, for identity providers of one's own.</summary>
    public IReadOnlyList<IPNetwork> AllowedNetworks { get; init; } = [];
}
