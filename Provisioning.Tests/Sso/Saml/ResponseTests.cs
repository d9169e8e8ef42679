using System.Security.Cryptography.Xml;
using System.Text;
using NUnit.Framework;
using Provisioning.Api.Sso.Saml;

namespace Provisioning.Tests.Sso.Saml;

/// <summary>What is accepted, and the conditions of a response (SAML Profiles 4.1.4).</summary>
public sealed class ResponseTests : SamlFixture
{
    [TestCase(true, false)]
    [TestCase(false, true)]
    [TestCase(true, true)]
    public void A_signed_assertion_or_response_is_read(bool assertion, bool response)
    {
        var read = Accept(Signed(Good, assertion, response));
        Assert.That(read.Error?.Detail, Is.Null);
        Assert.That((read.Value.NameId, read.Value.NameIdFormat, read.Value.SessionIndex, read.Value.Attributes["displayName"][0], read.Value.Attributes["groups"].Count),
            Is.EqualTo(("00u-ada", SamlNames.PersistentFormat, "_session", "Ada & Co", 2)));
    }

    [TestCase("http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", "http://www.w3.org/2001/04/xmldsig-more#sha384")]
    [TestCase("http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", "http://www.w3.org/2001/04/xmlenc#sha512")]
    public void Stronger_hashes_are_accepted(string method, string digest)
    {
        var document = Good.Document();
        Key.Sign(document, SignedId(document), (_, reference) => reference.DigestMethod = digest, method);
        Assert.That(Accept(document).Error?.Detail, Is.Null);
    }

    [Test]
    public void Elliptic_curves_are_accepted()
    {
        using var curve = SigningKey.MakeCurve(Now.AddDays(-1), Now.AddDays(1));
        var document = Good.Document();
        curve.SignByCurve(document, SignedId(document));
        Assert.That(Accept(document, curve).Error?.Detail, Is.Null);
        Refused(SamlFault.SignatureInvalid, document, Key);
    }

    [Test]
    public void Prefix_lists_and_comments_of_canonicalization_are_accepted()
    {
        var document = Good.Document();
        Key.Sign(document, SignedId(document), (signed, reference) =>
        {
            signed.SignedInfo!.CanonicalizationMethod = SignedXml.XmlDsigExcC14NWithCommentsTransformUrl;
            reference.TransformChain = new TransformChain();
            reference.AddTransform(new XmlDsigEnvelopedSignatureTransform());
            reference.AddTransform(new XmlDsigExcC14NTransform("samlp xs #default"));
        });
        Assert.That(Accept(document).Error?.Detail, Is.Null);
    }

    [Test]
    public void While_a_certificate_is_replaced_both_are_accepted()
    {
        var document = Signed(Good);
        Assert.That(Accept(document, Stranger, Key).Error?.Detail, Is.Null);
        Assert.That(Accept(document, Key, Stranger).Error?.Detail, Is.Null);
    }

    [Test]
    public void A_certificate_counts_between_its_dates_only()
    {
        using var expired = SigningKey.Make(Now.AddYears(-2), Now.AddDays(-1));
        var document = Good.Document();
        expired.Sign(document, SignedId(document));
        Refused(SamlFault.CertificateDates, document, expired, Key);
        using var future = SigningKey.Make(Now.AddDays(1), Now.AddYears(1));
        document = Good.Document();
        future.Sign(document, SignedId(document));
        Refused(SamlFault.CertificateDates, document, future);
    }

    [TestCase("aes128-cbc", "oaep-sha1")]
    [TestCase("aes256-cbc", "oaep-sha256")]
    [TestCase("aes128-gcm", "oaep-sha256")]
    [TestCase("aes192-gcm", "oaep-sha1")]
    [TestCase("aes256-gcm", "oaep-sha1")]
    public void An_encrypted_assertion_is_opened(string cipher, string transport)
    {
        Assert.That(Accept(Encrypted(Good, Cipher(cipher), transport, signedInside: true, signedOutside: false)).Value.NameId, Is.EqualTo("00u-ada"));
        Assert.That(Accept(Encrypted(Good, Cipher(cipher), transport, signedInside: false, signedOutside: true)).Value.NameId, Is.EqualTo("00u-ada"));
    }

    [Test]
    public void Whatever_is_wrong_inside_the_encryption_is_one_answer()
    {
        var cipher = Cipher("aes256-cbc");
        Refused(SamlFault.NotDecrypted, Encrypted(Good, cipher, "rsa-1_5", true, false));
        Refused(SamlFault.NotDecrypted, Encrypted(Good, Cipher("tripledes-cbc"), "oaep-sha1", true, false));
        Refused(SamlFault.NotDecrypted, Encrypted(Good, cipher, "oaep-sha1", false, false));
        var said = Good;
        var inner = Said.Load(said.AssertionXml);
        Stranger.Sign(inner, said.AssertionId);
        Refused(SamlFault.NotDecrypted, Said.Load(said.ResponseXml(Encryption.Encrypt(inner.OuterXml, Service, cipher, "oaep-sha1"))));
        Refused(SamlFault.NotDecrypted, Said.Load(said.ResponseXml(Encryption.Encrypt("no xml", Service, cipher, "oaep-sha1"))));
        Refused(SamlFault.NotDecrypted, Said.Load(said.ResponseXml(Encryption.Encrypt(inner.OuterXml, Stranger.Rsa, cipher, "oaep-sha1"))));
        var broken = Encrypted(Good, cipher, "oaep-sha1", true, false).OuterXml;
        var at = broken.LastIndexOf("</xenc:CipherValue>", StringComparison.Ordinal) - 30;
        Refused(SamlFault.NotDecrypted, Encoding.UTF8.GetBytes(broken[..at] + (broken[at] == 'A' ? 'B' : 'A') + broken[(at + 1)..]));
    }

