using System.Security.Cryptography;
using System.Security.Cryptography.Xml;
using System.Text;
using System.Xml;
using NUnit.Framework;
using Provisioning.Api.Hosting;
using Provisioning.Api.Sso.Saml;
using static Provisioning.Tests.Sso.Saml.Transforms;

namespace Provisioning.Tests.Sso.Saml;

/// <summary>Signatures that are absent, foreign, weak or more than a signature, and XML that is more than XML.</summary>
public sealed class SignatureAbuseTests : SamlFixture
{
    [Test]
    public void Unsigned_and_stripped_responses_are_refused()
    {
        Refused(SamlFault.NotSigned, Good.Document());
        var stripped = Signed(Good);
        var signature = Signature(stripped);
        signature.ParentNode!.RemoveChild(signature);
        Refused(SamlFault.NotSigned, stripped);
    }

    [Test]
    public void A_certificate_that_only_the_message_names_counts_for_nothing()
    {
        var document = Good.Document();
        Stranger.Sign(document, Id(document));
        Assert.That(document.OuterXml, Does.Contain(ConnectionCertificates.Text(Stranger.Certificate)), "the message carries its certificate");
        Refused(SamlFault.SignatureInvalid, document);
    }

    [Test]
    public void Changed_content_is_refused()
    {
        var document = Signed(Good);
        ((XmlElement)document.GetElementsByTagName("saml:NameID")[0]!).InnerText = "00u-owner";
        Refused(SamlFault.SignatureInvalid, document);
        document = Signed(Good, assertion: true, response: true);
        ((XmlElement)document.GetElementsByTagName("saml:NameID")[0]!).InnerText = "00u-owner";
        Refused(SamlFault.SignatureInvalid, document);
    }

    [Test]
    public void SHA_1_and_HMAC_are_refused()
    {
        Refused(SamlFault.AlgorithmRefused, SignedBy(method: SignedXml.XmlDsigRSASHA1Url));
        Refused(SamlFault.AlgorithmRefused, SignedBy((_, reference) => reference.DigestMethod = SignedXml.XmlDsigSHA1Url));
        // The public certificate as the key of an HMAC: everybody could make it.
        var document = Signed(Good);
        var info = (XmlElement)document.GetElementsByTagName("SignedInfo")[0]!;
        ((XmlElement)document.GetElementsByTagName("SignatureMethod")[0]!).SetAttribute("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256");
        ((XmlElement)document.GetElementsByTagName("SignatureValue")[0]!).InnerText =
            Convert.ToBase64String(HMACSHA256.HashData(Key.Certificate.RawData, SamlXml.Canonical(info)));
        Refused(SamlFault.AlgorithmRefused, document);
    }

    [Test]
    public void Transforms_are_enveloped_and_exclusive_canonicalization_and_nothing_else()
    {
        Refused(SamlFault.AlgorithmRefused, SignedBy((_, reference) => reference.AddTransform(Selecting("1=0"))));
        Refused(SamlFault.AlgorithmRefused, SignedBy((_, reference) => Chain(reference, new XmlDsigEnvelopedSignatureTransform())));
        Refused(SamlFault.AlgorithmRefused, SignedBy((_, reference) => Chain(reference, new XmlDsigExcC14NTransform())));
        Refused(SamlFault.AlgorithmRefused, SignedBy((_, reference) => Chain(reference, new XmlDsigEnvelopedSignatureTransform(), new XmlDsigC14NTransform())));
        Refused(SamlFault.AlgorithmRefused, SignedBy((_, reference) => Chain(reference, new XmlDsigEnvelopedSignatureTransform(), Selecting("true()"), new XmlDsigExcC14NTransform())));
        Refused(SamlFault.AlgorithmRefused, SignedBy((signed, _) => signed.SignedInfo!.CanonicalizationMethod = SignedXml.XmlDsigC14NTransformUrl));
        var stylesheet = Signed(Good);
        ((XmlElement)stylesheet.GetElementsByTagName("Transform")[1]!).SetAttribute("Algorithm", SignedXml.XmlDsigXsltTransformUrl);
        Refused(SamlFault.AlgorithmRefused, stylesheet);
    }

