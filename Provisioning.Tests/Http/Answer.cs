using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Provisioning.Tests.Http;

/// <summary>One answer of the service with the request that got it, so that a failure message shows both.</summary>
public sealed record Answer(string Request, int Status, string? ContentType, IReadOnlyDictionary<string, string> Headers, string Body)
{
    public const string ErrorSchema = "urn:ietf:params:scim:api:messages:2.0:Error";
    public const string Seat = "urn:ietf:params:scim:schemas:extension:seat:2.0:User";

    private JsonNode? parsed;

    /// <summary>The body as JSON; fails the test when it is none.</summary>
    public JsonNode Json
    {
        get
        {
            if (parsed is not null) return parsed;
            try
            {
                parsed = JsonNode.Parse(Body);
            }
            catch (JsonException)
            {
                parsed = null;
            }
            return parsed ?? throw new AssertionException($"The answer has no JSON body.\n{this}");
        }
    }

    public string Id => Text("id");

    public string? Header(string name) => Headers.TryGetValue(name, out var value) ? value : null;

    /// <summary>The value at the end of a walk through property names and array indexes; null when it is absent or null.</summary>
    public JsonNode? At(params object[] steps)
    {
        var node = Json;
        foreach (var step in steps)
        {
            node = (node, step) switch
            {
                (JsonObject o, string name) => o[name],
                (JsonArray a, int index) when index < a.Count => a[index],
                _ => null,
            };
            if (node is null) return null;
        }
        return node;
    }

    /// <summary>The text at the end of a walk; fails when it is absent or not a text.</summary>
    public string Text(params object[] steps) => TextOrNull(steps)
        ?? throw new AssertionException($"No text at {string.Join('/', steps)}.\n{this}");

    public string? TextOrNull(params object[] steps) =>
        At(steps) is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    public int Number(params object[] steps) => At(steps) is JsonValue value && value.TryGetValue<int>(out var number)
        ? number
        : throw new AssertionException($"No integer at {string.Join('/', steps)}.\n{this}");

    public bool Flag(params object[] steps) => At(steps) is JsonValue value && value.TryGetValue<bool>(out var flag)
        ? flag
        : throw new AssertionException($"No boolean at {string.Join('/', steps)}.\n{this}");

    public IReadOnlyList<JsonNode> Items(params object[] steps) => At(steps) is JsonArray array
        ? [.. array.Select(item => item!)]
        : throw new AssertionException($"No array at {string.Join('/', steps)}.\n{this}");

    /// <summary>Fails with the whole exchange unless the status is one of these.</summary>
    public Answer Expect(params int[] statuses)
    {
        if (!statuses.Contains(Status)) throw new AssertionException($"Expected {string.Join(" or ", statuses)}.\n{this}");
        return this;
    }

    /// <summary>Checks the form of a SCIM error (RFC 7644 3.12): envelope, status as text, scimType only for 400 and 409.</summary>
    public Answer ExpectScimError(int status, string? scimType = null)
    {
        Expect(status);
        var wrong = new List<string>();
        if (ContentType != "application/scim+json") wrong.Add($"Content-Type is '{ContentType}'");
        if (TextOrNull("schemas", 0) != ErrorSchema) wrong.Add("schemas is not the error message");
        if (TextOrNull("status") != status.ToString(System.Globalization.CultureInfo.InvariantCulture)) wrong.Add("status is not the HTTP status as text");
        if (scimType is not null && TextOrNull("scimType") != scimType) wrong.Add($"scimType is not {scimType}");
        if (status is not (400 or 409) && At("scimType") is not null) wrong.Add("scimType outside 400 and 409");
        if (string.IsNullOrWhiteSpace(TextOrNull("detail"))) wrong.Add("detail says nothing");
        CheckNothingLeaks(wrong);
        if (wrong.Count > 0) throw new AssertionException($"{string.Join("; ", wrong)}.\n{this}");
        return this;
    }

    /// <summary>Checks the form of a REST error: problem+json with a stable code (domain.md section 9).</summary>
    public Answer ExpectProblem(int status, string? code = null)
    {
        Expect(status);
        var wrong = new List<string>();
        if (ContentType?.Split(';')[0] != "application/problem+json") wrong.Add($"Content-Type is '{ContentType}'");
        if (At("status") is not JsonValue value || !value.TryGetValue<int>(out var number) || number != status) wrong.Add("status is not the HTTP status");
        if (string.IsNullOrEmpty(TextOrNull("code"))) wrong.Add("no code");
        if (code is not null && TextOrNull("code") != code) wrong.Add($"code is not {code}");
        if (string.IsNullOrEmpty(TextOrNull("title"))) wrong.Add("no title");
        if (string.IsNullOrEmpty(TextOrNull("correlationId"))) wrong.Add("no correlationId");
        CheckNothingLeaks(wrong);
        if (wrong.Count > 0) throw new AssertionException($"{string.Join("; ", wrong)}.\n{this}");
        return this;
    }

    /// <summary>An error of either door, whatever the status: no 5xx but 501, the right envelope, nothing of the inside.</summary>
    public Answer ExpectSoundRefusalOrSuccess()
    {
        if (Status is >= 500 and not 501) throw new AssertionException($"A server error.\n{this}");
        if (Status < 400 || Body.Length == 0) return this;
        return ContentType == "application/scim+json" ? ExpectScimError(Status) : ExpectProblem(Status);
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine(Request);
        text.Append("--> ").Append(Status).Append(' ').AppendLine(ContentType);
        text.Append(Body.Length > 4000 ? Body[..4000] + "..." : Body);
        return text.ToString();
    }

    private void CheckNothingLeaks(List<string> wrong)
    {
        foreach (var sign in (string[])["   at ", "Exception", "SQLite", "SELECT ", "INSERT INTO", ".cs:line"])
            if (Body.Contains(sign, StringComparison.Ordinal)) wrong.Add($"the body shows the inside ('{sign.Trim()}')");
    }
}
