using System.Globalization;
using Microsoft.AspNetCore.Connections;
using Provisioning.Api.Configuration;
using Provisioning.Core.Journal;

namespace Provisioning.Api.Hosting;

/// <summary>
/// The one place where an exception becomes an answer, in the format of the door it happened at. Also gives a body to the
/// refusals that the platform leaves empty (unknown route, wrong method, media type). No stack trace, no message of an
/// exception and no SQL ever leaves (design D10).
/// </summary>
internal sealed partial class ErrorBoundary(
    RequestDelegate next, ErrorFormats formats, ServiceSettings settings, ILogger<ErrorBoundary> logger)
{
    /// <summary>Not a registered status: the caller went away. Only the log sees it.</summary>
    private const int ClientClosedRequest = 499;

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (Exception exception) when (IsCallerGone(context, exception))
        {
            if (!context.Response.HasStarted) context.Response.StatusCode = ClientClosedRequest;
            return;
        }
        catch (BadHttpRequestException exception)
        {
            await RefuseAsync(context, exception.StatusCode);
            return;
        }
        catch (StoreUnavailableException exception)
        {
            StoreUnavailable(exception, context.CorrelationId());
            await RefuseAsync(context, StatusCodes.Status503ServiceUnavailable);
            return;
        }
        catch (Exception exception)
        {
            Unhandled(exception, context.CorrelationId());
            await RefuseAsync(context, StatusCodes.Status500InternalServerError);
            return;
        }
        var response = context.Response;
        if (response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null })
            await formats.For(context.Request.Path)(context, response.StatusCode, Detail(context, response.StatusCode));
    }

    private async Task RefuseAsync(HttpContext context, int status)
    {
        if (context.Response.HasStarted)
        {
            // Half an answer cannot be taken back; a cut connection tells the caller that it is not whole.
            context.Abort();
            return;
        }
        context.Response.Clear();
        Correlation.Stamp(context);
        await formats.For(context.Request.Path)(context, status, Detail(context, status));
    }

    private static bool IsCallerGone(HttpContext context, Exception exception) =>
        exception is ConnectionResetException
        || (context.RequestAborted.IsCancellationRequested && exception is OperationCanceledException or IOException);

    private string Detail(HttpContext context, int status) => status switch
    {
        400 => "The request is malformed or incomplete.",
        401 => "Credentials are missing or wrong; send Authorization: Bearer with a token of this service.",
        404 => "There is nothing at this address.",
        405 => context.Response.Headers.Allow is { Count: > 0 } allow
            ? $"The method is not allowed at this address; allowed: {allow}."
            : "The method is not allowed at this address.",
        503 => "The database did not answer in time; nothing was changed, and the request can be repeated.",
        408 => "The request body did not arrive in time.",
        413 => RequestBody.TooLargeDetail(settings.Limits.BodyBytes),
        415 => "The media type of the request is not supported at this address.",
        >= 500 => $"The service could not answer. Give this correlation id to its operator: {context.CorrelationId()}",
        _ => string.Create(CultureInfo.InvariantCulture, $"The request was refused with status {status}."),
    };

    [LoggerMessage(LogLevel.Error, "The database is out of reach {CorrelationId}")]
    private partial void StoreUnavailable(Exception exception, string correlationId);

    [LoggerMessage(LogLevel.Error, "Unhandled exception {CorrelationId}")]
    private partial void Unhandled(Exception exception, string correlationId);
}
