using NUnit.Framework;
using Provisioning.Tests.Http;
using Provisioning.Tests.Sso.Saml;

namespace Provisioning.Tests.Sso;

/// <summary>Every other page in a real browser, wide and on a phone: buttons work under its own rules for cookies, referrers and policies.</summary>
public sealed class ChromiumPageTests : ChromiumFixture
{
    [Test]
    public async Task An_owner_comes_in_by_a_link_looks_what_is_wrong_takes_a_token_and_leaves()
    {
        var organization = await Service.OrganizationAsync();
        (await organization.Owner.Post("/connections", Stage.Body())).Expect(201);
        await organization.PushAsync("olga");
        var owner = await organization.MemberIdOfAsync(organization.Mail("olga"));
        (await organization.PatchMemberAsync(owner, new { role = "owner" })).Expect(200);
        var link = (await organization.Operator.Post($"/members/{owner}/recovery-links", null)).Expect(201).Text("link");

        var page = await PersonAsync();
        await page.GotoAsync(link);
        await ReadableAsync(page, "recovery-link");
        await PressAsync(page, "Open the administration");
        Assert.That(new Uri(page.Url).AbsolutePath, Is.EqualTo("/sso/administration"));
        await ReadableAsync(page, "administration");
        await PressAsync(page, "What is wrong?");
        Assert.That(await page.ContentAsync(), Does.Contain("Signing certificates are valid"));
        await page.FillAsync("textarea", "<a/>");
        await PressAsync(page, "Save");
        Assert.That(await page.ContentAsync(), Does.Contain("no SAML 2.0 identity provider"));
        await PressAsync(page, "Show a token for REST");
        Assert.That(await page.ContentAsync(), Does.Contain("prv_admin_"));
        await ReadableAsync(page, "administration-token");
        await PressAsync(page, "Sign out");
        Assert.That(await TitleAsync(page), Is.EqualTo("You are signed out"));
        await page.GotoAsync(link);
        Assert.That(await TitleAsync(page), Is.EqualTo("This link does not work any more"));
        await ReadableAsync(page, "recovery-over");
    }

    [Test]
    public async Task A_link_is_asked_for_with_an_address()
    {
        var organization = await Service.OrganizationAsync();
        (await organization.Owner.Put("/sign-in-settings", new { returnTo = Array.Empty<string>(), recoveryLinks = true }, ("If-Match", "*"))).Expect(200);
        var page = await PersonAsync();
        await GoAsync(page, $"/sso/{organization.Slug}/recovery");
        await ReadableAsync(page, "recovery-ask");
        await page.FillAsync("[name=email]", organization.Mail("nobody"));
        await PressAsync(page, "Send me a link");
        Assert.That(await TitleAsync(page), Is.EqualTo("Look into your mailbox"));
        await ReadableAsync(page, "recovery-asked");
    }

    [Test]
    public async Task An_invited_person_accepts()
    {
        var organization = await Service.OrganizationAsync();
        var invited = (await organization.Admin.Post("/invitations", new { email = organization.Mail("ada") })).Expect(201);
        var page = await PersonAsync();
        await page.GotoAsync((await organization.Operator.Get("/invitations/" + invited.Id)).Expect(200).Text("acceptUrl"));
        await ReadableAsync(page, "invitation");
        await PressAsync(page, "Accept the invitation");
        Assert.That(await TitleAsync(page), Does.StartWith("Welcome to"));
        await ReadableAsync(page, "invitation-accepted");
    }

    [Test]
    public async Task A_sign_in_that_the_identity_provider_began_is_confirmed()
    {
        var stage = await Stage.SetAsync(Service, body => body["saml"]!["allowIdpInitiated"] = true);
        (await stage.Organization.Owner.Put("/sign-in-settings", new { returnTo = new[] { Application } }, ("If-Match", "*"))).Expect(200);
        var page = await PersonAsync();
        await page.SetContentAsync($"""
            <h1>Elsewhere</h1><form method="post" action="{stage.Consumer}"><input type="hidden" name="SAMLResponse" value="{Stage.Signed(stage.Say("ada", null))}">
            <input type="hidden" name="RelayState" value="{Application}"><button>Go</button></form>
            """);
        await PressAsync(page, "Go");
        Assert.That(await TitleAsync(page), Is.EqualTo("Sign in?"));
        await ReadableAsync(page, "saml-confirm");
        await PressAsync(page, "Sign in to");
        Assert.That(page.Url, Does.StartWith(Application), await page.ContentAsync());
    }

    [Test]
    public async Task What_does_not_work_is_said()
    {
        var page = await PersonAsync();
        await GoAsync(page, "/sso/no-such/start");
        Assert.That(await TitleAsync(page), Is.EqualTo("There is nothing here"));
        await ReadableAsync(page, "error");
        await GoAsync(page, "/sso");
        await page.FillAsync("[name=email]", "ada@nowhere.example");
        await PressAsync(page, "Continue");
        await ReadableAsync(page, "sign-in-unknown");
    }
}
