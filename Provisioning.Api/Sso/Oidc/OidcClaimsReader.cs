using System.Text.Json.Nodes;
using Provisioning.Api.Sso.Oidc.Tokens;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Sso.Oidc;

/// <summary>Claims that were verified, as an assertion about a person; pure.</summary>
public static class OidcClaimsReader
{
    private const int MostGroups = 5000;

    /// <summary>Whether the ID token leaves out what the userinfo endpoint may have.</summary>
    /// <param name="needsGroups">Groups decide who comes in: a token without the claim does not say that there are none.</param>
    public static bool IsIncomplete(OidcSettings settings, JsonObject claims, bool needsGroups) =>
        ClaimText.Of(claims, settings.Claims.Email) is null || NameOf(settings, claims) is null
        || (needsGroups && !claims.ContainsKey(settings.Claims.Groups));

    /// <param name="claims">Of the ID token.</param>
    /// <param name="more">Of the userinfo endpoint, about the same subject; the ID token's word goes first.</param>
    /// <param name="unread">The userinfo endpoint was asked and did not answer: what it would have said is not known.</param>
    public static LoginAssertion Read(Connection connection, JsonObject claims, JsonObject? more, bool unread, string idToken)
    {
        var settings = (OidcSettings)connection.Settings!;
        // The address and the word about it come from one place: a verified address must not vouch for another one.
        var source = more is not null && ClaimText.Of(claims, settings.Claims.Email) is null ? more : claims;
        var groups = ClaimText.Many(claims, settings.Claims.Groups);
        if (groups.Count == 0 && more is not null) groups = ClaimText.Many(more, settings.Claims.Groups);
        return new LoginAssertion(
            connection, ClaimText.Of(claims, "sub")!, Usable(ClaimText.Of(source, settings.Claims.Email)), VerifiedOf(settings.Claims, source),
            Usable(NameOf(settings, claims) ?? (more is null ? null : NameOf(settings, more))),
            [.. groups.Where(group => TextKey.Fits(group)).Distinct().Take(MostGroups)],
            settings.Claims.ExternalId is not { } claim ? null : Usable(ClaimText.Of(claims, claim) ?? (more is null ? null : ClaimText.Of(more, claim))),
            ClaimText.Of(claims, "sid"), ClaimText.Instant(claims, "auth_time"), idToken)
        {
            GroupsHidden = groups.Count == 0 && (HidesGroups(settings, claims) || (more is not null && HidesGroups(settings, more))
                || (unread && !claims.ContainsKey(settings.Claims.Groups))),
        };
    }

    /// <summary>Distributed claims (Core 5.6.2), as Entra writes a person of more than 200 groups: <c>"_claim_names":{"groups":"src1"}</c>.</summary>
    private static bool HidesGroups(OidcSettings settings, JsonObject claims) =>
        claims["_claim_names"] is JsonObject elsewhere && elsewhere.ContainsKey(settings.Claims.Groups);

    /// <summary><c>email_verified</c> speaks of <c>email</c> and of no other claim (Core 5.1).</summary>
    private static bool? VerifiedOf(OidcClaims names, JsonObject claims) =>
        names.EmailVerified == OidcClaims.Default.EmailVerified && names.Email != OidcClaims.Default.Email ? null : ClaimText.Flag(claims, names.EmailVerified);

    private static string? NameOf(OidcSettings settings, JsonObject claims)
    {
        if (ClaimText.Of(claims, settings.Claims.Name) is { } name) return name;
        var parts = ((string[])["given_name", "family_name"]).Select(part => ClaimText.Of(claims, part)).OfType<string>().ToList();
        return parts.Count == 0 ? null : string.Join(' ', parts);
    }

    private static string? Usable(string? text) => text is not null && TextKey.Fits(text) ? text : null;
}
