using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Provisioning.Bench;

/// <summary>A process under measurement: started from this program's folder, its output in a file, its cost read from /proc.</summary>
internal sealed class MeasuredProcess : IAsyncDisposable
{
    private const double TicksPerSecond = 100; // USER_HZ of Linux
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);

    private readonly Process process;
    private readonly string log;

    private MeasuredProcess(Process process, int port, string log)
    {
        this.process = process;
        this.log = log;
        EndPoint = new IPEndPoint(IPAddress.Loopback, port);
    }

    public IPEndPoint EndPoint { get; }

    /// <summary>From the start of the process to the first good answer of its probe.</summary>
    public TimeSpan ReadyAfter { get; private set; }

    /// <summary>User and system time so far, in seconds; ticks of 10 ms.</summary>
    public double CpuSeconds => CpuOf(File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Id}/stat")));

    /// <summary>Resident memory, in bytes.</summary>
    public long ResidentBytes => ResidentOf(File.ReadAllLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Id}/status")));

    /// <param name="arguments">With the port to listen on.</param>
    public static async Task<MeasuredProcess> StartAsync(string assembly, string folder, string probe, Func<int, IEnumerable<string>> arguments)
    {
        var port = FreePort();
        var log = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{assembly}.{port}.log"));
        var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = AppContext.BaseDirectory };
        // The shell becomes the service: its output goes to a file and costs nobody here anything.
        foreach (var argument in (string[])["-c", "out=$1; shift; exec \"$@\" > \"$out\" 2>&1", "sh", log,
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", Path.Combine(AppContext.BaseDirectory, assembly + ".dll"), .. arguments(port)])
            start.ArgumentList.Add(argument);
        foreach (var name in (string[])["ASPNETCORE_URLS", "ASPNETCORE_ENVIRONMENT", "DOTNET_ENVIRONMENT", "ASPNETCORE_HTTP_PORTS"]) start.Environment.Remove(name);
        // As in infra/Dockerfile; the floor gets the same, unless said otherwise.
        foreach (var (name, value) in (ReadOnlySpan<(string, string)>)[("DOTNET_gcServer", "0"), ("DOTNET_gcConcurrent", "0"), ("DOTNET_GCgen0size", "0x2000000")])
            start.Environment.TryAdd(name, value);
        var clock = Stopwatch.StartNew();
        var started = new MeasuredProcess(Process.Start(start)!, port, log);
        using var http = new HttpClient { BaseAddress = new Uri($"http://{started.EndPoint}"), Timeout = TimeSpan.FromSeconds(5) };
        while (!await AnswersAsync(http, probe))
        {
            if (started.process.HasExited || clock.Elapsed > StartLimit)
            {
                await started.DisposeAsync();
                throw new InvalidOperationException($"{assembly} did not start:\n{await File.ReadAllTextAsync(log)}");
            }
            await Task.Delay(10);
        }
        started.ReadyAfter = clock.Elapsed;
        return started;
    }

    /// <summary>SIGTERM, and the wait for the end.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            using (var signal = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)])) await signal.WaitForExitAsync();
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            await process.WaitForExitAsync(limit.Token);
        }
        process.Dispose();
        File.Delete(log);
    }

    /// <summary>utime and stime: the 14th and 15th field of proc(5) stat; the second may hold blanks, in parentheses.</summary>
    internal static double CpuOf(string stat)
    {
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    internal static long ResidentOf(IEnumerable<string> status)
    {
        var line = status.First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line["VmRSS:".Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) * 1024;
    }

    private static async Task<bool> AnswersAsync(HttpClient http, string probe)
    {
        try
        {
            using var response = await http.GetAsync(new Uri(probe, UriKind.Relative));
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
