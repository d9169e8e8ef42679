using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using NUnit.Framework;
using Provisioning.Api.Hosting;
using Provisioning.Core.Common;

namespace Provisioning.Tests.Sso;

/// <summary>What is fetched on an owner's word reaches public addresses only, and stays small and short (design D6).</summary>
public sealed class OutboundTests
{
    private static readonly OutboundAddress Production = new([], allowLoopback: false);

    [TestCase("127.0.0.1")]
    [TestCase("127.8.9.10")]
    [TestCase("0.0.0.0")]
    [TestCase("10.1.2.3")]
    [TestCase("172.16.0.1")]
    [TestCase("172.31.255.255")]
    [TestCase("192.168.1.1")]
    [TestCase("169.254.169.254")]
    [TestCase("100.64.0.1")]
    [TestCase("100.127.255.255")]
    [TestCase("168.63.129.16")]
    [TestCase("192.0.0.170")]
    [TestCase("198.18.0.1")]
    [TestCase("224.0.0.1")]
    [TestCase("255.255.255.255")]
    [TestCase("::")]
    [TestCase("::1")]
    [TestCase("::ffff:127.0.0.1")]
    [TestCase("::ffff:169.254.169.254")]
    [TestCase("::127.0.0.1")]
    [TestCase("64:ff9b::10.0.0.1")]
    [TestCase("64:ff9b:1::1")]
    [TestCase("2002:7f00:1::")]
    [TestCase("2001:0:1:2::3")]
    [TestCase("2001:db8::1")]
    [TestCase("fc00::1")]
    [TestCase("fd00:ec2::254")]
    [TestCase("fe80::1")]
    [TestCase("fec0::1")]
    [TestCase("ff02::1")]
    public void D6_private_local_and_reserved_addresses_are_closed(string address) =>
        Assert.That(Production.Allows(IPAddress.Parse(address)), Is.False);

    [TestCase("93.184.216.34")]
    [TestCase("172.32.0.1")]
    [TestCase("100.128.0.1")]
    [TestCase("2606:2800:220:1:248:1893:25c8:1946")]
    [TestCase("64:ff9b::8.8.8.8")]
    public void D6_public_addresses_are_open(string address) => Assert.That(Production.Allows(IPAddress.Parse(address)), Is.True);

    [Test]
    public void D6_the_operator_may_open_a_network_of_his_own_and_development_opens_loopback()
    {
        var own = new OutboundAddress([IPNetwork.Parse("10.20.0.0/16")], allowLoopback: true);
        Assert.That(((string[])["10.20.1.1", "127.0.0.1", "::1"]).All(address => own.Allows(IPAddress.Parse(address))), Is.True);
        Assert.That(((string[])["10.21.1.1", "169.254.169.254"]).Any(address => own.Allows(IPAddress.Parse(address))), Is.False);
    }

    [TestCase("http://example.com/")]
    [TestCase("ftp://example.com/")]
    [TestCase("file:///etc/passwd")]
    [TestCase("https://user@example.com/")]
    [TestCase("https://localhost:1/")]
    [TestCase("https://127.0.0.1:1/")]
    [TestCase("https://[::1]:1/")]
    [TestCase("https://2130706433/")]
    [TestCase("https://0x7f.1/")]
    [TestCase("http://127.0.0.1:1/")]
    public async Task D6_in_production_a_closed_address_is_refused_before_anything_is_sent(string address)
    {
        using var http = new OutboundHttp(Production, TimeProvider.System);
        var answer = await http.GetAsync(new Uri(address), "*/*", default);
        Assert.That((answer.Error as Unprocessable)?.Code, Is.EqualTo("outbound_refused"), answer.Error?.Detail);
    }

    [Test]
    public async Task D6_sizes_are_limited_redirects_are_not_followed_and_stumbles_are_tried_again()
    {
        var calls = 0;
        await using var server = await StartAsync(app =>
        {
            app.MapGet("/small", () => "fine");
            app.MapGet("/large", () => Results.Bytes(new byte[OutboundHttp.MostBytes + 1]));
            app.MapGet("/endless", async (HttpContext context) =>
            {
                for (var i = 0; i < 200; i++) await context.Response.Body.WriteAsync(new byte[16_384]);
            });
            app.MapGet("/away", () => Results.Redirect("/small"));
            app.MapGet("/stumbles", () => Interlocked.Increment(ref calls) < 3 ? Results.StatusCode(503) : Results.Text("there"));
            app.MapGet("/zipped", (HttpContext context) =>
            {
                context.Response.Headers.ContentEncoding = "gzip";
                return "not unpacked";
            });
        });
        using var http = new OutboundHttp(new OutboundAddress([], allowLoopback: true), TimeProvider.System);
        Task<Outcome<OutboundAnswer>> Get(string path) => http.GetAsync(new Uri(server.Urls.First() + path), "*/*", default);
        Assert.That(Encoding.UTF8.GetString((await Get("/small")).Value.Body), Is.EqualTo("fine"));
        Assert.That(((await Get("/large")).Error as Unprocessable)?.Code, Is.EqualTo("outbound_failed"));
        Assert.That(((await Get("/endless")).Error as Unprocessable)?.Code, Is.EqualTo("outbound_failed"));
        Assert.That((await Get("/away")).Value.Status, Is.EqualTo(302));
        Assert.That(Encoding.UTF8.GetString((await Get("/stumbles")).Value.Body), Is.EqualTo("there"));
        Assert.That(Encoding.UTF8.GetString((await Get("/zipped")).Value.Body), Is.EqualTo("not unpacked"));
    }

    private static async Task<WebApplication> StartAsync(Action<WebApplication> map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        map(app);
        await app.StartAsync();
        return app;
    }
}
