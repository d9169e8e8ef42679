using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Provisioning.Api.Hosting;
using Provisioning.Core.Organizations;

namespace Provisioning.Api.Sso.Saml;

/// <summary>Looks whether a SAML connection would work, and says what is wrong in words an owner can act on.</summary>
internal sealed class SamlProbe(SamlParties parties, IProviderMetadata metadata, TimeProvider time) : IConnectionProbe
{
    private static readonly TimeSpan Soon = TimeSpan.FromDays(30);

    public ConnectionKind Kind => ConnectionKind.Saml;

    public async Task<IReadOnlyList<ConnectionCheck>> CheckAsync(Connection connection, string root, CancellationToken cancel)
    {
        if (connection.Settings is not SamlSettings settings || settings.IdpEntityId.Length == 0 || settings.SsoUrl.Length == 0 || settings.Certificates.Count == 0)
            return [new ConnectionCheck("settings", false, "The identity provider is not known yet: give saml.metadataXml or saml.metadataUrl, or idpEntityId, ssoUrl and certificates.")];
        var checks = new List<ConnectionCheck> { new("settings", true, $"The identity provider is {settings.IdpEntityId}."), Certificates(settings), OwnKey(connection), Email(connection) };
        if (settings.MetadataUrl is { Length: > 0 } address) checks.Add(await MetadataAsync(settings, new Uri(address), cancel));
        return checks;
    }

    private ConnectionCheck Certificates(SamlSettings settings)
    {
        var now = time.GetUtcNow();
        var all = settings.Certificates.Select(text => X509CertificateLoader.LoadCertificate(Convert.FromBase64String(text))).ToList();
        var good = all.Where(certificate => now >= certificate.NotBefore && now <= certificate.NotAfter).ToList();
        var text = string.Join("; ", all.Select(certificate => string.Create(CultureInfo.InvariantCulture,
            $"{certificate.NotBefore.ToUniversalTime():yyyy-MM-dd} to {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}")));
        if (good.Count == 0) return new ConnectionCheck("certificates", false, $"No signing certificate is valid today ({text}). Renew it in the identity provider and give the new one here.");
        return new ConnectionCheck("certificates", true, good.Max(certificate => certificate.NotAfter) - now < Soon
            ? $"The last signing certificate ends soon ({text}). Give the next one here beside it." : $"Signing certificates are valid: {text}.");
    }

    private ConnectionCheck OwnKey(Connection connection)
    {
        using var own = parties.OwnOf(connection);
        return own is null
            ? new ConnectionCheck("service_key", false, "The key pair of this service is missing or cannot be read with its key ring. Save the connection again, then give the identity provider the metadata again.")
            : new ConnectionCheck("service_key", true, string.Create(CultureInfo.InvariantCulture, $"The service signs and decrypts with a key of its own, until {own.NotAfter.ToUniversalTime():yyyy-MM-dd}."));
    }

    private static ConnectionCheck Email(Connection connection) => new("email", true, connection.TrustEmail
        ? "Addresses count as verified (trustEmail)."
        : "Addresses count as unverified (trustEmail is off): nobody is found or created by address.");

    private async Task<ConnectionCheck> MetadataAsync(SamlSettings settings, Uri address, CancellationToken cancel)
    {
        if (!(await metadata.FetchAsync(address, cancel)).Try(out var published, out var error)) return new ConnectionCheck("metadata", false, error.Detail);
        var differs = published.EntityId != settings.IdpEntityId ? "another entity id"
            : published.SsoUrl != settings.SsoUrl ? "another sign-in address"
            : published.Certificates.Except(settings.Certificates).Any() ? "a certificate that the connection does not have" : null;
        return differs is null
            ? new ConnectionCheck("metadata", true, "The published metadata says what the connection has.")
            : new ConnectionCheck("metadata", false, $"The identity provider publishes {differs}. Save the connection again to take it over.");
    }
}
