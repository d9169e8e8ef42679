using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.SignIn;

/// <summary>Sessions, and the one-time codes by which applications learn of them.</summary>
public interface ISessionStore
{
    /// <summary>Locks the member's seat until the commit: who is about to lose it waits, and then ends the session inserted here too.</summary>
    Task LockMemberAsync(ISession session, OrganizationId organization, MemberId member);

    Task InsertAsync(ISession session, MemberSession added, string subject, byte[] cookieHash);

    Task<MemberSession?> FindAsync(ISession session, OrganizationId organization, SessionId id);

    Task<MemberSession?> FindByCookieAsync(ISession session, byte[] cookieHash);

    /// <summary>Newest first.</summary>
    Task<Page<MemberSession>> ListAsync(ISession session, OrganizationId organization, MemberId member, byte[]? after, int limit);

    /// <summary>False when it had ended already, or is none of the organisation.</summary>
    Task<bool> EndAsync(ISession session, OrganizationId organization, SessionId id, SessionEnd reason, DateTimeOffset now);

    /// <summary>
    /// Open sessions of the subject, or of the provider's session; with both, those of the subject that are of this session or of none that
    /// was named. At most <paramref name="limit"/>.
    /// </summary>
    Task<IReadOnlyList<MemberSession>> FindOpenAsync(ISession session, ConnectionId connection, string? subject, byte[]? indexHash, int limit);

    Task InsertCodeAsync(ISession session, OrganizationId organization, SessionId id, byte[] codeHash, DateTimeOffset expiresAt);

    /// <summary>The session of a code that was good until now; null for one that is unknown, used or expired.</summary>
    Task<SessionId?> UseCodeAsync(ISession session, OrganizationId organization, byte[] codeHash, DateTimeOffset now);

    /// <summary>Deletes codes, flows and replay rows past their time, and sessions that were over before <paramref name="sessionsBefore"/>; answers how many.</summary>
    Task<int> DeleteOldAsync(ISession session, DateTimeOffset now, DateTimeOffset sessionsBefore, int limit);
}

/// <summary>Sign-ins under way, and what may be used once.</summary>
public interface IFlowStore
{
    Task InsertAsync(ISession session, SignInFlow flow);

    Task<SignInFlow?> FindAsync(ISession session, byte[] stateHash);

    /// <summary>Keeps the answer of a flow that has none, was not taken and has not expired; false otherwise.</summary>
    Task<bool> AnswerAsync(ISession session, byte[] stateHash, string answer, DateTimeOffset now);

    /// <summary>Takes a flow that was not taken and has not expired; false otherwise.</summary>
    Task<bool> TakeAsync(ISession session, byte[] stateHash, DateTimeOffset now);

    /// <summary>False when the key was used at this connection before.</summary>
    Task<bool> UseOnceAsync(ISession session, ConnectionId connection, byte[] keyHash, DateTimeOffset expiresAt);
}

/// <summary>Where the people of an organisation may be sent after a sign-in.</summary>
public interface ISignInSettingsStore
{
    Task<SignInSettings> FindAsync(ISession session, OrganizationId organization);

    /// <summary>False when the version was not current.</summary>
    Task<bool> SaveAsync(ISession session, OrganizationId organization, SignInSettings settings);
}
