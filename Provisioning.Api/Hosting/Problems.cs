using System.Diagnostics;
using System.Text.Json;
using Provisioning.Core.Common;

namespace Provisioning.Api.Hosting;

/// <summary>
/// The refusals of every door but SCIM: problem+json (RFC 9457) with a stable <c>code</c> (domain.md section 9) and the
/// correlation id.
/// </summary>
public static class Problems
{
    public const string ContentType = "application/problem+json";

    /// <summary>RFC 6750 3: names the scheme and nothing about why.</summary>
    public const string Challenge = "Bearer realm=\"provisioning\"";

    /// <summary>Seconds after which a caller may try again when the store is away.</summary>
    public const string RetryAfter = "2";

    /// <summary>Status, code and title of a refusal. A new kind of <see cref="Error"/> needs a line here; a test walks them all.</summary>
    internal static (int Status, string Code, string Title) From(Error error) => error switch
    {
        InvalidSyntax or InvalidValue or InvalidFilter or InvalidPath or NoTarget or MutabilityViolated or TooMany or InvalidCount => Of(400),
        InvalidCursor or ExpiredCursor => (400, "invalid_cursor", "The cursor is not valid"),
        Unauthenticated => Of(401),
        Forbidden => Of(403),
        WrongMode => (403, "wrong_mode", "The provisioning mode does not allow this"),
        NotFound => Of(404),
        VersionConflict => Of(412),
        PreconditionMissing => Of(428),
        BodyTooLarge => Of(413),
        UnsupportedMediaType => Of(415),
        NotUnique => (409, "member_exists", "It exists already"),
        Gone gone => (410, gone.Code, "It is over"),
        Conflict conflict => (409, conflict.Code, "The current state does not allow this"),
        Unprocessable unprocessable => (422, unprocessable.Code, "The request cannot be carried out"),
        SeatDenied { Tier: null } => (409, "tier_full", "No seat is free"),
        SeatDenied => (409, "tier_full", "No seat of this tier is free"),
        NotImplemented => Of(501),
        RateLimited => Of(429),
        StoreUnavailable => Of(503),
        _ => throw new UnreachableException($"{error.GetType().Name} has no problem+json form."),
    };

    /// <summary>Writes a refusal.</summary>
    public static Task WriteAsync(HttpContext context, Error error)
    {
        var (status, code, title) = From(error);
        SetWait(context.Response, error);
        return WriteAsync(context, status, code, title, error.Detail, error as SeatDenied);
    }

    /// <summary>Writes what the host itself refuses by status: an unknown route, a wrong method, a failure.</summary>
    public static Task WriteStatusAsync(HttpContext context, int status, string detail)
    {
        var (_, code, title) = Of(status);
        return WriteAsync(context, status, code, title, detail, null);
    }

    /// <summary>A refusal as the result of a minimal API handler.</summary>
    public static IResult Result(Error error) => new ProblemResult(error);

    /// <summary>The headers a status demands, the same at every door: RFC 9110 11.6.1 (401), domain.md section 9 (503).</summary>
    public static void SetHeaders(HttpResponse response, int status)
    {
        if (status == 401 && response.Headers.WWWAuthenticate.Count == 0) response.Headers.WWWAuthenticate = Challenge;
        if (status == 503 && response.Headers.RetryAfter.Count == 0) response.Headers.RetryAfter = RetryAfter;
    }

    /// <summary>RFC 6585 4, RFC 9110 10.2.3: in seconds.</summary>
    public static void SetWait(HttpResponse response, Error error)
    {
        if (error is RateLimited limited) response.Headers.RetryAfter = limited.Wait.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    private static Task WriteAsync(HttpContext context, int status, string code, string title, string detail, SeatDenied? denied)
    {
        SetHeaders(context.Response, status);
        var correlationId = context.CorrelationId();
        return JsonAnswer.WriteAsync(context, status, ContentType, (status, code, title, detail, correlationId, denied), static (writer, problem) =>
        {
            writer.WriteString("type", "about:blank");
            writer.WriteString("title", problem.title);
            writer.WriteNumber("status", problem.status);
            writer.WriteString("code", problem.code);
            writer.WriteString("detail", JsonAnswer.Utf8(problem.detail));
            writer.WriteString("correlationId", problem.correlationId);
            if (problem.denied is not null) WriteSeat(writer, problem.denied);
        });
    }

    /// <summary>SEAT-7: what to buy. When any tier would have done, the last one looked at, which is the lowest.</summary>
    private static void WriteSeat(Utf8JsonWriter writer, SeatDenied denied)
    {
        if (denied.Tier is null) writer.WriteNull("tier");
        else writer.WriteString("tier", JsonAnswer.Utf8(denied.Tier));
        if ((denied.Tier ?? (denied.Tiers.Count > 0 ? denied.Tiers[^1].Tier : null)) is not { } wanted) return;
        writer.WriteStartObject("purchaseHint");
        writer.WriteString("kind", "add");
        writer.WriteString("tier", JsonAnswer.Utf8(wanted));
        writer.WriteNumber("quantity", 1);
        writer.WriteEndObject();
    }

    /// <summary>Code and title of a bare status.</summary>
    private static (int Status, string Code, string Title) Of(int status) => status switch
    {
        400 => (400, "invalid_request", "The request is not valid"),
        401 => (401, "unauthenticated", "Credentials are missing or wrong"),
        403 => (403, "forbidden_role", "Not allowed"),
        404 => (404, "not_found", "Not found"),
        405 => (405, "method_not_allowed", "The method is not allowed here"),
        408 => (408, "request_timeout", "The request took too long to arrive"),
        412 => (412, "version_conflict", "The version is not the current one"),
        413 => (413, "body_too_large", "The request body is too large"),
        415 => (415, "unsupported_media_type", "The media type is not supported"),
        428 => (428, "precondition_required", "If-Match is required"),
        429 => (429, "rate_limited", "Too many requests"),
        501 => (501, "not_implemented", "Not implemented"),
        503 => (503, "store_unavailable", "The service is not available now"),
        >= 500 => (status, "internal_error", "The service failed"),
        _ => (status, "invalid_request", "The request was refused"),
    };

    private sealed class ProblemResult(Error error) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => WriteAsync(httpContext, error);
    }
}
