using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;
using Provisioning.Api.Hosting;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Sso;

/// <summary>
/// How often a client may begin a sign-in, and who the client is: what a listed proxy says (design D6), never what anybody else writes.
/// One start a minute is allowed here, so the second of a client is too many however slow the machine.
/// </summary>
public sealed class ClientLimitTests
{
    private const string Proxy = "127.0.0.2";

    private TestService service = null!;

    [SetUp]
    public async Task StartAsync() => service = await TestService.StartAsync(2, 1, "Sso:StartsPerMinute=1", "Sso:RecoveriesPerHour=1", "Sso:RequestsPerMinute=8", $"Public:TrustedProxies={Proxy}");

    [TearDown]
    public async Task StopAsync() => await service.DisposeAsync();

    [Test]
    public async Task Too_many_starts_get_a_page_that_says_when_to_try_again()
    {
        using var client = From("127.0.0.1");
        using var ask = await StartAsync(client, null);
        Assert.That(ask.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        foreach (var (method, path) in ((HttpMethod, string)[])[(HttpMethod.Get, "/sso/acme/start"), (HttpMethod.Post, "/sso/acme/start"), (HttpMethod.Post, "/sso")])
        {
            using var request = new HttpRequestMessage(method, path);
            using var refused = await client.SendAsync(request);
            Assert.That((int)refused.StatusCode, Is.EqualTo(429), path);
            Assert.That(int.Parse(refused.Headers.GetValues("Retry-After").Single(), CultureInfo.InvariantCulture), Is.InRange(1, 60));
            Assert.That(refused.Content.Headers.ContentType!.MediaType, Is.EqualTo("text/html"));
            Assert.That(await refused.Content.ReadAsStringAsync(), Does.Contain("<h1>Too many requests</h1>").And.Contain("Wait "));
        }
        using var page = await client.GetAsync(new Uri("/sso", UriKind.Relative)); // looking costs nothing
        Assert.That(page.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task D6_requests_for_links_are_counted_by_client_whatever_address_they_name()
    {
        using var client = From("127.0.0.1");
        foreach (var status in (int[])[403, 429, 429]) // the organisation offers no links; that counts too
        {
            using var form = new FormUrlEncodedContent([new("email", "a@acme.example")]);
            using var answer = await client.PostAsync(new Uri("/sso/acme/recovery", UriKind.Relative), form);
            Assert.That((int)answer.StatusCode, Is.EqualTo(status));
            Assert.That(answer.Headers.Contains("Retry-After"), Is.EqualTo(status == 429));
        }
    }

    [Test]
    public async Task D6_whatever_asks_for_no_credentials_is_counted_by_client()
    {
        var wrong = new List<string>();
        foreach (var (endpoint, at) in Anonymous().Select((endpoint, at) => (endpoint, at)))
        {
            var (path, isCounted) = ("/" + endpoint.RoutePattern.RawText!.Trim('/'), endpoint.Metadata.GetMetadata<CountedRoute>() is not null);
            var method = endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0];
            // They read no row of an organisation.
            var isText = path == "/" || path.StartsWith("/health/", StringComparison.Ordinal) || path.StartsWith("/openapi/", StringComparison.Ordinal)
                || path.StartsWith("/scim/", StringComparison.Ordinal)
                || (method == "GET" && path is "/sso" or "/sso/style.css" or "/sso/sign-out" or "/sso/signed-out");
            if (isCounted == isText) wrong.Add($"{method} {path}: counted {isCounted}");
            if (!isCounted || path == "/sso" || path.Contains("recovery", StringComparison.Ordinal) || path.EndsWith("/start", StringComparison.Ordinal)) continue; // these have a limit of their own too
            using var client = From(FormattableString.Invariant($"127.0.1.{at + 1}"));
            var asked = 0;
            HttpResponseMessage answer;
            do
            {
                using var request = new HttpRequestMessage(
                    new HttpMethod(method), System.Text.RegularExpressions.Regex.Replace(path, "{[^}]*}", "none"));
                answer = await client.SendAsync(request);
                asked++;
            }
            while ((int)answer.StatusCode != 429 && asked < 60);
            if ((int)answer.StatusCode != 429 || !answer.Headers.Contains("Retry-After") || asked < 8) wrong.Add($"{method} {path}: {(int)answer.StatusCode} after {asked}");
            var type = answer.Content.Headers.ContentType?.MediaType;
            if (type != (path.StartsWith("/v1/", StringComparison.Ordinal) ? "application/problem+json" : "text/html")) wrong.Add($"{method} {path}: {type}");
            answer.Dispose();
        }
        Assert.That(wrong, Is.Empty);
    }

    [TestCase("/v1/invitations/accept", "application/json")]
    [TestCase("/v1/payments", "application/json")] // read before its signature can be checked
    [TestCase("/invitations/accept", "application/x-www-form-urlencoded")]
    [TestCase("/sso", "application/x-www-form-urlencoded")]
    [TestCase("/sso/oidc/con_01a1f8d7-b605-716b-a7de-6edb240f38c1/back-channel-logout", "application/x-www-form-urlencoded")]
    public async Task D10_a_stranger_sends_no_large_body(string path, string type)
    {
        using var client = From("127.0.0.1");
        var body = type == "application/json" ? "{\"token\":[" + string.Join(',', Enumerable.Repeat("1", 40_000)) + "]}" : "email=" + new string('a', 70_000);
        using var content = new StringContent(body, System.Text.Encoding.UTF8, type);
        using var answer = await client.PostAsync(new Uri(path, UriKind.Relative), content);
        Assert.That((int)answer.StatusCode, Is.EqualTo(413));
        Assert.That(await answer.Content.ReadAsStringAsync(), Does.Contain("65536 bytes"));
    }

    private IEnumerable<RouteEndpoint> Anonymous() =>
        service.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(static endpoint => endpoint.Metadata.GetMetadata<RoutePolicy>()?.Who == "anyone" && !endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Contains("HEAD"));

    [Test]
    public async Task D6_forwarded_headers_count_from_a_listed_proxy_and_from_nobody_else()
    {
        using var stranger = From("127.0.0.1");
        await ExpectAsync(200, stranger, "203.0.113.1");
        await ExpectAsync(429, stranger, "203.0.113.2"); // a header of one's own makes nobody somebody else

        using var proxy = From(Proxy);
        await ExpectAsync(200, proxy, "203.0.113.3");
        await ExpectAsync(200, proxy, "203.0.113.4");
        await ExpectAsync(429, proxy, "203.0.113.3");
        await ExpectAsync(429, proxy, "198.51.100.77, 203.0.113.4"); // the client wrote the first, the proxy the last
        await ExpectAsync(200, proxy, $"203.0.113.5, {Proxy}"); // through two listed proxies
        await ExpectAsync(200, proxy, "2001:db8::1");
        await ExpectAsync(429, proxy, "2001:db8::2"); // one customer has the whole /64
    }

    [Test]
    public async Task D6_the_scheme_too_is_believed_of_a_listed_proxy_only()
    {
        foreach (var (address, scheme) in ((string, string)[])[("127.0.0.1", "http"), (Proxy, "https")])
        {
            using var client = From(address);
            using var request = new HttpRequestMessage(HttpMethod.Get, "/scim/v2/ServiceProviderConfig");
            request.Headers.Add("Authorization", "Bearer " + TestService.DemoScimToken);
            request.Headers.Add("X-Forwarded-Proto", "https");
            request.Headers.Add("X-Forwarded-For", "203.0.113.6");
            request.Headers.Add("X-Forwarded-Host", "evil.example");
            using var answer = await client.SendAsync(request);
            var location = (string)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["meta"]!["location"]!;
            Assert.That(new Uri(location).Scheme, Is.EqualTo(scheme), address);
            Assert.That(location, Does.Not.Contain("evil.example"));
        }
    }

    [TestCase("192.0.2.1", "192.0.2.1")]
    [TestCase("::ffff:192.0.2.1", "192.0.2.1")]
    [TestCase("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::")]
    [TestCase(null, "255.255.255.255")]
    public void A_client_is_an_address_or_a_network_of_IPv6(string? address, string client) =>
        Assert.That(ClientLimits.Client(address is null ? null : IPAddress.Parse(address)).ToString(), Is.EqualTo(client));

    private static async Task ExpectAsync(int status, HttpClient client, string forwardedFor)
    {
        using var answer = await StartAsync(client, forwardedFor);
        Assert.That((int)answer.StatusCode, Is.EqualTo(status), forwardedFor);
    }

    private static async Task<HttpResponseMessage> StartAsync(HttpClient client, string? forwardedFor)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/sso/acme/start");
        if (forwardedFor is not null) request.Headers.Add("X-Forwarded-For", forwardedFor);
        return await client.SendAsync(request);
    }

    /// <summary>A client whose connections come from this address of the machine.</summary>
    private HttpClient From(string address) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        ConnectCallback = async (context, cancel) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
            await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        },
    }) { BaseAddress = service.Address };
}
