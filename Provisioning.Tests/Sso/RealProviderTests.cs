using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Sso;

/// <summary>Sign-in against an OpenID provider that others wrote, with its real pages.</summary>
public sealed partial class RealProviderTests
{
    private TestService service = null!;
    private NodeProvider? provider;
    private string issuer = "";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        service = await SharedService.GetAsync();
        provider = await NodeProvider.StartAsync(service.Address);
        issuer = provider.Issuer;
    }

    [OneTimeTearDown]
    public void Stop() => provider?.Dispose();

    [Test]
    public async Task A_person_signs_in_at_a_real_provider_is_refused_without_a_seat_and_signs_out()
    {
        var organization = await service.OrganizationAsync(standard: 0, premium: 1, mode: "jit");
        var wanted = new JsonObject
        {
            ["name"] = "real", ["kind"] = "oidc",
            ["oidc"] = new JsonObject { ["issuer"] = issuer, ["clientId"] = "provisioning", ["clientSecret"] = "provisioning-secret" },
        };
        (await organization.Owner.Post("/connections", wanted)).Expect(201);
        (await organization.Owner.Put("/sign-in-settings", new { returnTo = new[] { "https://app.example/in" } }, ("If-Match", "*"))).Expect(200);
        var token = (await organization.Owner.Post("/tokens", new { door = "application", name = "app" })).Expect(201).Text("token");
        var start = $"/sso/{organization.Slug}/start?return_to={Uri.EscapeDataString("https://app.example/in")}";

        using var browser = new TestBrowser(service.Address);
        var back = await SignInAsync(browser, start, organization.Mail("ada"));
        Assert.That(back.To.GetLeftPart(UriPartial.Path), Is.EqualTo("https://app.example/in"), back.Body);
        var session = (await organization.Owner.With(token).Post("/sign-ins/exchange", new { code = back.Query("code") })).Expect(200);
        Assert.That((session.Text("email"), session.Text("tier")), Is.EqualTo((organization.Mail("ada"), "premium")));

        using var second = new TestBrowser(service.Address);
        (await SignInAsync(second, start, organization.Mail("grace"))).Expect(403, "No seat is free");

        var away = (await browser.SubmitAsync("/sso/sign-out")).Expect(303);
        Assert.That(away.To.AbsoluteUri, Does.StartWith(issuer));
        (await browser.GoAsync(away.To)).Expect(200); // the provider knows the hint and asks whether to sign out there too
        Assert.That((await organization.Owner.With(token).Get("/sessions/" + session.Text("sessionId"))).Expect(200).Flag("active"), Is.False);
    }

    [Test]
    public async Task RFC_7523_a_real_provider_takes_the_key_of_the_service_and_people_come_in_while_it_is_replaced()
    {
        var organization = await service.OrganizationAsync(mode: "jit");
        JsonObject Wanted(string client, bool enabled) => new()
        {
            ["name"] = "real", ["kind"] = "oidc", ["enabled"] = enabled,
            ["oidc"] = new JsonObject { ["issuer"] = issuer, ["clientId"] = client, ["tokenEndpointAuthMethod"] = "private_key_jwt" },
        };
        var made = (await organization.Owner.Post("/connections", Wanted("not-known-yet", enabled: false))).Expect(201);
        using var http = new HttpClient();
        using var registration = new StringContent(new JsonObject
        {
            ["redirect_uris"] = new JsonArray(made.Text("oidc", "redirectUri")), ["token_endpoint_auth_method"] = "private_key_jwt",
            ["jwks_uri"] = made.Text("oidc", "jwksUri"),
        }.ToJsonString(), System.Text.Encoding.UTF8, "application/json");
        using var registered = await http.PostAsync(new Uri(issuer + "/reg"), registration);
        var answer = await registered.Content.ReadAsStringAsync();
        Assert.That((int)registered.StatusCode, Is.EqualTo(201), answer);
        var client = (string)JsonNode.Parse(answer)!["client_id"]!;
        (await organization.Owner.Put("/connections/" + made.Id, Wanted(client, enabled: true), ("If-Match", "*"))).Expect(200); // tried with the key
        for (var key = 0; key < 2; key++)
        {
            using var browser = new TestBrowser(service.Address);
            (await SignInAsync(browser, $"/sso/{organization.Slug}/start", organization.Mail("ada"))).Expect(200, "You are signed in");
            if (key == 1) break;
            (await organization.Owner.Put($"/connections/{made.Id}/key", new { next = "publish" }, ("If-Match", "*"))).Expect(200);
            // This provider keeps what it has read for a minute: until then it does not take the next key, and the one before goes on signing.
            (await organization.Owner.Put($"/connections/{made.Id}/key", new { next = "sign" }, ("If-Match", "*"))).Expect(200, 422);
        }
    }

    /// <summary>Follows redirects and fills the provider's forms, until the browser is sent away or shown a page of ours.</summary>
    private async Task<Shown> SignInAsync(TestBrowser browser, string start, string login)
    {
        var shown = await browser.GoAsync(start);
        for (var step = 0; step < 20; step++)
        {
            if (shown.Location is { } next)
            {
                if (next.Host != "127.0.0.1") return shown;
                shown = await browser.GoAsync(next);
            }
            else if (shown.Address.AbsoluteUri.StartsWith(issuer, StringComparison.Ordinal) && Form().Match(shown.Body) is { Success: true } form)
            {
                var prompt = Prompt().Match(shown.Body).Groups[1].Value;
                shown = await browser.SubmitAsync(WebUtility.HtmlDecode(form.Groups[1].Value),
                    prompt == "login" ? [("prompt", prompt), ("login", login), ("password", "any")] : [("prompt", prompt)]);
            }
            else
            {
                return shown;
            }
        }
        throw new AssertionException($"The provider never let go.\n{shown}");
    }

    [GeneratedRegex("<form[^>]*action=\"([^\"]+)\"")]
    private static partial Regex Form();

    [GeneratedRegex("name=\"prompt\" value=\"([a-z]+)\"")]
    private static partial Regex Prompt();
}
