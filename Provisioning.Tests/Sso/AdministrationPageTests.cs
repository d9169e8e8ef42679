using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Provisioning.Tests.Http;
using Provisioning.Tests.Sso.Saml;

namespace Provisioning.Tests.Sso;

/// <summary>What a one-time link leads to: broken connections are explained and repaired without an identity provider.</summary>
public sealed class AdministrationPageTests
{
    private TestService service = null!;
    private TestOrganization organization = null!;
    private string owner = null!;
    private TestBrowser browser = null!;

    [SetUp]
    public async Task MakeAsync()
    {
        service = await SharedService.GetAsync();
        organization = await service.OrganizationAsync();
        owner = await PersonAsync("olga", "owner");
        browser = await EnterAsync(owner);
    }

    [TearDown]
    public void End() => browser?.Dispose();

    [Test]
    public async Task A_SAML_connection_gets_new_certificates_from_pasted_metadata()
    {
        var connection = (await organization.Owner.Post("/connections", Stage.Body())).Expect(201).Id;
        var page = (await browser.GoAsync("/sso/administration")).Expect(200);
        Assert.That(page.Body, Does.Contain("corp").And.Contain("SAML 2.0, on"));
        Assert.That((await browser.PressAsync($"/sso/administration/connections/{connection}/test")).Expect(200).Body, Does.Contain("corp, certificates: Signing certificates are valid"));

        var path = $"/sso/administration/connections/{connection}/repair";
        var version = page.Hidden("version");
        (await browser.PressAsync(path, ("version", version), ("metadata", "<a/>"))).Expect(422);
        Assert.That((await ReadAsync(connection)).ToJsonString(), Does.Contain(Stage.Entity), "nothing was changed");
        using var next = SigningKey.Make(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddYears(1));
        var metadata = MetadataTests.Descriptor(next);
        (await browser.SendAsync(HttpMethod.Post, path, new FormUrlEncodedContent([new("version", version), new("metadata", metadata)]), "cross-site")).Expect(403);
        (await browser.PressAsync(path, ("version", "99"), ("metadata", metadata))).Expect(409);
        Assert.That((await browser.PressAsync(path, ("version", version), ("metadata", metadata))).Expect(200).Body, Does.Contain("corp was changed"));
        var after = await ReadAsync(connection);
        Assert.That(after["saml"]!["certificates"]!.AsArray(), Has.Count.EqualTo(1));
        Assert.That(after["saml"]!["certificates"]!.ToJsonString(), Does.Not.Contain((string)Stage.Body()["saml"]!["certificates"]![0]!));
        var audit = (await organization.AuditAsync("&action=connection.changed")).Single();
        Assert.That(audit.ToJsonString(), Does.Contain(owner), "it says who");
    }

    [Test]
    public async Task An_OpenID_connection_gets_a_new_secret()
    {
        await using var provider = await TestProvider.StartAsync();
        var connection = (await organization.Owner.Post("/connections", OidcOrganization.ConnectionBody(provider))).Expect(201).Id;
        var version = (await browser.GoAsync("/sso/administration")).Hidden("version");
        var path = $"/sso/administration/connections/{connection}/repair";
        (await browser.PressAsync(path, ("version", version), ("secret", ""))).Expect(422);
        var refused = (await browser.PressAsync(path, ("version", version), ("secret", "a-secret-with-a-slip"))).Expect(422);
        Assert.That(refused.Body, Does.Contain("does not accept the client id and secret").And.Not.Contain("a-secret-with-a-slip"));
        Assert.That((await browser.PressAsync(path, ("version", version), ("secret", TestProvider.ClientSecret))).Expect(200).Body, Does.Not.Contain(TestProvider.ClientSecret));
        Assert.That((await browser.GoAsync("/sso/administration")).Hidden("version"), Is.EqualTo("2"));
    }

    [Test]
    public async Task A_token_for_REST_acts_as_the_person_and_ends_with_the_role()
    {
        (await browser.SendAsync(HttpMethod.Post, "/sso/administration/token", null, "cross-site")).Expect(403);
        var shown = (await browser.PressAsync("/sso/administration/token")).Expect(200);
        var door = organization.Owner.With(Regex.Match(shown.Body, "prv_admin_[A-Za-z0-9_-]+").Value);
        Assert.That((await door.Get("/me")).Expect(200).Text("member", "id"), Is.EqualTo(owner));
        (await door.Get("/connections")).Expect(200);
        var token = (await organization.Owner.Get("/tokens")).Expect(200).Items("tokens").Single(item => TestOrganization.Text(item, "memberId") == owner);
        Assert.That(DateTimeOffset.Parse(TestOrganization.Text(token, "expiresAt")!, System.Globalization.CultureInfo.InvariantCulture), Is.LessThanOrEqualTo(DateTimeOffset.UtcNow.AddHours(1)));
        await PersonAsync("another", "owner");
        (await organization.PatchMemberAsync(owner, new { role = "user" })).Expect(200);
        (await door.Get("/members")).ExpectProblem(403, "forbidden_role");
    }

    [Test]
    public async Task An_admin_sees_no_connections_and_repairs_none_and_nobody_those_of_others()
    {
        var connection = (await organization.Owner.Post("/connections", Stage.Body())).Expect(201).Id;
        using var admin = await EnterAsync(await PersonAsync("adam", "admin"));
        Assert.That((await admin.GoAsync("/sso/administration")).Expect(200).Body, Does.Contain("repaired by owners").And.Not.Contain("corp"));
        foreach (var what in (string[])["test", "repair"]) (await admin.PressAsync($"/sso/administration/connections/{connection}/{what}")).Expect(403, "This is for owners");

        var theirs = await service.OrganizationAsync();
        var other = (await theirs.Owner.Post("/connections", Stage.Body())).Expect(201).Id;
        foreach (var id in (string[])[other, "none"])
            foreach (var what in (string[])["test", "repair"]) (await browser.PressAsync($"/sso/administration/connections/{id}/{what}")).Expect(404, "There is nothing here");
        using var nobody = new TestBrowser(service.Address);
        foreach (var path in (string[])["/sso/administration/token", $"/sso/administration/connections/{connection}/test"]) (await nobody.PressAsync(path)).Expect(401);
    }

    private async Task<string> PersonAsync(string name, string role)
    {
        await organization.PushAsync(name);
        var member = await organization.MemberIdOfAsync(organization.Mail(name));
        (await organization.PatchMemberAsync(member, new { role })).Expect(200);
        return member;
    }

    private async Task<TestBrowser> EnterAsync(string member)
    {
        var link = new Uri((await organization.Operator.Post($"/members/{member}/recovery-links", null)).Expect(201).Text("link"));
        var entering = new TestBrowser(service.Address);
        (await entering.PressAsync("/sso/recovery", ("token", (await entering.GoAsync(link)).Expect(200).Hidden("token")))).Expect(303);
        return entering;
    }

    private async Task<JsonNode> ReadAsync(string connection) => (await organization.Owner.Get("/connections/" + connection)).Expect(200).Json;
}
