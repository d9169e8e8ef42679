using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Provisioning.Api.Configuration;

namespace Provisioning.Api.Hosting;

/// <summary>Builds and runs the service; tests and Program start the same one.</summary>
public static partial class ProvisioningHost
{
    public const string DefaultUrl = "http://127.0.0.1:5080";

    /// <summary>Exit codes: ended as asked, could not start, a setting is bad.</summary>
    public const int Ended = 0, CouldNotStart = 1, BadSetting = 2;

    /// <summary>Set by the launch profile, so that a plain <c>dotnet run</c> is in Development but any choice of the user's wins.</summary>
    private const string DefaultEnvironmentVariable = "PROVISIONING_DEFAULT_ENVIRONMENT";

    private static readonly TimeSpan ShutdownLimit = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The service without its doors: settings, server, logging, correlation ids, error boundary, health. Singletons to ask for:
    /// <see cref="ServiceSettings"/>, <see cref="TimeProvider"/>, <see cref="ErrorFormats"/>.
    /// </summary>
    /// <param name="configure">Adds the doors' services; runs last, so that it can replace any of the host's.</param>
    /// <exception cref="SettingsException">A setting is bad.</exception>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = CreateBuilder(args);
        var settings = ServiceSettings.Read(builder.Configuration, builder.Environment.EnvironmentName);
        var logging = new HostLogging();
        logging.Configure(builder);
        Telemetry.Add(builder); // before all hosted services
        ConfigureServer(builder, settings);

        var services = builder.Services;
        services.AddSingleton(settings);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<ErrorFormats>();
        services.Configure<HostOptions>(static options => options.ShutdownTimeout = ShutdownLimit);
        // The same in every environment: what a handler cannot bind goes to the error boundary.
        services.Configure<RouteHandlerOptions>(static options => options.ThrowOnBadRequest = true);
        configure?.Invoke(builder);
        services.AddHealth();

        var app = builder.Build();
        app.Lifetime.ApplicationStarted.Register(logging.Started);
        app.UseTrustedProxies(); // first: everything after it sees the real client
        app.UseMiddleware<RequestLog>();
        app.UseMiddleware<ErrorBoundary>();
        app.UseRouting();
        app.MapHealth();
        return app;
    }

    /// <summary>Builds the service, does one thing with it, and ends without listening.</summary>
    public static Task<int> DoAsync(string[] args, Terminal terminal, Func<string[], WebApplication> build, Func<WebApplication, CancellationToken, Task> work) =>
        GuardAsync(terminal, () => build(args), async app =>
        {
            using var stop = new CancellationTokenSource();
            ConsoleCancelEventHandler pressing = (_, pressed) =>
            {
                pressed.Cancel = true;
                stop.Cancel();
            };
            Console.CancelKeyPress += pressing;
            try
            {
                await work(app, stop.Token);
            }
            finally
            {
                Console.CancelKeyPress -= pressing;
            }
        });

    /// <summary>Builds, prepares, listens, and waits for the end.</summary>
    /// <param name="build">Program's <see cref="Build"/> with all doors.</param>
    /// <param name="prepare">Before listening: migrations, demo data. May throw <see cref="SettingsException"/>.</param>
    /// <param name="listening">After the addresses (<see cref="WebApplication.Urls"/>) are bound: the start-up text.</param>
    /// <returns>The exit code.</returns>
    public static Task<int> RunAsync(
        string[] args,
        Func<string[], WebApplication> build,
        Func<WebApplication, CancellationToken, Task>? prepare = null,
        Action<WebApplication>? listening = null,
        Terminal? terminal = null) =>
        GuardAsync(terminal ?? Terminal.OfProcess, () => build(args), async app =>
        {
            if (prepare is not null) await prepare(app, app.Lifetime.ApplicationStopping);
            await app.StartAsync();
            listening?.Invoke(app);
            await app.WaitForShutdownAsync();
        });

    /// <summary>Turns what stops a start into one clear line and an exit code.</summary>
    private static async Task<int> GuardAsync(Terminal terminal, Func<WebApplication> build, Func<WebApplication, Task> run)
    {
        WebApplication? app = null;
        try
        {
            app = build();
            await run(app);
            return Ended;
        }
        catch (SettingsException exception)
        {
            foreach (var problem in exception.Problems) await terminal.Error.WriteLineAsync(problem);
            return BadSetting;
        }
        catch (CommandFailedException exception)
        {
            await terminal.Error.WriteLineAsync(exception.Message);
            return CouldNotStart;
        }
        catch (Exception exception) when (exception is { InnerException: AddressInUseException } or SocketException)
        {
            await terminal.Error.WriteLineAsync($"Cannot listen on {app?.Configuration["urls"] ?? "the configured endpoints"}: {exception.Message}");
            return CouldNotStart;
        }
        catch (Exception exception) when (app is not null)
        {
            StartFailed(app.Logger, exception);
            return CouldNotStart;
        }
        finally
        {
            if (app is not null) await app.DisposeAsync();
        }
    }

    private static WebApplicationBuilder CreateBuilder(string[] args)
    {
        try
        {
            // First, so that --environment wins over it.
            return WebApplication.CreateBuilder(DefaultEnvironment() is { } name ? ["--environment=" + name, .. args] : args);
        }
        catch (Exception exception) when (exception is FormatException or InvalidDataException)
        {
            // A command line or a settings file that cannot be read.
            throw new SettingsException(exception.InnerException is { } inner ? $"{exception.Message} {inner.Message}" : exception.Message);
        }
    }

    private static string? DefaultEnvironment() =>
        Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT") is { Length: > 0 }
        || Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT") is { Length: > 0 }
            ? null : Environment.GetEnvironmentVariable(DefaultEnvironmentVariable);

    private static void ConfigureServer(WebApplicationBuilder builder, ServiceSettings settings)
    {
        var configuration = builder.Configuration;
        if (string.IsNullOrWhiteSpace(configuration["urls"]) && string.IsNullOrWhiteSpace(configuration["http_ports"])
            && string.IsNullOrWhiteSpace(configuration["https_ports"]) && !configuration.GetSection("Kestrel:Endpoints").GetChildren().Any())
            builder.WebHost.UseUrls(DefaultUrl);

        builder.WebHost.ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            var limits = options.Limits;
            // The backstop for a handler that reads past RequestBody.
            limits.MaxRequestBodySize = settings.Limits.BodyBytes;
            // A filter stands in the request line: up to three bytes a character, each written %XX. Past this line the server
            // answers 414 by itself, without our body.
            limits.MaxRequestLineSize = (settings.Limits.FilterLength * 9) + 8192;
            limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
            limits.KeepAliveTimeout = TimeSpan.FromSeconds(120);
        });
    }

    [LoggerMessage(LogLevel.Critical, "The service could not start or ended by an error")]
    private static partial void StartFailed(ILogger logger, Exception exception);
}
