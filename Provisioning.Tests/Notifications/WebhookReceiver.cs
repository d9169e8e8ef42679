using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace Provisioning.Tests.Notifications;

/// <summary>One request as a receiver got it.</summary>
internal sealed record Received(string Path, string Body, IReadOnlyDictionary<string, string> Headers)
{
    public JsonNode Json { get; } = JsonNode.Parse(Body)!;

    public long Sequence => Json["sequence"]!.GetValue<long>();

    public string Id => Json["id"]!.GetValue<string>();

    public string Type => Json["type"]!.GetValue<string>();

    /// <summary>Checks as a receiver should: one of the signatures is right, and the request is fresh.</summary>
    public bool IsSignedWith(string secret)
    {
        var parts = Headers["Provisioning-Signature"].Split(',').Select(part => part.Split('=')).ToList();
        var seconds = parts.Single(part => part[0] == "t")[1];
        var age = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - long.Parse(seconds, CultureInfo.InvariantCulture);
        if (Math.Abs(age) > 300) return false;
        var expected = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(seconds + "." + Body)));
        return parts.Any(part => part[0] == "v1" && part[1] == expected);
    }
}

/// <summary>A web server on loopback that takes webhooks and answers as the test wishes, path by path.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<Received> received = new();
    private readonly ConcurrentDictionary<string, Func<Received, Task<int>>> answers = new(StringComparer.Ordinal);

    private WebhookReceiver(WebApplication app) => this.app = app;

    public static async Task<WebhookReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(static options => options.Listen(IPAddress.Loopback, 0));
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var receiver = new WebhookReceiver(app);
        app.Run(receiver.TakeAsync);
        await app.StartAsync();
        return receiver;
    }

    public string Url(string path) => app.Urls.First() + path;

    /// <summary>What the path answers from now on; 204 unless said.</summary>
    public void Answer(string path, Func<Received, Task<int>> answer) => answers[path] = answer;

    public void Answer(string path, Func<Received, int> answer) => Answer(path, request => Task.FromResult(answer(request)));

    public IReadOnlyList<Received> At(string path) => [.. received.Where(request => request.Path == path)];

    /// <summary>Waits until what came to the path is enough, and gives it.</summary>
    public async Task<IReadOnlyList<Received>> UntilAsync(string path, Func<IReadOnlyList<Received>, bool> enough)
    {
        for (var left = 300; ; left--)
        {
            var now = At(path);
            if (enough(now)) return now;
            if (left == 0) Assert.Fail($"{path} got only: {string.Join(", ", now.Select(request => $"{request.Sequence} {request.Type}"))}");
            await Task.Delay(100);
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource(0);
        await app.StopAsync(atOnce.Token);
        await app.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var request = new Received(context.Request.Path, await reader.ReadToEndAsync(),
            context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase));
        received.Enqueue(request);
        context.Response.StatusCode = answers.TryGetValue(request.Path, out var answer) ? await answer(request) : 204;
    }
}
