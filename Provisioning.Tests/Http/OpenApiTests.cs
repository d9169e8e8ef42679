using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Provisioning.Tests.Http;

/// <summary>
/// The OpenAPI document is complete and true: each route is called, and what is sent and answered has the form that is described. Examples
/// are real exchanges, kept in Provisioning.Api/Hosting/examples.json: run these tests with PROVISIONING_WRITE_EXAMPLES set to that file's
/// path to write them anew, after a route was added to <see cref="RestCall"/>.
/// </summary>
public sealed class OpenApiTests
{
    private static readonly JsonSerializerOptions Written = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly SortedDictionary<string, JsonObject> examples = new(StringComparer.Ordinal);
    private RestWorld world = null!;
    private JsonNode document = null!;
    private JsonSchema schemas = null!;

    private static IEnumerable<string> Routes => RestCall.All.Select(call => call.Name);

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        world = await RestWorld.StartAsync();
        document = (await world.Service.Anonymous.Get("/openapi/v1.json")).Expect(200).Json;
        schemas = new JsonSchema(document);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await world.DisposeAsync();
        if (Environment.GetEnvironmentVariable("PROVISIONING_WRITE_EXAMPLES") is { Length: > 0 } path)
            await File.WriteAllTextAsync(path, JsonSerializer.Serialize(examples, Written) + "\n");
    }

    [Test]
    public void The_document_describes_every_REST_route_and_nothing_else()
    {
        var described = document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation => $"{operation.Key.ToUpperInvariant()} {path.Key}"));
        Assert.That(described, Is.EquivalentTo(Routes), "a new route needs a call in RestCall, which shows it");
    }

    [TestCaseSource(nameof(Routes))]
    public async Task A_route_is_described_as_it_is(string route)
    {
        var call = RestCall.All.Single(one => one.Name == route);
        var operation = document["paths"]![call.Pattern]![call.Method.ToLowerInvariant()]!;
        var ready = await call.ReadyAsync(world);
        var body = ready.Body switch
        {
            null => null,
            string text => JsonNode.Parse(text),
            JsonNode node => node.DeepClone(),
            var other => JsonSerializer.SerializeToNode(other),
        };
        var demanded = Parameters(operation).Contains("If-Match") && ready.Headers.Count == 0 ? [("If-Match", "*")] : Array.Empty<(string, string)>();
        if (call.Pattern.EndsWith("/confirm", StringComparison.Ordinal) || call.Pattern.EndsWith("/credits/purchases", StringComparison.Ordinal)) demanded = [("Idempotency-Key", Guid.NewGuid().ToString())];
        if (body is JsonObject fields && route is not ("POST /v1/payments" or "POST /v1/organizations/{org}/sign-in-decisions"))
            await CheckFieldsAsync(ready, fields, operation, demanded);
        var answer = await ready.SendAsync(demanded);
        Assert.That(answer.Status, Is.InRange(200, 299), answer.ToString());
        Assert.Multiple(() =>
        {
            Assert.That((string?)operation["summary"], Is.Not.Null.And.Not.Empty, "summary");
            foreach (var name in call.Pattern.Split('{').Skip(1).Select(part => part.Split('}')[0])) Assert.That(Parameters(operation), Does.Contain(name));
            Assert.That(Parameters(operation).Contains("Idempotency-Key"), Is.EqualTo(call.Method == "POST" && RestWalkTests.TakesKey(route)), "Idempotency-Key");
            CheckRefusals(call, operation);
            CheckRequest(operation, body);
            CheckResponse(operation, answer);
        });
        examples[route] = Example(body, answer);
    }

    private static List<string> Parameters(JsonNode operation) => [.. operation["parameters"]?.AsArray().Select(parameter => parameter!["name"]!.GetValue<string>()) ?? []];

    /// <summary>A field nobody knows is refused with the names of those that are read: they are the ones described.</summary>
    private async Task CheckFieldsAsync(ReadyCall ready, JsonObject body, JsonNode operation, (string, string)[] headers)
    {
        var more = (JsonObject)body.DeepClone();
        more["no such field"] = 1;
        var refused = (await ready.SendAsync(more, headers)).ExpectProblem(400, "invalid_request");
        var read = refused.Text("detail").Split("the fields are ")[^1].TrimEnd('.').Split(", ").Order(StringComparer.Ordinal);
        var described = schemas.Properties(operation["requestBody"]!["content"]!["application/json"]!["schema"]!);
        if (ready.Path.EndsWith("/seat-quotes", StringComparison.Ordinal)) described = ["changes", "kind"]; // of a single change the other fields
        Assert.That(read, Is.EqualTo(described), refused.ToString());
    }

    private static void CheckRefusals(RestCall call, JsonNode operation)
    {
        var answers = operation["responses"]!.AsObject();
        var refusals = answers.Where(answer => answer.Key[0] is '4' or '5').ToDictionary(answer => answer.Key, answer => answer.Value!);
        Assert.That(refusals.Keys, Is.SupersetOf((string[])["400", "503"]));
        if (call.Pattern != "/v1/payments" && call.Pattern != "/v1/invitations/accept") Assert.That(refusals.Keys, Is.SupersetOf((string[])["401", "403", "404", "429"]));
        foreach (var (status, answer) in refusals)
        {
            Assert.That((string?)answer["description"], Does.Match("^code: [a-z_]+(, [a-z_]+)*$"), status);
            Assert.That((string?)answer["content"]?["application/problem+json"]?["schema"]?["$ref"], Is.EqualTo("#/components/schemas/Problem"), status);
        }
    }

    private void CheckRequest(JsonNode operation, JsonNode? body)
    {
        var content = operation["requestBody"]?["content"]?["application/json"];
        if (body is null) return;
        Assert.That(schemas.Problems(content?["schema"], body), Is.Empty, "what was sent");
        if (IsWriting) return;
        Assert.That(content?["example"], Is.Not.Null, "no example: see the summary of this fixture");
        Assert.That(schemas.Problems(content?["schema"], content?["example"]), Is.Empty, "the example of the request");
    }

    private void CheckResponse(JsonNode operation, Answer answer)
    {
        var described = operation["responses"]!.AsObject()[answer.Status.ToString(System.Globalization.CultureInfo.InvariantCulture)];
        Assert.That(described, Is.Not.Null, $"the answer {answer.Status} is not described");
        if (answer.Body.Length == 0) return;
        var type = answer.ContentType!.Split(';')[0];
        var content = described!["content"]?[type];
        Assert.That(content, Is.Not.Null, $"{type} is not described");
        if (type != "application/json") return;
        Assert.That(schemas.Problems(content!["schema"], answer.Json), Is.Empty, answer.ToString());
        if (IsWriting) return;
        Assert.That(content["example"], Is.Not.Null, "no example: see the summary of this fixture");
        Assert.That(schemas.Problems(content["schema"], content["example"]), Is.Empty, "the example of the answer");
    }

    private static bool IsWriting => Environment.GetEnvironmentVariable("PROVISIONING_WRITE_EXAMPLES") is { Length: > 0 };

    private static JsonObject Example(JsonNode? body, Answer answer)
    {
        var example = new JsonObject();
        if (body is not null) example["request"] = body.DeepClone();
        if (answer.ContentType?.Split(';')[0] != "application/json") return example;
        example["status"] = answer.Status;
        example["response"] = Shortened(answer.Json.DeepClone());
        return example;
    }

    /// <summary>Two items of a list show what it is; a secret is nobody's business, even one of a service that is gone.</summary>
    private static JsonNode Shortened(JsonNode node)
    {
        if (node is JsonArray items)
        {
            while (items.Count > 2) items.RemoveAt(2);
            foreach (var item in items.OfType<JsonNode>().ToList()) Shortened(item);
        }
        if (node is not JsonObject json) return node;
        foreach (var (name, value) in json.ToList())
        {
            if (name is "token" or "secret" or "acceptUrl" && value is JsonValue) json[name] = "(shown once)";
            else if (value is not null) Shortened(value);
        }
        return json;
    }
}
