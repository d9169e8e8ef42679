using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using NUnit.Framework;
using Provisioning.Api.Hosting;
using Provisioning.Tests.Coverage;

namespace Provisioning.Tests.Hosting;

public sealed class BoundaryTests
{
    private RunningHost host = null!;

    [OneTimeSetUp]
    public async Task Start() => host = await RunningHost.StartAsync(static app =>
    {
        foreach (var door in new[] { "/scim/v2", "/v1" })
        {
            app.MapGet(door + "/test-throws", Fail);
            app.MapGet(door + "/test-bad-request", static () => { throw new BadHttpRequestException("SELECT secret", 413); });
            app.MapGet(door + "/test-half", static async (HttpContext context) =>
            {
                context.Response.ContentLength = 100;
                await context.Response.WriteAsync("half");
                await context.Response.Body.FlushAsync();
                Fail();
            });
            app.MapGet(door + "/test-number/{number}", static (int number) => number);
            app.MapPost(door + "/test-slow", static (HttpContext context) => Task.Delay(TimeSpan.FromSeconds(20), context.RequestAborted));
            app.MapGet(door + "/test-people/{id}", static (HttpContext context) => context.CorrelationId());
        }
    });

    [OneTimeTearDown]
    public async Task Stop() => await host.DisposeAsync();

    [TestCase("/scim/v2", "application/scim+json")]
    [TestCase("/v1", "application/problem+json")]
    [Checklist("E3", "E9")]
    public async Task An_unhandled_exception_is_500_in_the_doors_format_and_tells_only_the_correlation_id(string door, string contentType)
    {
        using var answer = await host.Client.GetAsync(new Uri(door + "/test-throws", UriKind.Relative));
        var body = await BodyAsync(answer, contentType, 500);
        var id = answer.Headers.GetValues("X-Correlation-Id").Single();
        Assert.That(body.GetProperty("detail").GetString(), Does.Contain(id));
        Assert.That(body.GetRawText(), Does.Not.Contain("hunter2").And.Not.Contain("Exception"));
        Assert.That(host.Log.Lines.Where(line => line.Level == LogLevel.Error && line.Text.Contains(id, StringComparison.Ordinal)).ToList(),
            Has.Count.EqualTo(1).And.One.Property(nameof(LogLine.Text)).Contains("hunter2"));
    }

    [TestCase("/scim/v2", "application/scim+json")]
    [TestCase("/v1", "application/problem+json")]
    public async Task A_bad_request_of_the_platform_keeps_its_status_and_not_its_message(string door, string contentType)
    {
        using var answer = await host.Client.GetAsync(new Uri(door + "/test-bad-request", UriKind.Relative));
        var body = await BodyAsync(answer, contentType, 413);
        Assert.That(body.GetProperty("detail").GetString(), Does.Contain("Limits:BodyBytes").And.Contain("4194304").And.Not.Contain("SELECT"));
    }

    [TestCase("/scim/v2", "application/scim+json")]
    [TestCase("/v1", "application/problem+json")]
    public async Task What_a_handler_cannot_bind_is_400_in_the_doors_format(string door, string contentType)
    {
        using var answer = await host.Client.GetAsync(new Uri(door + "/test-number/x", UriKind.Relative));
        await BodyAsync(answer, contentType, 400);
    }

    [TestCase("/scim/v2/nothing-here", "application/scim+json")]
    [TestCase("/scim/nothing-here", "application/scim+json")]
    [TestCase("/SCIM/v9/Users", "application/scim+json")]
    [TestCase("/scimitar", "application/problem+json")]
    [TestCase("/v1/nothing-here", "application/problem+json")]
    [TestCase("/nothing-here", "application/problem+json")]
    public async Task An_unknown_address_is_404_in_the_doors_format(string path, string contentType)
    {
        using var answer = await host.Client.GetAsync(new Uri(path, UriKind.Relative));
        await BodyAsync(answer, contentType, 404);
    }

    [TestCase("/scim/v2", "application/scim+json")]
    [TestCase("/v1", "application/problem+json")]
    public async Task A_wrong_method_is_405_with_the_allowed_ones(string door, string contentType)
    {
        using var answer = await host.Client.DeleteAsync(new Uri(door + "/test-throws", UriKind.Relative));
        var body = await BodyAsync(answer, contentType, 405);
        Assert.That(answer.Content.Headers.Allow, Is.EqualTo(new[] { "GET" }));
        Assert.That(body.GetProperty("detail").GetString(), Does.Contain("GET"));
    }

