namespace Provisioning.Api.Hosting;

/// <summary>Logs to the console: one readable line each in Development, one JSON object each elsewhere.</summary>
internal sealed class HostLogging
{
    /// <summary>Logs addresses with their query (filters, e-mail addresses) and puts the path into a scope of every line.</summary>
    private const string PlatformRequestLog = "Microsoft.AspNetCore.Hosting.Diagnostics";

    /// <summary>Logs a failed start with a stack trace; <see cref="ProvisioningHost.RunAsync"/> says it itself. Wanted afterwards.</summary>
    private const string PlatformHostLog = "Microsoft.Extensions.Hosting.Internal.Host";

    private volatile bool started;

    public void Configure(WebApplicationBuilder builder)
    {
        var logging = builder.Logging;
        logging.ClearProviders();
        if (builder.Environment.IsDevelopment())
            logging.AddSimpleConsole(static options =>
            {
                options.SingleLine = true;
                options.TimestampFormat = "HH:mm:ss ";
            });
        else
            logging.Services.AddSingleton<ILoggerProvider>(static _ => new JsonLog(TimeProvider.System, Console.OpenStandardOutput()));
        // The platform's own lines per request say less than ours and cost more.
        logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        // In code: no settings file can switch the privacy of callers off.
        logging.AddFilter(PlatformRequestLog, LogLevel.None);
        logging.AddFilter(PlatformHostLog, level => started && level >= LogLevel.Warning);
    }

    public void Started() => started = true;
}
