using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Security.Cryptography.Xml;
using System.Text;
using System.Xml;
using Provisioning.Api.Sso.Saml;

namespace Provisioning.Tests.Sso.Saml;

/// <summary>A key of an identity provider of the tests. It signs with the platform's own SignedXml, so that signer and verifier share nothing but the standard.</summary>
internal sealed class SigningKey : IDisposable
{
    public const string RsaSha256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", Sha256 = "http://www.w3.org/2001/04/xmlenc#sha256";

    private readonly AsymmetricAlgorithm key;

    private SigningKey(AsymmetricAlgorithm key, CertificateRequest request, DateTimeOffset from, DateTimeOffset until)
    {
        this.key = key;
        using var made = request.CreateSelfSigned(from, until);
        Certificate = X509CertificateLoader.LoadCertificate(made.RawData);
    }

    public X509Certificate2 Certificate { get; }

    public RSA Rsa => (RSA)key;

    public static SigningKey Make(DateTimeOffset from, DateTimeOffset until)
    {
        var rsa = RSA.Create(2048);
        return new SigningKey(rsa, new CertificateRequest("CN=idp", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), from, until);
    }

    public static SigningKey MakeCurve(DateTimeOffset from, DateTimeOffset until)
    {
        var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new SigningKey(ecdsa, new CertificateRequest("CN=idp", ecdsa, HashAlgorithmName.SHA256), from, until);
    }

    /// <summary>Signs an element and puts the signature behind its issuer.</summary>
    public XmlElement Sign(XmlDocument document, string id, Action<SignedXml, Reference>? change = null, string method = RsaSha256)
    {
        var element = Find(document, id);
        var signed = new SignedXml(document) { SigningKey = key };
        signed.SignedInfo!.CanonicalizationMethod = SignedXml.XmlDsigExcC14NTransformUrl;
        signed.SignedInfo.SignatureMethod = method;
        var reference = new Reference("#" + id) { DigestMethod = Sha256 };
        reference.AddTransform(new XmlDsigEnvelopedSignatureTransform());
        reference.AddTransform(new XmlDsigExcC14NTransform());
        change?.Invoke(signed, reference);
        signed.AddReference(reference);
        signed.KeyInfo = new KeyInfo();
        signed.KeyInfo.AddClause(new KeyInfoX509Data(Certificate));
        signed.ComputeSignature();
        return Insert(document, element, signed.GetXml());
    }

    /// <summary>The platform signs no ECDSA into XML by itself: the same steps by hand.</summary>
    public XmlElement SignByCurve(XmlDocument document, string id)
    {
        var element = Find(document, id);
        var digest = Convert.ToBase64String(SHA256.HashData(SamlXml.Canonical(element)));
        var signature = Said.Load($"""
            <ds:Signature xmlns:ds="{SamlNames.Signature}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{SamlNames.ExclusiveC14N}"/><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"/><ds:Reference URI="#{id}"><ds:Transforms><ds:Transform Algorithm="{SamlNames.Enveloped}"/><ds:Transform Algorithm="{SamlNames.ExclusiveC14N}"/></ds:Transforms><ds:DigestMethod Algorithm="{Sha256}"/><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue/></ds:Signature>
            """);
        var info = (XmlElement)signature.DocumentElement!.FirstChild!;
        signature.DocumentElement.LastChild!.InnerText = Convert.ToBase64String(
            ((ECDsa)key).SignData(SamlXml.Canonical(info), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
        return Insert(document, element, signature.DocumentElement);
    }

    public static XmlElement Find(XmlDocument document, string id) => (XmlElement)document.SelectSingleNode($"//*[@ID='{id}']")!;

    public static byte[] Bytes(XmlDocument document) => Encoding.UTF8.GetBytes(document.OuterXml);

    public void Dispose()
    {
        Certificate.Dispose();
        key.Dispose();
    }

    private static XmlElement Insert(XmlDocument document, XmlElement element, XmlElement signature)
    {
        var imported = (XmlElement)document.ImportNode(signature, deep: true);
        var issuer = element.ChildNodes.OfType<XmlElement>().FirstOrDefault(child => child.LocalName == "Issuer");
        return (XmlElement)element.InsertAfter(imported, issuer)!;
    }
}
