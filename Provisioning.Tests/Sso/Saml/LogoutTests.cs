using System.Text;
using NUnit.Framework;
using Provisioning.Api.Sso.Saml;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Sso.Saml;

/// <summary>The identity provider ends sessions (SAML Profiles 4.4).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class LogoutTests(string engine) : StageFixture(engine)
{
    [Test]
    public async Task The_identity_provider_ends_the_session_it_names_and_gets_a_signed_answer()
    {
        using var elsewhere = Stage.Browser();
        var one = await Stage.SessionAsync(Browser, "ada");
        var two = await Stage.SessionAsync(elsewhere, "ada", said => said with { SessionIndex = "_other" });
        // Front-channel, in a Browser that may have no cookie here.
        using var any = Stage.Browser();
        var answered = await any.GetAsync(Stage.Path + "/slo" + Stage.LogoutQuery("00u-ada", "_session", Stage.Key.Rsa));
        Assert.That((await Stage.IsActiveAsync(one), await Stage.IsActiveAsync(two)), Is.EqualTo((false, true)));
        Assert.That((answered.Location!.GetLeftPart(UriPartial.Path), answered.Query("RelayState")), Is.EqualTo((Stage.SloUrl, "state")));
        using var certificate = await Stage.ServiceCertificateAsync();
        var message = RedirectBinding.Read(answered.Location.Query, "SAMLResponse")!.Value.Value;
        Assert.That(message.Verify(new PinnedKeys([certificate], DateTimeOffset.UtcNow)).IsOk, Is.True);
        Assert.That(Encoding.UTF8.GetString(message.Xml), Does.Contain(SamlNames.Success));
    }

    [Test]
    public async Task Without_a_session_index_all_sessions_of_the_person_end_and_nobody_elses()
    {
        using var elsewhere = Stage.Browser();
        using var bobs = Stage.Browser();
        var one = await Stage.SessionAsync(Browser, "ada");
        var two = await Stage.SessionAsync(elsewhere, "ada", said => said with { SessionIndex = "_other" });
        var bob = await Stage.SessionAsync(bobs, "bob");
        var document = Said.Load(SamlMessages.LogoutRequest("_posted" + Guid.NewGuid().ToString("N"), DateTimeOffset.UtcNow, Stage.LogoutAddress, Stage.Entity, new LogoutName("00u-ada", null, null)));
        Stage.Key.Sign(document, document.DocumentElement!.GetAttribute("ID"));
        var answered = await elsewhere.PostAsync(Stage.Path + "/slo", crossSite: true, ("SAMLRequest", Stage.Encoded(document.OuterXml)));
        Assert.That(answered.Status, Is.EqualTo(303), answered.ToString());
        Assert.That((await Stage.IsActiveAsync(one), await Stage.IsActiveAsync(two), await Stage.IsActiveAsync(bob)), Is.EqualTo((false, false, true)));
        Assert.That((await Stage.Organization.AuditAsync()).Count(record => TestOrganization.Text(record, "reason") == "provider_logout"), Is.EqualTo(2));
    }

    [Test]
    public async Task A_logout_request_that_is_unsigned_foreign_old_or_used_ends_nothing()
    {
        var session = await Stage.SessionAsync(Browser, "ada");
        using var stranger = SigningKey.Make(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        async Task<string?> Reason(string query) => (await Browser.GetAsync(Stage.Path + "/slo" + query)).Reason;
        Assert.That(await Reason(Stage.LogoutQuery("00u-ada", null, null)), Is.EqualTo(SamlFault.NotSigned));
        Assert.That(await Reason(Stage.LogoutQuery("00u-ada", null, stranger.Rsa)), Is.EqualTo(SamlFault.SignatureInvalid));
        Assert.That(await Reason(Stage.LogoutQuery("00u-ada", null, Stage.Key.Rsa, DateTimeOffset.UtcNow.AddHours(-1))), Is.EqualTo(SamlFault.Expired));
        Assert.That(await Reason("?SAMLRequest=%25"), Is.EqualTo(SamlFault.Malformed));
        Assert.That(await Reason(""), Is.EqualTo(SamlFault.Malformed));
        Assert.That((await Browser.PostAsync(Stage.Path + "/slo", crossSite: true, ("SAMLRequest", "%"))).Reason, Is.EqualTo(SamlFault.Malformed));
        Assert.That(await Stage.IsActiveAsync(session), Is.True);
        var good = Stage.LogoutQuery("00u-ada", null, Stage.Key.Rsa);
        Assert.That((await Browser.GetAsync(Stage.Path + "/slo" + good)).Status, Is.EqualTo(303));
        var again = await Stage.SessionAsync(Browser, "ada");
        Assert.That(await Reason(good), Is.EqualTo(SamlFault.Replayed));
        Assert.That((await Stage.IsActiveAsync(session), await Stage.IsActiveAsync(again)), Is.EqualTo((false, true)));
    }

    [Test]
    public async Task Who_signs_out_here_is_sent_on_to_the_identity_provider_with_a_signed_request()
    {
        var session = await Stage.SessionAsync(Browser, "ada");
        Assert.That((await Browser.PostAsync("/sso/sign-out", crossSite: true)).Location?.AbsolutePath, Is.EqualTo("/sso/signed-out"));
        Assert.That(await Stage.IsActiveAsync(session), Is.True, "another site's form brings no cookie");
        var sent = await Browser.PostAsync("/sso/sign-out", crossSite: false);
        Assert.That((await Stage.IsActiveAsync(session), sent.Location?.GetLeftPart(UriPartial.Path)), Is.EqualTo((false, Stage.SloUrl)), sent.ToString());
        using var certificate = await Stage.ServiceCertificateAsync();
        var read = RedirectBinding.Read(sent.Location!.Query, "SAMLRequest")!.Value.Value.Verify(new PinnedKeys([certificate], DateTimeOffset.UtcNow));
        var order = LogoutReader.ReadRequest(read.Value, new ExpectedResponse(Stage.Audience, Stage.Entity, Stage.SloUrl), DateTimeOffset.UtcNow);
        Assert.That((order.Value.NameId, order.Value.NameIdFormat, order.Value.SessionIndexes.Single()), Is.EqualTo(("00u-ada", SamlNames.PersistentFormat, "_session")));
    }

    [Test]
    public async Task The_answer_to_our_own_request_shows_a_page_and_changes_nothing()
    {
        var session = await Stage.SessionAsync(Browser, "ada");
        string Query(System.Security.Cryptography.RSA? key) => new Uri(RedirectBinding.Url(Stage.LogoutAddress, "SAMLResponse",
            SamlMessages.LogoutResponse(SamlMessages.NewId(), DateTimeOffset.UtcNow, Stage.LogoutAddress, Stage.Entity, "_ours"), null, key)).Query;
        Assert.That((await Browser.GetAsync(Stage.Path + "/slo" + Query(Stage.Key.Rsa))).Location?.AbsolutePath, Is.EqualTo("/sso/signed-out"));
        Assert.That((await Browser.GetAsync(Stage.Path + "/slo" + Query(null))).Body, Does.Contain("did not confirm"));
        Assert.That(await Stage.IsActiveAsync(session), Is.True);
    }
}
