using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Directory;

/// <summary>Which groups are mapped, and who is in them.</summary>
public interface IMappingStore
{
    /// <summary>With the present names of the groups.</summary>
    Task<IReadOnlyList<GroupMapping>> MappingsAsync(ISession session, OrganizationId organization);

    /// <summary>Makes exactly these the mappings.</summary>
    Task ReplaceAsync(ISession session, OrganizationId organization, IReadOnlyList<(Guid Row, GroupMapping Mapping)> mappings);

    /// <summary>No group gives a tier any more: there is one tier only (rule REN-6).</summary>
    Task CloseTiersAsync(ISession session, OrganizationId organization);

    /// <summary>Ties mappings without a group to the one that is called so now; answers whether there were any.</summary>
    Task<bool> BindAsync(ISession session, Group group);

    /// <summary>The group is deleted: its mappings keep its name and wait for another one of that name.</summary>
    Task UnbindAsync(ISession session, OrganizationId organization, ResourceId group);

    /// <summary>The groups with one of these names, folded, or externalIds, exact, or ids.</summary>
    Task<IReadOnlyList<Group>> NamedAsync(ISession session, OrganizationId organization, IReadOnlyCollection<string> names);

    /// <summary>Which group is a member of which; at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<Nesting>> NestingAsync(ISession session, OrganizationId organization, int limit);

    /// <summary>Those of the groups that each of the users is directly in.</summary>
    Task<ILookup<ResourceId, ResourceId>> GroupsOfAsync(
        ISession session, IReadOnlyCollection<ResourceId> users, IReadOnlyCollection<ResourceId> groups);

    /// <summary>Users directly in one of the groups, by id, at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<ResourceId>> UsersInAsync(ISession session, IReadOnlyCollection<ResourceId> groups, int limit);

    /// <summary>Which of the ids are groups.</summary>
    Task<IReadOnlyList<ResourceId>> GroupsAmongAsync(ISession session, OrganizationId organization, IReadOnlyCollection<ResourceId> ids);

    /// <summary>The members that follow active entries among these.</summary>
    Task<IReadOnlyDictionary<MemberId, ResourceId>> FollowersAsync(ISession session, OrganizationId organization, IReadOnlyCollection<ResourceId> entries);

    /// <summary>Entries to be evaluated again by the job; those that are due already stay so.</summary>
    Task MakeDueAsync(ISession session, OrganizationId organization, IReadOnlyCollection<ResourceId> entries, string cause);

    /// <summary>Makes everybody directly in one of the groups due, with one statement per chunk of groups.</summary>
    Task MakeUsersDueAsync(ISession session, OrganizationId organization, IReadOnlyCollection<ResourceId> groups, string cause);

    /// <summary>Takes some that are due out of the list.</summary>
    Task<IReadOnlyList<DueEntry>> TakeDueAsync(ISession session, OrganizationId organization, int limit);

    Task<IReadOnlyList<OrganizationId>> WithDueAsync(ISession session, int limit);
}

/// <summary>An entry whose member is to be evaluated again.</summary>
/// <param name="Cause">What changed, in words for an owner.</param>
public sealed record DueEntry(ResourceId Entry, string Cause);
