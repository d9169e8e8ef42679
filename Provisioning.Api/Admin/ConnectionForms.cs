using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Admin;

/// <summary>An OpenID provider as owners see it: never the secret.</summary>
/// <param name="RedirectUri">To be registered at the provider, with the two others.</param>
/// <param name="JwksUri">With private_key_jwt: the public keys of this service, to be registered too; else null.</param>
/// <param name="CertificateUri">With private_key_jwt: the newest of them as a certificate, for providers that take an upload; else null.</param>
public sealed record OidcForm(
    string Issuer, string ClientId, bool HasClientSecret, string TokenEndpointAuthMethod, IReadOnlyList<string> Scopes, OidcClaims Claims,
    string RedirectUri, string BackChannelLogoutUri, string PostLogoutRedirectUri, string? JwksUri, string? CertificateUri);

/// <summary>A SAML identity provider as owners see it.</summary>
/// <param name="MetadataUri">Of this service, to be given to the provider.</param>
public sealed record SamlForm(
    string IdpEntityId, string SsoUrl, string? SloUrl, IReadOnlyList<string> Certificates, SamlAttributes Attributes, bool SignAuthnRequests,
    bool AllowIdpInitiated, string? NameIdFormat, string? MetadataUrl, string SpEntityId, string AcsUri, string SloUri, string MetadataUri);

/// <summary>A connection; <see cref="Oidc"/> or <see cref="Saml"/> by its kind.</summary>
/// <param name="StartUri">Where a sign-in through it begins; add <c>return_to</c>.</param>
public sealed record ConnectionForm(
    string Id, string Name, string Kind, bool Enabled, bool IsDefault, bool TrustEmail, string? ExternalIdClaim, IReadOnlyList<string> Domains,
    OidcForm? Oidc, SamlForm? Saml, string? StartUri, string CreatedAt, string UpdatedAt, long Version)
{
    public static ConnectionForm ToApi(RoutedConnection routed, string root, string slug)
    {
        var connection = routed.Connection;
        return new ConnectionForm(
            connection.Id.ToString(), connection.Name, Words.Text(connection.Kind), connection.Enabled, connection.IsDefault, connection.TrustEmail,
            connection.ExternalIdClaim, routed.Domains, OidcOf(connection, root), SamlOf(connection, root),
            connection.Settings is null ? null : $"{root}/sso/{slug}/start?connection={connection.Id}",
            Instants.Text(connection.CreatedAt), Instants.Text(connection.UpdatedAt), connection.Version);
    }

    private static OidcForm? OidcOf(Connection connection, string root)
    {
        if (connection.Settings is not OidcSettings settings) return null;
        var (own, hasKey) = ($"{root}/sso/oidc/{connection.Id}", settings.TokenEndpointAuthMethod == ClientAuthentication.PrivateKeyJwt);
        return new OidcForm(
            settings.Issuer, settings.ClientId, connection.ProtectedSecret is not null && !hasKey, Words.Text(settings.TokenEndpointAuthMethod), settings.Scopes,
            settings.Claims, $"{own}/callback", $"{own}/back-channel-logout", $"{root}/sso/signed-out", hasKey ? $"{own}/keys" : null, hasKey ? $"{own}/certificate" : null);
    }

    private static SamlForm? SamlOf(Connection connection, string root) => connection.Settings is not SamlSettings settings ? null : new SamlForm(
        settings.IdpEntityId, settings.SsoUrl, settings.SloUrl, settings.Certificates, settings.Attributes, settings.SignAuthnRequests,
        settings.AllowIdpInitiated, settings.NameIdFormat, settings.MetadataUrl, $"{root}/sso/saml/{connection.Id}/metadata",
        $"{root}/sso/saml/{connection.Id}/acs", $"{root}/sso/saml/{connection.Id}/slo", $"{root}/sso/saml/{connection.Id}/metadata");
}

/// <summary>The keys of this service at one provider.</summary>
/// <param name="Keys">The one that signs, and perhaps the next one.</param>
public sealed record ConnectionKeysForm(IReadOnlyList<ConnectionKeyForm> Keys, long Version);

/// <param name="Use"><c>signing</c>, or <c>next</c>: published, and not used yet.</param>
/// <param name="Certificate">PEM.</param>
public sealed record ConnectionKeyForm(string Kid, string Use, string Certificate);

public sealed record ConnectionsForm(IReadOnlyList<ConnectionForm> Connections, string? NextCursor);

/// <summary>Whether a sign-in could begin now, and what was looked at.</summary>
public sealed record ConnectionTestForm(bool Ok, IReadOnlyList<ConnectionCheck> Checks);

/// <param name="RecoveryLinks">Whether owners and admins may have a one-time link to the administration sent to them.</param>
public sealed record SignInSettingsForm(IReadOnlyList<string> ReturnTo, bool RecoveryLinks)
{
    public static SignInSettingsForm ToApi(SignInSettings settings) => new(settings.ReturnTo, settings.RecoveryLinks);
}

/// <summary>A session as administrators and applications see it.</summary>
/// <param name="AdministrationOnly">Opened by a one-time link, without an identity provider.</param>
public sealed record SessionForm(
    string Id, string MemberId, string? ConnectionId, string CreatedAt, string ExpiresAt, string? EndedAt, string? EndReason, bool AdministrationOnly)
{
    public static SessionForm ToApi(MemberSession session) => new(
        session.Id.ToString(), session.Member.ToString(), session.Connection?.ToString(), Instants.Text(session.CreatedAt), Instants.Text(session.ExpiresAt),
        MemberForm.Optional(session.EndedAt), session.EndReason is { } reason ? Words.Text(reason) : null, session.Recovery is not null);
}

public sealed record SessionsForm(IReadOnlyList<SessionForm> Sessions, string? NextCursor);

/// <summary>A session and what its member may use at this moment.</summary>
/// <param name="InactiveReason">With <c>active: false</c>: session_expired, session_ended, member_suspended, member_removed, seat_required, term_inactive, not_an_administrator.</param>
public sealed record SessionStateForm(
    string SessionId, bool Active, string? InactiveReason, string MemberId, string UserName, string? Email, string? DisplayName, string Role, string? Tier,
    bool ProductAccess, System.Text.Json.Nodes.JsonObject Features, string ExpiresAt);

/// <param name="Link">Null in the answer to a repeated request: nobody knows it any more.</param>
public sealed record RecoveryLinkForm(string Id, string MemberId, string? Link, string ExpiresAt, bool SecretShown);
