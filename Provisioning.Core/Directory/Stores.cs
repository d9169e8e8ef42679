using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Query;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Directory;

/// <summary>Members, and the identities by which they sign in.</summary>
public interface IMemberStore
{
    Task<SeatedMember?> FindAsync(ISession session, OrganizationId organization, MemberId member);

    Task<IReadOnlyList<SeatedMember>> FindManyAsync(ISession session, OrganizationId organization, IReadOnlyCollection<MemberId> members);

    /// <summary>The member that is not removed and has this userName, folded (invariant I-2).</summary>
    Task<SeatedMember?> FindByUserNameAsync(ISession session, OrganizationId organization, string userName);

    /// <summary>The members that are not removed and have one of these userNames, folded.</summary>
    Task<IReadOnlyList<SeatedMember>> FindByUserNamesAsync(ISession session, OrganizationId organization, IReadOnlyCollection<string> userNames);

    /// <summary>Members with this match address, at most <paramref name="limit"/>; removed ones too, but last, so that they hide nobody.</summary>
    Task<IReadOnlyList<SeatedMember>> FindByEmailAsync(ISession session, OrganizationId organization, string email, int limit);

    /// <summary>The member an identity leads to; subjects are compared exactly (rule JIT-1).</summary>
    Task<SeatedMember?> FindByIdentityAsync(ISession session, OrganizationId organization, ConnectionId connection, string subject);

    /// <summary>The connections at which the member has identities.</summary>
    Task<IReadOnlyList<ConnectionId>> ConnectionsOfAsync(ISession session, MemberId member);

    /// <summary>A second identity with this (connection, subject) is a key conflict (rule JIT-9).</summary>
    Task InsertIdentityAsync(ISession session, OrganizationId organization, ConnectionId connection, string subject, MemberId member, DateTimeOffset now);

    Task InsertAsync(ISession session, Member member);

    /// <summary>Writes the member that still has the version; throws <see cref="UnitConflictException"/> when not. Answers the new version.</summary>
    Task<Member> UpdateAsync(ISession session, Member member);

    /// <summary>No state change, so no audit and no new version (invariant I-11).</summary>
    /// <param name="provenEmail">An address that the sign-in vouched for, normalised; null: none, and what was proven before stays.</param>
    Task SetSignedInAsync(ISession session, MemberId member, DateOnly day, string? provenEmail);

    /// <summary>The person has shown that the mailbox of this address is theirs.</summary>
    Task ProveEmailAsync(ISession session, MemberId member, string email);

    /// <summary>Members with this match address who have shown that it is theirs, whoever may have written it since.</summary>
    Task<IReadOnlyList<MemberId>> ProvenByEmailAsync(ISession session, OrganizationId organization, string email);

    /// <summary>Whether another active member can administer (rule SCIM-11).</summary>
    Task<bool> AnotherAdministersAsync(ISession session, OrganizationId organization, MemberId but);

    /// <summary>The primary owner; null until the first invitation is accepted (invariant I-3).</summary>
    Task<SeatedMember?> PrimaryOwnerAsync(ISession session, OrganizationId organization);

    /// <summary>How many members are in each state, of several organisations at once.</summary>
    Task<IReadOnlyDictionary<OrganizationId, IReadOnlyDictionary<MemberState, int>>> CountAsync(
        ISession session, IReadOnlyCollection<OrganizationId> organizations);

    /// <summary>By id, oldest first.</summary>
    Task<Page<SeatedMember>> ListAsync(ISession session, OrganizationId organization, MemberQuery query);

    /// <summary>The waiting by waitingSince, then id.</summary>
    Task<Page<SeatedMember>> ListWaitingAsync(ISession session, OrganizationId organization, byte[]? after, int limit);
}

/// <summary>A filter of the member list; every part is optional.</summary>
/// <param name="Text">Looked for in userName and match address, without regard to case.</param>
/// <param name="InactiveSince">Members who neither signed in on this day or later nor used anything in its month or later, and were there before it (rule SEAT-13).</param>
public sealed record MemberQuery(
    string? Text, SeatStatus? SeatStatus, string? Tier, MemberSource? Source, MemberState? State, Role? Role, byte[]? After, int Limit,
    DateOnly? InactiveSince = null);

