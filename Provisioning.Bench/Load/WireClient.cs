using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;

namespace Provisioning.Bench.Load;

/// <summary>
/// One keep-alive connection that sends ready bytes and finds the end of the answer, and nothing more: the load generator shares the
/// processors with the server, so what it does not do the server can. No pipelining: behind an answer nothing waits in the buffer.
/// </summary>
internal sealed class WireClient(EndPoint endPoint) : IDisposable
{
    private Socket? socket;
    private byte[] buffer = new byte[16 * 1024];
    private int filled;
    private int bodyAt;

    /// <summary>The body of the last answer, as it came: chunk marks included.</summary>
    public ReadOnlySpan<byte> Body => buffer.AsSpan(bodyAt, filled - bodyAt);

    /// <summary>The status of the answer.</summary>
    public async ValueTask<int> SendAsync(ReadOnlyMemory<byte> request)
    {
        socket ??= await ConnectAsync();
        for (var sent = 0; sent < request.Length;) sent += await socket.SendAsync(request[sent..]);
        filled = 0;
        bodyAt = 0;
        int? end;
        while ((end = End()) is null || filled < end)
        {
            if (filled == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
            var read = await socket.ReceiveAsync(buffer.AsMemory(filled));
            if (read == 0) throw new IOException("The server closed the connection.");
            filled += read;
        }
        return Utf8Parser.TryParse(buffer.AsSpan(9, 3), out int status, out _) ? status : throw new IOException("This is no HTTP answer.");
    }

    public void Dispose() => socket?.Dispose();

    /// <summary>Where the answer ends; null while that is not known.</summary>
    private int? End()
    {
        var answer = buffer.AsSpan(0, filled);
        if (bodyAt == 0)
        {
            var headers = answer.IndexOf("\r\n\r\n"u8);
            if (headers < 0) return null;
            bodyAt = headers + 4;
        }
        var head = answer[..bodyAt];
        if (head.Slice(9, 3).SequenceEqual("204"u8) || head.Slice(9, 3).SequenceEqual("304"u8)) return bodyAt;
        var length = head.IndexOf("\r\nContent-Length: "u8);
        if (length >= 0 && Utf8Parser.TryParse(head[(length + 18)..], out int bytes, out _)) return bodyAt + bytes;
        return answer.EndsWith("0\r\n\r\n"u8) ? filled : null; // chunked
    }

    private async Task<Socket> ConnectAsync()
    {
        var connected = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await connected.ConnectAsync(endPoint);
        return connected;
    }
}
