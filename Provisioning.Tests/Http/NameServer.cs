using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Provisioning.Tests.Http;

/// <summary>A small name server on loopback: TXT records over UDP (RFC 1035), as a test publishes them.</summary>
public sealed class NameServer : IAsyncDisposable
{
    private readonly UdpClient socket = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly ConcurrentDictionary<string, IReadOnlyList<string[]>> records = new(StringComparer.OrdinalIgnoreCase);
    private readonly CancellationTokenSource stop = new();
    private readonly Task loop;

    public NameServer() => loop = Task.Run(ServeAsync);

    public string Address => socket.Client.LocalEndPoint!.ToString()!;

    /// <summary>A name that is not to be answered at all.</summary>
    public string? Silent { get; set; }

    /// <summary>Publishes the records of a name; each may consist of several strings. None: the name exists without TXT records.</summary>
    public void Publish(string name, params string[][] texts) => records[name] = texts;

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        socket.Dispose();
        await loop;
        stop.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                var asked = await socket.ReceiveAsync(stop.Token);
                if (Answer(asked.Buffer) is { } answer) await socket.SendAsync(answer, asked.RemoteEndPoint, stop.Token);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // stopped
        }
    }

    private byte[]? Answer(byte[] query)
    {
        var labels = new List<string>();
        var at = 12;
        for (; query[at] != 0; at += query[at] + 1) labels.Add(Encoding.ASCII.GetString(query, at + 1, query[at]));
        var question = query[12..(at + 5)];
        var name = string.Join('.', labels);
        if (name == Silent) return null;
        var known = records.TryGetValue(name, out var texts);
        var answer = new List<byte>(query[..2]);
        answer.AddRange([0x85, (byte)(known ? 0x80 : 0x83)]); // authoritative; NXDOMAIN for what nobody published
        answer.AddRange([0, 1, .. Number(texts?.Count ?? 0), 0, 0, 0, 0]);
        answer.AddRange(question);
        foreach (var strings in texts ?? [])
        {
            var data = strings.SelectMany(text => Encoding.UTF8.GetBytes(text).Prepend((byte)Encoding.UTF8.GetByteCount(text))).ToArray();
            answer.AddRange([0xC0, 12, 0, 16, 0, 1, 0, 0, 0, 60, .. Number(data.Length), .. data]);
        }
        return [.. answer];
    }

    private static byte[] Number(int value)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)value);
        return bytes;
    }
}
