using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Directory;

/// <summary>Applies membership steps to rows: each step reads and writes only the rows it names (design D5).</summary>
public sealed class GroupMembership(IGroupStore groups)
{
    /// <summary>Rows named in one statement.</summary>
    private const int Chunk = 500;

    /// <summary>Members named in an audit record; the rest is counted.</summary>
    private const int Named = 20;

    /// <summary>Answers how many rows were added or removed; <see cref="TooMany"/> when the filters of a request cost too much.</summary>
    /// <param name="changed">Takes up who was added or removed.</param>
    public async Task<Outcome<int>> ApplyAsync(
        UnitScope scope, Group group, MembershipStep step, ScanBudget scan, HashSet<ResourceId> changed) => step switch
    {
        AddMembers add => await AddAsync(scope, group, add.Members, changed),
        RemoveMembers remove => await RemoveAsync(scope, group, [.. Parse(remove.Values)], changed),
        RemoveMembersWhere where => await RemoveWhereAsync(scope, group, where, scan, changed),
        ReplaceMembers replace => await ReplaceAsync(scope, group, replace.Members, changed),
        _ => throw new NotSupportedException(step.GetType().Name),
    };

    /// <summary>Looks at every member while the one writer of the embedded engine waits, so what a request may ask of it is bounded.</summary>
    private async Task<Outcome<int>> RemoveWhereAsync(
        UnitScope scope, Group group, RemoveMembersWhere where, ScanBudget scan, HashSet<ResourceId> changed)
    {
        var rows = await groups.MembersAsync(scope.Session, group.Id, null, scan.Rows(where.Terms) + 1);
        if (!scan.Take(rows.Count, where.Terms))
            return new TooMany($"The filters of this PATCH would need more than {scan.Limit} comparisons of members (Limits:FilterScan); name the members by value.");
        return await RemoveAsync(scope, group, [.. rows.Where(where.Matches).Select(member => member.Member)], changed);
    }

    /// <summary>Adds those that are not in yet; answers how many.</summary>
    public async Task<int> AddAsync(UnitScope scope, Group group, IReadOnlyList<MemberRef> wanted, HashSet<ResourceId> changed)
    {
        var added = new List<ResourceId>();
        var unknown = new List<string>();
        foreach (var chunk in wanted.DistinctBy(member => member.Value).Chunk(Chunk))
        {
            var ids = Parse(chunk.Select(member => member.Value)).ToHashSet();
            ids.Remove(group.Id); // a group is no member of itself
            var known = await groups.KnownAsync(scope.Session, group.Organization, ids);
            unknown.AddRange(chunk.Where(member => !Ids.TryParse<ResourceId>(member.Value, out var id) || !known.ContainsKey(id)).Select(member => member.Value));
            var contained = known.Count == 0 ? new HashSet<ResourceId>() : await groups.ContainedAsync(scope.Session, group.Id, [.. known.Keys]);
            var rows = new List<GroupMember>();
            foreach (var member in chunk)
                if (Ids.TryParse<ResourceId>(member.Value, out var id) && known.TryGetValue(id, out var isGroup) && !contained.Contains(id))
                    rows.Add(new GroupMember(id, isGroup, member.Ref, member.Type, member.Display));
            if (rows.Count == 0) continue;
            await groups.InsertMembersAsync(scope.Session, group.Organization, group.Id, rows);
            added.AddRange(rows.Select(row => row.Member));
        }
        changed.UnionWith(added);
        if (added.Count > 0) Record(scope, group, "group.members_added", added);
        if (unknown.Count > 0)
            scope.Note(group.Organization, "unknown_member_ignored", Target.Group(group.Id), Describe(unknown), "No such user or group.");
        return added.Count;
    }

    private async Task<int> RemoveAsync(UnitScope scope, Group group, IReadOnlyList<ResourceId> ids, HashSet<ResourceId> changed)
    {
        var removed = 0;
        foreach (var chunk in ids.Distinct().Chunk(Chunk)) removed += await groups.DeleteMembersAsync(scope.Session, group.Id, chunk);
        if (removed > 0) changed.UnionWith(ids);
        if (removed > 0) Record(scope, group, "group.members_removed", ids);
        return removed;
    }

    /// <summary>The difference only: rows that stay are not written, unless they are described otherwise now (checklist U10).</summary>
    private async Task<int> ReplaceAsync(UnitScope scope, Group group, IReadOnlyList<MemberRef> wanted, HashSet<ResourceId> changed)
    {
        var byId = new Dictionary<ResourceId, MemberRef>();
        foreach (var member in wanted)
            if (Ids.TryParse<ResourceId>(member.Value, out var id)) byId.TryAdd(id, member);
        var all = await AllAsync(scope.Session, group.Id);
        var gone = all.Select(row => row.Member).Where(id => !byId.ContainsKey(id)).ToList();
        var described = all.Where(row => byId.ContainsKey(row.Member)).Select(row => (Before: row, After: row.As(byId[row.Member])))
            .Where(row => row.Before != row.After).Select(row => row.After).ToList();
        return await RemoveAsync(scope, group, gone, changed) + await DescribeAsync(scope, group, described) + await AddAsync(scope, group, wanted, changed);
    }

    /// <summary>Writes rows anew whose $ref, type or display was sent differently.</summary>
    private async Task<int> DescribeAsync(UnitScope scope, Group group, List<GroupMember> rows)
    {
        foreach (var chunk in rows.Chunk(Chunk))
        {
            await groups.DeleteMembersAsync(scope.Session, group.Id, [.. chunk.Select(row => row.Member)]);
            await groups.InsertMembersAsync(scope.Session, group.Organization, group.Id, chunk);
        }
        if (rows.Count > 0) Record(scope, group, "group.members_described", [.. rows.Select(row => row.Member)]);
        return rows.Count;
    }

    private async Task<List<GroupMember>> AllAsync(ISession session, ResourceId group)
    {
        var all = new List<GroupMember>();
        while (true)
        {
            var page = await groups.MembersAsync(session, group, all.Count == 0 ? null : all[^1].Member, 5000);
            all.AddRange(page);
            if (page.Count < 5000) return all;
        }
    }

    /// <summary>What is no id of ours names nobody.</summary>
    private static IEnumerable<ResourceId> Parse(IEnumerable<string> values)
    {
        foreach (var value in values)
            if (Ids.TryParse<ResourceId>(value, out var id)) yield return id;
    }

    private static void Record(UnitScope scope, Group group, string action, IReadOnlyList<ResourceId> ids) =>
        scope.Record(group.Organization, action, Target.Group(group.Id), null, Describe([.. ids.Select(id => id.ToString())]));

    private static JsonObject Describe(List<string> ids) => new()
    {
        ["count"] = ids.Count, ["members"] = new JsonArray([.. ids.Take(Named).Select(id => JsonValue.Create(id))]),
    };
}
