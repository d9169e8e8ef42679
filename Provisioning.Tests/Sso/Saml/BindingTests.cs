using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using NUnit.Framework;
using Provisioning.Api.Sso.Saml;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;

namespace Provisioning.Tests.Sso.Saml;

/// <summary>Requests that leave, logout messages that come, and what attributes mean.</summary>
public sealed class BindingTests : SamlFixture
{
    private static readonly ExpectedResponse Logout = Expected with { Consumer = "https://service.example/slo" };

    [Test]
    public void A_request_leaves_by_redirect_and_is_signed_when_wanted()
    {
        var xml = SamlMessages.AuthnRequest("_1", Now, "https://idp.example/sso?x=1", Expected.Service, Expected.Consumer, SamlNames.EmailFormat);
        var url = new Uri(RedirectBinding.Url("https://idp.example/sso?x=1", "SAMLRequest", xml, "a b", Service));
        Assert.That(url.Query, Does.StartWith("?x=1&SAMLRequest="));
        var read = RedirectBinding.Read(url.Query, "SAMLRequest")!.Value.Value;
        Assert.That((Encoding.UTF8.GetString(read.Xml), read.RelayState), Is.EqualTo((xml, "a b")));
        Assert.That(Service.VerifyData(Encoding.UTF8.GetBytes(read.SignedText), Convert.FromBase64String(read.Signature!), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), Is.True);
        var request = XElement.Parse(xml);
        Assert.That(((string?)request.Attribute("AssertionConsumerServiceURL"), (string?)request.Attribute("Destination"), (string?)request.Element(SamlNames.Samlp + "NameIDPolicy")?.Attribute("Format")),
            Is.EqualTo((Expected.Consumer, "https://idp.example/sso?x=1", SamlNames.EmailFormat)));
        Assert.That(RedirectBinding.Read(new Uri(RedirectBinding.Url("https://idp.example/sso", "SAMLRequest", xml, null, null)).Query, "SAMLRequest")!.Value.Value.Signature, Is.Null);
    }

    [Test]
    public void A_logout_request_is_read_when_its_query_is_signed_by_the_connection()
    {
        var order = Read(Query(Request())).Value;
        Assert.That((order.NameId, order.SessionIndexes.Single()), Is.EqualTo(("00u-ada", "_session")));
        Assert.That(Code(Read(Query(Request(), key: null))), Is.EqualTo(SamlFault.NotSigned));
        Assert.That(Code(Read(Query(Request(), key: Stranger.Rsa))), Is.EqualTo(SamlFault.SignatureInvalid));
        var good = Query(Request());
        Assert.That(Code(Read(good.Replace("RelayState=r", "RelayState=x", StringComparison.Ordinal))), Is.EqualTo(SamlFault.SignatureInvalid));
        Assert.That(Code(Read(good + "&RelayState=r")), Is.EqualTo(SamlFault.Malformed));
        Assert.That(Code(Read(good.Replace("rsa-sha256", "hmac-sha256", StringComparison.Ordinal))), Is.EqualTo(SamlFault.AlgorithmRefused));
        Assert.That(Code(Read("?SAMLRequest=%%%")), Is.EqualTo(SamlFault.Malformed));
        Assert.That(RedirectBinding.Read("?x=1", "SAMLRequest"), Is.Null);
    }

    [Test]
    public void A_deflate_bomb_is_refused()
    {
        var bomb = RedirectBinding.Url("https://x.example/", "SAMLRequest", new string(' ', 20 * SamlXml.MostBytes), null, null);
        Assert.That(bomb, Has.Length.LessThan(32 * 1024));
        Assert.That(Code(RedirectBinding.Read(new Uri(bomb).Query, "SAMLRequest")!.Value), Is.EqualTo(SamlFault.Malformed));
    }

    [Test]
    public void A_logout_request_is_for_this_service_from_this_provider_and_fresh()
    {
        Assert.That(Code(Read(Query(Request(destination: Expected.Consumer)))), Is.EqualTo(SamlFault.Destination));
        Assert.That(Code(Read(Query(Request(issuer: "https://other.example")))), Is.EqualTo(SamlFault.Issuer));
        Assert.That(Code(Read(Query(Request(at: Now.AddMinutes(-9))))), Is.EqualTo(SamlFault.Expired));
        Assert.That(Code(Read(Query(Request(at: Now.AddMinutes(4))))), Is.EqualTo(SamlFault.NotYetValid));
        Assert.That(Code(Read(Query(SamlMessages.LogoutResponse("_1", Now, Logout.Consumer, Expected.Identity, "_2")))), Is.EqualTo(SamlFault.Malformed));
    }

