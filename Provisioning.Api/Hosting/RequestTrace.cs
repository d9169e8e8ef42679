using System.Diagnostics;
using Microsoft.AspNetCore.Http.Features;

namespace Provisioning.Api.Hosting;

/// <summary>What the span of a request says: method, route, status, correlation id. Addresses and headers hold people and stay out.</summary>
internal static class RequestTrace
{
    /// <summary>Before the request is handled. Probes are not worth a trace.</summary>
    public static Activity? Begin(HttpContext context)
    {
        if (context.Features.Get<IHttpActivityFeature>()?.Activity is not { IsAllDataRequested: true } span) return null;
        if (!context.Request.Path.StartsWithSegments(Health.Root.TrimEnd('/'), StringComparison.Ordinal)) return span;
        span.IsAllDataRequested = false;
        span.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        return null;
    }

    public static void End(Activity span, HttpContext context, string route)
    {
        foreach (var (name, _) in span.TagObjects.ToList()) span.SetTag(name, null); // whatever the platform wrote there
        var method = context.Request.Method;
        span.DisplayName = $"{method} {route}";
        span.SetTag("http.request.method", method);
        span.SetTag("http.route", route);
        span.SetTag("http.response.status_code", context.Response.StatusCode);
        span.SetTag("provisioning.correlation_id", context.CorrelationId());
        if (context.Response.StatusCode >= 500) span.SetStatus(ActivityStatusCode.Error);
    }
}
