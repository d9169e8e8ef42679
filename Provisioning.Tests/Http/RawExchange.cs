using System.Globalization;
using System.Net.Sockets;
using System.Text;
using NUnit.Framework;

namespace Provisioning.Tests.Http;

/// <summary>One exchange written byte by byte, for requests that an HTTP client would refuse to send.</summary>
public static class RawExchange
{
    /// <summary>Sends the head (lines without line ends; Host and Connection are added) and the body, and reads the answer to its end.</summary>
    public static async Task<Answer> SendAsync(Uri service, string requestLine, IEnumerable<string> headers, byte[]? body = null)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var client = new TcpClient();
        await client.ConnectAsync(service.Host, service.Port, limit.Token);
        await using var stream = client.GetStream();
        List<string> lines = [requestLine, $"Host: {service.Authority}", "Connection: close", .. headers];
        if (body is not null) lines.Add(string.Create(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}"));
        var head = Encoding.Latin1.GetBytes(string.Join("\r\n", lines) + "\r\n\r\n");
        await stream.WriteAsync(head, limit.Token);
        try
        {
            if (body is not null) await stream.WriteAsync(body, limit.Token);
        }
        catch (IOException)
        {
            // The service may answer and close before it has read a body it refuses.
        }
        using var received = new MemoryStream();
        try
        {
            await stream.CopyToAsync(received, limit.Token);
        }
        catch (IOException)
        {
            // The same: what was answered until then counts.
        }
        return Parse(string.Join("\n", lines), received.ToArray());
    }

    private static Answer Parse(string request, byte[] bytes)
    {
        var text = Encoding.Latin1.GetString(bytes);
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0) throw new AssertionException($"No answer to\n{request}\nbut '{text}'");
        var lines = text[..end].Split("\r\n");
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in lines.Skip(1))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            headers[line[..colon]] = line[(colon + 1)..].Trim();
        }
        var rest = bytes[(end + 4)..];
        var chunked = headers.TryGetValue("Transfer-Encoding", out var coding) && coding.Contains("chunked", StringComparison.OrdinalIgnoreCase);
        var body = Encoding.UTF8.GetString(chunked ? Unchunk(rest) : rest);
        return new Answer(request, int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture), headers.GetValueOrDefault("Content-Type"), headers, body);
    }

    private static byte[] Unchunk(byte[] bytes)
    {
        using var whole = new MemoryStream();
        var at = 0;
        while (at < bytes.Length)
        {
            var lineEnd = Array.IndexOf(bytes, (byte)'\n', at);
            if (lineEnd < 0) break;
            var size = int.Parse(Encoding.ASCII.GetString(bytes, at, lineEnd - at).Trim().Split(';')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (size == 0) break;
            whole.Write(bytes, lineEnd + 1, Math.Min(size, bytes.Length - lineEnd - 1));
            at = lineEnd + 1 + size + 2;
        }
        return whole.ToArray();
    }
}
