using System.Text.Json;
using System.Text.Json.Nodes;

namespace Provisioning.Tests.Http;

/// <summary>As much of JSON Schema as an OpenAPI 3.1 document of records needs; a property that the schema does not name is wrong too.</summary>
internal sealed class JsonSchema(JsonNode document)
{
    public IReadOnlyList<string> Problems(JsonNode? schema, JsonNode? value)
    {
        var wrong = new List<string>();
        Check(schema, value, "", wrong);
        return wrong;
    }

    /// <summary>The names of an object's properties, sorted.</summary>
    public IReadOnlyList<string> Properties(JsonNode schema) =>
        [.. (Resolve(schema)["properties"]?.AsObject().Select(property => property.Key) ?? []).Order(StringComparer.Ordinal)];

    private void Check(JsonNode? schema, JsonNode? value, string at, List<string> wrong)
    {
        if (schema is null)
        {
            wrong.Add($"{at}: no schema");
            return;
        }
        schema = Resolve(schema);
        if ((schema["oneOf"] ?? schema["anyOf"]) is JsonArray choices)
        {
            if (choices.All(choice => Problems(choice, value).Count > 0)) wrong.Add($"{at}: none of the choices fits {value?.ToJsonString() ?? "null"}");
            return;
        }
        var kind = value?.GetValueKind() ?? JsonValueKind.Null;
        var types = schema["type"] switch
        {
            JsonArray many => many.Select(type => type!.GetValue<string>()).ToList(),
            { } one => [one.GetValue<string>()],
            null => [],
        };
        if (types.Count > 0 && !types.Exists(type => Fits(type, kind, value))) wrong.Add($"{at}: {value?.ToJsonString() ?? "null"} is not {string.Join(" or ", types)}");
        if (value is not null && schema["enum"] is JsonArray words && !words.Any(word => JsonNode.DeepEquals(word, value))) wrong.Add($"{at}: {value.ToJsonString()} is none of {words.ToJsonString()}");
        if (value is JsonArray items)
            for (var i = 0; i < items.Count; i++) Check(schema["items"], items[i], $"{at}[{i}]", wrong);
        if (value is JsonObject json && (schema["properties"] ?? schema["additionalProperties"]) is not null) CheckObject(schema, json, at, wrong);
    }

    private void CheckObject(JsonNode schema, JsonObject json, string at, List<string> wrong)
    {
        foreach (var name in schema["required"]?.AsArray().Select(item => item!.GetValue<string>()) ?? [])
            if (!json.ContainsKey(name)) wrong.Add($"{at}.{name}: missing");
        foreach (var (name, inner) in json)
        {
            if ((schema["properties"]?[name] ?? schema["additionalProperties"]) is { } known) Check(known, inner, $"{at}.{name}", wrong);
            else wrong.Add($"{at}.{name}: not described");
        }
    }

    private JsonNode Resolve(JsonNode schema)
    {
        while (schema["$ref"]?.GetValue<string>() is { } reference)
            schema = reference.Split('/').Skip(1).Aggregate(document, (node, step) => node[step]!);
        return schema;
    }

    private static bool Fits(string type, JsonValueKind kind, JsonNode? value) => type switch
    {
        "null" => kind == JsonValueKind.Null,
        "string" => kind == JsonValueKind.String,
        "boolean" => kind is JsonValueKind.True or JsonValueKind.False,
        "number" => kind == JsonValueKind.Number,
        "integer" => kind == JsonValueKind.Number && !value!.ToJsonString().Contains('.', StringComparison.Ordinal),
        "array" => kind == JsonValueKind.Array,
        "object" => kind == JsonValueKind.Object,
        _ => false,
    };
}
