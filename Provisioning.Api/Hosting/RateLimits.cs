using System.Globalization;
using System.Threading.RateLimiting;
using Provisioning.Api.Configuration;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;

namespace Provisioning.Api.Hosting;

/// <summary>
/// How often each token may ask, so that one identity provider or program that runs wild leaves the others their service: a token bucket
/// per token on this node. The operator's token has none.
/// </summary>
public sealed class RateLimits(ServiceSettings settings) : IDisposable
{
    private readonly PartitionedRateLimiter<Caller> buckets = PartitionedRateLimiter.Create<Caller, (string Name, Guid Token)>(
        caller => Bucket(settings.Limits, caller));

    /// <summary>Counts a request of the caller; 429 with the seconds to wait when its bucket is empty.</summary>
    public RateLimited? Take(Caller caller)
    {
        using var lease = buckets.AttemptAcquire(caller);
        if (lease.IsAcquired) return null;
        var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? Math.Max(1, (int)Math.Ceiling(after.TotalSeconds)) : 1;
        var (_, name) = Rate(settings.Limits, caller);
        return new RateLimited(string.Create(CultureInfo.InvariantCulture,
            $"This token asks more often than the service allows (setting {name}). Nothing was done; try again in {wait} s."), wait);
    }

    public void Dispose() => buckets.Dispose();

    private static RateLimitPartition<(string Name, Guid Token)> Bucket(LimitSettings limits, Caller caller)
    {
        var (perSecond, name) = Rate(limits, caller);
        var token = caller switch
        {
            Caller.Bearer bearer => bearer.Grant.Token.Id.Value,
            Caller.Person person => person.Member.Value,
            _ => Guid.Empty,
        };
        if (perSecond == 0) return RateLimitPartition.GetNoLimiter((name, Guid.Empty));
        return RateLimitPartition.GetTokenBucketLimiter((name, token), _ => new TokenBucketRateLimiterOptions
        {
            TokensPerPeriod = perSecond, TokenLimit = perSecond * limits.BurstSeconds, ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0, AutoReplenishment = false, // one timer of the whole serves all buckets
        });
    }

    /// <summary>Requests per second and the setting that says so; 0 is no limit.</summary>
    private static (int PerSecond, string Setting) Rate(LimitSettings limits, Caller caller) => caller switch
    {
        Caller.Bearer { Grant.Token.Door: Door.Scim } => (limits.ScimRate, "Limits:ScimRate"),
        Caller.Bearer { Grant.Token.Door: Door.Admin } or Caller.Person => (limits.AdminRate, "Limits:AdminRate"),
        Caller.Bearer => (limits.ApplicationRate, "Limits:ApplicationRate"),
        _ => (0, ""),
    };
}
