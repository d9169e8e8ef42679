using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Sso.Oidc.Tokens;

/// <summary>What a token must say, once its signature is verified; pure.</summary>
public static class TokenRules
{
    /// <summary>How far the clocks of two machines may be apart.</summary>
    public static readonly TimeSpan Skew = TimeSpan.FromSeconds(60);

    private const string LogoutEvent = "http://schemas.openid.net/event/backchannel-logout";

    /// <summary>OpenID Connect Core 3.1.3.7. Null when the ID token may be believed.</summary>
    /// <param name="accessToken">What came with it; compared where the token carries <c>at_hash</c> (3.1.3.6).</param>
    public static Error? CheckIdToken(SignedToken token, string issuer, string clientId, string nonce, string? accessToken, DateTimeOffset now)
    {
        var claims = token.Claims;
        // An access token of the same provider may be signed with the same key (RFC 9068 2.1): it is none of ours to believe.
        if (token.Type is { } type && !type.Equals("JWT", StringComparison.OrdinalIgnoreCase)) return Refused("This token is no ID token (typ).");
        if (CheckIssuerAndAudience(claims, issuer, clientId) is { } wrong) return wrong;
        if (CheckTimes(claims, now) is { } late) return late;
        if (ClaimText.Of(claims, "nonce") is not { } given || !Same(given, nonce)) return Refused("The ID token belongs to another sign-in (nonce).");
        if (ClaimText.Of(claims, "sub") is not { } subject || !TextKey.Fits(subject)) return Refused("The ID token names no subject, or one that is too long (sub).");
        if (claims["at_hash"] is not null && (accessToken is null || ClaimText.Of(claims, "at_hash") is not { } hash || !Same(hash, HalfHash(token.Algorithm, accessToken))))
            return Refused("The ID token does not belong to the access token (at_hash).");
        return null;
    }

    /// <summary>OpenID Connect Back-Channel Logout 1.0, 2.6. Null when the logout token may be believed; one-time use is checked by the caller.</summary>
    public static Error? CheckLogoutToken(SignedToken token, string issuer, string clientId, DateTimeOffset now)
    {
        var claims = token.Claims;
        if (token.Type is { } type && !type.Equals("JWT", StringComparison.OrdinalIgnoreCase) && !type.Equals("logout+jwt", StringComparison.OrdinalIgnoreCase))
            return Refused("This token is no logout token (typ).");
        if (CheckIssuerAndAudience(claims, issuer, clientId) is { } wrong) return wrong;
        if (CheckTimes(claims, now) is { } late) return late;
        if (claims.ContainsKey("nonce")) return Refused("A logout token carries no nonce; this may be an ID token.");
        if (claims["events"] is not JsonObject events || events[LogoutEvent] is not JsonObject) return Refused("The token names no logout event (events).");
        if (ClaimText.Of(claims, "jti") is null) return Refused("The logout token has no id (jti).");
        if (ClaimText.Of(claims, "sub") is null && ClaimText.Of(claims, "sid") is null) return Refused("The logout token names neither a subject nor a session.");
        return null;
    }

    private static Unprocessable? CheckIssuerAndAudience(JsonObject claims, string issuer, string clientId)
    {
        if (ClaimText.Of(claims, "iss") != issuer) return Refused("The token was issued by somebody else (iss).");
        var audience = ClaimText.Many(claims, "aud");
        if (!audience.Contains(clientId)) return Refused("The token is for somebody else (aud).");
        if (claims["azp"] is not null && ClaimText.Of(claims, "azp") != clientId) return Refused("The token was given to somebody else (azp).");
        return audience.Count > 1 && claims["azp"] is null ? Refused("The token is for several, and does not say to whom it was given (azp).") : null;
    }

    private static Unprocessable? CheckTimes(JsonObject claims, DateTimeOffset now)
    {
        if (ClaimText.Instant(claims, "exp") is not { } expires || expires <= now - Skew) return Refused("The token has expired (exp).");
        if (ClaimText.Instant(claims, "iat") is not { } issued || issued > now + Skew) return Refused("The token was issued in the future (iat); compare the clocks.");
        if (claims["nbf"] is not null && (ClaimText.Instant(claims, "nbf") is not { } starts || starts > now + Skew)) return Refused("The token is not valid yet (nbf).");
        return null;
    }

    private static string HalfHash(SigningAlgorithm algorithm, string accessToken)
    {
        var hash = algorithm.HashData(Encoding.ASCII.GetBytes(accessToken));
        return SignInSecret.Text(hash[..(hash.Length / 2)]);
    }

    private static bool Same(string given, string expected) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(expected));

    private static Unprocessable Refused(string detail) => SignedToken.Refused(detail);
}
