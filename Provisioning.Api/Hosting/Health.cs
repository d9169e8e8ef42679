using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Provisioning.Api.Hosting;

/// <summary>Whether the store answers now. Registered by whoever owns the store; without one the store counts as there.</summary>
public delegate Task<bool> StoreProbe(CancellationToken cancellation);

/// <summary>Liveness (the process answers) and readiness (it can do work, and is not stopping).</summary>
public static partial class Health
{
    internal const string Root = "/health/";

    /// <summary>A store that needs longer is not ready.</summary>
    private static readonly TimeSpan ProbeLimit = TimeSpan.FromSeconds(2);

    internal static void AddHealth(this IServiceCollection services) =>
        services.TryAddSingleton<StoreProbe>(static _ => Task.FromResult(true));

    internal static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(Root + "live", static (HttpContext context) => AnswerAsync(context, StatusCodes.Status200OK, "live")).ExcludeFromDescription()
            .WithMetadata(new RoutePolicy("anyone"));
        routes.MapGet(Root + "ready", ReadyAsync).ExcludeFromDescription().WithMetadata(new RoutePolicy("anyone"));
    }

    private static async Task ReadyAsync(
        HttpContext context, StoreProbe probe, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<StoreProbe> logger)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
            await AnswerAsync(context, StatusCodes.Status503ServiceUnavailable, "stopping");
        else if (await StoreAnswersAsync(probe, time, logger, context.RequestAborted))
            await AnswerAsync(context, StatusCodes.Status200OK, "ready");
        else
            await AnswerAsync(context, StatusCodes.Status503ServiceUnavailable, "store_unavailable");
    }

    private static async Task<bool> StoreAnswersAsync(StoreProbe probe, TimeProvider time, ILogger logger, CancellationToken aborted)
    {
        using var limit = new CancellationTokenSource(ProbeLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, aborted);
        try
        {
            // The wait ends even when the probe does not heed its token.
            return await Task.Run(() => probe(either.Token), either.Token).WaitAsync(either.Token);
        }
        catch (Exception exception) when (!aborted.IsCancellationRequested)
        {
            ProbeFailed(logger, exception);
            return false;
        }
    }

    private static Task AnswerAsync(HttpContext context, int status, string word)
    {
        Problems.SetHeaders(context.Response, status);
        return JsonAnswer.WriteAsync(context, status, "application/json", word, static (writer, value) => writer.WriteString("status", value));
    }

    [LoggerMessage(LogLevel.Warning, "The store did not answer the readiness probe")]
    private static partial void ProbeFailed(ILogger logger, Exception exception);
}