    [Test]
    public void There_is_one_reference_to_the_element_itself()
    {
        var whole = Good.Document();
        Key.Sign(whole, Id(whole), (_, reference) => reference.Uri = "");
        Refused(SamlFault.Malformed, whole);
        var other = Good.Document();
        Key.Sign(other, Id(other), (_, reference) => reference.Uri = "#" + other.DocumentElement!.GetAttribute("ID"));
        Refused(SamlFault.Malformed, other);
        var two = Good.Document();
        Key.Sign(two, Id(two), (signed, _) =>
        {
            var more = new Reference("#" + Id(two)) { DigestMethod = SigningKey.Sha256 };
            more.AddTransform(new XmlDsigEnvelopedSignatureTransform());
            more.AddTransform(new XmlDsigExcC14NTransform());
            signed.AddReference(more);
        });
        Refused(SamlFault.Malformed, two);
    }

    [Test]
    public void A_signature_holds_no_object_and_no_comment()
    {
        var more = Signed(Good);
        Signature(more).AppendChild(more.CreateElement("Object", SamlNames.Signature));
        Refused(SamlFault.Malformed, more);
        // A comment that hides another digest beside the true one (CVE-2025-29775 of another library).
        var hidden = Signed(Good);
        var digest = (XmlElement)hidden.GetElementsByTagName("DigestValue")[0]!;
        digest.PrependChild(hidden.CreateComment(Convert.ToBase64String(SHA256.HashData("forged"u8))));
        Refused(SamlFault.Malformed, hidden);
    }

    [Test]
    public void Two_assertions_signatures_or_ids_are_refused()
    {
        var said = Good;
        var two = Said.Load(said.ResponseXml(said.AssertionXml + (said with { AssertionId = "_second" }).AssertionXml));
        Key.Sign(two, said.ResponseId);
        Refused(SamlFault.Malformed, two);
        var twice = Signed(Good);
        var signature = Signature(twice);
        signature.ParentNode!.InsertAfter(signature.CloneNode(true), signature);
        Refused(SamlFault.Malformed, twice);
        var same = said with { ResponseId = said.AssertionId };
        var document = same.Document();
        Refused(SamlFault.Malformed, document);
        foreach (var name in new[] { "Id", "id", "xml:id" })
        {
            var hidden = Said.Load(said.ResponseXml(said.AssertionXml).Replace("<samlp:Status>", $"<samlp:Status {name}=\"{said.AssertionId}\">", StringComparison.Ordinal));
            Key.Sign(hidden, said.AssertionId);
            Refused(SamlFault.Malformed, hidden);
        }
    }

    [Test]
    public void A_comment_in_the_NameID_cuts_nothing()
    {
        // Signed without comments, so whoever holds the message can add one: the name stays whole.
        var document = Signed(Good with { NameId = "ada@acme.example.evil.example", Format = SamlNames.EmailFormat });
        var name = (XmlElement)document.GetElementsByTagName("saml:NameID")[0]!;
        var text = (XmlText)name.FirstChild!;
        name.InsertAfter(document.CreateComment("cut"), text);
        name.InsertAfter(document.CreateTextNode(".evil.example"), name.LastChild!);
        text.Value = "ada@acme.example";
        Assert.That(Accept(document).Value.NameId, Is.EqualTo("ada@acme.example.evil.example"));
        // The same where the identity provider itself signed the comment.
        var own = Good with { RawNameId = "<saml:NameID>ada@acme.example<!--cut-->.evil.example</saml:NameID>" };
        Assert.That(Accept(Signed(own)).Value.NameId, Is.EqualTo("ada@acme.example.evil.example"));
        Assert.That(Accept(Signed(own with { RawNameId = "<saml:NameID>ada<![CDATA[@acme]]>.example</saml:NameID>" })).Value.NameId, Is.EqualTo("ada@acme.example"));
    }

