namespace Provisioning.Bench.Seeding;

/// <summary>Groups of one size: the first <see cref="Size"/> users from a place that moves with the group, around the end.</summary>
internal sealed record GroupFamily(string Name, int Size, IReadOnlyList<Guid> Groups)
{
    private long added;

    /// <summary>The place of a member within a group.</summary>
    public int User(int group, long place, int users) => (int)((((long)group * Size) + place) % users);

    /// <summary>How often somebody can still be added.</summary>
    public long Left(int users) => Math.Max(0, ((long)(users - Size) * Groups.Count) - Volatile.Read(ref added));

    /// <summary>A group and a user that is not in it yet; null when every group has everybody.</summary>
    public (Guid Group, int User)? NextToAdd(int users)
    {
        var number = Interlocked.Increment(ref added) - 1;
        var place = Size + (number / Groups.Count);
        var group = (int)(number % Groups.Count);
        return place < users ? (Groups[group], User(group, place, users)) : null;
    }
}

/// <summary>Who is in the database.</summary>
internal sealed record Population(IReadOnlyList<Guid> Users, IReadOnlyList<GroupFamily> Families);
