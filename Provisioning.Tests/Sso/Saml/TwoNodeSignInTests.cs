using NUnit.Framework;
using Provisioning.Api;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Sso.Saml;

/// <summary>Any node finishes what another began: request on one, assertion consumer on the other, continuation on the first.</summary>
public sealed class TwoNodeSignInTests
{
    [TestCase(TestDatabase.Sqlite)]
    [TestCase(TestDatabase.PostgreSql)]
    public async Task D6_a_sign_in_begun_on_one_node_is_answered_on_the_other(string engine)
    {
        // Both nodes are one service to the outside: the addresses of the first.
        await using var service = await TestService.StartOnAsync(engine);
        var root = service.Address.GetLeftPart(UriPartial.Authority);
        await using var other = Program.Build([.. TestService.Settings(service.Database, "http://127.0.0.1:0", 2, 1, [$"Public:BaseUrl={root}"])]);
        await other.StartAsync();
        var second = new Uri(other.Urls.First());
        var stage = await Stage.SetAsync(service);
        using var browser = stage.Browser();
        var response = Stage.Signed(stage.Say("ada", await stage.BeginAsync(browser)));
        var delivered = await browser.PostAsync(new Uri(second, stage.Path + "/acs").ToString(), crossSite: true, ("SAMLResponse", response));
        Assert.That(delivered.Status, Is.EqualTo(303), delivered.ToString());
        Assert.That((await stage.DeliverAsync(browser, response)).Status, Is.EqualTo(403), "used up on the other node too");
        Assert.That((await browser.GetAsync(delivered.Location!)).Query("code"), Is.Not.Null);
        await other.StopAsync();
    }
}
