using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Sso;

/// <summary>What changes outside Development: the address is configured, cookies are secure, nothing on this machine is fetched.</summary>
public sealed class PublicAddressTests
{
    private const string Elsewhere = "environment=Staging";

    [Test]
    public async Task D6_behind_a_public_address_cookies_are_host_only_secure_lax_and_closed_to_scripts()
    {
        await using var service = await TestService.StartAsync(settings: "Public:BaseUrl=https://seats.example");
        await using var sso = await OidcOrganization.MakeAsync(service);
        using var browser = sso.Browser();
        var started = await browser.GoAsync(sso.StartPath);
        Assert.That(started.Query("redirect_uri"), Is.EqualTo($"https://seats.example/sso/oidc/{sso.Connection}/callback"));
        var cookie = started.Headers["Set-Cookie"];
        Assert.That(cookie, Does.StartWith("__Host-provisioning_browser="));
        foreach (var part in (string[])["secure", "httponly", "samesite=lax", "path=/"]) Assert.That(cookie.ToLowerInvariant().Split("; "), Does.Contain(part));
        Assert.That(cookie, Does.Not.Contain("domain").IgnoreCase);
        Assert.That(started.Headers["Cache-Control"] + started.Headers["Referrer-Policy"], Is.EqualTo("no-storeno-referrer"));
    }

    [Test]
    public async Task D6_outside_development_nobody_signs_in_before_the_public_address_is_set_and_loopback_is_closed()
    {
        await using var service = await TestService.StartAsync(settings: Elsewhere);
        var organization = await service.OrganizationAsync();
        var wanted = new JsonObject
        {
            ["name"] = "idp", ["kind"] = "oidc",
            ["oidc"] = new JsonObject { ["issuer"] = "http://127.0.0.1:9080", ["clientId"] = "c", ["clientSecret"] = "s" },
        };
        (await organization.Owner.Post("/connections", wanted)).ExpectProblem(400, "invalid_request");
        wanted["oidc"]!["issuer"] = "https://localhost:9";
        Assert.That((await organization.Owner.Post("/connections", wanted)).ExpectProblem(422, "connection_not_usable").Text("detail"), Does.Contain("no address"));
        wanted["enabled"] = false;
        var kept = (await organization.Owner.Post("/connections", wanted)).Expect(201);
        using var browser = new TestBrowser(service.Address);
        (await browser.GoAsync($"/sso/{organization.Slug}/start?connection={kept.Id}")).Expect(503, "Sign-in is not set up");
        (await organization.Owner.Put("/sign-in-settings", new { returnTo = new[] { "http://localhost:3000/in" } }, ("If-Match", "*"))).Expect(200);
    }

    [TestCase("GET", "/sso/nothing-here")]
    [TestCase("PUT", "/sso")]
    [TestCase("GET", "/sso/x%ed%a0%80/start")]
    [TestCase("GET", "/sso/oidc/x/callback?state=%00&code=%00")]
    [TestCase("POST", "/sso")]
    [TestCase("POST", "/sso/acme/start")]
    [TestCase("POST", "/sso/oidc/x/back-channel-logout")]
    public async Task Bad_addresses_and_bodies_get_a_page_never_a_failure(string method, string path)
    {
        var service = await SharedService.GetAsync();
        foreach (var (type, body) in ((string, string)[])[("application/json", "{}"), ("application/x-www-form-urlencoded", "%%%=%00&email=%00%ff&email=x"), ("application/x-www-form-urlencoded", new string('x', 70_000))])
        {
            var answer = await service.Anonymous.Send(method, path, method == "GET" ? null : body, ("Content-Type", type));
            Assert.That(answer.Status, Is.InRange(400, 499), answer.ToString());
            Assert.That(answer.ContentType, Does.StartWith("text/html").Or.EqualTo("application/json"));
        }
    }
}
