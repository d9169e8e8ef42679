using System.Net;

namespace Provisioning.Api.Configuration;

/// <summary>Where domain verification asks for TXT records.</summary>
public sealed record DnsSettings
{
    public const int Port = 53;

    /// <summary>Null: the name servers of the system.</summary>
    public IPEndPoint? Server { get; init; }
}
