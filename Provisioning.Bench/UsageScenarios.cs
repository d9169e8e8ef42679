using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Provisioning.Bench.Load;
using Provisioning.Bench.Seeding;

namespace Provisioning.Bench;

/// <summary>The requests of a product that meters usage of the seeded people, and of an owner who looks at the month.</summary>
internal sealed class UsageScenarios(IReadOnlyList<string> members, EndPoint server, string token)
{
    public static readonly string[] Names = ["usage-pair", "usage-events-1000", "usage-summary-100"];

    private const string Path = "/v1/organizations/acme/usage/", Model = "bench";
    private const int EventsAtOnce = 1000;

    private static readonly byte[] Allowed = "\"decision\":\"allow\""u8.ToArray(), Settled = "\"duplicate\":false"u8.ToArray(),
        AllRecorded = "\"recorded\":1000,"u8.ToArray(), Summed = "\"members\":["u8.ToArray();

    private long reported;

    /// <summary>A price, an application token and the ids of the people, over REST.</summary>
    /// <exception cref="InvalidOperationException">The service refused one.</exception>
    public static async Task<UsageScenarios> MakeAsync(EndPoint server)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://{server}") };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Tenants.OperatorToken);
        using var priced = await SendAsync(http, HttpMethod.Post, "/v1/prices", new
        {
            prices = new[] { new { model = Model, currency = "USD", input = "3.00", output = "15.00", cacheWrite = "3.75", cacheRead = "0.30", defaultEstimate = "0.05", validFrom = "2020-01-01T00:00:00Z" } },
        });
        using var issued = await SendAsync(http, HttpMethod.Post, "/v1/organizations/acme/tokens", new { door = "application", name = "bench" });
        var members = new List<string>();
        for (string? cursor = ""; cursor is not null;)
        {
            using var page = await SendAsync(http, HttpMethod.Get, $"/v1/organizations/acme/members?seatStatus=assigned&limit=500&cursor={cursor}", null);
            members.AddRange(page.RootElement.GetProperty("members").EnumerateArray().Select(member => member.GetProperty("id").GetString()!));
            cursor = page.RootElement.GetProperty("nextCursor").GetString();
        }
        return new UsageScenarios(members, server, issued.RootElement.GetProperty("token").GetString()!);
    }

    /// <summary>The figure of a pair is for its two requests together.</summary>
    public IEnumerable<Scenario> All()
    {
        yield return new Scenario(Names[0], 0.35 / 2, Pair);
        yield return new Scenario(Names[1], null, _ => Events());
        yield return new Scenario(Names[2], null, _ => WireRequest.Of(server, "GET", Path + "summary?limit=100", Scenarios.OwnerToken, "", null, Summed));
    }

    /// <summary>Settles what the client was allowed last.</summary>
    public WireRequest? TakeBack(Client client) => client.Kept is null ? null : Pair(client);

    private WireRequest? Pair(Client client)
    {
        if (client.Kept is not { } answer)
            return Post("authorizations", $$$"""{"memberId":"{{{members[client.Pick(members.Count)]}}}","estimate":{"model":"{{{Model}}}","input":12000,"output":4000}}""", Allowed) with { Keep = true };
        client.Kept = null;
        var at = answer.AsSpan().IndexOf("aut_"u8);
        return Post($"authorizations/{Encoding.ASCII.GetString(answer, at, 40)}/settle", """{"input":11800,"output":3150}""", Settled);
    }

    /// <summary>The people in turn, so that after a while everybody has used something.</summary>
    private WireRequest? Events()
    {
        var first = Interlocked.Add(ref reported, EventsAtOnce) - EventsAtOnce;
        var body = new StringBuilder("""{"events":[""");
        for (var number = first; number < first + EventsAtOnce; number++)
            body.Append(CultureInfo.InvariantCulture,
                $$"""{{(number == first ? "" : ",")}}{"source":"bench","eventId":"e-{{number}}","memberId":"{{members[(int)(number % members.Count)]}}","model":"{{Model}}","input":1200,"output":80}""");
        return Post("events", body.Append("]}").ToString(), AllRecorded);
    }

    private WireRequest Post(string path, string body, byte[] marker) => WireRequest.Of(server, "POST", Path + path, token, "application/json", body, marker);

    private static async Task<JsonDocument> SendAsync(HttpClient http, HttpMethod method, string path, object? body)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode ? JsonDocument.Parse(text) : throw new InvalidOperationException($"{method} {path}: {(int)response.StatusCode} {text}");
    }
}
