using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using NUnit.Framework;
using Provisioning.Api.Hosting;
using Provisioning.Api.Sso.Saml;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Sso.Saml;

/// <summary>An organisation whose people sign in through a SAML identity provider of the test, which says what it is told to.</summary>
internal sealed class Stage
{
    private static readonly Lazy<SigningKey> ProviderKey = new(() => SigningKey.Make(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddYears(1)));

    public const string Entity = "https://idp.example/entity", SsoUrl = "https://idp.example/sso", SloUrl = "https://idp.example/slo", ReturnTo = "https://app.example/in";

    private Stage(TestService service, TestOrganization organization, string connection)
    {
        (Service, Organization, Connection) = (service, organization, connection);
        Path = "/sso/saml/" + connection;
    }

    public TestService Service { get; }

    public TestOrganization Organization { get; }

    /// <summary>Of the identity provider; the same in all tests, because keys take longer than they do.</summary>
    public static SigningKey Key => ProviderKey.Value;

    public string Connection { get; }

    public string Path { get; }

    public string Consumer => Service.Address.GetLeftPart(UriPartial.Authority) + Path + "/acs";

    public string Audience => Service.Address.GetLeftPart(UriPartial.Authority) + Path + "/metadata";

    public string LogoutAddress => Service.Address.GetLeftPart(UriPartial.Authority) + Path + "/slo";

    public static async Task<Stage> SetAsync(TestService service, Action<JsonObject>? change = null, TestOrganization? organization = null, int standard = 2, string name = "corp")
    {
        organization ??= await service.OrganizationAsync(standard: standard);
        var body = Body(name);
        change?.Invoke(body);
        var made = (await organization.Owner.Post("/connections", body)).Expect(201);
        (await organization.Owner.Put("/sign-in-settings", new { returnTo = new[] { ReturnTo } }, ("If-Match", "*"))).Expect(200);
        return new Stage(service, organization, made.Id);
    }

    public static JsonObject Body(string name = "corp") => new()
    {
        ["name"] = name, ["kind"] = "saml", ["trustEmail"] = true,
        ["saml"] = new JsonObject
        {
            ["idpEntityId"] = Entity, ["ssoUrl"] = SsoUrl, ["sloUrl"] = SloUrl, ["certificates"] = new JsonArray(ConnectionCertificates.Text(Key.Certificate)),
        },
    };

    public Browser Browser() => new(Service.Address);

    /// <summary>Begins at the application's link; gives the ID of the AuthnRequest.</summary>
    public async Task<string> BeginAsync(Browser browser, string? returnTo = ReturnTo)
    {
        var sent = await browser.GetAsync($"/sso/{Organization.Slug}/start?connection={Connection}" + (returnTo is null ? "" : "&return_to=" + Uri.EscapeDataString(returnTo)));
        Assert.That(sent.Status, Is.EqualTo(303), sent.ToString());
        return (string)Request(sent).Attribute("ID")!;
    }

    /// <summary>The message of a redirect to the identity provider.</summary>
    public static XElement Request(Shown sent, string parameter = "SAMLRequest") =>
        XElement.Parse(Encoding.UTF8.GetString(RedirectBinding.Read(sent.Location!.Query, parameter)!.Value.Value.Xml));

    /// <summary>What a well-behaved identity provider says about a person of this organisation.</summary>
    public Said Say(string person, string? request) => new(Entity, Audience, Consumer, DateTimeOffset.UtcNow)
    {
        Request = request, NameId = "00u-" + person,
        Attributes = [("email", [Organization.Mail(person)]), ("displayName", [person]), ("groups", ["eng"])],
    };

    public static string Signed(Said said, SigningKey? key = null)
    {
        var document = said.Document();
        (key ?? Key).Sign(document, said.AssertionId);
        return Encoded(document.OuterXml);
    }

    public static string Encoded(string xml) => Convert.ToBase64String(Encoding.UTF8.GetBytes(xml));

    /// <summary>The identity provider's form, posted by the browser.</summary>
    public Task<Shown> DeliverAsync(Browser browser, string response, string? relayState = null) => relayState is null
        ? browser.PostAsync(Path + "/acs", crossSite: true, ("SAMLResponse", response))
        : browser.PostAsync(Path + "/acs", crossSite: true, ("SAMLResponse", response), ("RelayState", relayState));

    /// <summary>The whole way; the last page or redirect.</summary>
    public async Task<Shown> SignInAsync(Browser browser, string person, Func<Said, Said>? change = null, string? returnTo = ReturnTo)
    {
        var said = Say(person, await BeginAsync(browser, returnTo));
        var delivered = await DeliverAsync(browser, Signed(change?.Invoke(said) ?? said));
        return delivered.Status == 303 ? await browser.GetAsync(delivered.Location!) : delivered;
    }

    /// <summary>Signs in and exchanges the code as the application does.</summary>
    public async Task<Answer> SessionAsync(Browser browser, string person, Func<Said, Said>? change = null)
    {
        var last = await SignInAsync(browser, person, change);
        Assert.That(last.Query("code"), Is.Not.Null, last.ToString());
        return (await Organization.Owner.Post("/sign-ins/exchange", new { code = last.Query("code") })).Expect(200);
    }

    public async Task<bool> IsActiveAsync(Answer session) => (await Organization.Owner.Get("/sessions/" + session.Text("sessionId"))).Expect(200).Flag("active");

    /// <summary>The service's certificate, from its metadata.</summary>
    public async Task<X509Certificate2> ServiceCertificateAsync()
    {
        var metadata = XElement.Parse((await Service.Anonymous.Get(Path + "/metadata")).Expect(200).Body);
        return X509CertificateLoader.LoadCertificate(Convert.FromBase64String(metadata.Descendants(SamlNames.Ds + "X509Certificate").First().Value));
    }

    public string LogoutQuery(string nameId, string? index, RSA? key, DateTimeOffset? at = null) => new Uri(RedirectBinding.Url(LogoutAddress, "SAMLRequest",
        SamlMessages.LogoutRequest(SamlMessages.NewId(), at ?? DateTimeOffset.UtcNow, LogoutAddress, Entity, new LogoutName(nameId, SamlNames.PersistentFormat, index)), "state", key)).Query;
}
