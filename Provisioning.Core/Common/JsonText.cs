using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;

namespace Provisioning.Core.Common;

/// <summary>
/// Reads a request body as one JSON object, in one pass and without ever throwing: the parser of every door (design D10).
/// Strings are storable afterwards (<see cref="TextKey.IsStorable"/>, design D3) and can be written again.
/// </summary>
public static class JsonText
{
    private const int MostNumbers = 100_000;

    /// <summary>Trees are walked recursively; deeper ones could exhaust the stack.</summary>
    public const int MaxDepth = 256;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];
    private static ReadOnlySpan<byte> NoCharacter => [0xEF, 0xBF, 0xBE];

    /// <summary>
    /// Empty, not UTF-8, malformed, no object, a property named twice, or deeper than <paramref name="maxDepth"/> (setting
    /// <c>Limits:JsonDepth</c>): <see cref="InvalidSyntax"/>. U+0000, U+FFFE or half a surrogate pair in a string or name:
    /// <see cref="InvalidValue"/>. A number keeps the digits it was sent with.
    /// </summary>
    /// <param name="utf8">The body; a byte order mark is skipped.</param>
    /// <param name="maxDepth">How many objects and arrays may be open at once; 1 to <see cref="MaxDepth"/>, whatever the setting
    /// says.</param>
    public static Outcome<JsonObject> Parse(ReadOnlyMemory<byte> utf8, int maxDepth)
    {
        var bytes = utf8.Span;
        maxDepth = Math.Clamp(maxDepth, 1, MaxDepth);
        if (bytes.StartsWith(ByteOrderMark)) bytes = bytes[ByteOrderMark.Length..];
        if (!Utf8.IsValid(bytes)) return new InvalidSyntax("The body is not UTF-8 text.");
        if (bytes.IndexOf(NoCharacter) >= 0) return NotStorable;
        if (bytes.Trim(" \t\r\n"u8).IsEmpty) return new InvalidSyntax("The body is empty; a JSON object is expected.");
        try
        {
            var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = maxDepth + 1 });
            return Read(ref reader, maxDepth);
        }
        catch (JsonException e)
        {
            return new InvalidSyntax(string.Create(CultureInfo.InvariantCulture,
                $"The body is not JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}."));
        }
    }

    private static InvalidValue NotStorable =>
        new("A string or name of the body holds U+0000, U+FFFE or half a surrogate pair; none of them can be stored.");

    private static Outcome<JsonObject> Read(ref Utf8JsonReader reader, int maxDepth)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject) return new InvalidSyntax("The body is not a JSON object.");
        var root = new JsonObject();
        var open = new Stack<(JsonNode Node, string? Name)>();
        JsonNode current = root;
        string? name = null;
        var numbers = 0;
        while (reader.Read())
        {
            JsonNode? value = null;
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    if (Text(ref reader, out name) is { } badName) return badName;
                    if (((JsonObject)current).ContainsKey(name)) return new InvalidSyntax($"The body names '{name}' twice in one object.");
                    continue;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    if (open.TryPop(out var parent)) (current, name) = parent;
                    continue;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    // The root and what is open above count, and the new one.
                    if (open.Count + 2 > maxDepth) return TooDeep(maxDepth);
                    value = reader.TokenType == JsonTokenType.StartObject ? new JsonObject() : new JsonArray();
                    Put(current, name, value);
                    open.Push((current, name));
                    current = value;
                    continue;
                case JsonTokenType.String:
                    if (Text(ref reader, out var text) is { } badText) return badText;
                    value = JsonValue.Create(text);
                    break;
                case JsonTokenType.Number:
                    // A number keeps a document of its own: a few bytes of the body become a few hundred of memory.
                    if (++numbers > MostNumbers) return new InvalidSyntax($"The body holds more than {MostNumbers} numbers.");
                    value = JsonValue.Create(JsonElement.ParseValue(ref reader));
                    break;
                case JsonTokenType.True or JsonTokenType.False:
                    value = JsonValue.Create(reader.TokenType == JsonTokenType.True);
                    break;
            }
            Put(current, name, value);
        }
        return root;
    }

    private static InvalidSyntax TooDeep(int maxDepth) => new(string.Create(CultureInfo.InvariantCulture,
        $"The body is nested deeper than {maxDepth} levels (setting Limits:JsonDepth)."));

    private static void Put(JsonNode container, string? name, JsonNode? value)
    {
        if (container is JsonArray array) array.Add(value);
        else ((JsonObject)container).Add(name!, value);
    }

    private static InvalidValue? Text(ref Utf8JsonReader reader, out string text)
    {
        text = "";
        if (reader.ValueIsEscaped && !EscapesAreStorable(reader.ValueSpan))
            return NotStorable;
        text = reader.GetString()!;
        return null;
    }

    /// <summary>
    /// The reader refuses raw control characters, and valid UTF-8 has no surrogates: only \u escapes can bring either in, and
    /// <see cref="Utf8JsonReader.GetString"/> would throw on half a pair.
    /// </summary>
    private static bool EscapesAreStorable(ReadOnlySpan<byte> raw)
    {
        for (var i = raw.IndexOf((byte)'\\'); i < raw.Length; i++)
        {
            if (raw[i] != '\\') continue;
            i++;
            if (raw[i] != 'u') continue;
            var unit = Unit(raw, i + 1);
            i += 4;
            if (unit is '\0' or '\uFFFE' || char.IsLowSurrogate(unit)) return false;
            if (!char.IsHighSurrogate(unit)) continue;
            if (i + 6 >= raw.Length || raw[i + 1] != '\\' || raw[i + 2] != 'u' || !char.IsLowSurrogate(Unit(raw, i + 3))) return false;
            i += 6;
        }
        return true;
    }

    private static char Unit(ReadOnlySpan<byte> raw, int at) =>
        (char)ushort.Parse(raw.Slice(at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