    [Test]
    public void The_issuer_is_the_identity_provider_of_the_connection()
    {
        Refused(SamlFault.Issuer, Good with { Issuer = "https://other.example/entity" });
        Refused(SamlFault.Issuer, Good with { ResponseIssuer = "https://other.example/entity" });
        Assert.That(Accept(Signed(Good with { ResponseIssuer = null })).IsOk, Is.True);
    }

    [Test]
    public void The_audience_is_this_service()
    {
        Refused(SamlFault.Audience, Good with { Audience = "https://other.example/sp" });
        Refused(SamlFault.Audience, Good with { WithAudience = false });
        // SAML Core 2.5.1.4: several restrictions must all hold, several audiences in one need not.
        Refused(SamlFault.Audience, Good with { MoreConditions = "<saml:AudienceRestriction><saml:Audience>https://other.example/sp</saml:Audience></saml:AudienceRestriction>" });
        Assert.That(Accept(Signed(Good with
        {
            WithAudience = false,
            MoreConditions = $"<saml:AudienceRestriction><saml:Audience>https://other.example/sp</saml:Audience><saml:Audience>{Expected.Service}</saml:Audience></saml:AudienceRestriction>",
        })).IsOk, Is.True);
    }

    [Test]
    public void Recipient_and_destination_are_the_consumer_of_this_connection()
    {
        Refused(SamlFault.Recipient, Good with { Recipient = "https://service.example/other" });
        Refused(SamlFault.Recipient, Good with { Recipient = null });
        Refused(SamlFault.Destination, Good with { Destination = "https://service.example/other" });
        Assert.That(Accept(Signed(Good with { Destination = null })).IsOk, Is.True, "an unsigned response needs no destination");
        Refused(SamlFault.Destination, Signed(Good with { Destination = null }, response: true));
    }

    [Test]
    public void Times_hold_within_three_minutes()
    {
        Refused(SamlFault.Expired, Good with { Until = TimeSpan.FromMinutes(-3) });
        Assert.That(Accept(Signed(Good with { Until = TimeSpan.FromMinutes(-2.9), ConfirmedUntil = TimeSpan.FromMinutes(-2.9) })).IsOk, Is.True);
        Refused(SamlFault.Expired, Good with { ConfirmedUntil = TimeSpan.FromMinutes(-3) });
        Refused(SamlFault.Condition, Good with { ConfirmedUntil = null });
        Refused(SamlFault.NotYetValid, Good with { From = TimeSpan.FromMinutes(3.1) });
        Assert.That(Accept(Signed(Good with { From = TimeSpan.FromMinutes(2.9) })).IsOk, Is.True);
        Refused(SamlFault.Expired, Good with { SessionUntil = TimeSpan.FromMinutes(-4) });
    }

    [Test]
    public void Conditions_must_be_there_and_be_known()
    {
        Refused(SamlFault.Condition, Good with { WithConditions = false });
        Refused(SamlFault.Condition, Good with { MoreConditions = "<saml:Condition/>" });
        Assert.That(Accept(Signed(Good with { MoreConditions = "<saml:OneTimeUse/>" })).IsOk, Is.True);
    }

    [Test]
    public void The_person_is_named_and_confirmed()
    {
        Refused(SamlFault.Subject, Good with { Method = "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches" });
        Refused(SamlFault.Subject, Good with { RawNameId = "" });
        Refused(SamlFault.Subject, Good with { NameId = new string('x', 257) });
        Refused(SamlFault.Subject, Good with { RawNameId = "<saml:NameID>a</saml:NameID><saml:NameID>b</saml:NameID>" });
        Refused(SamlFault.Subject, Good with { RawNameId = "<saml:NameID>a<saml:b/></saml:NameID>" });
        Refused(SamlFault.Subject, Good with { Format = SamlNames.TransientFormat });
        Refused(SamlFault.Malformed, Good with { WithStatement = false });
    }

    [Test]
    public void Response_and_assertion_answer_one_request() =>
        Refused(SamlFault.WrongRequest, Good with { ResponseRequest = "_another" });

    [Test]
    public void The_identity_providers_refusal_is_told()
    {
        var read = Accept(Signed(Good with { Status = "urn:oasis:names:tc:SAML:2.0:status:RequestDenied" }));
        Assert.That(read.Error!.Detail, Does.Contain("RequestDenied"));
    }

    private static string SignedId(System.Xml.XmlDocument document) => ((System.Xml.XmlElement)document.GetElementsByTagName("saml:Assertion")[0]!).GetAttribute("ID");

    private static string Cipher(string name) => (name.EndsWith("gcm", StringComparison.Ordinal) ? SamlNames.Encryption11 : SamlNames.Encryption) + name;

    private static System.Xml.XmlDocument Encrypted(Said said, string cipher, string transport, bool signedInside, bool signedOutside)
    {
        var inner = Said.Load(said.AssertionXml);
        if (signedInside) Key.Sign(inner, said.AssertionId);
        var document = Said.Load(said.ResponseXml(Encryption.Encrypt(inner.OuterXml, Service, cipher, transport)));
        if (signedOutside) Key.Sign(document, said.ResponseId);
        return document;
    }
}
