using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;

namespace Provisioning.Core.Schemas;

/// <summary>An object inside a schema file that knows where it is, so that every complaint can say so.</summary>
internal sealed record SchemaFileNode(string File, string Pointer, JsonObject Json)
{
    private const int MaxDepth = 16;

    public static SchemaFileNode Open(string directory, string file)
    {
        var name = Path.GetRelativePath(directory, file);
        return JsonText.Parse(System.IO.File.ReadAllBytes(file), MaxDepth).Try(out var json, out var error)
            ? new SchemaFileNode(name, "", json)
            : throw new SchemaFileException(name, "", error.Detail);
    }

    public SchemaFileException Refuse(string? property, string reason) =>
        new(File, property is null ? Pointer : $"{Pointer}/{property.Replace("~", "~0").Replace("/", "~1")}", reason);

    public void Allow(params ReadOnlySpan<string> names)
    {
        foreach (var (name, _) in Json)
            if (!names.Contains(name)) throw Refuse(name, "is not a property that is known here.");
    }

    public string Text(string name) =>
        OptionalText(name) is { Length: > 0 } text ? text : throw Refuse(name, "must be a non-empty string.");

    public string? OptionalText(string name) => Json[name] switch
    {
        null when !Json.ContainsKey(name) => null,
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        _ => throw Refuse(name, "must be a string."),
    };

    public bool Flag(string name) => Json[name] switch
    {
        null when !Json.ContainsKey(name) => false,
        JsonValue value when value.GetValueKind() is JsonValueKind.True or JsonValueKind.False => value.GetValue<bool>(),
        _ => throw Refuse(name, "must be true or false."),
    };

    public T Choice<T>(string name, T fallback, IReadOnlyDictionary<string, T> choices)
    {
        if (OptionalText(name) is not { } text) return fallback;
        return choices.TryGetValue(text, out var choice)
            ? choice
            : throw Refuse(name, $"must be one of {string.Join(", ", choices.Keys)}, not '{text}'.");
    }

    public IReadOnlyList<string> Texts(string name) => Array(name)
        .Select((item, i) => item is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0
            ? text
            : throw Refuse(name, string.Create(CultureInfo.InvariantCulture, $"must hold non-empty strings only; item {i} is none.")))
        .ToList();

    public IReadOnlyList<SchemaFileNode> Objects(string name) => Array(name)
        .Select((item, i) => item is JsonObject json
            ? new SchemaFileNode(File, string.Create(CultureInfo.InvariantCulture, $"{Pointer}/{name}/{i}"), json)
            : throw Refuse(name, string.Create(CultureInfo.InvariantCulture, $"must hold objects only; item {i} is none.")))
        .ToList();

    private JsonArray Array(string name) => Json[name] switch
    {
        null when !Json.ContainsKey(name) => [],
        JsonArray array => array,
        _ => throw Refuse(name, "must be an array."),
    };
}
