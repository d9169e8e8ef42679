using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Provisioning.Api.Hosting;

/// <summary>Writes a small JSON answer whose Content-Type is exactly the one given.</summary>
internal static class JsonAnswer
{
    /// <summary>Longest text from outside that an error repeats, in UTF-16 code units.</summary>
    private const int LongestText = 2000;

    /// <summary>Answers are served as JSON with nosniff, never inside HTML, so quotes may stay readable.</summary>
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Task WriteAsync<TState>(HttpContext context, int status, string contentType, TState state, Action<Utf8JsonWriter, TState> write)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            write(writer, state);
            writer.WriteEndObject();
        }
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = contentType;
        response.ContentLength = buffer.WrittenCount;
        Protect(response);
        return response.Body.WriteAsync(buffer.WrittenMemory).AsTask();
    }

    /// <summary>Every answer holds personal data or a secret: no cache keeps it, no browser takes it for something else than its type.</summary>
    public static void Protect(HttpResponse response)
    {
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
    }

    /// <summary>UTF-8 of a text that may quote hostile input: bounded, lone surrogates replaced (the JSON writer throws on them).</summary>
    public static byte[] Utf8(string text) =>
        Encoding.UTF8.GetBytes(text.Length <= LongestText ? text : string.Concat(text.AsSpan(0, LongestText), "..."));
}
