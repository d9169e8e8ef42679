using Provisioning.Core.Common;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Directory;

/// <summary>A group that gives a role, or a tier; exactly one of them.</summary>
/// <param name="Group">As the owner named it: the name or externalId of a pushed group, or what a sign-in's groups claim says.</param>
/// <param name="Id">The pushed group; it stays when the group is renamed. Null: no such group has been pushed.</param>
public sealed record GroupMapping(string Group, ResourceId? Id, Role? Role, string? Tier)
{
    /// <summary>What the pushed group is called now.</summary>
    public string? DisplayName { get; init; }

    public string? ExternalId { get; init; }

    /// <summary>Whether a groups claim means this group: its name without regard to case, or its externalId.</summary>
    public bool IsNamed(string claim) =>
        SameName(claim, Group) || (DisplayName is not null && SameName(claim, DisplayName)) || (ExternalId is not null && claim == ExternalId);

    private static bool SameName(string one, string other) => TextKey.Fold(one).AsSpan().SequenceEqual(TextKey.Fold(other));
}

/// <summary>What the mapping makes of a person.</summary>
/// <param name="InEffect">False: no mapped group, so no access and no seat (rule GRP-1).</param>
/// <param name="Role">Null: stays as it is (mapping off).</param>
/// <param name="Wish">The seat.</param>
public sealed record Placement(bool InEffect, Role? Role, SeatWish Wish)
{
    /// <summary>Without a mapping: anybody, any role, the highest tier available.</summary>
    public static readonly Placement Unmapped = new(true, null, SeatWish.Highest);

    /// <summary>In no mapped group.</summary>
    public static readonly Placement None = new(false, null, SeatWish.Highest);

    /// <summary>Whether an active member is where the mapping wants it, so that nothing is to be written.</summary>
    public bool Holds(SeatedMember member) => InEffect
        && (Role is null || member.Member.Role == Role || member.Member.Role == Organizations.Role.PrimaryOwner)
        && (member.Seat.Status == SeatStatus.Unassigned
            || (Wish.Only is { } tier ? member.Seat.Tier == tier && member.Seat.DesiredTier is null
                : member.Seat is { Tier: not null, DesiredTier: null } && !Wish.LowestFirst));
}

/// <summary>
/// The mapping of an organisation as pure rules (GRP-1 to GRP-4): from the groups of a person to a role and a tier. Who is in a group that
/// is, at any depth, a member of a mapped group, is in the mapped group.
/// </summary>
public sealed class MappingTable
{
    /// <summary>Mapping off.</summary>
    public static readonly MappingTable Off = new(MappingPolicy.Off, [], [], new Dictionary<string, int>());

    private readonly MappingPolicy policy;
    private readonly IReadOnlyList<GroupMapping> mappings;
    private readonly IReadOnlyDictionary<string, int> ranks;
    private readonly ILookup<ResourceId, ResourceId> children;
    private readonly Dictionary<ResourceId, HashSet<GroupMapping>> given = [];

    /// <param name="nesting">Which group is a member of which.</param>
    /// <param name="ranks">The tiers there are, with their ranks.</param>
    public MappingTable(
        MappingPolicy policy, IReadOnlyList<GroupMapping> mappings, IReadOnlyCollection<Nesting> nesting, IReadOnlyDictionary<string, int> ranks)
    {
        this.policy = policy;
        this.mappings = mappings;
        this.ranks = ranks;
        children = nesting.ToLookup(edge => edge.Parent, edge => edge.Child);
        foreach (var mapping in mappings)
            if (mapping.Id is { } id)
                foreach (var group in Within(id))
                    if (given.TryGetValue(group, out var more)) more.Add(mapping);
                    else given[group] = [mapping];
    }

    public bool IsOn => policy.Enabled;

    /// <summary>The groups whose members are in a mapped group, directly or through nesting.</summary>
    public IReadOnlyCollection<ResourceId> Groups => given.Keys;

    public bool Covers(ResourceId group) => given.ContainsKey(group);

    /// <summary>Whether somebody whom no group covers any more could still be an owner: by a claim at the next sign-in.</summary>
    public bool GivesRole(Role role) => mappings.Any(mapping => mapping.Role <= role);

    /// <summary>The group and every group in it, at any depth; cycles end.</summary>
    public IReadOnlyCollection<ResourceId> Within(ResourceId group)
    {
        var found = new HashSet<ResourceId> { group };
        var open = new Stack<ResourceId>([group]);
        while (open.TryPop(out var next))
            foreach (var child in children[next])
                if (found.Add(child)) open.Push(child);
        return found;
    }

    /// <summary>The place of a person who is directly in these groups.</summary>
    public Placement Of(IEnumerable<ResourceId> groups) =>
        IsOn ? Decide(groups.SelectMany(group => given.GetValueOrDefault(group) ?? [])) : Placement.Unmapped;

    /// <summary>The place of a person whose sign-in names these groups (rule JIT-7).</summary>
    public Placement OfNames(IReadOnlyCollection<string> names) =>
        IsOn ? Decide(mappings.Where(mapping => names.Any(mapping.IsNamed))) : Placement.Unmapped;

    /// <summary>The place of a supposed person: in these groups, or in groups that only have a name.</summary>
    public Placement Of(IEnumerable<ResourceId> groups, IReadOnlyCollection<string> names) => IsOn
        ? Decide(groups.SelectMany(group => given.GetValueOrDefault(group) ?? []).Concat(mappings.Where(mapping => names.Any(mapping.IsNamed))))
        : Placement.Unmapped;

    private Placement Decide(IEnumerable<GroupMapping> matching)
    {
        Role? role = null;
        string? tier = null;
        foreach (var mapping in matching)
        {
            if (mapping.Role is { } given && (role is null || given < role)) role = given; // GRP-2
            if (mapping.Tier is { } code && ranks.TryGetValue(code, out var rank) && (tier is null || rank > ranks[tier])) tier = code; // GRP-4
        }
        if (role is null || (tier is null && policy.UnmappedTier == UnmappedTier.Remove)) return Placement.None;
        return new Placement(true, role, tier is null
            ? SeatWish.Highest with { LowestFirst = policy.UnmappedTier == UnmappedTier.LowestAvailable }
            : new SeatWish(tier, null) { FallsBack = policy.WhenExhausted == MappedTierExhausted.FallbackLower });
    }
}

/// <summary>A group that is a member of another one.</summary>
public readonly record struct Nesting(ResourceId Parent, ResourceId Child);
