using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using NUnit.Framework;
using Provisioning.Api.Hosting;

namespace Provisioning.Tests.Hosting;

public sealed class RequestBodyTests
{
    private const int Limit = 1000;
    private RunningHost host = null!;

    [OneTimeSetUp]
    public async Task Start() => host = await RunningHost.StartAsync(static app =>
    {
        app.MapPost("/v1/test-body", static async (HttpContext context) =>
            (await RequestBody.ReadAsync(context, Limit, "application/scim+json", "application/json")).Try(out var body, out var error)
                ? Results.Text(Convert.ToHexString(body.Span)) : Problems.Result(error));
        app.MapPost("/scim/v2/test-past-it", static async (HttpContext context) =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            return "read";
        });
    }, null, $"--Limits:BodyBytes={Limit}");

    [OneTimeTearDown]
    public async Task Stop() => await host.DisposeAsync();

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(Limit)]
    public async Task A_body_up_to_the_limit_arrives_whole(int size)
    {
        foreach (var chunked in new[] { false, true })
        {
            using var answer = await PostAsync(Bytes(size), "application/json", chunked);
            Assert.That(await answer.Content.ReadAsStringAsync(), Is.EqualTo(Convert.ToHexString(Bytes(size))));
        }
    }

    [TestCase(Limit + 1, false)]
    [TestCase(Limit + 1, true)]
    [TestCase(3_000_000, false)]
    [TestCase(3_000_000, true)]
    public async Task A_larger_body_is_413_that_names_the_limit(int size, bool chunked)
    {
        using var answer = await PostAsync(Bytes(size), "application/json", chunked);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.RequestEntityTooLarge), text);
        Assert.That(text, Does.Contain("body_too_large").And.Contain("1000 bytes").And.Contain("Limits:BodyBytes"));
    }

    [Test]
    public async Task A_handler_that_reads_past_the_reader_meets_the_same_limit()
    {
        using var answer = await host.Client.PostAsync(new Uri("/scim/v2/test-past-it", UriKind.Relative), new ByteArrayContent(Bytes(Limit + 1)));
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.RequestEntityTooLarge));
        Assert.That(answer.Content.Headers.ContentType!.ToString(), Is.EqualTo("application/scim+json"));
        Assert.That(await answer.Content.ReadAsStringAsync(), Does.Contain("Limits:BodyBytes"));
    }

    [TestCase(null)]
    [TestCase("application/json")]
    [TestCase("Application/SCIM+json")]
    [TestCase("application/scim+json; charset=utf-8")]
    [TestCase("application/scim+json;charset=\"UTF-8\"")]
    [TestCase("application/json; odata=x")]
    public async Task An_accepted_media_type_is_read(string? contentType)
    {
        using var answer = await PostAsync("{}"u8.ToArray(), contentType, chunked: false);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [TestCase("text/plain", "application/scim+json, application/json")]
    [TestCase("application/xml", "application/scim+json, application/json")]
    [TestCase("json", "application/scim+json, application/json")]
    [TestCase("application/json; charset=iso-8859-1", "utf-8")]
    [TestCase("application/json; charset=utf-16", "utf-8")]
    public async Task Another_media_type_or_charset_is_415_that_names_what_is_accepted(string contentType, string accepted)
    {
        using var answer = await PostAsync("{}"u8.ToArray(), contentType, chunked: false);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.UnsupportedMediaType));
        Assert.That(await answer.Content.ReadAsStringAsync(), Does.Contain("unsupported_media_type").And.Contain(accepted));
    }

    [TestCase("gzip", HttpStatusCode.UnsupportedMediaType)]
    [TestCase("identity", HttpStatusCode.OK)]
    public async Task An_encoded_body_is_refused(string encoding, HttpStatusCode status)
    {
        using var content = new ByteArrayContent("{}"u8.ToArray());
        content.Headers.ContentEncoding.Add(encoding);
        using var answer = await host.Client.PostAsync(new Uri("/v1/test-body", UriKind.Relative), content);
        Assert.That(answer.StatusCode, Is.EqualTo(status));
    }

    [Test]
    public async Task A_byte_order_mark_is_left_out()
    {
        using var answer = await PostAsync([0xEF, 0xBB, 0xBF, .. "{}"u8], "application/json", chunked: false);
        Assert.That(await answer.Content.ReadAsStringAsync(), Is.EqualTo(Convert.ToHexString("{}"u8)));
    }

    private async Task<HttpResponseMessage> PostAsync(byte[] body, string? contentType, bool chunked)
    {
        using var content = new ByteArrayContent(body);
        if (contentType is not null) content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/test-body") { Content = content };
        request.Headers.TransferEncodingChunked = chunked;
        return await host.Client.SendAsync(request);
    }

    private static byte[] Bytes(int size)
    {
        var bytes = new byte[size];
        Array.Fill(bytes, (byte)'x');
        return bytes;
    }
}
