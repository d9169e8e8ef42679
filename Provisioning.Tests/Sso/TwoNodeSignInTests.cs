using NUnit.Framework;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Sso;

/// <summary>Two nodes on one database: what one began the other finishes, once, and what one ended is over on the other.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class TwoNodeSignInTests(string engine)
{
    /// <summary>The address of the load balancer, where nobody listens: the test takes its place.</summary>
    private const string Balancer = "http://127.0.0.1:9";

    [Test]
    public async Task D7_a_flow_begun_on_one_node_is_finished_on_the_other_and_by_one_of_them_only()
    {
        await using var one = await TestService.StartOnAsync(engine, settings: "Public:BaseUrl=" + Balancer);
        await using var two = await one.AnotherAsync();
        await using var sso = await OidcOrganization.MakeAsync(one, standard: 5, premium: 5);
        using var browser = sso.Browser();
        sso.Provider.Person = sso.Person("ada");
        var callback = await sso.CallbackAsync(browser);
        Assert.That(callback.GetLeftPart(UriPartial.Authority), Is.EqualTo(Balancer));
        var shown = await Task.WhenAll(
            browser.GoAsync(new Uri(two.Address, callback.PathAndQuery)), browser.GoAsync(new Uri(one.Address, callback.PathAndQuery)));
        Assert.That(shown.Select(page => page.Status).Order(), Is.EqualTo((int[])[303, 410]));
        var back = shown.Single(page => page.Status == 303);
        var there = new Door(new HttpClient { BaseAddress = two.Address }, sso.Application.Token, sso.Application.Root);
        var exchanged = await Task.WhenAll(sso.ExchangeAsync(back), there.Post("/sign-ins/exchange", new { code = back.Query("code") }));
        Assert.That(exchanged.Select(answer => answer.Status).Order(), Is.EqualTo((int[])[200, 422]));
        var session = exchanged.Single(answer => answer.Status == 200);
        var path = "/sessions/" + session.Text("sessionId");
        Assert.That((await there.Get(path)).Expect(200).Flag("active"), Is.True);
        (await sso.Organization.PatchMemberAsync(session.Text("memberId"), new { state = "suspended" })).Expect(200);
        Assert.That((await there.Get(path)).Expect(200).Flag("active"), Is.False, "at once: nothing of a session is cached");
        there.Http.Dispose();
    }
}