    [Test]
    public void Document_types_entities_and_instructions_are_refused()
    {
        var good = Signed(Good).OuterXml;
        var folder = Path.GetTempFileName();
        try
        {
            File.WriteAllText(folder, "secret");
            Refused(SamlFault.Malformed, Utf8("<!DOCTYPE x>" + good));
            Refused(SamlFault.Malformed, Utf8($"<!DOCTYPE x [<!ENTITY e SYSTEM \"file://{folder}\">]>" + good.Replace("00u-ada", "&e;", StringComparison.Ordinal)));
            Refused(SamlFault.Malformed, Utf8("<!DOCTYPE x SYSTEM \"http://127.0.0.1:9/x.dtd\">" + good));
            Refused(SamlFault.Malformed, Utf8("<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]>" + good.Replace("00u-ada", "&b;", StringComparison.Ordinal)));
            Refused(SamlFault.Malformed, Utf8("<?xml-stylesheet href=\"http://127.0.0.1:9/\"?>" + good));
            Refused(SamlFault.Malformed, Utf8(good.Replace("00u-ada", "&unknown;", StringComparison.Ordinal)));
        }
        finally
        {
            File.Delete(folder);
        }
    }

    [Test]
    public void XML_is_bounded_and_in_UTF_8()
    {
        var good = Signed(Good).OuterXml;
        Assert.That(Accept(Utf8("\uFEFF<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n" + good)).IsOk, Is.True);
        Refused(SamlFault.Malformed, Encoding.Unicode.GetBytes("<?xml version=\"1.0\" encoding=\"UTF-16\"?>" + good));
        Refused(SamlFault.Malformed, [.. Utf8(good), 0xFF]);
        Refused(SamlFault.Malformed, Utf8(""));
        Refused(SamlFault.Malformed, Utf8("<a"));
        Refused(SamlFault.Malformed, Utf8(string.Concat(Enumerable.Repeat("<a>", 100_000))));
        Refused(SamlFault.Malformed, Utf8(string.Concat(Enumerable.Repeat("<a>", 40)) + string.Concat(Enumerable.Repeat("</a>", 40))));
        Refused(SamlFault.Malformed, Utf8("<a>" + string.Concat(Enumerable.Repeat("<a/>", 50_000)) + "</a>"));
        Refused(SamlFault.Malformed, Utf8("<a " + string.Concat(Enumerable.Range(0, 80).Select(at => $"b{at}=\"\" ")) + "/>"));
        Refused(SamlFault.Malformed, Utf8("<a>" + new string('x', SamlXml.MostBytes) + "</a>"));
        Refused(SamlFault.Malformed, Utf8("<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" Version=\"2.0\"/>"));
    }

    [Test]
    public void A_signed_assertion_behind_another_root_is_refused()
    {
        var said = Good;
        var inner = Said.Load(said.AssertionXml);
        Key.Sign(inner, said.AssertionId);
        Refused(SamlFault.Malformed, inner);
        Refused(SamlFault.Malformed, Said.Load($"<x>{said.ResponseXml(inner.OuterXml)}</x>"));
    }

    [Test]
    public void A_signature_for_another_element_of_the_document_is_refused()
    {
        // The assertion is forged; the response's signature stands in it, and still refers to the response's ID, which the assertion has now.
        var said = Good;
        var document = Signed(said, assertion: false, response: true);
        var root = document.DocumentElement!;
        var signature = Child(root, "Signature");
        var assertion = Child(root, "Assertion");
        root.RemoveChild(signature);
        assertion.InsertAfter(signature, Child(assertion, "Issuer"));
        Refused(SamlFault.Malformed, document);
        root.RemoveAttribute("ID");
        assertion.SetAttribute("ID", said.ResponseId);
        Refused(SamlFault.SignatureInvalid, document);
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static string Id(XmlDocument document) => ((XmlElement)document.GetElementsByTagName("saml:Assertion")[0]!).GetAttribute("ID");

    private static XmlElement Signature(XmlDocument document) => (XmlElement)document.GetElementsByTagName("Signature")[0]!;

    private static XmlDocument SignedBy(Action<SignedXml, Reference>? change = null, string method = SigningKey.RsaSha256)
    {
        var document = Good.Document();
        Key.Sign(document, Id(document), change, method);
        return document;
    }

    private static XmlElement Child(XmlElement parent, string name) => parent.ChildNodes.OfType<XmlElement>().Single(child => child.LocalName == name);
}
