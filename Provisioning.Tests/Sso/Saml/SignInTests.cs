using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Api.Sso.Saml;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Sso.Saml;

/// <summary>People sign in through SAML, over real HTTP.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class SignInTests(string engine)
{
    private TestService service = null!;
    private Stage stage = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => service = await SharedService.GetAsync(engine);

    [SetUp]
    public async Task SetAsync() => stage = await Stage.SetAsync(service);

    [Test]
    public async Task JIT_2_a_person_signs_in_and_the_application_learns_who_it_is()
    {
        using var browser = stage.Browser();
        var session = await stage.SessionAsync(browser, "ada");
        Assert.That((session.Flag("active"), session.Text("email"), session.Text("displayName"), session.Text("tier")),
            Is.EqualTo((true, stage.Organization.Mail("ada"), "ada", "premium")));
        using var again = stage.Browser();
        Assert.That((await stage.SessionAsync(again, "ada")).Text("memberId"), Is.EqualTo(session.Text("memberId")), "the subject is recognised");
        await stage.Organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task A_request_asks_for_this_consumer_and_is_signed_when_the_connection_says_so()
    {
        var signing = await Stage.SetAsync(service, body => body["saml"]!["signAuthnRequests"] = true);
        using var browser = signing.Browser();
        var sent = await browser.GetAsync($"/sso/{signing.Organization.Slug}/start");
        var request = Stage.Request(sent);
        Assert.That(((string?)request.Attribute("AssertionConsumerServiceURL"), (string?)request.Element(SamlNames.Saml + "Issuer"), sent.Location!.GetLeftPart(UriPartial.Path)),
            Is.EqualTo((signing.Consumer, signing.Audience, Stage.SsoUrl)));
        using var certificate = await signing.ServiceCertificateAsync();
        var read = RedirectBinding.Read(sent.Location.Query, "SAMLRequest")!.Value.Value;
        Assert.That(read.Verify(new PinnedKeys([certificate], DateTimeOffset.UtcNow)).IsOk, Is.True);
        Assert.That(RedirectBinding.Read((await browser.GetAsync($"/sso/{stage.Organization.Slug}/start")).Location!.Query, "SAMLRequest")!.Value.Value.Signature, Is.Null);
    }

    [Test]
    public async Task An_assertion_encrypted_for_the_metadatas_certificate_is_accepted()
    {
        using var browser = stage.Browser();
        var said = stage.Say("ada", await stage.BeginAsync(browser));
        var inner = Said.Load(said.AssertionXml);
        Stage.Key.Sign(inner, said.AssertionId);
        using var certificate = await stage.ServiceCertificateAsync();
        using var key = System.Security.Cryptography.X509Certificates.RSACertificateExtensions.GetRSAPublicKey(certificate)!;
        var encrypted = Encryption.Encrypt(inner.OuterXml, key, SamlNames.Encryption11 + "aes256-gcm", "oaep-sha1");
        var delivered = await stage.DeliverAsync(browser, Stage.Encoded(said.ResponseXml(encrypted)));
        Assert.That((await browser.GetAsync(delivered.Location!)).Query("code"), Is.Not.Null);
    }

    [Test]
    public async Task A_session_lasts_no_longer_than_the_identity_provider_says()
    {
        using var browser = stage.Browser();
        var session = await stage.SessionAsync(browser, "ada", said => said with { SessionUntil = TimeSpan.FromMinutes(30) });
        var ends = DateTimeOffset.Parse(session.Text("expiresAt"), System.Globalization.CultureInfo.InvariantCulture);
        Assert.That(ends, Is.EqualTo(DateTimeOffset.UtcNow.AddMinutes(30)).Within(TimeSpan.FromMinutes(5)));
    }

    [Test]
    public async Task DOM_4_an_address_as_NameID_is_the_same_person_in_whatever_case()
    {
        using var one = stage.Browser();
        using var two = stage.Browser();
        var first = await stage.SessionAsync(one, "ada", said => said with { NameId = stage.Organization.Mail("ada"), Format = SamlNames.EmailFormat });
        var second = await stage.SessionAsync(two, "ada", said => said with { NameId = stage.Organization.Mail("ada").ToUpperInvariant(), Format = SamlNames.EmailFormat });
        Assert.That(second.Text("memberId"), Is.EqualTo(first.Text("memberId")));
    }

    [Test]
    public async Task JIT_1_an_unverified_address_links_and_creates_nobody_and_a_mapped_externalId_does()
    {
        var careful = await Stage.SetAsync(service, body =>
        {
            body["trustEmail"] = false;
            body["saml"]!["attributes"] = new JsonObject { ["externalId"] = "http://schemas.microsoft.com/identity/claims/objectidentifier" };
        });
        using var browser = careful.Browser();
        var refused = await careful.SignInAsync(browser, "ada");
        Assert.That((refused.Status, refused.Reason), Is.EqualTo((403, "email_not_verified")), refused.ToString());
        await careful.Organization.PushAsync("ada");
        var session = await careful.SessionAsync(browser, "ada", said => said with
        {
            Attributes = [("http://schemas.microsoft.com/identity/claims/objectidentifier", ["x-ada"])],
        });
        Assert.That(session.Text("memberId"), Is.EqualTo(await careful.Organization.MemberIdOfAsync(careful.Organization.Mail("ada"))));
    }

    [Test]
    public async Task JIT_4_refused_for_want_of_a_seat_then_given_one_then_in_by_trying_again()
    {
        var full = await Stage.SetAsync(service, organization: await service.OrganizationAsync(standard: 0, premium: 1));
        using var one = full.Browser();
        using var two = full.Browser();
        await full.SessionAsync(one, "ada");
        var refused = await full.SignInAsync(two, "bob");
        Assert.That((refused.Status, refused.Reason), Is.EqualTo((403, "seat_unavailable")), refused.ToString());
        (await full.Organization.Owner.Patch("/members/" + await full.Organization.MemberIdOfAsync(full.Organization.Mail("ada")), new { state = "suspended" }, ("If-Match", "*"))).Expect(200);
        var link = System.Net.WebUtility.HtmlDecode(System.Text.RegularExpressions.Regex.Match(refused.Body, "href=\"(/sso/[^\"]+/start[^\"]*)\"").Groups[1].Value);
        var again = await two.GetAsync(link);
        var delivered = await full.DeliverAsync(two, Stage.Signed(full.Say("bob", (string)Stage.Request(again).Attribute("ID")!)));
        Assert.That((await two.GetAsync(delivered.Location!)).Query("code"), Is.Not.Null);
    }

    [Test]
    public async Task Suspended_between_the_answer_and_its_continuation_is_refused()
    {
        using var browser = stage.Browser();
        await stage.SessionAsync(browser, "ada");
        var said = stage.Say("ada", await stage.BeginAsync(browser));
        var delivered = await stage.DeliverAsync(browser, Stage.Signed(said));
        await stage.Organization.PatchMemberAsync(await stage.Organization.MemberIdOfAsync(stage.Organization.Mail("ada")), new { state = "suspended" });
        Assert.That((await browser.GetAsync(delivered.Location!)).Reason, Is.EqualTo("deprovisioned"));
    }

    [Test]
    public async Task A_connection_that_is_switched_off_meanwhile_finishes_nothing()
    {
        using var browser = stage.Browser();
        var said = stage.Say("ada", await stage.BeginAsync(browser));
        var delivered = await stage.DeliverAsync(browser, Stage.Signed(said));
        var body = Stage.Body();
        body["enabled"] = false;
        (await stage.Organization.Owner.Put("/connections/" + stage.Connection, body, ("If-Match", "*"))).Expect(200);
        Assert.That((await browser.GetAsync(delivered.Location!)).Status, Is.EqualTo(400));
        Assert.That((await stage.DeliverAsync(browser, Stage.Signed(said))).Status, Is.EqualTo(404));
        Assert.That(await stage.Organization.MembersAsync(), Is.Empty);
    }

    [Test]
    public async Task Parallel_answers_and_continuations_finish_one_sign_in()
    {
        using var browser = stage.Browser();
        var response = Stage.Signed(stage.Say("ada", await stage.BeginAsync(browser)));
        var delivered = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => stage.DeliverAsync(browser, response)));
        Assert.That(delivered.Select(shown => shown.Status).Order(), Is.EqualTo((int[])[303, 403, 403, 403, 403, 403, 403, 403]));
        Assert.That(delivered.Where(shown => shown.Status == 403).Select(shown => shown.Reason), Is.All.EqualTo(SamlFault.Replayed));
        var address = delivered.Single(shown => shown.Status == 303).Location!;
        var continued = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => browser.GetAsync(address)));
        Assert.That(continued.Count(shown => shown.Query("code") is not null), Is.EqualTo(1));
        Assert.That((await stage.Organization.MembersAsync()), Has.Count.EqualTo(1));
        await stage.Organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }
}
