using System.Security.Cryptography;
using System.Text;
using Provisioning.Core.Common;

namespace Provisioning.Core.Organizations;

/// <summary>A bearer token's row. The secret itself is shown once and kept only as its hash.</summary>
/// <param name="Role">For the admin door: what its bearer may do; null for a personal token.</param>
/// <param name="Member">A personal token: it acts as this member, with the member's role of that moment, and only while the member is active.</param>
/// <param name="LastUsedAt">Coarse: written every few minutes.</param>
public sealed record AccessToken(
    TokenId Id, OrganizationId Organization, Door Door, Role? Role, string Name, DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt, MemberId? Member = null, DateTimeOffset? LastUsedAt = null)
{
    public bool IsValid(DateTimeOffset now) => RevokedAt is null && (ExpiresAt is null || now < ExpiresAt);
}

/// <summary>Makes and hashes token secrets.</summary>
public static class TokenSecret
{
    /// <summary>256 random bits; the prefix names the door, so that a leaked secret can be recognised by scanners.</summary>
    public static string New(Door door) =>
        $"prv_{Words.Text(door)}_" + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).Replace('+', '-').Replace('/', '_').TrimEnd('=');

    /// <summary>SHA-256: enough for a secret of 256 random bits, and fast enough for every request.</summary>
    public static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    /// <summary>Compares in fixed time.</summary>
    public static bool Matches(string secret, byte[] hash) => CryptographicOperations.FixedTimeEquals(Hash(secret), hash);
}

/// <summary>A token together with the organisation it decides.</summary>
/// <param name="Role">For the admin door: what the bearer may do now. Null also for the personal token of a member who is not active.</param>
public sealed record TokenGrant(AccessToken Token, Organization Organization, Role? Role)
{
    public bool IsValid(DateTimeOffset now) => Token.IsValid(now) && (Token.Member is null || Role is not null);
}
