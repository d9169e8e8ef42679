using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Directory;

/// <summary>Reads the mapping and the groups of people. With mapping off it reads nothing.</summary>
public sealed class Placements(IMappingStore mappings, ISeatStore seats)
{
    /// <summary>Nested groups that are looked at; identity providers push few, because most flatten them.</summary>
    private const int MostNested = 20_000;

    public async Task<MappingTable> TableAsync(ISession session, Organization organization)
    {
        return organization.Mapping.Enabled
            ? await TableAsync(session, organization, await mappings.MappingsAsync(session, organization.Id)) : MappingTable.Off;
    }

    /// <summary>The table of mappings that may not be saved yet.</summary>
    public async Task<MappingTable> TableAsync(ISession session, Organization organization, IReadOnlyList<GroupMapping> wanted)
    {
        return new MappingTable(
            organization.Mapping, wanted, await mappings.NestingAsync(session, organization.Id, MostNested),
            (await seats.PoolsAsync(session, organization.Id)).ToDictionary(pool => pool.Tier, pool => pool.Rank));
    }

    public async Task<Placement> OfEntryAsync(ISession session, Organization organization, ResourceId entry)
    {
        if (!organization.Mapping.Enabled) return Placement.Unmapped;
        return (await OfEntriesAsync(session, await TableAsync(session, organization), [entry]))[entry];
    }

    public async Task<IReadOnlyDictionary<ResourceId, Placement>> OfEntriesAsync(
        ISession session, MappingTable table, IReadOnlyCollection<ResourceId> entries)
    {
        if (!table.IsOn) return entries.ToDictionary(entry => entry, _ => Placement.Unmapped);
        var groups = await mappings.GroupsOfAsync(session, entries, table.Groups);
        return entries.ToDictionary(entry => entry, entry => table.Of(groups[entry]));
    }

    /// <summary>
    /// Where a person who signs in belongs: by the directory when it rules and has pushed the person, else by the groups that the sign-in
    /// names (rule JIT-7).
    /// </summary>
    public async Task<Placement> AtSignInAsync(
        ISession session, Organization organization, SeatedMember? member, IReadOnlyCollection<string> groups)
    {
        if (!organization.Mapping.Enabled) return Placement.Unmapped;
        if (organization.FollowsDirectory && member?.Entry is { } entry) return await OfEntryAsync(session, organization, entry);
        return (await TableAsync(session, organization)).OfNames(groups);
    }
}
