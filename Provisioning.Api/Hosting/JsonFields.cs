using System.Text.Json;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;

namespace Provisioning.Api.Hosting;

/// <summary>
/// Reads the fields of a REST body one by one and keeps the first problem, so that a reader stays a list of fields. Ask for
/// <see cref="Problem"/> before using what was read.
/// </summary>
public sealed class JsonFields(JsonObject json, string prefix = "")
{
    /// <summary>Levels of an object that is kept as it is: half of what the platform reads back, whatever Limits:JsonDepth allows in a body.</summary>
    private const int DeepestNode = 32;

    private readonly HashSet<string> known = [];
    private Error? problem;

    /// <summary>The first thing wrong: a field missing, of the wrong type, out of range, or unknown.</summary>
    public Error? Problem => problem ?? (json.Select(pair => pair.Key).FirstOrDefault(name => !known.Contains(name)) is { } stranger
        ? new InvalidValue($"'{prefix}{Shown(stranger)}' is not a field here; the fields are {string.Join(", ", known)}.") : null);

    /// <summary>The first thing wrong with the fields asked for; other fields are ignored.</summary>
    public Error? ProblemOfKnown => problem;

    /// <summary>Whether the field is there, be it null; it counts as a field of the body from now on.</summary>
    public bool Has(string name)
    {
        known.Add(name);
        return json.ContainsKey(name);
    }

    /// <summary>Whether the field is there and null.</summary>
    public bool IsNull(string name) => json.TryGetPropertyValue(name, out var node) && node is null;

    public string Text(string name, int longest = TextKey.MaxLength)
    {
        var text = OptionalText(name, longest);
        if (text is null or "") Refuse($"'{prefix}{name}' is required: a text of 1 to {longest} characters.");
        return text ?? "";
    }

    public string? OptionalText(string name, int longest = TextKey.MaxLength)
    {
        if (Node(name) is not { } node) return null;
        if (node is JsonValue value && value.TryGetValue<string>(out var text) && text.Length <= longest) return text;
        Refuse($"'{prefix}{name}' must be a text of at most {longest} characters.");
        return null;
    }

    /// <summary>A text as it is, to be repeated in an answer; null when it is none, and no problem.</summary>
    public string? Peek(string name) => json[name] is JsonValue value && value.TryGetValue<string>(out var text) ? Shown(text) : null;

    public bool? OptionalFlag(string name)
    {
        if (Node(name) is not { } node) return null;
        if (node.GetValueKind() is JsonValueKind.True or JsonValueKind.False) return node.GetValue<bool>();
        Refuse($"'{prefix}{name}' must be true or false.");
        return null;
    }

    public int Integer(string name, int least, int most)
    {
        if (Node(name) is JsonValue value && value.TryGetValue<int>(out var number) && number >= least && number <= most) return number;
        Refuse($"'{prefix}{name}' is required: an integer from {least} to {most}.");
        return least;
    }

    public int? OptionalInteger(string name, int least, int most)
    {
        if (Node(name) is not { } node) return null;
        if (node is JsonValue value && value.TryGetValue<int>(out var number) && number >= least && number <= most) return number;
        Refuse($"'{prefix}{name}' must be an integer from {least} to {most}.");
        return null;
    }

    /// <summary>A whole number; 0 when absent.</summary>
    public long OptionalLong(string name, long most)
    {
        if (Node(name) is not { } node) return 0;
        if (node is JsonValue value && value.TryGetValue<long>(out var number) && number >= 0 && number <= most) return number;
        Refuse($"'{prefix}{name}' must be an integer from 0 to {most}.");
        return 0;
    }

    public T? OptionalWord<T>(string name) where T : struct, Enum
    {
        if (OptionalText(name) is not { } word) return null;
        if (Words.TryParse<T>(word, out var value)) return value;
        Refuse($"'{prefix}{name}' must be one of {Words.All<T>()}.");
        return null;
    }

    public DateTimeOffset? OptionalInstant(string name)
    {
        if (OptionalText(name) is not { } text) return null;
        if (XsdDateTime.TryParse(text, out var instant)) return instant;
        Refuse($"'{prefix}{name}' must be an instant such as 2026-01-31T12:00:00Z.");
        return null;
    }

    public JsonFields? OptionalObject(string name)
    {
        if (Node(name) is not { } node) return null;
        if (node is JsonObject inner) return new JsonFields(inner, $"{prefix}{name}.");
        Refuse($"'{prefix}{name}' must be an object.");
        return null;
    }

    /// <summary>The node of an object as it is, to be kept and shown inside other documents; null when absent.</summary>
    public JsonObject? OptionalNode(string name)
    {
        if (Node(name) is not { } node) return null;
        if (node is JsonObject inner && Depth(inner) <= DeepestNode) return inner;
        Refuse($"'{prefix}{name}' must be an object of at most {DeepestNode} levels.");
        return null;
    }

    public IReadOnlyList<JsonFields> Objects(string name, int most)
    {
        if (Node(name) is JsonArray { Count: > 0 } array && array.Count <= most && array.All(element => element is JsonObject))
            return [.. array.Select((element, at) => new JsonFields((JsonObject)element!, $"{prefix}{name}[{at}]."))];
        Refuse($"'{prefix}{name}' is required: an array of 1 to {most} objects.");
        return [];
    }

    /// <summary>As <see cref="Objects"/>, but none are needed.</summary>
    public IReadOnlyList<JsonFields> OptionalObjects(string name, int most) =>
        Node(name) is null or JsonArray { Count: 0 } ? [] : Objects(name, most);

    public IReadOnlyList<string> Texts(string name, int most)
    {
        if (Node(name) is not { } node) return [];
        if (node is JsonArray array && array.Count <= most && array.All(element => element is JsonValue value && value.TryGetValue<string>(out _)))
            return [.. array.Select(element => element!.GetValue<string>())];
        Refuse($"'{prefix}{name}' must be an array of at most {most} texts.");
        return [];
    }

    /// <summary>Keeps a problem of what was read, unless there is one already.</summary>
    public void Refuse(string detail) => problem ??= new InvalidValue(detail);

    /// <summary>Takes over the problem of a part.</summary>
    public void Check(JsonFields? part)
    {
        if (part?.Problem is { } inner) problem ??= inner;
    }

    private static int Depth(JsonNode? node) => node switch
    {
        JsonObject inner => 1 + inner.Select(pair => Depth(pair.Value)).DefaultIfEmpty().Max(),
        JsonArray array => 1 + array.Select(Depth).DefaultIfEmpty().Max(),
        _ => 0,
    };

    private JsonNode? Node(string name)
    {
        known.Add(name);
        return json[name];
    }

    private static string Shown(string name) => name.Length <= 64 ? name : name[..64] + "...";
}
