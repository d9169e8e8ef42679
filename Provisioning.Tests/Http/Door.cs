using System.Diagnostics.CodeAnalysis;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Provisioning.Tests.Http;

/// <summary>One outsider's view of the service: a token, a path prefix and the media type it sends.</summary>
public sealed class Door(HttpClient http, string? token, string root, string mediaType = "application/json")
{
    public HttpClient Http { get; } = http;

    public string? Token { get; } = token;

    public string Root { get; } = root;

    /// <summary>The same path prefix and media type with another token (none when null).</summary>
    public Door With(string? otherToken) => new(Http, otherToken, Root, mediaType);

    /// <summary>The same token and media type under another path prefix.</summary>
    public Door At(string otherRoot) => new(Http, Token, otherRoot, mediaType);

    public Task<Answer> Get(string path, params (string Name, string Value)[] headers) => Send("GET", path, null, headers);

    public Task<Answer> Post(string path, object? body, params (string Name, string Value)[] headers) => Send("POST", path, body, headers);

    public Task<Answer> Put(string path, object? body, params (string Name, string Value)[] headers) => Send("PUT", path, body, headers);

    public Task<Answer> Patch(string path, object? body, params (string Name, string Value)[] headers) => Send("PATCH", path, body, headers);

    public Task<Answer> Delete(string path, params (string Name, string Value)[] headers) => Send("DELETE", path, null, headers);

    /// <summary>Sends one request. A body is raw text, bytes, a JSON node, or an object to be written as JSON; a Content-Type header replaces the door's.</summary>
    [SuppressMessage("Usage", "CA2234:Pass system uri objects instead of strings", Justification = "The tests send paths as they are written.")]
    public async Task<Answer> Send(string method, string path, object? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), Root + path);
        var bytes = body switch
        {
            null => null,
            string text => Encoding.UTF8.GetBytes(text),
            byte[] raw => raw,
            JsonNode node => Encoding.UTF8.GetBytes(node.ToJsonString()),
            _ => JsonSerializer.SerializeToUtf8Bytes(body, body.GetType()),
        };
        if (bytes is not null)
        {
            request.Content = new ByteArrayContent(bytes);
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(mediaType);
        }
        if (Token is not null) request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + Token);
        foreach (var (name, value) in headers)
        {
            if (name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase))
            {
                request.Content?.Headers.Remove(name);
                request.Content?.Headers.TryAddWithoutValidation(name, value);
            }
            else
            {
                request.Headers.Remove(name);
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }
        using var response = await Http.SendAsync(request);
        var answered = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var header in response.Headers.Concat(response.Content.Headers)) answered[header.Key] = string.Join(", ", header.Value);
        var shown = bytes is null ? "" : "\n" + (bytes.Length > 2000 ? $"({bytes.Length} bytes)" : Encoding.UTF8.GetString(bytes));
        var answer = new Answer($"{method} {Root}{path}{shown}", (int)response.StatusCode, answered.GetValueOrDefault("Content-Type"), answered,
            await response.Content.ReadAsStringAsync());
        await DescribedRefusals.CheckAsync(Http, method, Root + path, answer);
        return answer;
    }
}
