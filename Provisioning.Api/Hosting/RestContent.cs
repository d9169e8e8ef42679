using System.Text;

namespace Provisioning.Api.Hosting;

/// <summary>The body of a <see cref="RestReply"/> that is not JSON: a page or a file for people.</summary>
/// <param name="MediaType">The whole Content-Type.</param>
public sealed record RestContent(string MediaType, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>For a page: what a browser may load for it.</summary>
    public string? SecurityPolicy { get; init; }

    /// <summary>For a file: what a browser calls it; visible ASCII of ours.</summary>
    public string? FileName { get; init; }

    public static RestContent Html(string html, string securityPolicy) =>
        new("text/html; charset=utf-8", Encoding.UTF8.GetBytes(html)) { SecurityPolicy = securityPolicy };

    internal async Task WriteAsync(HttpResponse response, CancellationToken cancel)
    {
        response.ContentType = MediaType;
        response.ContentLength = Bytes.Length;
        if (SecurityPolicy is not null) response.Headers.ContentSecurityPolicy = SecurityPolicy;
        if (FileName is not null) response.Headers.ContentDisposition = $"inline; filename=\"{FileName}\"";
        await response.Body.WriteAsync(Bytes, cancel);
    }
}
