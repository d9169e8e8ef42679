using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Provisioning.Bench;

/// <summary>The floor: the same bytes from a server that does nothing else.</summary>
internal static class Floor
{
    [SuppressMessage("Usage", "ASP0000", Justification = "No services are needed.")]
    public static async Task<int> RunAsync(string url, string bodyFile)
    {
        var body = await File.ReadAllBytesAsync(bodyFile);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls(url).ConfigureKestrel(static options => options.AddServerHeader = false);
        await using var app = builder.Build();
        app.Run(context =>
        {
            var headers = context.Response.Headers;
            headers.ContentType = "application/scim+json";
            headers.ContentLength = body.Length;
            headers.CacheControl = "no-store";
            headers.ETag = "W/\"1\"";
            headers.XContentTypeOptions = "nosniff";
            return context.Response.Body.WriteAsync(body, 0, body.Length);
        });
        await app.StartAsync();
        var ended = new TaskCompletionSource();
        using var signal = System.Runtime.InteropServices.PosixSignalRegistration.Create(
            System.Runtime.InteropServices.PosixSignal.SIGTERM, context =>
            {
                context.Cancel = true;
                ended.TrySetResult();
            });
        await ended.Task;
        await app.StopAsync();
        return 0;
    }
}
