using System.Net;
using System.Net.Sockets;

namespace Provisioning.Api.Hosting;

/// <summary>Which addresses the service may connect to on somebody's word (design D6): public ones, and what the operator allows.</summary>
/// <param name="allowed">Outbound:AllowedNetworks.</param>
/// <param name="allowLoopback">In Development only.</param>
public sealed class OutboundAddress(IReadOnlyList<IPNetwork> allowed, bool allowLoopback)
{
    /// <summary>What is not on the public Internet, or answers there with the machine's own secrets.</summary>
    private static readonly IPNetwork[] Closed =
    [
        .. ((string[])[
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "168.63.129.16/32", // the wire server of Azure's machines
            "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
        ]).Select(IPNetwork.Parse),
    ];

    /// <summary>Global unicast; everything else of IPv6 is local, mapped or reserved.</summary>
    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    /// <summary>RFC 6052: an IPv4 address in its last four bytes.</summary>
    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");

    public bool Allows(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (Nat64.Contains(address)) address = new IPAddress(address.GetAddressBytes().AsSpan(12));
        if (allowed.Any(network => network.Contains(address)) || (allowLoopback && IPAddress.IsLoopback(address))) return true;
        return (address.AddressFamily == AddressFamily.InterNetwork || GlobalUnicast.Contains(address)) && !Closed.Any(network => network.Contains(address));
    }

    /// <summary>Whether a text is an address that may be written down for the service to use.</summary>
    public bool IsAddress(string text) =>
        text.Length <= LongestUrl && Uri.TryCreate(text, UriKind.Absolute, out var url) && url.UserInfo.Length == 0 && AllowsScheme(url);

    /// <summary>Characters of such an address.</summary>
    public const int LongestUrl = 1000;

    /// <summary>Whether an address may be written as http: on this machine only.</summary>
    public bool AllowsScheme(Uri address) => address.Scheme == "https" || (address.Scheme == "http" && allowLoopback && address.IsLoopback);
}
