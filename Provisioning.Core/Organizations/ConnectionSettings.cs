using System.Text.Json;
using System.Text.Json.Serialization;

namespace Provisioning.Core.Organizations;

/// <summary>What a connection of a kind needs to know of its identity provider; kept as JSON. Secrets are not part of it.</summary>
public abstract record ConnectionSettings
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    public static string? Write(ConnectionSettings? settings) =>
        settings is null ? null : JsonSerializer.Serialize(settings, settings.GetType(), Json);

    public static ConnectionSettings? Read(ConnectionKind kind, string? text) => (kind, text) switch
    {
        (ConnectionKind.Oidc, { } json) => JsonSerializer.Deserialize<OidcSettings>(json, Json),
        (ConnectionKind.Saml, { } json) => JsonSerializer.Deserialize<SamlSettings>(json, Json),
        _ => null,
    };
}

/// <summary>How the service proves itself at the token endpoint (OpenID Connect Core 9).</summary>
public enum ClientAuthentication { ClientSecretBasic, ClientSecretPost, PrivateKeyJwt, None }

/// <summary>An OpenID provider (OpenID Connect Core 1.0).</summary>
/// <param name="Issuer">Exactly as the provider writes it in its tokens.</param>
/// <param name="Scopes">Asked for in addition to <c>openid</c>.</param>
public sealed record OidcSettings(
    string Issuer, string ClientId, ClientAuthentication TokenEndpointAuthMethod, IReadOnlyList<string> Scopes, OidcClaims Claims) : ConnectionSettings
{
    public static readonly IReadOnlyList<string> DefaultScopes = ["email", "profile"];
}

/// <summary>Names of the claims that say who somebody is.</summary>
/// <param name="EmailVerified">A true here makes the address verified (Entra: <c>xms_edov</c>).</param>
/// <param name="ExternalId">The claim that equals the directory's externalId (Okta: <c>sub</c>, Entra: <c>oid</c>); null for none.</param>
public sealed record OidcClaims(string Email, string EmailVerified, string Name, string Groups, string? ExternalId)
{
    public static readonly OidcClaims Default = new("email", "email_verified", "name", "groups", null);
}

/// <summary>A SAML 2.0 identity provider.</summary>
/// <param name="IdpEntityId">Exactly as the provider writes it as Issuer.</param>
/// <param name="SsoUrl">Where AuthnRequests go (HTTP-Redirect).</param>
/// <param name="SloUrl">Where LogoutRequests go; null: sign-out stays here.</param>
/// <param name="Certificates">Signing certificates, base64 DER; two while one replaces the other.</param>
/// <param name="MetadataUrl">Where the provider publishes the fields above; null when they were given by hand.</param>
public sealed record SamlSettings(
    string IdpEntityId, string SsoUrl, string? SloUrl, IReadOnlyList<string> Certificates, SamlAttributes Attributes, bool SignAuthnRequests,
    bool AllowIdpInitiated, string? NameIdFormat, string? MetadataUrl) : ConnectionSettings;

/// <summary>Names of the attributes that say who somebody is; null: the usual names of the usual providers.</summary>
public sealed record SamlAttributes(string? Email, string? Name, string? Groups, string? ExternalId)
{
    public static readonly SamlAttributes Default = new(null, null, null, null);
}
