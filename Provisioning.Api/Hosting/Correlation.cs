using Provisioning.Core.Common;

namespace Provisioning.Api.Hosting;

/// <summary>The id that ties answer, log line and audit record of one request together.</summary>
public static class Correlation
{
    public const string HeaderName = "X-Correlation-Id";

    private const int Longest = 64;

    /// <summary>The id of this request, 1 to 64 of <c>A-Z a-z 0-9 . _ -</c>.</summary>
    public static string CorrelationId(this HttpContext context) => context.TraceIdentifier;

    /// <summary>Takes the caller's id when there is exactly one and it is well-formed, else makes one; puts it on the answer.</summary>
    internal static void Begin(HttpContext context, TimeProvider time)
    {
        var given = context.Request.Headers[HeaderName];
        context.TraceIdentifier = given is [{ } id] && IsWellFormed(id) ? id : Ids.NewGuid(time).ToString("N");
        Stamp(context);
    }

    /// <summary>Again after the headers were cleared for an error.</summary>
    internal static void Stamp(HttpContext context) => context.Response.Headers[HeaderName] = context.TraceIdentifier;

    /// <summary>Only what is harmless in a log and a header.</summary>
    internal static bool IsWellFormed(string id) =>
        id.Length is > 0 and <= Longest && id.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
}
