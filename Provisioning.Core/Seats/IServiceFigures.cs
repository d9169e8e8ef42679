using Provisioning.Core.Journal;

namespace Provisioning.Core.Seats;

/// <summary>The state of the whole service in a few numbers, for those who watch it; names no organisation.</summary>
public interface IServiceFigures
{
    /// <summary>
    /// Seats of all organisations, by the code of the tier. The biggest tiers have a line each, the others share one. Who waits for
    /// any tier counts at the best one of the organisation.
    /// </summary>
    Task<IReadOnlyList<TierFigures>> SeatsAsync(ISession session);

    /// <summary>When the oldest event that has no place in its sequence yet happened; null when all have.</summary>
    Task<DateTimeOffset?> OldestUnsealedEventAsync(ISession session);
}

/// <summary>The seats of a tier, summed over organisations.</summary>
public sealed record TierFigures(string Tier, long Purchased, long Assigned, long Held, long Queued, long Waiting)
{
    public long Free => Purchased - Assigned - Held - Queued;
}