    [Test]
    public void An_answer_that_fails_half_way_is_cut_and_not_completed() =>
        Assert.That(async () => await host.Client.GetStringAsync(new Uri("/v1/test-half", UriKind.Relative)), Throws.InstanceOf<HttpRequestException>());

    [Test]
    public async Task A_caller_that_goes_away_is_no_error()
    {
        using (var socket = new TcpClient())
        {
            await socket.ConnectAsync(host.Client.BaseAddress!.Host, host.Client.BaseAddress.Port);
            await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes("POST /v1/test-slow HTTP/1.1\r\nHost: x\r\nX-Correlation-Id: gone-1\r\nContent-Length: 0\r\n\r\n"));
            await Task.Delay(100);
        }
        Assert.That(() => host.Log.Lines, Has.Some.Property(nameof(LogLine.Text)).Contains(" 499 ").After(5000, 20));
        Assert.That(host.Log.Lines.Where(static line => line.Level >= LogLevel.Warning && line.Text.Contains("gone-1", StringComparison.Ordinal)), Is.Empty);
    }

    [TestCase("abc", true)]
    [TestCase("A-1_b.c", true)]
    [TestCase("0123456789012345678901234567890123456789012345678901234567890123", true)]
    [TestCase("01234567890123456789012345678901234567890123456789012345678901234", false)]
    [TestCase("a b", false)]
    [TestCase("a\"b", false)]
    [TestCase("a,b", false)]
    [TestCase("", false)]
    public async Task A_well_formed_correlation_id_of_the_caller_is_kept_and_any_other_replaced(string given, bool kept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/test-people/1");
        request.Headers.TryAddWithoutValidation("X-Correlation-Id", given);
        using var answer = await host.Client.SendAsync(request);
        var id = answer.Headers.GetValues("X-Correlation-Id").Single();
        Assert.That(id, kept ? Is.EqualTo(given) : Does.Match("^[0-9a-f]{32}$"));
        Assert.That(await answer.Content.ReadAsStringAsync(), Is.EqualTo(id));
    }

    [Test]
    public async Task Two_correlation_ids_are_none()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/test-people/1");
        request.Headers.TryAddWithoutValidation("X-Correlation-Id", ["a", "b"]);
        using var answer = await host.Client.SendAsync(request);
        Assert.That(answer.Headers.GetValues("X-Correlation-Id").Single(), Does.Match("^[0-9a-f]{32}$"));
    }

    [Test]
    [Checklist("H12")]
    public async Task A_request_leaves_one_line_with_its_route_and_nothing_personal()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/test-people/ada@acme.example?filter=userName%20eq%20%22grace@acme.example%22");
        request.Headers.TryAddWithoutValidation("X-Correlation-Id", "line-1");
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer hunter2-token");
        using var answer = await host.Client.SendAsync(request);
        Assert.That(() => host.Log.Lines.Where(static line => line.Text.Contains("line-1", StringComparison.Ordinal)).ToList(),
            Has.Count.EqualTo(1).After(5000, 20));
        var line = host.Log.Lines.Single(static entry => entry.Text.Contains("line-1", StringComparison.Ordinal));
        Assert.That(line.Level, Is.EqualTo(LogLevel.Information));
        Assert.That(line.Text, Does.Match(@"GET /v1/test-people/\{id\} 200 [0-9.]+ ms line-1"));
        Assert.That(host.Log.Lines.Select(static line => line.Text), Has.None.Contains("acme.example").And.None.Contains("hunter2-token"));
    }

    [Test]
    public async Task The_answer_does_not_name_the_server()
    {
        using var answer = await host.Client.GetAsync(new Uri("/health/live", UriKind.Relative));
        Assert.That(answer.Headers.Server, Is.Empty);
    }

    private static void Fail() => throw new InvalidOperationException("hunter2 of the database");

    private static async Task<JsonElement> BodyAsync(HttpResponseMessage answer, string contentType, int status)
    {
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.That((int)answer.StatusCode, Is.EqualTo(status));
        Assert.That(answer.Content.Headers.ContentType!.ToString(), Is.EqualTo(contentType));
        Assert.That(body.RootElement.GetProperty("status").ToString(), Is.EqualTo(status.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        return body.RootElement.Clone();
    }
}
