using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;

namespace Provisioning.Api.Admin;

/// <summary>
/// Reads the SAML part of a connection. What the provider's metadata says, sent as text or fetched, takes the place of the fields: so saving
/// a connection again takes over a new certificate.
/// </summary>
internal sealed class SamlFields(OutboundAddress addresses, IProviderMetadata metadata)
{
    private const int MostCertificates = 4, LongestMetadata = 512 * 1024;

    private static readonly string[] NameIdFormats =
    [
        "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
        "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
    ];

    /// <param name="enabled">A connection that is off may be saved before the provider is known: the provider wants our addresses first.</param>
    public async Task<Outcome<SamlSettings>> ReadAsync(JsonFields fields, bool enabled, CancellationToken cancel)
    {
        var xml = fields.OptionalText("metadataXml", LongestMetadata);
        var url = ConnectionFields.Url(fields, "metadataUrl", required: false, addresses);
        var required = enabled && xml is null && url is null;
        var entity = required ? fields.Text("idpEntityId", 1024) : fields.OptionalText("idpEntityId", 1024) ?? "";
        var sso = ConnectionFields.Url(fields, "ssoUrl", required, addresses) ?? "";
        var slo = ConnectionFields.Url(fields, "sloUrl", required: false, addresses);
        var certificates = fields.Texts("certificates", MostCertificates).Select(text => Certificate(fields, text)).Distinct().ToList();
        if (required && certificates.Count == 0)
            fields.Refuse("'saml.certificates' is required: the provider's signing certificate, two while one replaces the other; or give 'saml.metadataXml' or 'saml.metadataUrl'.");
        var format = fields.OptionalText("nameIdFormat");
        if (format is not (null or "") && !NameIdFormats.Contains(format)) fields.Refuse($"'saml.nameIdFormat' must be one of {string.Join(", ", NameIdFormats)}; or null: as the provider is set.");
        var signs = fields.OptionalFlag("signAuthnRequests");
        var settings = new SamlSettings(
            entity, sso, slo, certificates, Attributes(fields), signs ?? false, fields.OptionalFlag("allowIdpInitiated") ?? false,
            format is "" ? null : format, url);
        if (fields.Problem is not null || (xml is null && url is null)) return settings;
        var read = xml is not null ? metadata.Read(xml) : await metadata.FetchAsync(new Uri(url!), cancel);
        return read.Then(provider => Complete(settings, provider, signs));
    }

    private Outcome<SamlSettings> Complete(SamlSettings settings, ProviderMetadata provider, bool? signs)
    {
        foreach (var address in new[] { provider.SsoUrl, provider.SloUrl }.OfType<string>())
            if (!addresses.IsAddress(address)) return new InvalidValue("The metadata has an address that is no https address without user name.");
        return settings with
        {
            IdpEntityId = provider.EntityId, SsoUrl = provider.SsoUrl, SloUrl = provider.SloUrl, Certificates = provider.Certificates,
            SignAuthnRequests = signs ?? provider.WantsSignedRequests,
        };
    }

    private static SamlAttributes Attributes(JsonFields fields)
    {
        if (fields.OptionalObject("attributes") is not { } names) return SamlAttributes.Default;
        var read = new SamlAttributes(
            names.OptionalText("email"), names.OptionalText("name"), names.OptionalText("groups"), names.OptionalText("externalId"));
        fields.Check(names);
        return read;
    }

    /// <summary>PEM or base64 DER, kept as base64 DER.</summary>
    private static string Certificate(JsonFields fields, string text)
    {
        if (!ConnectionCertificates.Read(text).Try(out var certificate, out var error))
        {
            fields.Refuse($"'saml.certificates' has one that is not accepted: {error.Detail}");
            return "";
        }
        using (certificate) return ConnectionCertificates.Text(certificate);
    }
}
