using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using NUnit.Framework;
using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Sso;

/// <summary>
/// Server-side request forgery: an owner names addresses inside the operator's network as issuer, metadata or keys, by number, by a name that moves
/// there, or by a redirect. Nothing is sent there, and no connection is kept (design D6).
/// </summary>
public sealed class RequestForgeryTests
{
    private readonly ConcurrentQueue<string> asked = new();
    private TestService service = null!;
    private TestOrganization organization = null!;
    private TestProvider provider = null!;

    /// <summary>A server inside, which must not be asked.</summary>
    private WebApplication inside = null!;
    private string before = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        service = await SharedService.GetAsync();
        organization = await service.OrganizationAsync();
        provider = await TestProvider.StartAsync();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        inside = builder.Build();
        inside.Run(context =>
        {
            asked.Enqueue(context.Request.Path);
            context.Response.Headers.Connection = "close"; // each request makes a connection of its own
            return context.Response.WriteAsync("{}");
        });
        await inside.StartAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await provider.DisposeAsync();
        await inside.DisposeAsync();
    }

    [SetUp]
    public async Task RememberAsync()
    {
        asked.Clear();
        before = await StateAsync();
    }

    [TearDown]
    public async Task Nothing_was_made_or_changed()
    {
        provider.ChangeMetadata = null;
        Assert.That(await StateAsync(), Is.EqualTo(before));
    }

    [TestCase("https://10.0.0.1", TestName = "Issuer at a private address is refused")]
    [TestCase("https://192.168.1.1:8443", TestName = "Issuer at a private address and port is refused")]
    [TestCase("https://169.254.169.254", TestName = "Issuer at a link-local address is refused")]
    [TestCase("https://[fe80::1]", TestName = "Issuer at a link-local address of IPv6 is refused")]
    [TestCase("https://[::ffff:10.0.0.1]", TestName = "Issuer at a mapped private address is refused")]
    public async Task An_issuer_inside_is_refused(string issuer)
    {
        var wanted = OidcOrganization.ConnectionBody(provider);
        wanted["oidc"]!["issuer"] = issuer;
        (await organization.Owner.Post("/connections", wanted)).ExpectProblem(422, "connection_not_usable");
    }

    [Test]
    public async Task Endpoints_and_keys_inside_are_refused(
        [Values("authorization_endpoint", "token_endpoint", "jwks_uri")] string endpoint,
        [Values("ftp://127.0.0.1/x", "http://169.254.169.254/latest", "https://169.254.169.254/latest", "http://10.0.0.1/")] string address)
    {
        if (endpoint == "authorization_endpoint" && address.StartsWith("https", StringComparison.Ordinal)) Assert.Pass("The browser goes there, the service does not.");
        provider.ChangeMetadata = metadata => metadata[endpoint] = address;
        (await organization.Owner.Post("/connections", OidcOrganization.ConnectionBody(provider))).ExpectProblem(422, "connection_not_usable");
    }

    [TestCase("https://10.0.0.1/metadata")]
    [TestCase("https://169.254.169.254/latest/meta-data")]
    [TestCase("https://[fd00::1]/metadata")]
    public async Task SAML_metadata_inside_is_refused(string address) =>
        (await organization.Owner.Post("/connections", Saml(address))).ExpectProblem(422, "outbound_refused");

    [Test]
    public async Task A_redirect_of_the_issuer_or_its_keys_or_of_SAML_metadata_is_not_followed()
    {
        await using var away = WebApplication.CreateSlimBuilder().Build();
        away.Urls.Add("http://127.0.0.1:0");
        away.Run(context =>
        {
            context.Response.Redirect(inside.Urls.First() + context.Request.Path);
            return Task.CompletedTask;
        });
        await away.StartAsync();
        var wanted = OidcOrganization.ConnectionBody(provider);
        wanted["oidc"]!["issuer"] = away.Urls.First();
        (await organization.Owner.Post("/connections", wanted)).ExpectProblem(422, "connection_not_usable");
        provider.ChangeMetadata = metadata => metadata["jwks_uri"] = away.Urls.First() + "/keys";
        (await organization.Owner.Post("/connections", OidcOrganization.ConnectionBody(provider))).ExpectProblem(422, "connection_not_usable");
        Assert.That((await organization.Owner.Post("/connections", Saml(away.Urls.First() + "/metadata"))).Status, Is.InRange(400, 422));
        Assert.That(asked, Is.Empty);
    }

    [Test]
    public async Task Metadata_that_is_too_large_is_refused()
    {
        provider.ChangeMetadata = metadata => metadata["padding"] = new string('x', 600_000);
        (await organization.Owner.Post("/connections", OidcOrganization.ConnectionBody(provider))).ExpectProblem(422, "connection_not_usable");
    }

    [Test]
    public async Task DNS_rebinding_a_name_that_moves_inside_is_not_followed()
    {
        // 127.0.0.1 stands for an address outside; the name is public at the first look-up and private at every later one.
        var lookups = 0;
        using var http = new OutboundHttp(new OutboundAddress([IPNetwork.Parse("127.0.0.1/32")], allowLoopback: false), TimeProvider.System,
            (_, _) => Task.FromResult<IPAddress[]>(Interlocked.Increment(ref lookups) == 1 ? [IPAddress.Loopback] : [IPAddress.Parse("127.0.0.2")]));
        var address = new Uri($"https://rebound.example:{new Uri(inside.Urls.First()).Port}/");
        var first = await http.SendAsync(() => new HttpRequestMessage(HttpMethod.Get, address), default);
        Assert.That((first.Error as Unprocessable)?.Code, Is.EqualTo("outbound_failed"), "the address that was checked is the one that is connected to (it speaks no TLS): it is looked up once");
        Assert.That(lookups, Is.EqualTo(1));
        var second = await http.SendAsync(() => new HttpRequestMessage(HttpMethod.Get, address), default);
        Assert.That((second.Error as Unprocessable)?.Code, Is.EqualTo("outbound_refused"));
        Assert.That((lookups, asked.Count), Is.EqualTo((2, 0)));
    }

    private async Task<string> StateAsync() => await organization.StateAsync() + (await organization.Owner.Get("/connections")).Expect(200).Body;

    private static JsonObject Saml(string metadata) => new() { ["name"] = "inside", ["kind"] = "saml", ["saml"] = new JsonObject { ["metadataUrl"] = metadata } };
}
