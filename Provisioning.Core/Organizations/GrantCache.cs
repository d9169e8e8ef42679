using System.Collections.Concurrent;
using Provisioning.Core.Common;

namespace Provisioning.Core.Organizations;

/// <summary>
/// Tokens looked up a moment ago, so that not every request asks the database. A change made on this node is seen at once; one made on
/// another node within <see cref="Staleness"/> (design D7).
/// </summary>
public sealed class GrantCache(TimeProvider time)
{
    /// <summary>How long another node's revocation or change of settings may go unnoticed.</summary>
    public static readonly TimeSpan Staleness = TimeSpan.FromSeconds(2);

    /// <summary>Entries kept; beyond it everything is forgotten, so that guessed tokens cannot fill the memory.</summary>
    private const int Most = 20_000;

    private readonly ConcurrentDictionary<string, (TokenGrant Grant, byte[] Hash, long At)> grants = new();
    private long generation;

    /// <summary>To be read before the database is, and handed to <see cref="Keep"/>: what changed in between is not kept.</summary>
    public long Generation => Volatile.Read(ref generation);

    public (TokenGrant Grant, byte[] Hash)? Find(string key) =>
        grants.TryGetValue(key, out var kept) && time.GetElapsedTime(kept.At) < Staleness ? (kept.Grant, kept.Hash) : null;

    public void Keep(string key, TokenGrant grant, byte[] hash, long generationBefore)
    {
        if (grants.Count >= Most) grants.Clear();
        if (generationBefore != Generation) return;
        grants[key] = (grant, hash, time.GetTimestamp());
        if (generationBefore != Generation) grants.TryRemove(key, out _);
    }

    /// <summary>A token or the settings of the organisation changed on this node.</summary>
    public void Forget(OrganizationId organization)
    {
        Interlocked.Increment(ref generation);
        foreach (var (key, kept) in grants)
            if (kept.Grant.Organization.Id == organization) grants.TryRemove(key, out _);
    }
}
