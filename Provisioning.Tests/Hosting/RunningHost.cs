using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Provisioning.Api.Hosting;
using Provisioning.Api.Scim;

namespace Provisioning.Tests.Hosting;

/// <summary>The host without its doors, so without data, on a real socket: the test's routes, and what was logged.</summary>
internal sealed class RunningHost : IAsyncDisposable
{
    private readonly WebApplication app;

    private RunningHost(WebApplication app, RecordedLog log)
    {
        this.app = app;
        Log = log;
        Client = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = new Uri(app.Urls.First()) };
    }

    public HttpClient Client { get; }

    public RecordedLog Log { get; }

    public WebApplication App => app;

    public static async Task<RunningHost> StartAsync(
        Action<WebApplication>? map = null, Action<WebApplicationBuilder>? configure = null, params string[] settings)
    {
        var log = new RecordedLog();
        var app = ProvisioningHost.Build(["--urls=http://127.0.0.1:0", "--environment=Staging", .. settings], builder =>
        {
            builder.Logging.ClearProviders();
            builder.Services.AddSingleton<ILoggerProvider>(log);
            builder.Services.AddScimErrors();
            configure?.Invoke(builder);
        });
        map?.Invoke(app);
        await app.StartAsync();
        return new RunningHost(app, log);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
    }
}

internal sealed record LogLine(LogLevel Level, string Text);

/// <summary>Keeps what is logged.</summary>
internal sealed class RecordedLog : ILoggerProvider
{
    private readonly ConcurrentQueue<LogLine> lines = new();

    public IReadOnlyList<LogLine> Lines => [.. lines];

    public ILogger CreateLogger(string categoryName) => new Logger(lines, categoryName);

    public void Dispose()
    {
    }

    private sealed class Logger(ConcurrentQueue<LogLine> lines, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue(new LogLine(logLevel, $"{category}: {formatter(state, exception)} {exception}"));
    }
}
