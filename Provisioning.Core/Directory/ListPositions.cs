using Provisioning.Core.Query;

namespace Provisioning.Core.Directory;

/// <summary>Slices of a list whose order is known in memory.</summary>
public static class ListPositions
{
    public static int CompareTo(this ListPosition one, ListPosition other, bool descending) =>
        SortKeys.Compare((one.Key, one.Id.Value), (other.Key, other.Id.Value), descending);

    /// <summary>The slice that the query asks for, and its last place when there is more behind it.</summary>
    /// <param name="positions">All of them, in the order of the query.</param>
    public static (IReadOnlyList<ListPosition> Items, ListPosition? Last) Slice(this IReadOnlyList<ListPosition> positions, ResourceQuery query)
    {
        var start = query.ByCursor ? query.After is { } after ? FirstBehind(positions, after, query.Sort is { Descending: true }) : 0 : query.Start - 1;
        IReadOnlyList<ListPosition> items = [.. positions.Skip(start).Take(query.Count)];
        return (items, query.ByCursor && items.Count > 0 && start + items.Count < positions.Count ? items[^1] : null);
    }

    private static int FirstBehind(IReadOnlyList<ListPosition> positions, ListPosition after, bool descending)
    {
        var (low, high) = (0, positions.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (positions[middle].CompareTo(after, descending) <= 0) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
