using System.Buffers;
using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using Provisioning.Api.Configuration;
using Provisioning.Core.Common;

namespace Provisioning.Api.Hosting;

/// <summary>Reads a whole request body within a limit.</summary>
public static class RequestBody
{
    private const int FirstBuffer = 16 * 1024;

    /// <summary>What somebody without credentials may send where nothing larger is needed: a token, an address.</summary>
    public const int AnonymousBytes = 65_536;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>
    /// The body's bytes, without a byte order mark (RFC 8259 8.1 lets a reader ignore it); empty when there is none.
    /// </summary>
    /// <param name="limitBytes">Limits:BodyBytes, or less.</param>
    /// <param name="mediaTypes">Accepted types without parameters; a missing Content-Type is tolerated.</param>
    /// <returns>Or <see cref="BodyTooLarge"/>, <see cref="UnsupportedMediaType"/>.</returns>
    public static async Task<Outcome<ReadOnlyMemory<byte>>> ReadAsync(HttpContext context, int limitBytes, params IReadOnlyCollection<string> mediaTypes)
    {
        // We count here, so that the door answers; the server then drops what is left of the body without cutting the connection.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = null;

        var request = context.Request;
        if (CheckHeaders(request.Headers, mediaTypes) is { } refused) return refused;
        if (request.ContentLength > limitBytes) return TooLarge(context, limitBytes);
        if (request.ContentLength == 0) return ReadOnlyMemory<byte>.Empty;

        // Grows with what has arrived, never by what Content-Length promises.
        var buffer = new ArrayBufferWriter<byte>((int)Math.Min((request.ContentLength ?? FirstBuffer) + 1, FirstBuffer));
        int read;
        while ((read = await request.Body.ReadAsync(buffer.GetMemory(1), context.RequestAborted)) > 0)
        {
            if (read > limitBytes - buffer.WrittenCount) return TooLarge(context, limitBytes);
            buffer.Advance(read);
        }
        var body = buffer.WrittenMemory;
        return body.Span.StartsWith(ByteOrderMark) ? body[ByteOrderMark.Length..] : body;
    }

    private static BodyTooLarge TooLarge(HttpContext context, int limitBytes) => new(
        context.RequestServices.GetService<ServiceSettings>() is { } settings && limitBytes < settings.Limits.BodyBytes
            ? string.Create(CultureInfo.InvariantCulture, $"The request body is larger than {limitBytes} bytes, the most that is taken here.") : TooLargeDetail(limitBytes));

    internal static string TooLargeDetail(int limitBytes) =>
        string.Create(CultureInfo.InvariantCulture, $"The request body is larger than {limitBytes} bytes, the limit of this service (Limits:BodyBytes).");

    private static UnsupportedMediaType? CheckHeaders(IHeaderDictionary headers, IReadOnlyCollection<string> mediaTypes)
    {
        var encoding = headers.ContentEncoding.ToString();
        if (encoding.Length > 0 && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
            return new UnsupportedMediaType("The Content-Encoding of the request is not supported; send the body unencoded.");

        var given = headers.ContentType;
        if (given.Count == 0 || given is [null or ""]) return null;
        var accepted = string.Join(", ", mediaTypes);
        if (given.Count > 1 || !MediaTypeHeaderValue.TryParse(given[0], out var type)
            || !mediaTypes.Contains(type.MediaType.Value, StringComparer.OrdinalIgnoreCase))
            return new UnsupportedMediaType($"The Content-Type of the request is not supported; accepted: {accepted}.");
        var charset = HeaderUtilities.RemoveQuotes(type.Charset);
        return !charset.HasValue || charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)
            ? null
            : new UnsupportedMediaType("The charset of the request is not supported; accepted: utf-8.");
    }
}
