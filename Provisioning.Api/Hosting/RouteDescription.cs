using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Provisioning.Api.Hosting;

/// <summary>
/// What the description of a REST route says beside its types: path and header parameters, every code it may refuse with, and an example
/// of request and answer, taken from a running service (a test keeps them true).
/// </summary>
internal static partial class RouteDescription
{
    private static readonly JsonObject Examples = Load();

    /// <summary>Enumerations are written as their words.</summary>
    public static Task SchemaAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancel)
    {
        var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
        if (!type.IsEnum) return Task.CompletedTask;
        schema.Type = schema.Type?.HasFlag(JsonSchemaType.Null) == true ? JsonSchemaType.String | JsonSchemaType.Null : JsonSchemaType.String;
        schema.Enum = [.. Enum.GetNames(type).Select(name => (JsonNode)JsonValue.Create(Snake(name)))];
        return Task.CompletedTask;
    }

    public static async Task OperationAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancel)
    {
        var route = context.Description;
        var metadata = route.ActionDescriptor.EndpointMetadata;
        if (!metadata.OfType<RefusalCodes>().Any()) return;
        var path = "/" + route.RelativePath!.Trim('/');
        AddParameters(operation, path, route.HttpMethod!, metadata);
        await AddRefusalsAsync(operation, context, route.HttpMethod!, metadata, cancel);
        if (Examples[$"{route.HttpMethod} {path}"] is not JsonObject example) return;
        if (example["request"] is { } request && operation.RequestBody?.Content is { } bodies)
            foreach (var body in bodies.Values) body.Example = request.DeepClone();
        if (example["response"] is { } response && example["status"] is { } status
            && operation.Responses?.TryGetValue(status.ToString(), out var answer) == true && answer.Content is { } answers)
            foreach (var body in answers.Values) body.Example = response.DeepClone();
    }

    private static void AddParameters(OpenApiOperation operation, string path, string method, IList<object> metadata)
    {
        operation.Parameters ??= [];
        foreach (Match name in InPath().Matches(path))
            operation.Parameters.Add(Parameter(name.Groups[1].Value, ParameterLocation.Path, required: true,
                name.Groups[1].Value == "org" ? "Slug or id of the organisation." : "The id."));
        if (metadata.OfType<VersionDemand>().Any())
            operation.Parameters.Add(Parameter("If-Match", ParameterLocation.Header, required: true, "The version that was seen (the ETag), or *."));
        if (method == HttpMethods.Post && !metadata.OfType<TakesNoKey>().Any())
            operation.Parameters.Add(Parameter("Idempotency-Key", ParameterLocation.Header, required: false,
                "1 to 255 visible ASCII characters: the same key with the same body answers the same and changes nothing."));
    }

    private static OpenApiParameter Parameter(string name, ParameterLocation place, bool required, string description) => new()
    {
        Name = name, In = place, Required = required, Description = description, Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };

    private static async Task AddRefusalsAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, string method, IList<object> metadata, CancellationToken cancel)
    {
        var codes = metadata.OfType<RefusalCodes>().SelectMany(item => item.Codes).ToList();
        if (operation.RequestBody is not null) codes.AddRange(["body_too_large", "unsupported_media_type"]);
        if (method == HttpMethods.Get && (operation.Description?.Contains("cursor", StringComparison.Ordinal) ?? false)) codes.Add("invalid_cursor");
        if (method == HttpMethods.Post && !metadata.OfType<TakesNoKey>().Any()) codes.Add("idempotency_key_reused");
        var schema = await context.GetOrCreateSchemaAsync(typeof(ProblemForm), null, cancel);
        context.Document?.AddComponent("Problem", schema);
        operation.Responses ??= [];
        foreach (var status in codes.Distinct().GroupBy(Refusals.StatusOf).OrderBy(group => group.Key))
            operation.Responses[status.Key.ToString(CultureInfo.InvariantCulture)] = new OpenApiResponse
            {
                Description = "code: " + string.Join(", ", status),
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    [Problems.ContentType] = new() { Schema = new OpenApiSchemaReference("Problem", context.Document) },
                },
            };
    }

    private static JsonObject Load()
    {
        using var file = typeof(RouteDescription).Assembly.GetManifestResourceStream("examples.json")!;
        return (JsonObject)JsonNode.Parse(file)!;
    }

    private static string Snake(string name) => WordStart().Replace(name, "_$0").ToLowerInvariant();

    [GeneratedRegex(@"(?<!^)[A-Z]")]
    private static partial Regex WordStart();

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex InPath();
}
