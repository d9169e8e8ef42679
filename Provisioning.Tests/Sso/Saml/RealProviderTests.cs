using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Api.Hosting;
using Provisioning.Api.Sso.Saml;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Sso.Saml;

/// <summary>The whole way with an identity provider that others wrote.</summary>
public sealed class RealProviderTests
{
    private TestService service = null!;
    private TestOrganization organization = null!;
    private SimpleSamlPhp provider = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        provider = await SimpleSamlPhp.StartAsync(Stage.Key);
        service = await SharedService.GetAsync();
        organization = await service.OrganizationAsync(standard: 0, premium: 1);
        (await organization.Owner.Put("/sign-in-settings", new { returnTo = new[] { Stage.ReturnTo } }, ("If-Match", "*"))).Expect(200);
    }

    [OneTimeTearDown]
    public void Stop() => provider?.Dispose();

    [Test]
    public async Task People_sign_in_and_out_through_SimpleSAMLphp_by_its_metadata_plain_and_encrypted()
    {
        var plain = await ConnectAsync("plain");
        var encrypted = await ConnectAsync("encrypted");
        provider.Know(
            [await KnownAsync(plain, encrypts: false), await KnownAsync(encrypted, encrypts: true)],
            [new("ada", "00u-ada", organization.Mail("ada")), new("bob", "00u-bob", organization.Mail("bob"))]);

        using var browser = new Browser(service.Address);
        var back = await SignInAsync(browser, plain, "ada");
        var session = (await organization.Owner.Post("/sign-ins/exchange", new { code = back.Query("code") })).Expect(200);
        Assert.That((session.Text("email"), session.Text("displayName"), session.Text("tier")), Is.EqualTo((organization.Mail("ada"), "ada", "premium")));

        // Out here, then out there: its signed answer comes back.
        var sent = await browser.PostAsync("/sso/sign-out", crossSite: false);
        Assert.That(sent.Location!.GetLeftPart(UriPartial.Path), Is.EqualTo(provider.Root + "saml2/idp/SingleLogoutService.php"));
        var answer = await provider.LogOutAsync(sent.Location, new Uri(plain.Text("saml", "sloUri")));
        Assert.That((await browser.GetAsync(answer)).Location?.AbsolutePath, Is.EqualTo("/sso/signed-out"));
        Assert.That((await organization.Owner.Get("/sessions/" + session.Text("sessionId"))).Flag("active"), Is.False);

        // The encrypted assertion is of another connection: the same subject there is somebody else, until an address that is trusted links them.
        using var other = new Browser(service.Address);
        var again = await SignInAsync(other, encrypted, "ada");
        Assert.That((await organization.Owner.Post("/sign-ins/exchange", new { code = again.Query("code") })).Expect(200).Text("memberId"), Is.EqualTo(session.Text("memberId")));
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    private async Task<Answer> ConnectAsync(string name)
    {
        var made = (await organization.Owner.Post("/connections", new JsonObject
        {
            ["name"] = name, ["kind"] = "saml", ["trustEmail"] = true,
            ["saml"] = new JsonObject { ["metadataUrl"] = provider.MetadataUrl, ["nameIdFormat"] = SamlNames.PersistentFormat },
        })).Expect(201);
        Assert.That(made.Text("saml", "idpEntityId"), Is.EqualTo(SimpleSamlPhp.EntityId));
        return made;
    }

    private async Task<KnownService> KnownAsync(Answer connection, bool encrypts)
    {
        var metadata = System.Xml.Linq.XElement.Parse((await service.Anonymous.Get(new Uri(connection.Text("saml", "metadataUri")).AbsolutePath)).Expect(200).Body);
        return new KnownService(connection.Text("saml", "spEntityId"), connection.Text("saml", "acsUri"), connection.Text("saml", "sloUri"),
            metadata.Descendants(SamlNames.Ds + "X509Certificate").First().Value, encrypts);
    }

    private async Task<Shown> SignInAsync(Browser browser, Answer connection, string person)
    {
        var sent = await browser.GetAsync($"/sso/{organization.Slug}/start?connection={connection.Id}&return_to={Uri.EscapeDataString(Stage.ReturnTo)}");
        var delivered = await browser.PostAsync(connection.Text("saml", "acsUri"), crossSite: true, ("SAMLResponse", await provider.LogInAsync(sent.Location!, person)));
        Assert.That(delivered.Status, Is.EqualTo(303), delivered.ToString());
        var back = await browser.GetAsync(delivered.Location!);
        Assert.That(back.Query("code"), Is.Not.Null, back.ToString());
        return back;
    }
}