/// <summary>Directory entries.</summary>
public interface IEntryStore
{
    /// <summary>The entry, unless deleted.</summary>
    Task<DirectoryEntry?> FindAsync(ISession session, OrganizationId organization, ResourceId id);

    /// <summary>The entry with this userName (folded), unless deleted (invariant I-12).</summary>
    Task<DirectoryEntry?> FindByUserNameAsync(ISession session, OrganizationId organization, string userName);

    /// <summary>The entry that is not deleted and leads to the member.</summary>
    Task<DirectoryEntry?> FindByMemberAsync(ISession session, OrganizationId organization, MemberId member);

    /// <summary>Entries with this externalId that are not deleted; at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<DirectoryEntry>> FindByExternalIdAsync(ISession session, OrganizationId organization, string externalId, int limit);

    /// <summary>The distinct members that deleted or inactive entries with this externalId led to (rule SCIM-10).</summary>
    Task<IReadOnlyList<MemberId>> FormerMembersByExternalIdAsync(ISession session, OrganizationId organization, string externalId);

    /// <summary>The distinct members that deleted entries with this userName led to (rule SCIM-10).</summary>
    Task<IReadOnlyList<MemberId>> FormerMembersByUserNameAsync(ISession session, OrganizationId organization, string userName);

    Task InsertAsync(ISession session, DirectoryEntry entry);

    /// <summary>Writes the entry that still has <paramref name="before"/>'s version; throws <see cref="UnitConflictException"/> when not.</summary>
    Task UpdateAsync(ISession session, DirectoryEntry before, DirectoryEntry after);

    /// <summary>Sets or clears the link; no new version (rule SCIM-16).</summary>
    Task LinkAsync(ISession session, ResourceId id, MemberId? member);

    /// <summary>Empties the entry and marks it deleted, takes it out of every group and moves those groups' versions.</summary>
    Task DeleteAsync(ISession session, DirectoryEntry entry, DateTimeOffset now);

    /// <summary>The entry with everything shown beside it.</summary>
    Task<EntryView?> ViewAsync(ISession session, OrganizationId organization, ResourceId id, bool withGroups);

    /// <summary>Oldest first, unless the query sorts; exact, whatever the filter (design D5).</summary>
    Task<Outcome<ResourcePage<EntryView>>> ListAsync(ISession session, OrganizationId organization, ResourceQuery query, bool withGroups);

    /// <summary>Where every match of the query stands in its order, for a list over several types; bounded by its scan limit.</summary>
    Task<Outcome<IReadOnlyList<ListPosition>>> PositionsAsync(ISession session, OrganizationId organization, ResourceQuery query);

    /// <summary>Those of the ids that are there, in no order.</summary>
    Task<IReadOnlyList<EntryView>> ViewManyAsync(ISession session, OrganizationId organization, IReadOnlyCollection<ResourceId> ids, bool withGroups);
}

/// <summary>An entry, its member's state and seat, and its groups: what GET shows (rules SCIM-4, SCIM-16).</summary>
/// <param name="Member">Null while staged.</param>
public sealed record EntryView(DirectoryEntry Entry, SeatedMember? Member, IReadOnlyList<GroupOfUser> Groups);

/// <summary>Groups and their rows.</summary>
public interface IGroupStore
{
    Task<Group?> FindAsync(ISession session, OrganizationId organization, ResourceId id);

    Task<Group?> FindByNameAsync(ISession session, OrganizationId organization, string displayName);

    Task InsertAsync(ISession session, Group group);

    /// <summary>Writes the attributes of the group that still has <paramref name="before"/>'s version; throws <see cref="UnitConflictException"/> when not.</summary>
    Task UpdateAsync(ISession session, Group before, Group after);

    /// <summary>Raises the version by one, whatever it is: a membership change depends on nothing read (rule SCIM-16).</summary>
    Task<long> TouchAsync(ISession session, Group group, DateTimeOffset now);

    /// <summary>Deletes the group, its rows, and its rows in other groups.</summary>
    Task DeleteAsync(ISession session, Group group, DateTimeOffset now);

    /// <summary>Which of the ids are users or groups of the organisation, and which kind; none of them can be deleted before the unit ends.</summary>
    Task<IReadOnlyDictionary<ResourceId, bool>> KnownAsync(ISession session, OrganizationId organization, IReadOnlyCollection<ResourceId> ids);

