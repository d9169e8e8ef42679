using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Provisioning.Api.Configuration;
using Provisioning.Core.Common;

namespace Provisioning.Api.Hosting;

/// <summary>
/// How often one client address may do what asks for no credentials, on this node. Who signs in has no token yet, so <c>RateLimits</c>
/// cannot count it.
/// </summary>
public sealed class ClientLimits(ServiceSettings settings) : IDisposable
{
    private readonly PartitionedRateLimiter<IPAddress> starts = Limiter(settings.Sso.StartsPerMinute, TimeSpan.FromMinutes(1));
    private readonly PartitionedRateLimiter<IPAddress> recoveries = Limiter(settings.Sso.RecoveriesPerHour, TimeSpan.FromHours(1));

    private readonly PartitionedRateLimiter<IPAddress> requests = Limiter(settings.Sso.RequestsPerMinute, TimeSpan.FromMinutes(1));

    /// <summary>Counts a request that asks for no credentials, whatever it is for.</summary>
    public RateLimited? TakeRequest(HttpContext context) => Take(requests, context, "Too many requests came from your network.");

    /// <summary>Counts the beginning of a sign-in; 429 with the seconds to wait when the client began too many.</summary>
    public RateLimited? TakeStart(HttpContext context) => Take(starts, context, "Too many sign-ins were begun from your network.");

    /// <summary>Counts a request for a recovery link.</summary>
    public RateLimited? TakeRecovery(HttpContext context) => Take(recoveries, context, "Too many links were asked for from your network.");

    public void Dispose()
    {
        starts.Dispose();
        recoveries.Dispose();
        requests.Dispose();
    }

    private static RateLimited? Take(PartitionedRateLimiter<IPAddress> limiter, HttpContext context, string what)
    {
        using var lease = limiter.AttemptAcquire(Client(context.Connection.RemoteIpAddress));
        if (lease.IsAcquired) return null;
        var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? Math.Max(1, (int)Math.Ceiling(after.TotalSeconds)) : 1;
        return new RateLimited(string.Create(CultureInfo.InvariantCulture, $"{what} Wait {wait} seconds, then try again."), wait);
    }

    /// <summary>A bucket of so many, filled evenly over the time.</summary>
    private static PartitionedRateLimiter<IPAddress> Limiter(int most, TimeSpan within) => PartitionedRateLimiter.Create<IPAddress, IPAddress>(client =>
        most == 0 ? RateLimitPartition.GetNoLimiter(IPAddress.None) : RateLimitPartition.GetTokenBucketLimiter(client, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = most, TokensPerPeriod = 1, ReplenishmentPeriod = within / most, QueueLimit = 0,
            AutoReplenishment = false, // one timer of the whole serves all buckets
        }));

    /// <summary>One customer has one address of IPv4, but a whole /64 of IPv6 (RFC 6177).</summary>
    internal static IPAddress Client(IPAddress? address)
    {
        if (address is null) return IPAddress.None;
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return address;
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }
}
