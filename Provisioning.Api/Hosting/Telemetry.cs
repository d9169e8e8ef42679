using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Provisioning.Core.Common;

namespace Provisioning.Api.Hosting;

/// <summary>
/// Traces, metrics and logs over OTLP, each when the standard OTEL_* variables name an endpoint for it; otherwise nothing of it exists.
/// The first of the hosted services, so that it is the last to stop and sends what the others did at the end.
/// </summary>
internal sealed class Telemetry(IConfiguration configuration) : IHostedService, IDisposable
{
    /// <summary>The platform's own sources; all their tags are routes, methods and codes.</summary>
    private const string ServerSource = "Microsoft.AspNetCore";

    private static readonly string[] Meters = [Instruments.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime"];

    public TracerProvider? Traces { get; private set; }

    public MeterProvider? Metrics { get; private set; }

    /// <summary>Adds what the variables ask for. The command line and settings files may hold them too.</summary>
    public static void Add(WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        if (IsWanted(configuration, "TRACES") || IsWanted(configuration, "METRICS"))
        {
            builder.Services.AddSingleton<Telemetry>();
            builder.Services.AddHostedService(static services => services.GetRequiredService<Telemetry>());
        }
        if (!IsWanted(configuration, "LOGS")) return;
        builder.Logging.AddOpenTelemetry(options =>
        {
            options.IncludeFormattedMessage = true;
            options.IncludeScopes = true; // the correlation id
            options.SetResourceBuilder(Describe(ResourceBuilder.CreateEmpty()));
            options.AddOtlpExporter();
        });
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (IsWanted(configuration, "TRACES"))
            Traces = Sdk.CreateTracerProviderBuilder()
                .ConfigureServices(services => services.AddSingleton(configuration))
                .SetResourceBuilder(Describe(ResourceBuilder.CreateEmpty()))
                .AddSource(ServerSource, Instruments.Name)
                .AddOtlpExporter()
                .Build();
        if (IsWanted(configuration, "METRICS"))
            Metrics = Sdk.CreateMeterProviderBuilder()
                .ConfigureServices(services => services.AddSingleton(configuration))
                .SetResourceBuilder(Describe(ResourceBuilder.CreateEmpty()))
                .AddMeter(Meters)
                .AddOtlpExporter()
                .Build();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Sends what is left, within the exporter's own limits of time.</summary>
    public void Dispose()
    {
        Traces?.Dispose();
        Metrics?.Dispose();
    }

    /// <summary>
    /// Whether an endpoint is configured for a signal, and neither the signal nor everything is turned off
    /// (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).
    /// </summary>
    internal static bool IsWanted(IConfiguration configuration, string signal) =>
        !IsSaid(configuration["OTEL_SDK_DISABLED"], "true")
        && !IsSaid(configuration[$"OTEL_{signal}_EXPORTER"], "none")
        && (IsGiven(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]) || IsGiven(configuration[$"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"]));

    /// <summary>The variables come last, because what the operator says wins.</summary>
    private static ResourceBuilder Describe(ResourceBuilder resource) => resource
        .AddService("provisioning", serviceVersion: typeof(Telemetry).Assembly.GetName().Version?.ToString(3), autoGenerateServiceInstanceId: true)
        .AddTelemetrySdk()
        .AddEnvironmentVariableDetector();

    private static bool IsSaid(string? given, string word) => string.Equals(given?.Trim(), word, StringComparison.OrdinalIgnoreCase);

    private static bool IsGiven(string? given) => !string.IsNullOrWhiteSpace(given);
}
