using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Provisioning.Tests.Http;

/// <summary>
/// A recorded conversation: steps in the words of an identity provider, each with the answer it needs and the seats after it.
/// In paths, headers and bodies <c>{name}</c> stands for a variable; in an expected body the text <c>$name</c> captures the value
/// the first time and compares it from then on, <c>$any</c> is any value; an object matches when its properties do, an array when
/// each expected element meets an element of its own and none is left.
/// </summary>
public sealed partial record Conversation(string Name, string Source, string? Mode, string? OnNoSeat, Dictionary<string, int> Seats, List<ConversationStep> Steps)
{
    /// <summary>The rows of the SCIM checklist that the conversation walks through.</summary>
    public IReadOnlyList<string>? Rows { get; init; }

    private static readonly JsonSerializerOptions Form = new(JsonSerializerDefaults.Web)
    {
        ReadCommentHandling = JsonCommentHandling.Skip,
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
    };

    public static Conversation Read(string file) => JsonSerializer.Deserialize<Conversation>(File.ReadAllText(file), Form)!;

    /// <summary>Holds the whole conversation with an organisation; fails at the first step whose answer or seats are others.</summary>
    public async Task HoldAsync(TestOrganization organization)
    {
        var variables = new Dictionary<string, string> { ["domain"] = organization.Domain };
        for (var i = 0; i < Steps.Count; i++)
        {
            var step = Steps[i];
            var title = $"{Name}, step {i + 1}: {step.Title}";
            var answer = await SendAsync(organization, step, variables);
            var wrong = Judge(step, answer, variables);
            if (step.Seats is not null) wrong.AddRange(await JudgeSeatsAsync(organization, step.Seats));
            if (wrong.Count > 0) Assert.Fail($"{title}\n  {string.Join("\n  ", wrong)}\n{answer}");
        }
        await organization.ExpectBooksAgreeAsync();
    }

    private static Task<Answer> SendAsync(TestOrganization organization, ConversationStep step, Dictionary<string, string> variables)
    {
        var door = step.As switch
        {
            "scim" => organization.Scim,
            "gateway" => organization.Gateway,
            "owner" => organization.Owner,
            "operator" => organization.Operator,
            _ => throw new AssertionException($"No door '{step.As}'"),
        };
        var path = step.Path;
        if (step.Base is not null) door = door.At(step.Base);
        var headers = (step.Headers ?? []).Select(header => (header.Key, Fill(header.Value, variables))).ToArray();
        return door.Send(step.Method, Fill(path, variables), step.Body is null ? null : Fill(step.Body.ToJsonString(), variables), headers);
    }

    /// <summary>What is wrong with an answer to a step; captures variables on the way.</summary>
    public static List<string> Judge(ConversationStep step, Answer answer, Dictionary<string, string> variables)
    {
        var wrong = new List<string>();
        var expect = step.Expect;
        if (!expect.Statuses.Contains(answer.Status)) wrong.Add($"status {answer.Status}, expected {string.Join(" or ", expect.Statuses)}");
        if (answer.Header("X-Correlation-Id") is null) wrong.Add("no X-Correlation-Id");
        if (step.As == "scim" && answer.Body.Length > 0 && answer.ContentType != "application/scim+json") wrong.Add($"Content-Type {answer.ContentType}");
        if (answer.Status == 204 && answer.Body.Length > 0) wrong.Add("204 with a body");
        if (wrong.Count > 0) return wrong;
        if (expect.Body is not null && answer.Body.Length > 0) Match("", expect.Body, answer.Json, variables, wrong);
        else if (expect.Body is not null && !expect.Statuses.Contains(204)) wrong.Add("no body");
        foreach (var path in expect.Absent ?? [])
        {
            if (answer.Body.Length == 0) continue;
            object[] steps = [.. path.Split('/').Select(part => int.TryParse(part, out var index) ? (object)index : part)];
            if (answer.At(steps) is { } found) wrong.Add($"{path} should be absent, is {found.ToJsonString()}");
        }
        foreach (var (name, value) in expect.Headers ?? [])
        {
            if (answer.Header(name) is not { } found) wrong.Add($"no header {name}");
            else Match(name, JsonValue.Create(value), JsonValue.Create(found), variables, wrong);
        }
        return wrong;
    }

