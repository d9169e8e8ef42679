using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Provisioning.Core.Common;

/// <summary>A JSON object as the database keeps it: text that becomes a tree, or a tree that becomes text, only when somebody asks.</summary>
public sealed class StoredJson
{
    private static readonly JsonSerializerOptions Written = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private string? text;
    private JsonObject? tree;

    private StoredJson(string? text, JsonObject? tree)
    {
        this.text = text;
        this.tree = tree;
    }

    public string Text => text ??= tree!.ToJsonString(Written);

    /// <summary>Not to be changed: whoever wants another one clones it.</summary>
    public JsonObject Tree => tree ??= JsonNode.Parse(text!)!.AsObject();

    /// <summary>What the database gave back.</summary>
    public static StoredJson Of(string text) => new(text, null);

    public static StoredJson Of(JsonObject tree) => new(null, tree);
}
