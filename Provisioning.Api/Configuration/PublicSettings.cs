using System.Net;

namespace Provisioning.Api.Configuration;

/// <summary>How the service is seen from outside.</summary>
public sealed record PublicSettings
{
    /// <summary>Absolute http or https URL without a trailing slash, for example <c>https://seats.example</c>; null when not set.</summary>
    public string? BaseUrl { get; init; }

    /// <summary>Who may say, in X-Forwarded-For and X-Forwarded-Proto, whom a request came from; from anybody else the headers are not read.</summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];
}
