using Provisioning.Core.Common;

namespace Provisioning.Core.Seats;

/// <summary>
/// How many seats are still kept for whom (rule SEAT-15): available(t, m) = free(t) - sum over groups g that do not contain m of
/// max(0, reserved(g, t) - used by members of g). Who is in several such groups counts for the one with the lowest id.
/// </summary>
public sealed class ReservationBook
{
    /// <summary>Nothing is reserved.</summary>
    public static readonly ReservationBook Empty = new([], [], Enumerable.Empty<(MemberId, ResourceId)>().ToLookup(item => item.Item1, item => item.Item2));

    private readonly Dictionary<string, List<Kept>> kept = [];
    private readonly ILookup<MemberId, ResourceId> groups;

    /// <param name="inUse">How many of each are used, by the same keys.</param>
    /// <param name="groups">The groups of the members in question.</param>
    public ReservationBook(IReadOnlyList<SeatReservation> reserved, IReadOnlyList<SeatReservation> inUse, ILookup<MemberId, ResourceId> groups)
    {
        this.groups = groups;
        foreach (var tier in reserved.GroupBy(item => item.Tier))
            kept[tier.Key] = [.. tier.OrderBy(item => item.Group.Value).Select(item => new Kept(item.Group, item.Quantity,
                inUse.FirstOrDefault(used => used.Group == item.Group && used.Tier == item.Tier)?.Quantity ?? 0))];
    }

    /// <summary>Free seats of the tier that the member may not take; null is somebody in no group.</summary>
    public int Others(string tier, MemberId? member) =>
        kept.TryGetValue(tier, out var items) ? items.Where(item => member is not { } id || !groups[id].Contains(item.Group)).Sum(item => item.Left) : 0;

    /// <summary>The member sits down.</summary>
    public void Take(string tier, MemberId member) => Count(tier, member, 1);

    /// <summary>The member gets up.</summary>
    public void Leave(string tier, MemberId member) => Count(tier, member, -1);

    private void Count(string tier, MemberId member, int change)
    {
        if (kept.TryGetValue(tier, out var items) && items.Find(item => groups[member].Contains(item.Group)) is { } first) first.Used += change;
    }

    private sealed class Kept(ResourceId group, int quantity, int used)
    {
        public ResourceId Group => group;

        public int Used { get; set; } = used;

        public int Left => Math.Max(0, quantity - Used);
    }
}
