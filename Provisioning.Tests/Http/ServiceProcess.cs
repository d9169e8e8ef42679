using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using NUnit.Framework;
using Provisioning.Api;
using Provisioning.Api.Hosting;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>The built service as a process of its own on a data folder that outlives it, so that it can be killed and started again.</summary>
public sealed class ServiceProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    private readonly TestDatabase database;
    private readonly bool ownsDatabase;
    private readonly ConcurrentQueue<string> output = new();
    private readonly int standard;
    private readonly int premium;
    private readonly string[] settings;
    private Process? process;
    private HttpClient? http;

    private ServiceProcess(TestDatabase database, bool ownsDatabase, int standard, int premium, string[] settings)
    {
        this.database = database;
        this.ownsDatabase = ownsDatabase;
        this.standard = standard;
        this.premium = premium;
        this.settings = settings;
    }

    /// <summary>Everything every run wrote so far, for failure messages.</summary>
    public string Output => string.Join('\n', output);

    /// <summary>What every node of this service works on.</summary>
    public TestDatabase Database => database;

    public static async Task<ServiceProcess> StartAsync(string engine, int standard, int premium, params string[] settings) =>
        await StartAsync(new ServiceProcess(await TestDatabase.CreateAsync(engine), true, standard, premium, settings));

    /// <summary>Another node on the same database.</summary>
    public Task<ServiceProcess> AnotherAsync() => StartAsync(new ServiceProcess(database, false, standard, premium, settings));

    private static async Task<ServiceProcess> StartAsync(ServiceProcess service)
    {
        try
        {
            await service.RestartAsync();
        }
        catch
        {
            await service.DisposeAsync();
            throw;
        }
        return service;
    }

    /// <summary>Starts the process again on the same data and waits until it says it is ready.</summary>
    public async Task RestartAsync()
    {
        var address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort()}");
        var started = Launch(TestService.Settings(database, address, standard, premium, settings), output);
        process = started;
        http?.Dispose();
        http = new HttpClient { BaseAddress = new Uri(address), Timeout = TimeSpan.FromSeconds(60) };
        var clock = Stopwatch.StartNew();
        while (!await IsReadyAsync())
        {
            if (started.HasExited) throw new AssertionException($"The service ended with exit code {started.ExitCode} while starting.\n{Output}");
            if (clock.Elapsed > StartLimit) throw new AssertionException($"The service was not ready within {StartLimit}.\n{Output}");
            await Task.Delay(25);
        }
    }

    public Task<TestOrganization> DemoAsync() =>
        TestOrganization.OfDemoAsync(http!, TestService.DemoScimToken, TestService.DemoOwnerToken, TestService.DemoGatewayToken);

    /// <summary>An organisation of its own, without a contract.</summary>
    public Task<TestOrganization> OrganizationAsync(int standard, int premium) =>
        TestOrganization.CreateAsync(http!, "own", [("standard", 10, standard), ("premium", 20, premium)], "scim_and_jit", true, "waiting");

    /// <summary>SIGKILL: no clean-up, no flush.</summary>
    public async Task KillAsync()
    {
        process!.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>SIGTERM, and the exit code it ends with.</summary>
    public async Task<int> StopAsync()
    {
        using var signal = Process.Start("kill", ["-TERM", process!.Id.ToString(CultureInfo.InvariantCulture)]);
        await signal.WaitForExitAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false }) await KillAsync();
        process?.Dispose();
        http?.Dispose();
        if (ownsDatabase) await database.DisposeAsync();
    }

    /// <summary>The operator's door to an organisation.</summary>
    public Door Operator(string slug) => new(http!, TestService.OperatorToken, "/v1/organizations/" + slug);

    /// <summary>Runs a command of the program on the same database, here and not in a process of its own, and gives its exit code and what it wrote.</summary>
    public Task<(int ExitCode, string Output)> CommandAsync(params string[] words) => CommandAsync(database, words);

    /// <summary>The same where no service runs.</summary>
    public static Task<(int ExitCode, string Output)> CommandAsync(TestDatabase database, params string[] words) =>
        RunAsync([.. words, .. TestService.Settings(database, "http://127.0.0.1:0", 1, 1, [])]);

    /// <summary>Runs the service, here, with settings it should refuse, and gives its exit code and what it wrote.</summary>
    public static async Task<(int ExitCode, string Output)> RefusedAsync(params string[] settings)
    {
        await using var database = await TestDatabase.CreateAsync(TestDatabase.Sqlite);
        var run = RunAsync([.. TestService.Settings(database, "http://127.0.0.1:0", 2, 1, settings)]);
        if (await Task.WhenAny(run, Task.Delay(StartLimit)) != run) throw new AssertionException("The service did not refuse to start.");
        return await run;
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string[] arguments)
    {
        var written = new StringWriter(CultureInfo.InvariantCulture);
        var both = TextWriter.Synchronized(written);
        var code = await Task.Run(() => Program.RunAsync(arguments, new Terminal(both, both)));
        return (code, written.ToString());
    }

    private static Process Launch(IEnumerable<string> settings, ConcurrentQueue<string> output)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Provisioning.Api.dll"));
        foreach (var setting in settings) start.ArgumentList.Add(setting);
        // What the test run sets for itself must not reach the service.
        foreach (var name in (string[])["ASPNETCORE_URLS", "ASPNETCORE_ENVIRONMENT", "DOTNET_ENVIRONMENT", "ASPNETCORE_HTTP_PORTS"]) start.Environment.Remove(name);
        var started = Process.Start(start)!;
        started.OutputDataReceived += (_, line) => output.Enqueue(line.Data ?? "");
        started.ErrorDataReceived += (_, line) => output.Enqueue(line.Data ?? "");
        started.BeginOutputReadLine();
        started.BeginErrorReadLine();
        return started;
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var response = await http!.GetAsync(new Uri("/health/ready", UriKind.Relative));
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
