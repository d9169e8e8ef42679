using System.Security.Cryptography;
using System.Text;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;

namespace Provisioning.Core.SignIn;

/// <summary>A member's signed-in browser. The browser's secret is kept as its hash only.</summary>
/// <param name="Connection">Null: no identity provider vouched for the person, see <see cref="Recovery"/>.</param>
/// <param name="IndexHash">Of the identity provider's own session (<see cref="SignInSecret.HashIndex"/>).</param>
/// <param name="LogoutHint">What the identity provider wants back at sign-out, encrypted.</param>
public sealed record MemberSession(
    SessionId Id, OrganizationId Organization, MemberId Member, ConnectionId? Connection, byte[]? IndexHash, string? LogoutHint,
    DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? EndedAt, SessionEnd? EndReason)
{
    /// <summary>The one-time link that opened it: the session is for the administration only, and only while the member administers.</summary>
    public RecoveryLinkId? Recovery { get; init; }

    public bool IsOpen(DateTimeOffset now) => EndedAt is null && now < ExpiresAt;
}

/// <summary>Why a session ended.</summary>
public enum SessionEnd
{
    /// <summary>The person signed out.</summary>
    SignedOut,

    /// <summary>An application or an administrator ended it.</summary>
    Revoked,

    /// <summary>The identity provider ended it (back-channel or single logout).</summary>
    ProviderLogout,

    /// <summary>The member was suspended or removed, or lost the seat.</summary>
    AccessLost,

    /// <summary>The connection was switched off or removed.</summary>
    ConnectionOff,
}

/// <summary>A session and the member as they are at this moment.</summary>
/// <param name="InactiveReason">
/// Why the session gives nothing now: session_expired, session_ended, member_suspended, member_removed, seat_required, term_inactive, not_an_administrator; null: it is good.
/// </param>
/// <param name="ProductAccess">False for an owner or admin without a seat, who may administer (rules ROLE-4, SEAT-16).</param>
public sealed record SessionView(MemberSession Session, SeatedMember Member, string? InactiveReason, bool ProductAccess)
{
    public bool Active => InactiveReason is null;
}

/// <summary>A session that has just begun; its secrets exist only here and in the answer.</summary>
/// <param name="Cookie">For the browser.</param>
/// <param name="Code">For the application, single use; null when nobody is to be told.</param>
public sealed record StartedSession(MemberSession Session, string Cookie, string? Code);

/// <summary>Random secrets of sign-in, in unreserved characters, and their hashes.</summary>
public static class SignInSecret
{
    /// <summary>256 random bits.</summary>
    public static string New() => Text(RandomNumberGenerator.GetBytes(32));

    public static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    /// <summary>Of a text of the identity provider, of whatever length.</summary>
    public static byte[]? HashIndex(string? index) => index is null ? null : Hash(index);

    /// <summary>base64url without padding (RFC 7515 2).</summary>
    public static string Text(byte[] bytes) => Convert.ToBase64String(bytes).Replace('+', '-').Replace('/', '_').TrimEnd('=');
}
