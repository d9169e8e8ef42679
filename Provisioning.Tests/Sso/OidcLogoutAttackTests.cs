using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Sso;

/// <summary>Logout tokens that are not what Back-Channel Logout 1.0 wants end nobody's session.</summary>
public sealed class OidcLogoutAttackTests
{
    private OidcOrganization sso = null!;
    private TestBrowser browser = null!;
    private string session = null!, before = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        sso = await OidcOrganization.MakeAsync(await SharedService.GetAsync());
        browser = sso.Browser();
        session = (await sso.AllowedAsync(browser, sso.Person("victim"))).Text("sessionId");
    }

    [OneTimeTearDown]
    public async Task EndAsync()
    {
        browser.Dispose();
        await sso.DisposeAsync();
    }

    [SetUp]
    public async Task RememberAsync() => before = await sso.Organization.StateAsync();

    [TearDown]
    public async Task The_session_goes_on_and_nothing_was_changed()
    {
        Assert.That((await sso.Application.Get("/sessions/" + session)).Expect(200).Flag("active"), Is.True);
        await sso.Organization.ExpectUntouchedAsync(before);
    }

    public static IEnumerable<TestCaseData> BadLogouts()
    {
        (string Name, Action<JsonObject> Change)[] cases =
        [
            ("nonce", claims => claims["nonce"] = "x"), ("no event", claims => claims.Remove("events")), ("no jti", claims => claims.Remove("jti")),
            ("foreign issuer", claims => claims["iss"] = "https://other.example"), ("wrong audience", claims => claims["aud"] = "other"),
            ("expired", claims => claims["exp"] = 1), ("nobody", claims => { claims.Remove("sub"); claims.Remove("sid"); }),
        ];
        return cases.Select(one => new TestCaseData(one.Change).SetArgDisplayNames(one.Name));
    }

    [TestCaseSource(nameof(BadLogouts))]
    public async Task A_bad_logout_token_ends_nothing(object change)
    {
        var claims = sso.Provider.LogoutClaims("sub-victim", "sid-victim");
        ((Action<JsonObject>)change)(claims);
        var refused = (await browser.SubmitAsync($"/sso/oidc/{sso.Connection}/back-channel-logout", ("logout_token", sso.Provider.Sign(claims)))).Expect(400);
        Assert.That(refused.Body, Does.StartWith("{\"error\":\"invalid_request\""));
        (await browser.SubmitAsync($"/sso/oidc/{sso.Connection}/back-channel-logout", ("logout_token", "x.y.z"))).Expect(400);
        (await browser.SubmitAsync("/sso/oidc/con_nonsense/back-channel-logout", ("logout_token", "x"))).Expect(400);
    }
}
