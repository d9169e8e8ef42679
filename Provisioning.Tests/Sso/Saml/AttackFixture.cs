using System.Xml;
using NUnit.Framework;
using Provisioning.Api.Sso.Saml;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Sso.Saml;

/// <summary>
/// Attacks on the assertion consumer over HTTP, in an organisation where a good answer lets everybody in: the victim has a seat and has signed in,
/// the attacker has an account at the provider. After each the organisation is as it was.
/// </summary>
public abstract class AttackFixture(string engine)
{
    /// <summary>The NameID that a forged assertion names: a member's.</summary>
    private protected const string Victim = "00u-victim";

    private string before = null!;

    private protected TestService Service { get; private set; } = null!;

    private protected Stage Stage { get; private set; } = null!;

    /// <summary>Began a sign-in, whose request the good answer of the test would answer.</summary>
    private protected Browser Browser { get; private set; } = null!;

    /// <summary>A good answer about the attacker.</summary>
    private protected Said Good { get; private set; } = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        Service = await SharedService.GetAsync(engine);
        Stage = await Stage.SetAsync(Service, standard: 5);
        using var victim = Stage.Browser();
        await Stage.SessionAsync(victim, "victim");
    }

    [SetUp]
    public async Task BeginAsync()
    {
        Browser = Stage.Browser();
        Good = Stage.Say("mallory", await Stage.BeginAsync(Browser));
        before = await Stage.Organization.StateAsync();
    }

    [TearDown]
    public async Task Nothing_was_made_or_changed()
    {
        if (Browser is null) return;
        Assert.That(Browser.Cookies.Keys.Any(name => name.Contains("session", StringComparison.Ordinal)), Is.False);
        Browser.Dispose();
        await Stage.Organization.ExpectUntouchedAsync(before);
    }

    private protected static XmlDocument Signed(Said said, bool assertion = true, bool response = false)
    {
        var document = said.Document();
        if (assertion) Stage.Key.Sign(document, said.AssertionId);
        if (response) Stage.Key.Sign(document, said.ResponseId);
        return document;
    }

    private protected Task RefusedAsync(string fault, XmlDocument response) => RefusedAsync(fault, response.OuterXml);

    /// <summary>Delivers it as the browser would; the page names the reason, and nobody comes in.</summary>
    private protected async Task RefusedAsync(string fault, string response)
    {
        var shown = await Stage.DeliverAsync(Browser, Stage.Encoded(response));
        Assert.That((shown.Status, shown.Reason), Is.EqualTo((fault == SamlFault.Malformed ? 400 : 403, fault)), shown.ToString());
    }
}
