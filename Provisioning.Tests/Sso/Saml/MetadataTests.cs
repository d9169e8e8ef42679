using System.Text;
using System.Xml.Linq;
using NUnit.Framework;
using Provisioning.Api.Hosting;
using Provisioning.Api.Sso.Saml;

namespace Provisioning.Tests.Sso.Saml;

/// <summary>Metadata of identity providers is read, the service's own written; certificates are looked at.</summary>
public sealed class MetadataTests : SamlFixture
{
    [Test]
    public void Metadata_of_an_identity_provider_is_read()
    {
        var read = Read(Descriptor(Key, Stranger));
        Assert.That((read.EntityId, read.SsoUrl, read.SloUrl, read.WantsSignedRequests), Is.EqualTo((Expected.Identity, "https://idp.example/sso", "https://idp.example/slo", true)));
        Assert.That(read.Certificates, Is.EqualTo(new[] { ConnectionCertificates.Text(Key.Certificate), ConnectionCertificates.Text(Stranger.Certificate) }), "two at once, for rollover");
    }

    [Test]
    public void One_identity_provider_among_entities_is_found()
    {
        var service = $"<md:EntityDescriptor xmlns:md=\"{SamlNames.Metadata}\" entityID=\"sp\"><md:SPSSODescriptor protocolSupportEnumeration=\"{SamlNames.Protocol}\"/></md:EntityDescriptor>";
        var read = Read($"<md:EntitiesDescriptor xmlns:md=\"{SamlNames.Metadata}\">{service}{Descriptor(Key)}</md:EntitiesDescriptor>");
        Assert.That(read.EntityId, Is.EqualTo(Expected.Identity));
    }

    [Test]
    public void What_is_wrong_with_metadata_is_said()
    {
        Problem("cannot be read", "<a");
        Problem("cannot be read", "<!DOCTYPE a><a/>");
        Problem("no SAML 2.0 identity provider", "<a/>");
        Problem("more than one", $"<md:EntitiesDescriptor xmlns:md=\"{SamlNames.Metadata}\">{Descriptor(Key)}{Descriptor(Key)}</md:EntitiesDescriptor>");
        Problem("validUntil", Descriptor(Key).Replace("entityID=", "validUntil=\"2026-11-25T11:59:59Z\" entityID=", StringComparison.Ordinal));
        Problem("HTTP-Redirect", Descriptor(Key).Replace(SamlNames.RedirectBinding, SamlNames.PostBinding, StringComparison.Ordinal));
        Problem("no certificate", Descriptor());
        Problem("no certificate", Descriptor(Key).Replace("use=\"signing\"", "use=\"encryption\"", StringComparison.Ordinal));
        Problem("not accepted", Descriptor(Key).Replace(ConnectionCertificates.Text(Key.Certificate), "AAAA", StringComparison.Ordinal));
        Problem("entityID", Descriptor(Key).Replace("entityID=", "id=", StringComparison.Ordinal));
    }

    [Test]
    public void A_certificate_is_read_as_PEM_or_base64_and_has_a_key_of_strength()
    {
        Assert.That(ConnectionCertificates.Read(Key.Certificate.ExportCertificatePem()).Value.RawData, Is.EqualTo(Key.Certificate.RawData));
        Assert.That(ConnectionCertificates.Read(ConnectionCertificates.Text(Key.Certificate)).Value.RawData, Is.EqualTo(Key.Certificate.RawData));
        using var weak = System.Security.Cryptography.RSA.Create(1024);
        using var certificate = new System.Security.Cryptography.X509Certificates.CertificateRequest(
            "CN=weak", weak, System.Security.Cryptography.HashAlgorithmName.SHA256, System.Security.Cryptography.RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(Now, Now.AddDays(1));
        Assert.That(ConnectionCertificates.Read(ConnectionCertificates.Text(certificate)).Error!.Detail, Does.Contain("too short"));
        foreach (var text in new[] { "", "nothing", "AAAA", Key.Rsa.ExportSubjectPublicKeyInfoPem(), new string('A', 20_000) })
            Assert.That(ConnectionCertificates.Read(text).IsOk, Is.False);
    }

    [Test]
    public void The_services_own_key_pair_survives_writing()
    {
        using var own = ConnectionCertificates.MakeOwn(Now);
        using var read = ConnectionCertificates.ReadOwn(ConnectionCertificates.WriteOwn(own));
        Assert.That((read.HasPrivateKey, read.Thumbprint), Is.EqualTo((true, own.Thumbprint)));
        var metadata = XElement.Parse(SamlMessages.Metadata(Expected.Service, Expected.Consumer, "https://service.example/slo", ConnectionCertificates.Text(read), true));
        Assert.That((string?)metadata.Attribute("entityID"), Is.EqualTo(Expected.Service));
        Assert.That((string?)metadata.Descendants(SamlNames.Md + "AssertionConsumerService").Single().Attribute("Location"), Is.EqualTo(Expected.Consumer));
        Assert.That(metadata.Descendants(SamlNames.Ds + "X509Certificate").Select(certificate => certificate.Value).Distinct().Single(), Is.EqualTo(ConnectionCertificates.Text(own)));
    }

    internal static string Descriptor(params SigningKey[] keys) => $"""
        <md:EntityDescriptor xmlns:md="{SamlNames.Metadata}" entityID="{Expected.Identity}"><!-- generated -->
          <md:IDPSSODescriptor WantAuthnRequestsSigned="true" protocolSupportEnumeration="{SamlNames.Protocol}">
            {string.Concat(keys.Select(key => $"<md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"{SamlNames.Signature}\"><ds:X509Data><ds:X509Certificate>{ConnectionCertificates.Text(key.Certificate)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"))}
            <md:SingleLogoutService Binding="{SamlNames.RedirectBinding}" Location="https://idp.example/slo"/>
            <md:SingleSignOnService Binding="{SamlNames.PostBinding}" Location="https://idp.example/post"/>
            <md:SingleSignOnService Binding="{SamlNames.RedirectBinding}" Location="https://idp.example/sso"/>
          </md:IDPSSODescriptor>
        </md:EntityDescriptor>
        """;

    private static ProviderMetadata Read(string xml)
    {
        var read = ProviderMetadataReader.Read(Encoding.UTF8.GetBytes(xml), Now);
        Assert.That(read.Error?.Detail, Is.Null);
        return read.Value;
    }

    private static void Problem(string part, string xml) =>
        Assert.That(ProviderMetadataReader.Read(Encoding.UTF8.GetBytes(xml), Now).Error?.Detail, Does.Contain(part));
}
