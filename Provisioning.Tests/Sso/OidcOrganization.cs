using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Sso;

/// <summary>An organisation whose people sign in at a <see cref="TestProvider"/>, and an application that is told.</summary>
internal sealed class OidcOrganization : IAsyncDisposable
{
    public const string ReturnTo = "https://app.example/signed-in?deep=link";

    private OidcOrganization(TestService service, TestOrganization organization, TestProvider provider, string connection, Door application)
    {
        Service = service;
        Organization = organization;
        Provider = provider;
        Connection = connection;
        Application = application;
    }

    public TestService Service { get; }

    public TestOrganization Organization { get; }

    public TestProvider Provider { get; }

    public string Connection { get; }

    /// <summary>An application token.</summary>
    public Door Application { get; }

    public string StartPath => $"/sso/{Organization.Slug}/start?connection={Connection}&return_to={Uri.EscapeDataString(ReturnTo)}";

    public static async Task<OidcOrganization> MakeAsync(
        TestService service, string mode = "jit", int standard = 2, int premium = 1, Action<JsonObject>? change = null)
    {
        var organization = await service.OrganizationAsync(standard, premium, mode);
        var provider = await TestProvider.StartAsync();
        var wanted = ConnectionBody(provider);
        change?.Invoke(wanted);
        var made = (await organization.Owner.Post("/connections", wanted)).Expect(201);
        (await organization.Owner.Put("/sign-in-settings", new { returnTo = new[] { "https://app.example/signed-in" } }, ("If-Match", "*"))).Expect(200);
        var token = (await organization.Owner.Post("/tokens", new { door = "application", name = "app" })).Expect(201).Text("token");
        return new OidcOrganization(service, organization, provider, made.Id, organization.Owner.With(token));
    }

    public static JsonObject ConnectionBody(TestProvider provider, string name = "idp") => new()
    {
        ["name"] = name, ["kind"] = "oidc",
        ["oidc"] = new JsonObject { ["issuer"] = provider.Issuer, ["clientId"] = TestProvider.ClientId, ["clientSecret"] = TestProvider.ClientSecret },
    };

    public TestBrowser Browser() => new(Service.Address);

    /// <summary>Claims of a usual person of the organisation.</summary>
    public JsonObject Person(string name) => new()
    {
        ["sub"] = "sub-" + name, ["email"] = Organization.Mail(name), ["email_verified"] = true, ["name"] = name + " Example", ["sid"] = "sid-" + name,
    };

    /// <summary>From the start to the callback; the answer to the callback.</summary>
    public async Task<Shown> SignInAsync(TestBrowser browser, JsonObject person, string? path = null)
    {
        Provider.Person = person;
        return await browser.GoAsync(await CallbackAsync(browser, path));
    }

    /// <summary>From the start to the provider's answer; where it sends the browser.</summary>
    public async Task<Uri> CallbackAsync(TestBrowser browser, string? path = null)
    {
        var started = (await browser.GoAsync(path ?? StartPath)).Expect(303);
        return (await browser.GoAsync(started.To)).Expect(302).To;
    }

    /// <summary>Signs in and demands to be let in; gives the session as the application sees it.</summary>
    public async Task<Answer> AllowedAsync(TestBrowser browser, JsonObject person)
    {
        var back = (await SignInAsync(browser, person)).Expect(303);
        Assert.That(back.To.GetLeftPart(UriPartial.Path) + " " + back.Query("deep"), Is.EqualTo("https://app.example/signed-in link"));
        return (await ExchangeAsync(back)).Expect(200);
    }

    public Task<Answer> ExchangeAsync(Shown back) => Application.Post("/sign-ins/exchange", new { code = back.Query("code") });

    public ValueTask DisposeAsync() => Provider.DisposeAsync();
}
