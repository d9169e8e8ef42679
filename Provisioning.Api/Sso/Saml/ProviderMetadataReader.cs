using System.Globalization;
using System.Text;
using System.Xml.Linq;
using Provisioning.Api.Hosting;
using Provisioning.Core.Common;

namespace Provisioning.Api.Sso.Saml;

/// <summary>Reads an identity provider's metadata (SAML Metadata 2.4.3): an EntityDescriptor, or an EntitiesDescriptor with one provider.</summary>
internal sealed class ProviderMetadataReader(OutboundHttp http, TimeProvider time) : IProviderMetadata
{
    /// <summary>Signing certificates of a connection: one, and one that will replace it, with room for a provider that lists all its keys.</summary>
    private const int MostCertificates = 4;

    public Outcome<ProviderMetadata> Read(string xml) => Read(Encoding.UTF8.GetBytes(xml), time.GetUtcNow());

    public async Task<Outcome<ProviderMetadata>> FetchAsync(Uri address, CancellationToken cancel)
    {
        var fetched = await http.GetAsync(address, "application/samlmetadata+xml, application/xml, text/xml;q=0.9, */*;q=0.1", cancel, mostBytes: SamlXml.MostBytes);
        return fetched.Then(answer => answer.IsSuccess
            ? Read(answer.Body, time.GetUtcNow())
            : new InvalidValue(string.Create(CultureInfo.InvariantCulture, $"{address.Host} answered {answer.Status} instead of the metadata.")));
    }

    internal static Outcome<ProviderMetadata> Read(ReadOnlySpan<byte> utf8, DateTimeOffset now)
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

    private static Outcome<ProviderMetadata> Of(XElement provider)
    {
        var role = Role(provider)!;
        if ((string?)provider.Attribute("entityID") is not { Length: > 0 and <= 1024 } entity) return new InvalidValue("The metadata has no entityID of at most 1024 characters.");
        if (Location(role, "SingleSignOnService") is not { } sso) return new InvalidValue("The identity provider offers no sign-in by HTTP-Redirect, the binding that is used here.");
        var certificates = new List<string>();
        foreach (var text in role.Elements(SamlNames.Md + "KeyDescriptor").Where(key => (string?)key.Attribute("use") is null or "signing")
            .Descendants(SamlNames.Ds + "X509Certificate").Select(certificate => certificate.OnlyText() ?? ""))
        {
            if (!ConnectionCertificates.Read(text).Try(out var certificate, out var error)) return new InvalidValue($"The metadata has a certificate that is not accepted: {error.Detail}");
            using (certificate)
                if (ConnectionCertificates.Text(certificate) is var der && !certificates.Contains(der)) certificates.Add(der);
        }
        return certificates.Count switch
        {
            0 => new InvalidValue("The metadata has no certificate for signing."),
            > MostCertificates => new InvalidValue(string.Create(CultureInfo.InvariantCulture, $"The metadata has more than {MostCertificates} certificates for signing.")),
            _ => new ProviderMetadata(entity, sso, Location(role, "SingleLogoutService"), certificates, (string?)role.Attribute("WantAuthnRequestsSigned") is "true" or "1"),
        };
    }

    private static XElement? Role(XElement entity) => entity.Elements(SamlNames.Md + "IDPSSODescriptor")
        .FirstOrDefault(role => ((string?)role.Attribute("protocolSupportEnumeration") ?? "").Split(' ').Contains(SamlNames.Protocol));

    private static string? Location(XElement role, string service) => (string?)role.Elements(SamlNames.Md + service)
        .FirstOrDefault(endpoint => (string?)endpoint.Attribute("Binding") == SamlNames.RedirectBinding)?.Attribute("Location");

    private static DateTimeOffset? Until(XElement element) =>
        XsdDateTime.TryParse((string?)element.Attribute("validUntil") ?? "", out var until) ? until : null;
}
