using System.Security.Cryptography;
using System.Xml;
using System.Xml.Linq;
using Provisioning.Core.Common;

namespace Provisioning.Api.Sso.Saml;

/// <summary>
/// Reads a response (SAML Core 3.2.2, Profiles 4.1.4.2). The response or its one assertion must be signed; the assertion is read from the
/// bytes that were verified and from nothing else, so wrapping a signed element into a forged one gains nothing.
/// </summary>
/// <param name="decryption">The key of the service for encrypted assertions.</param>
internal sealed class SamlResponseReader(PinnedKeys keys, RSA decryption)
{
    public Outcome<SamlResponse> Read(ReadOnlySpan<byte> utf8)
    {
        if (!SamlXml.Parse(utf8).Try(out var document, out var error)) return error;
        var root = document.DocumentElement!;
        if (!IsNamed(root, SamlNames.Protocol, "Response") || root.GetAttribute("Version") != "2.0") return Malformed("is no SAML 2.0 response");
        if (Placement(root) is { } misplaced) return misplaced;
        if (SignatureOf(root) is { } signature)
        {
            if (!XmlSignature.Verify(root, signature, keys).Try(out var bytes, out error)) return error;
            if (!SamlXml.ParseValues(bytes).Try(out var verified, out error)) return error;
            return Refusal(verified) is { } refused ? refused : Content(verified).Then(AssertionReader.Read).Select(assertion => Response(verified, true, assertion));
        }
        if (!SamlXml.ParseValues(SamlXml.Canonical(root)).Try(out var hints, out error)) return error;
        if (Refusal(hints) is { } status) return status;
        return SignedAssertion(root, hints).Then(AssertionReader.Read).Select(assertion => Response(hints, false, assertion));
    }

    private static SamlResponse Response(XElement response, bool signed, SamlAssertion assertion) => new(
        response.Element(SamlNames.Saml + "Issuer")?.OnlyText(), (string?)response.Attribute("Destination"), (string?)response.Attribute("InResponseTo"),
        signed, assertion);

    /// <summary>
    /// Every ID is there once; assertions and signatures stand where the schema has them and nowhere else. With that, an ID leads to one
    /// element, and the signature of an element is its own child.
    /// </summary>
    private static Unprocessable? Placement(XmlElement root)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var assertions = 0;
        foreach (var element in root.SelectNodes("descendant-or-self::*")!.Cast<XmlElement>())
        {
            foreach (XmlAttribute attribute in element.Attributes)
                if (attribute.LocalName.Equals("id", StringComparison.OrdinalIgnoreCase) && !ids.Add(attribute.Value)) return Malformed("has an ID twice");
            if (IsNamed(element, SamlNames.Protocol, "Response") && element != root) return Malformed("holds another response");
            if (IsNamed(element, SamlNames.Assertion, "Assertion") || IsNamed(element, SamlNames.Assertion, "EncryptedAssertion"))
            {
                if (element != root && element.ParentNode != root) return Malformed("has an assertion where none may be");
                if (++assertions > 1) return Malformed("has more than one assertion");
            }
            if (IsNamed(element, SamlNames.Signature, "Signature") && element.ParentNode != root
                && !(IsNamed(element.ParentNode!, SamlNames.Assertion, "Assertion") && element.ParentNode!.ParentNode == root))
                return Malformed("has a signature where none may be");
        }
        return root.SelectNodes("descendant-or-self::*")!.Cast<XmlElement>()
            .Any(element => element.ChildNodes.Cast<XmlNode>().Count(node => IsNamed(node, SamlNames.Signature, "Signature")) > 1)
            ? Malformed("has an element with two signatures") : null;
    }

    /// <summary>The identity provider's own refusal.</summary>
    private static Unprocessable? Refusal(XElement response)
    {
        var code = response.Element(SamlNames.Samlp + "Status")?.Element(SamlNames.Samlp + "StatusCode");
        if ((string?)code?.Attribute("Value") is not { } status) return Malformed("has no status");
        if (status == SamlNames.Success) return null;
        var detail = (string?)code!.Element(SamlNames.Samlp + "StatusCode")?.Attribute("Value");
        return SamlFault.Of(SamlFault.Status, $"The identity provider did not sign the person in: {Short(detail ?? status)}.");
    }

    private Outcome<XElement> Content(XElement verified)
    {
        if (verified.Element(SamlNames.Saml + "Assertion") is { } plain) return plain;
        if (verified.Element(SamlNames.Saml + "EncryptedAssertion") is not { } encrypted) return Malformed("has no assertion");
        return EncryptedAssertion.Open(encrypted, decryption).Then(bytes => Opened(bytes).Then(document => SamlXml.ParseValues(SamlXml.Canonical(document.DocumentElement!))));
    }

    /// <summary>The response is not signed, so its assertion must be, inside the encryption when it is encrypted.</summary>
    private Outcome<XElement> SignedAssertion(XmlElement root, XElement hints)
    {
        var assertion = root.ChildNodes.OfType<XmlElement>().SingleOrDefault(child => IsNamed(child, SamlNames.Assertion, "Assertion"));
        if (assertion is not null) return VerifiedAssertion(assertion);
        if (hints.Element(SamlNames.Saml + "EncryptedAssertion") is not { } encrypted) return Malformed("has no assertion");
        var read = EncryptedAssertion.Open(encrypted, decryption).Then(Opened).Then(document => VerifiedAssertion(document.DocumentElement!));
        return read.IsOk ? read : EncryptedAssertion.Failed;
    }

    /// <summary>What was encrypted is a document of one assertion.</summary>
    private static Outcome<XmlDocument> Opened(byte[] plain)
    {
        if (!SamlXml.Parse(plain).Try(out var document, out _)) return EncryptedAssertion.Failed;
        var root = document.DocumentElement!;
        return IsNamed(root, SamlNames.Assertion, "Assertion") && Placement(root) is null ? document : EncryptedAssertion.Failed;
    }

    private Outcome<XElement> VerifiedAssertion(XmlElement assertion) =>
        SignatureOf(assertion) is { } signature
            ? XmlSignature.Verify(assertion, signature, keys).Then(bytes => SamlXml.ParseValues(bytes))
            : SamlFault.Of(SamlFault.NotSigned, "Neither the response nor its assertion is signed.");

    private static XmlElement? SignatureOf(XmlElement element) =>
        element.ChildNodes.OfType<XmlElement>().SingleOrDefault(child => IsNamed(child, SamlNames.Signature, "Signature"));

    private static bool IsNamed(XmlNode node, string ns, string name) => node.NamespaceURI == ns && node.LocalName == name;

    private static string Short(string text) => text.Length <= 200 ? text : text[..200];

    private static Unprocessable Malformed(string what) => SamlFault.MalformedBecause($"The response {what}.");
}
