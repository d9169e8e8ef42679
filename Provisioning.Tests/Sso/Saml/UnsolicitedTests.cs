using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Api.Sso.Saml;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Sso.Saml;

/// <summary>Sign-ins that the identity provider begins: off by default; on, the person is asked, and nobody who is signed in is replaced.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class UnsolicitedTests(string engine) : StageFixture(engine)
{
    private protected override void Change(JsonObject connection) => connection["saml"]!["allowIdpInitiated"] = true;

    private async Task<Shown> AskedAsync(Browser by, string person = "ada", string? relayState = Stage.ReturnTo)
    {
        var delivered = await Stage.DeliverAsync(by, Stage.Signed(Stage.Say(person, null)), relayState);
        Assert.That(delivered.Status, Is.EqualTo(303), delivered.ToString());
        return await by.GetAsync(delivered.Location!);
    }

    private Task<Shown> PressAsync(Browser by, Shown asked, bool crossSite = false) =>
        by.PostAsync(Stage.Path + "/confirm", crossSite, ("ticket", asked.Hidden("ticket")), ("proof", asked.Hidden("proof")));

    [Test]
    public async Task The_person_is_asked_and_comes_in_by_pressing()
    {
        var asked = await AskedAsync(Browser);
        Assert.That((asked.Status, asked.Body.Contains(Stage.Organization.Mail("ada"), StringComparison.Ordinal)), Is.EqualTo((200, true)));
        Assert.That(await Stage.Organization.MembersAsync(), Is.Empty, "asking changes nothing");
        var last = await PressAsync(Browser, asked);
        Assert.That((last.Location?.GetLeftPart(UriPartial.Path), last.Query("code") is not null), Is.EqualTo((Stage.ReturnTo, true)), last.ToString());
        Assert.That((await PressAsync(Browser, asked)).Status, Is.Not.EqualTo(303), "once");
    }

    [Test]
    public async Task Another_site_cannot_press()
    {
        using var attacker = Stage.Browser();
        var asked = await AskedAsync(attacker, "eve");
        // The attacker's ticket and proof in a form that the victim's Browser is made to post; with and without the victim's cookies.
        await Browser.GetAsync($"/sso/{Stage.Organization.Slug}/start");
        Assert.That((await PressAsync(Browser, asked, crossSite: true)).Status, Is.EqualTo(400));
        Assert.That((await PressAsync(Browser, asked)).Status, Is.EqualTo(400));
        Assert.That(await Stage.Organization.MembersAsync(), Is.Empty);
    }

    [Test]
    public async Task Who_is_signed_in_is_not_replaced()
    {
        var session = await Stage.SessionAsync(Browser, "ada");
        var cookies = string.Join(';', Browser.Cookies.Values);
        var asked = await AskedAsync(Browser, "eve");
        Assert.That(asked.Status, Is.EqualTo(409), asked.ToString());
        Assert.That((string.Join(';', Browser.Cookies.Values), await Stage.IsActiveAsync(session)), Is.EqualTo((cookies, true)));
        // Signed in between question and press.
        using var late = Stage.Browser();
        var question = await AskedAsync(late, "eve");
        await Stage.SessionAsync(late, "ada");
        Assert.That((await PressAsync(late, question)).Status, Is.EqualTo(409));
        Assert.That(await Stage.Organization.MembersAsync(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task It_is_used_once_and_off_by_default()
    {
        var response = Stage.Signed(Stage.Say("ada", null));
        Assert.That((await Stage.DeliverAsync(Browser, response)).Status, Is.EqualTo(303));
        Assert.That((await Stage.DeliverAsync(Browser, response)).Reason, Is.EqualTo(SamlFault.Replayed));
        var closed = await Stage.SetAsync(Service);
        Assert.That((await closed.DeliverAsync(Browser, Stage.Signed(closed.Say("ada", null)))).Reason, Is.EqualTo(SamlFault.Unsolicited));
    }

    [Test]
    public async Task A_ticket_is_no_continuation_and_a_continuation_no_ticket()
    {
        var delivered = await Stage.DeliverAsync(Browser, Stage.Signed(Stage.Say("ada", null)));
        var ticket = delivered.Query("ticket")!;
        Assert.That((await Browser.GetAsync($"{Stage.Path}/continue?request={Provisioning.Core.SignIn.FlowSecrets.RequestIdOf(Provisioning.Core.SignIn.SignInSecret.Hash(ticket))}")).Status, Is.EqualTo(400));
    }
}
