using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Provisioning.Api.Hosting;
using Provisioning.Core.Common;

namespace Provisioning.Api.Scim;

/// <summary>The refusals of the SCIM door: the error message of RFC 7644 3.12.</summary>
public static class ScimErrors
{
    /// <summary>Exactly this text, without a charset (RFC 7644 3.8, RFC 7643 8.1).</summary>
    public const string ContentType = "application/scim+json";

    public const string Schema = "urn:ietf:params:scim:api:messages:2.0:Error";

    /// <summary>How the detail starts when no seat is free (rule SCIM-5).</summary>
    private const string SeatUnavailable = "seat_unavailable: ";

    /// <summary>
    /// Status, scimType (only with 400 and 409, only registered values: RFC 7644 3.12, RFC 9865 2.1) and detail. A code of
    /// domain.md section 9 that has no scimType starts the detail. A new kind of <see cref="Error"/> needs a line here; a test
    /// walks them all.
    /// </summary>
    internal static (int Status, string? ScimType, string Detail) From(Error error) => error switch
    {
        InvalidSyntax => (400, "invalidSyntax", error.Detail),
        InvalidValue => (400, "invalidValue", error.Detail),
        InvalidFilter => (400, "invalidFilter", error.Detail),
        InvalidPath => (400, "invalidPath", error.Detail),
        NoTarget => (400, "noTarget", error.Detail),
        MutabilityViolated => (400, "mutability", error.Detail),
        TooMany => (400, "tooMany", error.Detail),
        InvalidCursor => (400, "invalidCursor", error.Detail),
        ExpiredCursor => (400, "expiredCursor", error.Detail),
        InvalidCount => (400, "invalidCount", error.Detail),
        Unauthenticated => (401, null, error.Detail),
        Forbidden or WrongMode => (403, null, error.Detail),
        SeatDenied => (403, null, error.Detail.StartsWith(SeatUnavailable, StringComparison.Ordinal) ? error.Detail : SeatUnavailable + error.Detail),
        NotFound => (404, null, error.Detail),
        NotUnique => (409, "uniqueness", error.Detail),
        Conflict { Code: "member_exists" or "identity_conflict" } conflict => (409, "uniqueness", Coded(conflict.Code, conflict.Detail)),
        Conflict conflict => (409, null, Coded(conflict.Code, conflict.Detail)),
        Unprocessable unprocessable => (400, "invalidValue", Coded(unprocessable.Code, unprocessable.Detail)),
        Gone gone => (410, null, Coded(gone.Code, gone.Detail)),
        VersionConflict => (412, null, error.Detail),
        BodyTooLarge => (413, null, error.Detail),
        UnsupportedMediaType => (415, null, error.Detail),
        PreconditionMissing => (428, null, error.Detail),
        NotImplemented => (501, null, error.Detail),
        RateLimited => (429, null, error.Detail),
        StoreUnavailable => (503, null, error.Detail),
        _ => throw new UnreachableException($"{error.GetType().Name} has no SCIM form."),
    };

    /// <summary>A stable code for those who count refusals; what has no code in SCIM has the one of the other doors.</summary>
    internal static string Reason(Error error) => error switch
    {
        SeatDenied => "seat_unavailable",
        _ => From(error).ScimType ?? Problems.From(error).Code,
    };

    /// <summary>A refusal as the response of an operation of a bulk request (RFC 7644 3.7.3).</summary>
    internal static (int Status, JsonObject Body) InBulk(Error error)
    {
        Instruments.Refused(Instruments.ScimDoor, Reason(error));
        var (status, scimType, detail) = From(error);
        var body = new JsonObject { ["schemas"] = new JsonArray(Schema), ["status"] = status.ToString(CultureInfo.InvariantCulture) };
        if (scimType is not null) body["scimType"] = scimType;
        body["detail"] = System.Text.Encoding.UTF8.GetString(JsonAnswer.Utf8(detail));
        return (status, body);
    }

    /// <summary>Writes a refusal.</summary>
    public static Task WriteAsync(HttpContext context, Error error)
    {
        var (status, scimType, detail) = From(error);
        Problems.SetWait(context.Response, error);
        return WriteAsync(context, status, scimType, detail);
    }

    /// <summary>Writes what the host itself refuses by status: an unknown route, a wrong method, a failure.</summary>
    public static Task WriteStatusAsync(HttpContext context, int status, string detail) =>
        WriteAsync(context, status, status == 400 ? "invalidSyntax" : null, detail);

    /// <summary>A refusal as the result of a minimal API handler.</summary>
    public static IResult Result(Error error) => new ScimErrorResult(error);

    /// <summary>Makes every refusal of the host under <c>/scim</c> a SCIM message.</summary>
    public static IServiceCollection AddScimErrors(this IServiceCollection services) =>
        services.AddErrorFormat("/scim", WriteStatusAsync);

    private static Task WriteAsync(HttpContext context, int status, string? scimType, string detail)
    {
        Problems.SetHeaders(context.Response, status);
        return JsonAnswer.WriteAsync(context, status, ContentType, (status, scimType, detail), static (writer, error) =>
        {
            writer.WriteStartArray("schemas");
            writer.WriteStringValue(Schema);
            writer.WriteEndArray();
            writer.WriteString("status", error.status.ToString(CultureInfo.InvariantCulture));
            if (error.scimType is not null) writer.WriteString("scimType", error.scimType);
            writer.WriteString("detail", JsonAnswer.Utf8(error.detail));
        });
    }

    private static string Coded(string code, string detail) => $"{code}: {detail}";

    private sealed class ScimErrorResult(Error error) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => WriteAsync(httpContext, error);
    }
}