    [Test]
    public void A_posted_logout_message_is_verified_as_a_whole()
    {
        var document = Said.Load(Request());
        Key.Sign(document, "_logout");
        var order = LogoutReader.VerifyPosted(SigningKey.Bytes(document), Keys).Then(xml => LogoutReader.ReadRequest(xml, Logout, Now));
        Assert.That(order.Value.NameId, Is.EqualTo("00u-ada"));
        Assert.That(Code(LogoutReader.VerifyPosted(Encoding.UTF8.GetBytes(Request()), Keys)), Is.EqualTo(SamlFault.NotSigned));
        var changed = document.OuterXml.Replace("00u-ada", "00u-bob", StringComparison.Ordinal);
        Assert.That(Code(LogoutReader.VerifyPosted(Encoding.UTF8.GetBytes(changed), Keys)), Is.EqualTo(SamlFault.SignatureInvalid));
        var wrapped = $"<samlp:LogoutRequest xmlns:samlp=\"{SamlNames.Protocol}\" ID=\"_evil\" Version=\"2.0\">{document.OuterXml}</samlp:LogoutRequest>";
        Assert.That(Code(LogoutReader.VerifyPosted(Encoding.UTF8.GetBytes(wrapped), Keys)), Is.EqualTo(SamlFault.Malformed));
    }

    [Test]
    public void DOM_4_a_NameID_that_is_an_address_is_compared_normalised_and_every_other_exactly()
    {
        Assert.That(Person(Good with { NameId = " Ada@ACME.example ", Format = SamlNames.EmailFormat }).Subject, Is.EqualTo("ada@acme.example"));
        Assert.That(Person(Good with { NameId = "Ada@ACME.example", Format = SamlNames.UnspecifiedFormat }).Subject, Is.EqualTo("Ada@ACME.example"));
        Assert.That(Person(Good with { NameId = "Ada@ACME.example", Format = null }).Subject, Is.EqualTo("Ada@ACME.example"));
    }

    [TestCase("email", "firstName", "lastName", "groups", Description = "Okta")]
    [TestCase("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname", "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups", Description = "Entra")]
    [TestCase("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname", "http://schemas.xmlsoap.org/claims/Group", Description = "AD FS")]
    [TestCase("mail", "givenName", "sn", "memberOf", Description = "Google, by hand")]
    [TestCase("urn:oid:0.9.2342.19200300.100.1.3", "urn:oid:2.5.4.42", "urn:oid:2.5.4.4", "urn:oid:1.3.6.1.4.1.5923.1.5.1.1", Description = "Shibboleth")]
    public void The_usual_attribute_names_are_known(string email, string given, string family, string groups)
    {
        var person = Person(Good with { Attributes = [(email, ["a@x.example"]), (given, ["Ada"]), (family, ["Lovelace"]), (groups, ["eng", "ops"]), ("http://schemas.microsoft.com/identity/claims/objectidentifier", ["1"])] });
        Assert.That((person.Email, person.Name, string.Join(',', person.Groups), person.ExternalId), Is.EqualTo(("a@x.example", "Ada Lovelace", "eng,ops", (string?)null)));
    }

    [Test]
    public void Groups_that_Entra_does_not_name_are_hidden_and_not_none()
    {
        Assert.That(Person(Good with { Attributes = [("http://schemas.microsoft.com/claims/groups.link", ["https://graph.example/"])] }).GroupsHidden, Is.True);
        Assert.That(Person(Good).GroupsHidden, Is.False);
    }

    [Test]
    public void Names_that_the_connection_gives_are_the_only_ones()
    {
        var said = Good with { Attributes = [("email", ["a@x.example"]), ("work", ["b@x.example"]), ("oid", ["1"]), ("displayName", ["A"])] };
        var person = Person(said, new SamlAttributes("work", "nick", "teams", "oid"));
        Assert.That((person.Email, person.Name, person.Groups.Count, person.ExternalId), Is.EqualTo(("b@x.example", (string?)null, 0, "1")));
        Assert.That(Person(Good with { NameId = "a@x.example", Format = SamlNames.EmailFormat, Attributes = [] }).Email, Is.EqualTo("a@x.example"));
        Assert.That(Person(Good with { Attributes = [] }).Email, Is.Null, "a NameID of another format is no address");
    }

    private static PinnedKeys Keys => new([Key.Certificate], Now);

    private static string Request(string? destination = null, string? issuer = null, DateTimeOffset? at = null) => SamlMessages.LogoutRequest(
        "_logout", at ?? Now, destination ?? Logout.Consumer, issuer ?? Expected.Identity, new LogoutName("00u-ada", SamlNames.PersistentFormat, "_session"));

    private static string Query(string xml) => Query(xml, Key.Rsa);

    private static string Query(string xml, RSA? key) => new Uri(RedirectBinding.Url("https://service.example/slo", "SAMLRequest", xml, "r", key)).Query;

    private static Outcome<LogoutOrder> Read(string query) =>
        RedirectBinding.Read(query, "SAMLRequest")!.Value.Then(message => message.Verify(Keys)).Then(xml => LogoutReader.ReadRequest(xml, Logout, Now));

    private static SamlPerson Person(Said said, SamlAttributes? names = null)
    {
        var read = Accept(Signed(said));
        Assert.That(read.Error?.Detail, Is.Null);
        return SamlPerson.Of(read.Value, names ?? SamlAttributes.Default);
    }

    private static string? Code<T>(Outcome<T> outcome) => (outcome.Error as Unprocessable)?.Code;
}
