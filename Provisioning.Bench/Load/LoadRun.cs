using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;

namespace Provisioning.Bench.Load;

/// <summary>One request: the bytes to send and what a right answer contains.</summary>
/// <param name="Keep">The client keeps the answer for its next request.</param>
internal readonly record struct WireRequest(byte[] Bytes, byte[]? Marker = null, bool Keep = false)
{
    public static WireRequest Of(EndPoint server, string method, string path, string token, string type, string? body, byte[]? marker)
    {
        var content = body is null ? "" : string.Create(CultureInfo.InvariantCulture, $"Content-Type: {type}\r\nContent-Length: {body.Length}\r\n");
        return new WireRequest(Encoding.ASCII.GetBytes($"{method} {path} HTTP/1.1\r\nHost: {server}\r\nAuthorization: Bearer {token}\r\n{content}\r\n{body}"), marker);
    }
}

/// <summary>One client of a run, with its own sequence of choices.</summary>
internal sealed class Client(int index, int clients, ulong seed)
{
    private ulong state = ((ulong)index + 1) * 0x9E3779B97F4A7C15UL ^ (seed * 0xBF58476D1CE4E5B9UL);

    /// <summary>The user of a change that a later request takes back.</summary>
    public int? Chosen { get; set; }

    /// <summary>The last answer that was to be kept.</summary>
    public byte[]? Kept { get; set; }

    /// <summary>xorshift64: cheap, and the same at every run.</summary>
    public int Pick(int below)
    {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return (int)(state % (ulong)below);
    }

    /// <summary>A number that no other client of the run picks.</summary>
    public int PickOwn(int below) => (Pick(Math.Max(1, below / clients)) * clients) + index;
}

/// <summary>What a scenario cost at one concurrency.</summary>
internal sealed record LoadResult(long Requests, long Errors, string? FirstError, double Seconds, double CpuSeconds, Latencies Latencies);

/// <summary>Sends requests over a number of connections for a time, each as soon as the one before it was answered.</summary>
internal static class LoadRun
{
    /// <param name="next">Null when there is nothing left to ask.</param>
    /// <param name="last">What a client leaves behind in order; not measured as a request.</param>
    public static async Task<LoadResult> RunAsync(
        Nodes servers, int concurrency, TimeSpan duration, long most, Func<Client, WireRequest?> next, Func<Client, WireRequest?> last, ulong seed)
    {
        var clock = Stopwatch.StartNew();
        var cpu = servers.CpuSeconds;
        var left = most;
        var clients = await Task.WhenAll(Enumerable.Range(0, concurrency).Select(index => Task.Run(ClientAsync(index))));
        var (seconds, spent) = (clock.Elapsed.TotalSeconds, servers.CpuSeconds - cpu);
        var ticks = clients.SelectMany(client => client.Ticks).ToList();
        return new LoadResult(ticks.Count, clients.Sum(client => client.Errors), clients.Select(client => client.FirstError).FirstOrDefault(error => error is not null),
            seconds, spent, Latencies.Of(ticks, Stopwatch.Frequency));

        Func<Task<(List<long> Ticks, long Errors, string? FirstError)>> ClientAsync(int index) => async () =>
        {
            var ticks = new List<long>(4096);
            var errors = 0L;
            string? first = null;
            var client = new Client(index, concurrency, seed);
            var wire = new WireClient(servers.EndPoint(index));
            try
            {
                while (clock.Elapsed < duration && Interlocked.Decrement(ref left) >= 0 && next(client) is { } request)
                {
                    var started = Stopwatch.GetTimestamp();
                    string? error = null;
                    try
                    {
                        var status = await wire.SendAsync(request.Bytes);
                        if (status is < 200 or > 299 || (request.Marker is { } marker && wire.Body.IndexOf(marker) < 0))
                            error = $"{status} {Encoding.UTF8.GetString(wire.Body[..Math.Min(300, wire.Body.Length)])}";
                    }
                    catch (Exception exception) when (exception is IOException or System.Net.Sockets.SocketException)
                    {
                        error = exception.Message;
                        wire.Dispose();
                        wire = new WireClient(servers.EndPoint(index));
                    }
                    ticks.Add(Stopwatch.GetTimestamp() - started);
                    if (request.Keep) client.Kept = error is null ? wire.Body.ToArray() : null;
                    if (error is null) continue;
                    errors++;
                    first ??= error;
                }
                if (last(client) is { } order) await wire.SendAsync(order.Bytes);
            }
            finally
            {
                wire.Dispose();
            }
            return (ticks, errors, first);
        };
    }
}