    private static async Task<List<string>> JudgeSeatsAsync(TestOrganization organization, JsonObject expected)
    {
        var wrong = new List<string>();
        var actual = await organization.SeatsAsync();
        foreach (var (tier, numbers) in expected)
        {
            if (tier == "waiting")
            {
                var waiting = (await organization.WaitingAsync()).Count;
                if (waiting != numbers!.GetValue<int>()) wrong.Add($"{waiting} wait, expected {numbers}");
                continue;
            }
            foreach (var (name, number) in numbers!.AsObject())
            {
                var found = actual[tier];
                var value = name switch
                {
                    "assigned" => found.Assigned,
                    "free" => found.Free,
                    "held" => found.Held,
                    "queued" => found.Queued,
                    "purchased" => found.Purchased,
                    _ => throw new AssertionException($"No number '{name}' of a tier"),
                };
                if (value != number!.GetValue<int>()) wrong.Add($"{tier} {name} is {value}, expected {number}");
            }
        }
        return wrong;
    }

    private static void Match(string where, JsonNode? expected, JsonNode? actual, Dictionary<string, string> variables, List<string> wrong)
    {
        switch (expected)
        {
            case null:
                if (actual is not null) wrong.Add($"{where} is {actual.ToJsonString()}, expected null or nothing");
                break;
            case JsonObject fields:
                if (actual is not JsonObject found)
                {
                    wrong.Add($"{where} is {actual?.ToJsonString() ?? "absent"}, expected an object");
                    break;
                }
                foreach (var (name, value) in fields) Match($"{where}/{name}", value, found[name], variables, wrong);
                break;
            case JsonArray elements:
                MatchArray(where, elements, actual, variables, wrong);
                break;
            case JsonValue value when value.TryGetValue<string>(out var text):
                MatchText(where, text, actual, variables, wrong);
                break;
            default:
                if (!JsonNode.DeepEquals(expected, actual)) wrong.Add($"{where} is {actual?.ToJsonString() ?? "absent"}, expected {expected.ToJsonString()}");
                break;
        }
    }

    private static void MatchArray(string where, JsonArray elements, JsonNode? actual, Dictionary<string, string> variables, List<string> wrong)
    {
        if (actual is not JsonArray found || found.Count != elements.Count)
        {
            wrong.Add($"{where} is {actual?.ToJsonString() ?? "absent"}, expected {elements.Count} elements");
            return;
        }
        var left = found.ToList();
        foreach (var element in elements)
        {
            List<string>? nearest = null;
            var index = left.FindIndex(candidate =>
            {
                var tried = new List<string>();
                var attempt = new Dictionary<string, string>(variables);
                Match(where, element, candidate, attempt, tried);
                nearest ??= tried;
                if (tried.Count > 0) return false;
                foreach (var (name, value) in attempt) variables[name] = value;
                return true;
            });
            if (index >= 0) left.RemoveAt(index);
            else wrong.Add($"{where} has no element like {element?.ToJsonString()}: {string.Join(", ", nearest ?? [])}");
        }
    }

    private static void MatchText(string where, string text, JsonNode? actual, Dictionary<string, string> variables, List<string> wrong)
    {
        if (text == "$any")
        {
            if (actual is null) wrong.Add($"{where} is absent");
            return;
        }
        var found = actual is JsonValue value && value.TryGetValue<string>(out var read) ? read : null;
        if (found is null)
        {
            wrong.Add($"{where} is {actual?.ToJsonString() ?? "absent"}, expected the text {text}");
            return;
        }
        if (text.StartsWith('$'))
        {
            var different = text.StartsWith("$!", StringComparison.Ordinal);
            var name = text.TrimStart('$', '!');
            if (different)
            {
                if (found == variables[name]) wrong.Add($"{where} is still {found}");
            }
            else if (!variables.TryAdd(name, found) && variables[name] != found)
            {
                wrong.Add($"{where} is {found}, was {variables[name]}");
            }
            return;
        }
        if (found != Fill(text, variables)) wrong.Add($"{where} is '{found}', expected '{Fill(text, variables)}'");
    }

    private static string Fill(string text, Dictionary<string, string> variables) =>
        Variable().Replace(text, match => variables.TryGetValue(match.Groups[1].Value, out var value) ? value : match.Value);

    [GeneratedRegex(@"\{([a-zA-Z][a-zA-Z0-9]*)\}")]
    private static partial Regex Variable();
}

/// <summary>One request with the answer it needs and the seats after it; <c>Base</c> replaces the door's path prefix.</summary>
public sealed record ConversationStep(string Title, string As, string Method, string Path, string? Base, Dictionary<string, string>? Headers, JsonNode? Body,
    ConversationExpectation Expect, JsonObject? Seats);

/// <summary>Status is a number or a list of numbers.</summary>
public sealed record ConversationExpectation(JsonNode Status, JsonNode? Body, List<string>? Absent, Dictionary<string, string>? Headers)
{
    public IReadOnlyList<int> Statuses => Status is JsonArray list ? [.. list.Select(status => status!.GetValue<int>())] : [Status.GetValue<int>()];
}
