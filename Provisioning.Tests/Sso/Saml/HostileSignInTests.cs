using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Api.Hosting;
using Provisioning.Api.Sso.Saml;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Sso.Saml;

/// <summary>Answers that are replayed, mixed up or brought by somebody else: refused over HTTP, and nothing changes (forged ones: <see cref="ForgeryTests"/>).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class HostileSignInTests(string engine) : StageFixture(engine)
{
    private async Task NothingHappenedAsync()
    {
        Assert.That(await Stage.Organization.MembersAsync(), Is.Empty);
        Assert.That(Browser.Cookies.Keys.Any(name => name.Contains("session", StringComparison.Ordinal)), Is.False);
        await Stage.Organization.ExpectAssignedAsync(premium: 0, standard: 0);
    }

    private async Task RefusedAsync(string fault, Said said) => Refused(fault, await Stage.DeliverAsync(Browser, Stage.Signed(said)));

    private static void Refused(string fault, Shown shown) =>
        Assert.That((shown.Status, shown.Reason), Is.EqualTo((fault == SamlFault.Malformed ? 400 : 403, fault)), shown.ToString());

    [Test]
    public async Task What_is_no_response_is_a_page_and_no_failure()
    {
        foreach (var response in new[] { "", "%%%", "PGE+", Stage.Encoded("<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><x>&e;</x>") })
            Refused(SamlFault.Malformed, await Stage.DeliverAsync(Browser, response));
        Assert.That((await Browser.PostAsync(Stage.Path + "/acs", crossSite: true)).Status, Is.EqualTo(400));
    }

    [Test]
    public async Task Addresses_of_no_connection_answer_404()
    {
        var gateway = TestOrganization.Text((await Stage.Organization.Owner.Get("/connections")).Items("connections")[0], "id");
        foreach (var id in new[] { "con_01a1f8d7-b605-716b-a7de-6edb240f38c1", "x", gateway })
        {
            Assert.That((await Browser.GetAsync($"/sso/saml/{id}/metadata")).Status, Is.EqualTo(404));
            Assert.That((await Browser.PostAsync($"/sso/saml/{id}/acs", crossSite: true, ("SAMLResponse", "x"))).Status, Is.EqualTo(404));
            Assert.That((await Browser.GetAsync($"/sso/saml/{id}/slo?SAMLRequest=x")).Status, Is.EqualTo(404));
            Assert.That((await Browser.GetAsync($"/sso/saml/{id}/continue?request=x")).Status, Is.EqualTo(400));
            Assert.That((await Browser.GetAsync($"/sso/saml/{id}/confirm?ticket=x")).Status, Is.EqualTo(400));
        }
    }

    [Test]
    public async Task A_response_is_used_once_and_its_continuation_too()
    {
        var response = Stage.Signed(Stage.Say("ada", await Stage.BeginAsync(Browser)));
        var delivered = await Stage.DeliverAsync(Browser, response);
        Refused(SamlFault.Replayed, await Stage.DeliverAsync(Browser, response));
        Assert.That((await Browser.GetAsync(delivered.Location!)).Query("code"), Is.Not.Null);
        Assert.That((await Browser.GetAsync(delivered.Location!)).Status, Is.EqualTo(400));
        Refused(SamlFault.Replayed, await Stage.DeliverAsync(Browser, response));
    }

    [Test]
    public async Task A_second_assertion_for_an_answered_request_is_refused()
    {
        var request = await Stage.BeginAsync(Browser);
        Assert.That((await Stage.DeliverAsync(Browser, Stage.Signed(Stage.Say("ada", request)))).Status, Is.EqualTo(303));
        await RefusedAsync(SamlFault.WrongRequest, Stage.Say("bob", request));
        await NothingHappenedAsync();
    }

    [Test]
    public async Task Login_CSRF_the_answer_to_an_attackers_request_is_good_in_the_attackers_browser_only()
    {
        using var attacker = Stage.Browser();
        var said = Stage.Say("eve", await Stage.BeginAsync(attacker));
        await Stage.BeginAsync(Browser); // the victim has a Browser secret of its own
        var delivered = await Stage.DeliverAsync(Browser, Stage.Signed(said));
        Assert.That(delivered.Status, Is.EqualTo(303));
        Assert.That((await Browser.GetAsync(delivered.Location!)).Status, Is.EqualTo(400));
        await NothingHappenedAsync();
        Assert.That((await attacker.GetAsync(delivered.Location!)).Query("code"), Is.Not.Null, "it was not used up by the wrong Browser");
    }

    [Test]
    public async Task Mix_up_the_answer_of_one_connection_finishes_no_sign_in_of_another()
    {
        using var key = SigningKey.Make(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var other = await Stage.SetAsync(Service, body => body["saml"]!["certificates"] = new JsonArray(ConnectionCertificates.Text(key.Certificate)), Stage.Organization, name: "other");
        var request = await other.BeginAsync(Browser);
        await RefusedAsync(SamlFault.WrongRequest, Stage.Say("ada", request));
        // The same response, with the other connection's addresses but our key.
        Refused(SamlFault.SignatureInvalid, await other.DeliverAsync(Browser, Stage.Signed(other.Say("ada", request))));
        // A continuation asked of another connection.
        var delivered = await other.DeliverAsync(Browser, Stage.Signed(other.Say("ada", request), key));
        Assert.That((await Browser.GetAsync(delivered.Location!.PathAndQuery.Replace(other.Connection, Stage.Connection, StringComparison.Ordinal))).Status, Is.EqualTo(400));
        await NothingHappenedAsync();
    }

    [Test]
    public async Task RelayState_sends_nobody_anywhere()
    {
        var open = await Stage.SetAsync(Service, body => body["saml"]!["allowIdpInitiated"] = true);
        foreach (var relayState in new[] { "https://evil.example/", "https://app.example/in/..//evil", "//evil.example/", "javascript:alert(1)" })
            await RelayStateIsIgnoredAsync(open, relayState);
    }

    private async Task RelayStateIsIgnoredAsync(Stage open, string relayState)
    {
        var said = Stage.Say("ada", await Stage.BeginAsync(Browser));
        var delivered = await Stage.DeliverAsync(Browser, Stage.Signed(said), relayState);
        Assert.That((await Browser.GetAsync(delivered.Location!)).Location!.GetLeftPart(UriPartial.Path), Is.EqualTo(Stage.ReturnTo));
        using var another = open.Browser();
        var asked = await another.GetAsync((await open.DeliverAsync(another, Stage.Signed(open.Say("ada", null)), relayState)).Location!);
        Assert.That(asked.Body, Does.Not.Contain("evil"));
        var last = await another.PostAsync(open.Path + "/confirm", crossSite: false, ("ticket", asked.Hidden("ticket")), ("proof", asked.Hidden("proof")));
        Assert.That((last.Status, last.Location), Is.EqualTo((200, (Uri?)null)), last.ToString());
    }
}
