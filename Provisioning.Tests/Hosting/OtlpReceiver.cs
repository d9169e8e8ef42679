using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Provisioning.Tests.Hosting;

/// <summary>Takes OTLP over HTTP and keeps the bytes; texts stand in protobuf as they are.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentDictionary<string, ConcurrentQueue<string>> received = new();

    private OtlpReceiver(WebApplication app) => this.app = app;

    public string Address => app.Urls.First();

    public static async Task<OtlpReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var receiver = new OtlpReceiver(builder.Build());
        receiver.app.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            receiver.received.GetOrAdd(context.Request.Path.ToString(), static _ => new()).Enqueue(Encoding.Latin1.GetString(body.ToArray()));
            context.Response.ContentType = "application/x-protobuf"; // an empty answer: everything was taken
        });
        await receiver.app.StartAsync();
        return receiver;
    }

    /// <summary>Which of these texts are in nothing that arrived for <c>traces</c>, <c>metrics</c> or <c>logs</c>.</summary>
    public IEnumerable<string> Missing(string signal, params string[] texts) => received.TryGetValue("/v1/" + signal, out var bodies)
        ? texts.Where(text => !bodies.Any(body => body.Contains(text, StringComparison.Ordinal))) : texts;

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }
}
