using System.Globalization;
using System.Xml.Linq;
using Provisioning.Core.Common;

namespace Provisioning.Api.Sso.Saml;

/// <summary>What an identity provider's metadata says (SAML Metadata 2.4.3) and a connection needs.</summary>
/// <param name="SsoUrl">Of the HTTP-Redirect binding.</param>
/// <param name="SloUrl">Of the HTTP-Redirect binding; null: no single logout.</param>
/// <param name="Certificates">For signing, base64 DER, in order.</param>
internal sealed record IdpMetadata(string EntityId, string SsoUrl, string? SloUrl, IReadOnlyList<string> Certificates, bool WantsSignedRequests)
{
    /// <summary>Signing certificates of a connection: one, and one that will replace it, with room for a provider that lists all its keys.</summary>
    public const int MostCertificates = 5;

    /// <summary>Reads an EntityDescriptor, or an EntitiesDescriptor in which one entity is an identity provider.</summary>
    /// <returns>Or <see cref="InvalidValue"/>, which says what is missing.</returns>
    public static Outcome<IdpMetadata> Read(ReadOnlySpan<byte> utf8, DateTimeOffset now)
    {
        if (!SamlXml.ParseValues(utf8).Try(out var root, out var error)) return new InvalidValue($"The metadata cannot be read: {error.Detail}");
        var providers = root.DescendantsAndSelf(SamlNames.Md + "EntityDescriptor").Where(entity => Role(entity) is not null).ToList();
        if (providers is not [var provider])
            return new InvalidValue(providers.Count == 0
                ? "The metadata describes no SAML 2.0 identity provider (EntityDescriptor with IDPSSODescriptor)."
                : "The metadata describes more than one identity provider; give the one of this connection.");
        if (provider.AncestorsAndSelf().Concat([Role(provider)!]).Select(Until).Any(until => until <= now))
            return new InvalidValue("The metadata is outdated (validUntil has passed); fetch it anew from the identity provider.");
        return Of(provider);
    }

    private static Outcome<IdpMetadata> Of(XElement provider)
    {
        var role = Role(provider)!;
        if ((string?)provider.Attribute("entityID") is not { Length: > 0 } entity || !TextKey.Fits(entity)) return new InvalidValue("The metadata has no entityID of at most 256 characters.");
        if (Location(role, "SingleSignOnService") is not { } sso) return new InvalidValue("The identity provider offers no sign-in by HTTP-Redirect, the binding that is used here.");
        var certificates = new List<string>();
        foreach (var text in role.Elements(SamlNames.Md + "KeyDescriptor").Where(key => (string?)key.Attribute("use") is null or "signing")
            .Descendants(SamlNames.Ds + "X509Certificate").Select(certificate => certificate.OnlyText() ?? ""))
        {
            if (!SamlCertificates.Read(text).Try(out var certificate, out var error)) return new InvalidValue($"The metadata has a certificate that is not accepted: {error.Detail}");
            using (certificate)
                if (SamlCertificates.Text(certificate) is var der && !certificates.Contains(der)) certificates.Add(der);
        }
        return certificates.Count switch
        {
            0 => new InvalidValue("The metadata has no certificate for signing."),
            > MostCertificates => new InvalidValue(string.Create(CultureInfo.InvariantCulture, $"The metadata has more than {MostCertificates} certificates for signing.")),
            _ => new IdpMetadata(entity, sso, Location(role, "SingleLogoutService"), certificates, (string?)role.Attribute("WantAuthnRequestsSigned") is "true" or "1"),
        };
    }

    private static XElement? Role(XElement entity) => entity.Elements(SamlNames.Md + "IDPSSODescriptor")
        .FirstOrDefault(role => ((string?)role.Attribute("protocolSupportEnumeration") ?? "").Split(' ').Contains(SamlNames.Protocol));

    private static string? Location(XElement role, string service) => (string?)role.Elements(SamlNames.Md + service)
        .FirstOrDefault(endpoint => (string?)endpoint.Attribute("Binding") == SamlNames.RedirectBinding)?.Attribute("Location");

    private static DateTimeOffset? Until(XElement element) =>
        XsdDateTime.TryParse((string?)element.Attribute("validUntil") ?? "", out var until) ? until : null;
}
