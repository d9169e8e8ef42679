using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Organizations;

/// <summary>Organisations and their verified domains.</summary>
public interface IOrganizationStore
{
    /// <summary>By id or slug.</summary>
    Task<Organization?> FindAsync(ISession session, string idOrSlug);

    Task<Page<Organization>> ListAsync(ISession session, byte[]? after, int limit);

    Task InsertAsync(ISession session, Organization organization);

    /// <summary>Writes everything but id, slug and creation, and raises the version; false when the version was not current.</summary>
    Task<bool> UpdateAsync(ISession session, Organization organization);

    /// <summary>Verified domain names, sorted.</summary>
    Task<IReadOnlyList<string>> VerifiedDomainsAsync(ISession session, OrganizationId organization);

    /// <summary>Whether the name is a verified domain of the organisation (rule DOM-1).</summary>
    Task<bool> IsVerifiedDomainAsync(ISession session, OrganizationId organization, string domain);

    /// <summary>The organisation that has verified the name, if any (invariant I-1).</summary>
    Task<OrganizationId?> DomainOwnerAsync(ISession session, string domain);

    Task InsertVerifiedDomainAsync(ISession session, DomainId id, OrganizationId organization, string domain, DateTimeOffset now);

    Task RemoveDomainAsync(ISession session, OrganizationId organization, string domain);
}

/// <summary>Bearer tokens.</summary>
public interface ITokenStore
{
    /// <summary>The token with this hash and its organisation, valid or not.</summary>
    Task<(TokenGrant Grant, byte[] Hash)?> FindAsync(ISession session, byte[] hash);

    /// <summary>All of them, oldest first.</summary>
    Task<IReadOnlyList<AccessToken>> ListAsync(ISession session, OrganizationId organization);

    /// <summary>Of one door, or of all; by id.</summary>
    Task<Page<AccessToken>> ListAsync(ISession session, OrganizationId organization, Door? door, byte[]? after, int limit);

    /// <summary>Counts unrevoked, unexpired tokens of a door while nobody else issues one: the organisation is locked until the commit.</summary>
    Task<int> CountValidAsync(ISession session, OrganizationId organization, Door door, DateTimeOffset now);

    /// <summary>False when the member of a personal token is no active member of the organisation.</summary>
    Task<bool> InsertAsync(ISession session, AccessToken token, byte[] hash);

    /// <summary>Ends the personal tokens of a member who is removed.</summary>
    Task RevokeOfMemberAsync(ISession session, MemberId member, DateTimeOffset now);

    /// <summary>Moves the time of last use of these tokens forward.</summary>
    Task SetUsedAsync(ISession session, IReadOnlyCollection<TokenId> tokens, DateTimeOffset at);

    /// <summary>False when there is no such unrevoked token in the organisation.</summary>
    Task<bool> RevokeAsync(ISession session, OrganizationId organization, TokenId token, DateTimeOffset now);
}

/// <summary>Connections of an organisation.</summary>
public interface IConnectionStore
{
    /// <summary>By id or name.</summary>
    Task<Connection?> FindAsync(ISession session, OrganizationId organization, string idOrName);

    /// <summary>Of whatever organisation.</summary>
    Task<Connection?> FindAsync(ISession session, ConnectionId connection);

    /// <summary>By id, oldest first.</summary>
    Task<Page<Connection>> ListAsync(ISession session, OrganizationId organization, byte[]? after, int limit);

    /// <summary>Locks the connection until the commit: who is about to switch it off waits. False when it is off, or gone.</summary>
    Task<bool> LockEnabledAsync(ISession session, ConnectionId connection);

    Task InsertAsync(ISession session, Connection connection);

    /// <summary>Writes everything but id, kind and creation, and raises the version; false when the version was not current.</summary>
    Task<bool> UpdateAsync(ISession session, Connection connection);

    Task<bool> DeleteAsync(ISession session, OrganizationId organization, ConnectionId connection);

    /// <summary>No connection but this one is the default any more.</summary>
    Task ClearDefaultAsync(ISession session, OrganizationId organization, ConnectionId but);

    /// <summary>Domains and the connection of each.</summary>
    Task<IReadOnlyDictionary<string, ConnectionId>> DomainsAsync(ISession session, OrganizationId organization);

    /// <summary>A domain that has a connection already is a key conflict.</summary>
    Task InsertDomainsAsync(ISession session, OrganizationId organization, ConnectionId connection, IReadOnlyCollection<string> domains);

    Task ClearDomainsAsync(ISession session, ConnectionId connection);
}

/// <summary>The sessions that began through a connection.</summary>
public interface IConnectionSessions
{
    /// <summary>Ends them all.</summary>
    Task EndAsync(ISession session, ConnectionId connection, DateTimeOffset now);
}
