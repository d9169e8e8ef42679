using Microsoft.AspNetCore.Routing;

namespace Provisioning.Api.Hosting;

/// <summary>
/// Outermost: gives the request its correlation id and writes one line per request. The line has the route's pattern, never
/// the address: ids, filters and e-mail addresses stand in addresses (RFC 7644 7.5.2).
/// </summary>
internal sealed partial class RequestLog(RequestDelegate next, TimeProvider time, ILogger<RequestLog> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        Correlation.Begin(context, time);
        var started = time.GetTimestamp();
        var span = RequestTrace.Begin(context);
        using (logger.BeginScope(new CorrelationScope(context.CorrelationId())))
        {
            await next(context);
            var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "(none)";
            if (span is not null) RequestTrace.End(span, context, route);
            var level = route.StartsWith(Health.Root, StringComparison.Ordinal) ? LogLevel.Debug : LogLevel.Information;
            if (!logger.IsEnabled(level)) return;
            var elapsedMs = time.GetElapsedTime(started).TotalMilliseconds;
            var correlationId = context.CorrelationId();
            Answered(level, context.Request.Method, route, context.Response.StatusCode, elapsedMs, correlationId);
        }
    }

    [LoggerMessage(Message = "{Method} {Route} {Status} {ElapsedMs:F1} ms {CorrelationId}")]
    private partial void Answered(LogLevel level, string method, string route, int status, double elapsedMs, string correlationId);

    /// <summary>Makes the id a field of every log line of the request.</summary>
    private sealed class CorrelationScope(string id) : IReadOnlyList<KeyValuePair<string, object?>>
    {
        public int Count => 1;

        public KeyValuePair<string, object?> this[int index] =>
            index == 0 ? new("CorrelationId", id) : throw new ArgumentOutOfRangeException(nameof(index));

        public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
        {
            yield return this[0];
        }

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();

        public override string ToString() => "CorrelationId:" + id;
    }
}
