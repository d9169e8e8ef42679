using System.Collections.Concurrent;
using Provisioning.Core.Common;

namespace Provisioning.Core.Organizations;

/// <summary>
/// Which tokens were used, kept in memory: a request writes nothing, and a job writes a token's time of last use at most every
/// <see cref="Coarseness"/>.
/// </summary>
public sealed class TokenUse
{
    /// <summary>How old the time of last use may be.</summary>
    public static readonly TimeSpan Coarseness = TimeSpan.FromMinutes(5);

    /// <summary>Tokens remembered at once; beyond it a time of last use may be lost.</summary>
    private const int Most = 100_000;

    private readonly ConcurrentDictionary<TokenId, bool> due = new();

    public void Saw(AccessToken token, DateTimeOffset now)
    {
        if ((token.LastUsedAt is not { } last || now - last >= Coarseness) && due.Count < Most) due.TryAdd(token.Id, true);
    }

    /// <summary>The tokens whose time is to be written, once.</summary>
    public IReadOnlyList<TokenId> TakeDue() => [.. due.Keys.Where(token => due.TryRemove(token, out _))];
}