    /// <summary>Which of the ids are members of the group.</summary>
    Task<IReadOnlySet<ResourceId>> ContainedAsync(ISession session, ResourceId group, IReadOnlyCollection<ResourceId> ids);

    Task InsertMembersAsync(ISession session, OrganizationId organization, ResourceId group, IReadOnlyCollection<GroupMember> members);

    /// <summary>Answers how many rows there were.</summary>
    Task<int> DeleteMembersAsync(ISession session, ResourceId group, IReadOnlyCollection<ResourceId> ids);

    /// <summary>Members by id; at most <paramref name="limit"/> after <paramref name="after"/>.</summary>
    Task<IReadOnlyList<GroupMember>> MembersAsync(ISession session, ResourceId group, ResourceId? after, int limit);

    /// <summary>Whether the group has more members than that; counts no further.</summary>
    Task<bool> HasMoreThanAsync(ISession session, ResourceId group, int members);

    /// <summary>Members of several groups; null when there are more than <paramref name="limit"/> rows.</summary>
    Task<ILookup<ResourceId, GroupMember>?> MembersOfAsync(ISession session, IReadOnlyCollection<ResourceId> groups, int limit);

    /// <summary>Oldest first, unless the query sorts; exact, whatever the filter.</summary>
    Task<Outcome<ResourcePage<Group>>> ListAsync(ISession session, OrganizationId organization, ResourceQuery query);

    /// <summary>Like that of <see cref="IEntryStore"/>.</summary>
    Task<Outcome<IReadOnlyList<ListPosition>>> PositionsAsync(ISession session, OrganizationId organization, ResourceQuery query);

    /// <summary>Those of the ids that are there, in no order.</summary>
    Task<IReadOnlyList<Group>> FindManyAsync(ISession session, OrganizationId organization, IReadOnlyCollection<ResourceId> ids);
}

/// <summary>A SCIM list request: what to find, and which slice of it (RFC 7644 3.4.2.4, RFC 9865).</summary>
/// <param name="Filter">Bound to the resource type; null is everything.</param>
/// <param name="Start">1-based, at least 1; not used by cursor.</param>
/// <param name="Count">At least 0; 0 asks for the total only.</param>
/// <param name="ScanLimit">Most rows the part of the filter or order that SQL cannot decide may look at.</param>
/// <param name="BaseUrl">Under which the answer names its resources: filters see the same meta.location and $ref.</param>
public sealed record ResourceQuery(Predicate? Filter, int Start, int Count, int ScanLimit, string BaseUrl)
{
    /// <summary>Null: oldest first.</summary>
    public SortOrder? Sort { get; init; }

    /// <summary>Whether the slice starts <see cref="After"/> a place and the answer says where the next one starts.</summary>
    public bool ByCursor { get; init; }

    /// <summary>The last place of the slice before; null is the start.</summary>
    public ListPosition? After { get; init; }
}

/// <summary>A place in a list: what its resource is sorted by, and which resource.</summary>
/// <param name="Key">Null without a sort order, and for a resource without a value.</param>
public sealed record ListPosition(byte[]? Key, ResourceId Id);

/// <summary>A slice and the number of all matches.</summary>
/// <param name="Last">By cursor: the place of its last item, when there is more behind it.</param>
public sealed record ResourcePage<T>(IReadOnlyList<T> Items, long Total, ListPosition? Last = null);

/// <summary>Open requests of people who were refused for want of a seat and are no members (rule JIT-2): information only.</summary>
public interface ISeatRequestStore
{
    /// <summary>One row per address: the first and last time asked, and how often.</summary>
    Task RecordAsync(ISession session, OrganizationId organization, string email, DateTimeOffset now);

    /// <summary>The person got in, or was pushed: the request is answered.</summary>
    Task RemoveAsync(ISession session, OrganizationId organization, string email);

    /// <summary>By the first time asked. A cursor is an instant and a number, so that no address stands in one.</summary>
    Task<Page<SeatRequest>> ListAsync(ISession session, OrganizationId organization, byte[]? after, int limit);
}

/// <summary>Somebody who asked for a seat at sign-in and was refused.</summary>
public sealed record SeatRequest(string Email, DateTimeOffset FirstAskedAt, DateTimeOffset LastAskedAt, int Count);
