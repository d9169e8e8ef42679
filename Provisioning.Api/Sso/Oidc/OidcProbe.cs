using Provisioning.Api.Hosting;
using Provisioning.Core.Organizations;

namespace Provisioning.Api.Sso.Oidc;

/// <summary>Tries what a sign-in would need of an OpenID provider, short of a person.</summary>
public sealed class OidcProbe(OidcProviders providers, OidcClient client) : IConnectionProbe
{
    public ConnectionKind Kind => ConnectionKind.Oidc;

    public async Task<IReadOnlyList<ConnectionCheck>> CheckAsync(Connection connection, string root, CancellationToken cancel)
    {
        var settings = (OidcSettings)connection.Settings!;
        var (metadata, keys) = await providers.LookAsync(settings.Issuer, cancel);
        if (!metadata.Try(out var found, out var error)) return [new ConnectionCheck("discovery", false, error.Detail)];
        var checks = new List<ConnectionCheck> { new("discovery", true, $"The provider describes itself; people sign in at {found.AuthorizationEndpoint.Host}.") };
        if (!keys!.Value.Try(out var published, out error)) return [.. checks, new ConnectionCheck("keys", false, error.Detail)];
        checks.Add(published.Count > 0
            ? new ConnectionCheck("keys", true, FormattableString.Invariant($"The provider publishes {published.Count} usable signing keys."))
            : new ConnectionCheck("keys", false, "The provider publishes no usable signing key: RSA of at least 2048 bits, or EC P-256, P-384, P-521."));
        checks.Add(await ClientAsync(connection, settings, found, root, cancel));
        return checks;
    }

    private async Task<ConnectionCheck> ClientAsync(
        Connection connection, OidcSettings settings, OidcMetadata metadata, string root, CancellationToken cancel)
    {
        var method = Core.Common.Words.Text(settings.TokenEndpointAuthMethod);
        if (metadata.TokenEndpointAuthMethods.Count > 0 && !metadata.TokenEndpointAuthMethods.Contains(method))
            return new ConnectionCheck("client", false, $"The provider does not take {method}; it takes {string.Join(", ", metadata.TokenEndpointAuthMethods.Take(10).Select(OidcClient.Word))}.");
        var asked = await client.ProbeClientAsync(connection, metadata, $"{root}/sso/oidc/{connection.Id}/callback", cancel);
        if (!asked.Try(out var code, out var error)) return new ConnectionCheck("client", false, error.Detail);
        var what = settings.TokenEndpointAuthMethod switch
        {
            ClientAuthentication.PrivateKeyJwt => $"the client id and the key of {root}/sso/oidc/{connection.Id}/keys",
            ClientAuthentication.None => "the client id",
            _ => "the client id and secret",
        };
        return code is "invalid_client" or "unauthorized_client"
            ? new ConnectionCheck("client", false, $"The provider does not accept {what} ({code}).")
            : new ConnectionCheck("client", true, $"The provider accepts {what} (it answered {code} to a code that cannot be good).");
    }
}
