using System.Collections.Concurrent;
using Provisioning.Core.Common;

namespace Provisioning.Core.Storage;

/// <summary>
/// Scans that are running on this node, by organisation. A scan holds a connection for reading for as long as it takes, and there are few:
/// without a limit one organisation's filters would keep all others waiting.
/// </summary>
internal static class RunningScans
{
    /// <summary>Of one organisation at a time.</summary>
    public const int Most = 2;

    private static readonly ConcurrentDictionary<OrganizationId, int> Running = new();

    public static readonly RateLimited Refused = new(
        $"{Most} filters or orders of this organisation are looking at every row already; try again when they have ended, or use an indexed attribute such as userName or externalId.", 1);

    /// <summary>To be disposed of at the end of the scan; null when enough are running.</summary>
    public static IDisposable? TryEnter(OrganizationId organization)
    {
        if (Running.AddOrUpdate(organization, 1, static (_, before) => before + 1) <= Most) return new Place(organization);
        Leave(organization);
        return null;
    }

    private static void Leave(OrganizationId organization)
    {
        if (Running.AddOrUpdate(organization, 0, static (_, before) => before - 1) == 0)
            Running.TryRemove(KeyValuePair.Create(organization, 0));
    }

    private sealed class Place(OrganizationId organization) : IDisposable
    {
        private int left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref left, 1) == 0) Leave(organization);
        }
    }
}
