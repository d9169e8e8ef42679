using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NUnit.Framework;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests;

/// <summary>
/// A private PostgreSQL for one test run: data in a temporary folder, loopback only, as a non-root user, stopped and removed after the
/// run. PROVISIONING_TEST_POSTGRES points to a server of one's own instead.
/// </summary>
[SetUpFixture]
public sealed class PostgreSqlServer
{
    private static readonly Lazy<Task<(string? ConnectionString, string Reason)>> Server = new(StartAsync);
    private static string? folder;
    private static string? binaries;

    /// <summary>Whether this run started it, and throws it away.</summary>
    public static bool IsPrivate => folder is not null;

    /// <summary>How to reach the server; the first caller starts it. Ignores the test when there is none to be had.</summary>
    public static async Task<string> ConnectionStringAsync()
    {
        var (connectionString, reason) = await Server.Value;
        if (connectionString is null) Assert.Ignore(reason);
        return connectionString!;
    }

    [OneTimeTearDown]
    public static async Task StopAsync()
    {
        await TestDatabase.DropTemplatesAsync();
        if (folder is null) return;
        Run(Path.Combine(binaries!, "pg_ctl"), $"-D {folder}/data -m immediate -w stop");
        Directory.Delete(folder, recursive: true);
    }

    private static Task<(string?, string)> StartAsync() => Task.Run(Start);

    private static (string?, string) Start()
    {
        if (Environment.GetEnvironmentVariable("PROVISIONING_TEST_POSTGRES") is { Length: > 0 } given) return (given, "");
        binaries = Candidates().FirstOrDefault(path => File.Exists(Path.Combine(path, "initdb")) && File.Exists(Path.Combine(path, "pg_ctl")));
        if (binaries is null) return (null, "No PostgreSQL binaries (initdb, pg_ctl) on this machine, and PROVISIONING_TEST_POSTGRES is not set.");
        folder = TestFolder.Make("provisioning-pg-");
        if (IsRoot && Shell("chown", $"{User} {folder}") is { Code: not 0 } owned) return (null, $"The data folder could not be given to user {User}: {owned.Output}");
        var port = FreePort();
        var made = Run(Path.Combine(binaries, "initdb"), $"-D {folder}/data -U provisioning -A trust -E UTF8 --locale=C --no-sync");
        if (made.Code != 0) return (null, $"initdb failed: {made.Output}");
        var options = $"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c max_connections=400 -c shared_buffers=32MB "
            // What a test proves is what survives the service, never what survives the server: that one is thrown away.
            // A connection lives for a test: five plans of each statement, made to find out whether its values matter, are most of its work.
            + "-c plan_cache_mode=force_generic_plan "
            + "-c fsync=off -c full_page_writes=off -c autovacuum=off -c jit=off -c wal_level=minimal -c max_wal_senders=0 -c max_wal_size=2GB";
        var started = Run(Path.Combine(binaries, "pg_ctl"), $"-D {folder}/data -l {folder}/log -w -t 30 -o '{options}' start");
        return started.Code == 0
            ? ($"Host=127.0.0.1;Port={port};Username=provisioning;Database=postgres;Timeout=10", "")
            : (null, $"pg_ctl could not start the server: {started.Output}");
    }

    private static bool IsRoot => Environment.UserName == "root";

    private static string User => File.ReadAllText("/etc/passwd").Contains("\npostgres:", StringComparison.Ordinal) ? "postgres" : "nobody";

    private static IEnumerable<string> Candidates()
    {
        foreach (var path in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)) yield return path;
        const string debian = "/usr/lib/postgresql";
        if (!Directory.Exists(debian)) yield break;
        foreach (var version in Directory.GetDirectories(debian).OrderDescending()) yield return Path.Combine(version, "bin");
    }

    /// <summary>PostgreSQL refuses to run as root.</summary>
    private static (int Code, string Output) Run(string program, string arguments) =>
        IsRoot ? Shell("su", $"{User} -s /bin/sh -c \"{program} {arguments}\"") : Shell("/bin/sh", $"-c \"{program} {arguments}\"");

    private static (int Code, string Output) Shell(string program, string arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath(),
        })!;
        // The server keeps its standard output open: read what the starter says, and do not wait for the stream's end.
        var errors = process.StandardError.ReadToEndAsync();
        process.WaitForExit(60_000);
        return (process.ExitCode, errors.IsCompleted ? errors.Result : "");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
