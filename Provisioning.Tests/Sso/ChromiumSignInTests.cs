using System.Text.Json.Nodes;
using System.Web;
using Microsoft.Playwright;
using NUnit.Framework;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Sso;

/// <summary>The whole way of a person through a real browser and a real OpenID provider.</summary>
public sealed class ChromiumSignInTests : ChromiumFixture
{
    private NodeProvider? provider;
    private TestOrganization organization = null!;
    private Door application = null!;

    [OneTimeSetUp]
    public async Task StartProviderAsync() => provider = await NodeProvider.StartAsync(Service.Address);

    [OneTimeTearDown]
    public void StopProvider() => provider?.Dispose();

    [SetUp]
    public async Task ConnectAsync()
    {
        organization = await Service.OrganizationAsync(standard: 0, premium: 1, mode: "jit");
        var wanted = new JsonObject
        {
            ["name"] = "real", ["kind"] = "oidc",
            ["oidc"] = new JsonObject { ["issuer"] = provider!.Issuer, ["clientId"] = "provisioning", ["clientSecret"] = "provisioning-secret" },
        };
        (await organization.Owner.Post("/connections", wanted)).Expect(201);
        (await organization.Owner.Put("/sign-in-settings", new { returnTo = new[] { Application } }, ("If-Match", "*"))).Expect(200);
        application = organization.Owner.With((await organization.Owner.Post("/tokens", new { door = "application", name = "app" })).Expect(201).Text("token"));
    }

    private string Start => $"/sso/{organization.Slug}/start?return_to={Uri.EscapeDataString(Application)}";

    [Test]
    public async Task A_seat_is_granted_the_next_person_is_refused_and_gets_in_by_pressing_Try_again()
    {
        var ada = await PersonAsync();
        await GoAsync(ada, Start);
        await SignInAsync(ada, organization.Mail("ada"));
        var first = await ExchangeAsync(ada);
        Assert.That((first.Text("email"), first.Text("tier"), first.Flag("productAccess")), Is.EqualTo((organization.Mail("ada"), "premium", true)));

        var grace = await PersonAsync();
        await GoAsync(grace, Start);
        await SignInAsync(grace, organization.Mail("grace"));
        Assert.That(await TitleAsync(grace), Is.EqualTo("No seat is free"));
        await ReadableAsync(grace, "refused");
        await PressAsync(grace, "Try again");
        await SignInAsync(grace, organization.Mail("grace"));
        Assert.That(await TitleAsync(grace), Is.EqualTo("No seat is free"), "nothing has changed");

        (await organization.PatchMemberAsync(first.Text("memberId"), new { seat = new { unassign = true } })).Expect(200);
        await PressAsync(grace, "Try again");
        await SignInAsync(grace, organization.Mail("grace"));
        var second = await ExchangeAsync(grace);
        Assert.That((second.Text("email"), second.Text("tier")), Is.EqualTo((organization.Mail("grace"), "premium")));
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task A_person_who_is_deactivated_meanwhile_is_out_and_told_so()
    {
        var page = await PersonAsync();
        await GoAsync(page, "/sso");
        await ReadableAsync(page, "sign-in");
        await page.FillAsync("[name=email]", organization.Mail("ada"));
        await PressAsync(page, "Continue"); // the form leads to another origin: the page's policy lets it
        await SignInAsync(page, organization.Mail("ada"));
        Assert.That(await TitleAsync(page), Is.EqualTo("You are signed in"));
        await ReadableAsync(page, "signed-in");
        await GoAsync(page, Start);
        await SignInAsync(page, organization.Mail("ada"));
        var session = await ExchangeAsync(page);
        (await organization.PatchMemberAsync(session.Text("memberId"), new { state = "suspended" })).Expect(200);
        Assert.That((await application.Get("/sessions/" + session.Text("sessionId"))).Expect(200).Flag("active"), Is.False);
        await GoAsync(page, Start);
        await SignInAsync(page, organization.Mail("ada"));
        Assert.That(await TitleAsync(page), Is.EqualTo("Your access was withdrawn"));
        await ReadableAsync(page, "withdrawn");
        await GoAsync(page, "/sso/sign-out");
        await PressAsync(page, "Sign out");
        Assert.That(page.Url, Does.StartWith(provider!.Issuer), "the provider asks whether it should forget the person too");
        await PressAsync(page, "Yes");
        Assert.That(await TitleAsync(page), Is.EqualTo("You are signed out"));
        await ReadableAsync(page, "signed-out");
    }

    /// <summary>Fills the provider's pages until it lets go.</summary>
    private async Task SignInAsync(IPage page, string login)
    {
        for (var step = 0; step < 5 && page.Url.StartsWith(provider!.Issuer, StringComparison.Ordinal); step++)
        {
            if (await page.Locator("[name=login]").CountAsync() > 0)
            {
                await page.FillAsync("[name=login]", login);
                await page.FillAsync("[name=password]", "any");
            }
            await PressAsync(page, await page.Locator("button[type=submit]").InnerTextAsync());
        }
    }

    private async Task<Answer> ExchangeAsync(IPage page)
    {
        Assert.That(page.Url, Does.StartWith(Application), await page.ContentAsync());
        return (await application.Post("/sign-ins/exchange", new { code = HttpUtility.ParseQueryString(new Uri(page.Url).Query)["code"] })).Expect(200);
    }
}
