using System.Security.Cryptography;
using System.Security.Cryptography.Xml;
using System.Xml;
using NUnit.Framework;
using Provisioning.Api.Sso.Saml;
using Provisioning.Tests.Engines;
using static Provisioning.Tests.Sso.Saml.Transforms;

namespace Provisioning.Tests.Sso.Saml;

/// <summary>Answers that are unsigned, foreign, weak, late, meant for somebody else or more than XML: each is refused over HTTP and changes nothing.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class ForgeryTests(string engine) : AttackFixture(engine)
{
    private static readonly Lazy<SigningKey> Stranger = new(() => SigningKey.Make(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1)));

    public static IEnumerable<TestCaseData> Forgeries()
    {
        (string Name, string Fault, Func<Said, XmlDocument> Make)[] cases =
        [
            ("unsigned", SamlFault.NotSigned, good => (good with { NameId = Victim }).Document()),
            ("signature stripped", SamlFault.NotSigned, good => Changed(good, document => Remove(document, "Signature"))),
            ("wrong certificate", SamlFault.SignatureInvalid, good => Foreign(good, document => Remove(document, "KeyInfo"))),
            ("certificate in KeyInfo only", SamlFault.SignatureInvalid, good => Foreign(good, document => Assert.That(document.OuterXml, Does.Contain("X509Certificate")))),
            ("name changed", SamlFault.SignatureInvalid, good => Changed(good, document => First(document, "NameID").InnerText = Victim)),
            ("two assertions", SamlFault.Malformed, good => Changed(good, document => document.DocumentElement!.AppendChild(Import(document, (good with { AssertionId = "_2", NameId = Victim }).AssertionXml)))),
            ("duplicate ids", SamlFault.Malformed, good => Changed(good, document => First(document, "Status").SetAttribute("ID", good.AssertionId))),
            ("document type", SamlFault.Malformed, good => WithType(good, "<!DOCTYPE x>", null)),
            ("entity expansion", SamlFault.Malformed, good => WithType(good, "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>", "&b;")),
            ("external entity", SamlFault.Malformed, good => WithType(good, "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/hostname\">]>", "&e;")),
            ("XPath transform", SamlFault.AlgorithmRefused, good => By(good, (_, reference) => reference.AddTransform(Selecting("1=0")))),
            ("XSLT transform", SamlFault.AlgorithmRefused, good => Changed(good, document => ((XmlElement)document.GetElementsByTagName("Transform")[1]!).SetAttribute("Algorithm", SignedXml.XmlDsigXsltTransformUrl))),
            ("no exclusive canonicalization", SamlFault.AlgorithmRefused, good => By(good, (_, reference) => Chain(reference, new XmlDsigEnvelopedSignatureTransform(), new XmlDsigC14NTransform()))),
            ("SHA-1 signature", SamlFault.AlgorithmRefused, good => By(good, method: SignedXml.XmlDsigRSASHA1Url)),
            ("SHA-1 digest", SamlFault.AlgorithmRefused, good => By(good, (_, reference) => reference.DigestMethod = SignedXml.XmlDsigSHA1Url)),
            ("HMAC with the certificate as its key", SamlFault.AlgorithmRefused, good => Changed(good, document =>
            {
                First(document, "SignatureMethod").SetAttribute("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256");
                First(document, "SignatureValue").InnerText = Convert.ToBase64String(HMACSHA256.HashData(Stage.Key.Certificate.RawData, SamlXml.Canonical(First(document, "SignedInfo"))));
            })),
            ("expired", SamlFault.Expired, good => Signed(good with { Until = TimeSpan.FromHours(-1) })),
            ("confirmation expired", SamlFault.Expired, good => Signed(good with { ConfirmedUntil = TimeSpan.FromHours(-1) })),
            ("future", SamlFault.NotYetValid, good => Signed(good with { From = TimeSpan.FromHours(1) })),
            ("wrong audience", SamlFault.Audience, good => Signed(good with { Audience = "https://other.example" })),
            ("no audience", SamlFault.Audience, good => Signed(good with { WithAudience = false })),
            ("wrong recipient", SamlFault.Recipient, good => Signed(good with { Recipient = "https://other.example" })),
            ("wrong destination", SamlFault.Destination, good => Signed(good with { Destination = "https://other.example" })),
            ("wrong issuer", SamlFault.Issuer, good => Signed(good with { Issuer = "https://other.example" })),
            ("wrong issuer of the response", SamlFault.Issuer, good => Signed(good with { ResponseIssuer = "https://other.example" })),
            ("transient name", SamlFault.Subject, good => Signed(good with { Format = SamlNames.TransientFormat })),
            ("InResponseTo of nobody", SamlFault.WrongRequest, good => Signed(good with { Request = "_" + new string('0', 64) })),
            ("InResponseTo of no form", SamlFault.WrongRequest, good => Signed(good with { Request = "_x" })),
            ("unsolicited", SamlFault.Unsolicited, good => Signed(good with { Request = null })),
        ];
        return cases.Select(one => new TestCaseData(one.Fault, one.Make).SetArgDisplayNames(one.Name));
    }

    [TestCaseSource(nameof(Forgeries))]
    public async Task A_forged_or_misdirected_answer_is_refused(string fault, object make)
    {
        await RefusedAsync(fault, ((Func<Said, XmlDocument>)make)(Good));
        // It did not use up what it imitated: the good one is taken (and then left, so that nobody comes in).
        Assert.That((await Stage.DeliverAsync(Browser, Stage.Signed(Good))).Status, Is.EqualTo(303));
    }

    [Test]
    public async Task A_comment_in_the_NameID_makes_nobody_another()
    {
        // The provider vouches for an address of the attacker's that begins with the victim's; whoever holds the message adds a comment.
        var said = Good with { NameId = Stage.Organization.Mail("victim") + ".evil.example", Format = SamlNames.EmailFormat, Attributes = [] };
        var document = Signed(said);
        var name = First(document, "NameID");
        var whole = name.InnerText;
        name.InnerText = Stage.Organization.Mail("victim");
        name.AppendChild(document.CreateComment("cut"));
        name.AppendChild(document.CreateTextNode(".evil.example"));
        Assert.That(name.InnerText, Is.EqualTo(whole));
        var delivered = await Stage.DeliverAsync(Browser, Stage.Encoded(document.OuterXml));
        var shown = await Browser.GetAsync(delivered.Location!);
        Assert.That((shown.Status, shown.Body.Contains("domain_not_verified", StringComparison.Ordinal)), Is.EqualTo((403, true)), shown.ToString());
    }

    [Test]
    public async Task A_replayed_response_is_refused()
    {
        var response = Stage.Signed(Good);
        Assert.That((await Stage.DeliverAsync(Browser, response)).Status, Is.EqualTo(303));
        using var thief = Stage.Browser();
        await Stage.BeginAsync(thief);
        var shown = await Stage.DeliverAsync(thief, response);
        Assert.That((shown.Status, shown.Reason), Is.EqualTo((403, SamlFault.Replayed)), shown.ToString());
    }

    [Test]
    public async Task InResponseTo_of_another_browser_lets_nobody_in()
    {
        using var attacker = Stage.Browser();
        var said = Stage.Say("mallory", await Stage.BeginAsync(attacker));
        var delivered = await Stage.DeliverAsync(Browser, Stage.Signed(said));
        Assert.That((await Browser.GetAsync(delivered.Location!)).Status, Is.EqualTo(400));
    }

    private static XmlDocument Changed(Said said, Action<XmlDocument> change)
    {
        var document = Signed(said);
        change(document);
        return document;
    }

    private static XmlDocument Foreign(Said said, Action<XmlDocument> change)
    {
        var document = (said with { NameId = Victim }).Document();
        Stranger.Value.Sign(document, said.AssertionId);
        change(document);
        return document;
    }

    private static XmlDocument By(Said said, Action<SignedXml, Reference>? change = null, string method = SigningKey.RsaSha256)
    {
        var document = said.Document();
        Stage.Key.Sign(document, said.AssertionId, change, method);
        return document;
    }

    /// <summary>With a document type in front, and an entity in place of the name.</summary>
    private static XmlDocument WithType(Said said, string type, string? entity)
    {
        var xml = Signed(said).OuterXml;
        var document = new XmlDocument { PreserveWhitespace = true, XmlResolver = null };
        document.LoadXml(type + (entity is null ? xml : xml.Replace(said.NameId, entity, StringComparison.Ordinal)));
        return document;
    }

    private static XmlElement First(XmlDocument document, string name) => (XmlElement)document.SelectSingleNode($"//*[local-name()='{name}']")!;

    private static void Remove(XmlDocument document, string name)
    {
        var found = First(document, name);
        found.ParentNode!.RemoveChild(found);
    }

    private static XmlNode Import(XmlDocument document, string xml) => document.ImportNode(Said.Load(xml).DocumentElement!, deep: true);
}
