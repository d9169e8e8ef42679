using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Provisioning.Api.Sso.Oidc.Tokens;

/// <summary>Reads single claims; a claim of another type than asked for is as good as absent.</summary>
internal static class ClaimText
{
    public static string? Of(JsonObject claims, string name) =>
        claims[name] is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0 ? text : null;

    /// <summary>A text, or an array of texts (<c>aud</c>, groups).</summary>
    public static IReadOnlyList<string> Many(JsonObject claims, string name) => claims[name] switch
    {
        JsonArray array => [.. array.OfType<JsonValue>().Select(value => value.TryGetValue<string>(out var text) ? text : null).OfType<string>()],
        JsonValue when Of(claims, name) is { } one => [one],
        _ => [],
    };

    /// <summary>true or false, also as text or 1 and 0, as providers write them (Entra's <c>xms_edov</c>, Cognito's <c>email_verified</c>); null otherwise.</summary>
    public static bool? Flag(JsonObject claims, string name) => claims[name]?.ToString().ToLowerInvariant() switch
    {
        "true" or "1" => true,
        "false" or "0" => false,
        _ => null,
    };

    /// <summary>NumericDate (RFC 7519 2): seconds since 1970, possibly with a fraction; null when absent or out of all reason.</summary>
    public static DateTimeOffset? Instant(JsonObject claims, string name) =>
        claims[name] is JsonValue value && value.GetValueKind() == JsonValueKind.Number
        && double.TryParse(value.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and < 32_503_680_000
            ? DateTimeOffset.UnixEpoch.AddSeconds(seconds) : null;
}
