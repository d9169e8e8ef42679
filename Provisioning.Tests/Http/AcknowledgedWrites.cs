using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Provisioning.Tests.Http;

/// <summary>A stream of writes of every kind with a ledger of what was acknowledged, and the proof that all of it is there.</summary>
internal static class AcknowledgedWrites
{
    /// <summary>Starts <paramref name="of"/> writers of each of four kinds; each ends when the stream is cancelled or the service no longer answers.</summary>
    public static (CancellationTokenSource Stream, Task Writers) Write(TestOrganization organization, string group, Ledger ledger, int round, int of = 3)
    {
        var stream = new CancellationTokenSource();
        var writers = new List<Task>();
        for (var w = 0; w < of; w++)
        {
            var worker = w;
            writers.Add(LoopAsync(ledger, i => CreateAsync(organization, ledger, $"c{round}-{worker}-{i}"), stream.Token));
            writers.Add(LoopAsync(ledger, i => ToggleAsync(organization, ledger, $"t{round}-{worker}-{i / 4}", i), stream.Token));
            writers.Add(LoopAsync(ledger, i => SignInAsync(organization, ledger, $"s{round}-{worker}-{i}"), stream.Token));
            writers.Add(LoopAsync(ledger, _ => JoinAsync(organization, ledger, group), stream.Token));
        }
        if (ledger.Meter is not null) writers.Add(LoopAsync(ledger, _ => SpendAsync(organization, ledger), stream.Token));
        return (stream, Task.WhenAll(writers));
    }

    private static async Task LoopAsync(Ledger ledger, Func<int, Task<Answer?>> write, CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            try
            {
                var answer = await write(i);
                if (answer is null) await Task.Yield();
                else if (answer.Status >= 500 && answer.Status != 503) ledger.ServerErrors.Enqueue(answer.ToString());
            }
            catch (HttpRequestException)
            {
                return;
            }
            catch (TaskCanceledException)
            {
                return;
            }
        }
    }

    private static async Task<Answer?> CreateAsync(TestOrganization organization, Ledger ledger, string name)
    {
        var answer = await organization.Scim.Post("/Users", organization.User(name));
        if (answer.Status != 201) return answer;
        ledger.Created[answer.Id] = organization.Mail(name);
        ledger.Joinable.Enqueue(answer.Id);
        return answer;
    }

    /// <summary>Creates a person of its own, then switches her off, on and off again; what was sent last but never answered may or may not be there.</summary>
    private static async Task<Answer?> ToggleAsync(TestOrganization organization, Ledger ledger, string name, int i)
    {
        if (i % 4 == 0)
        {
            var created = await CreateAsync(organization, ledger, name);
            if (created?.Status == 201) ledger.Own[name] = created.Id;
            return created;
        }
        if (!ledger.Own.TryGetValue(name, out var id)) return null;
        var active = i % 4 == 2;
        ledger.Asked[id] = active;
        var answer = await organization.SetActiveAsync(id, active);
        if (answer.Status == 200)
        {
            ledger.Active[id] = active;
            ledger.Asked.TryRemove(id, out _);
            ledger.Count();
        }
        return answer;
    }

    private static async Task<Answer?> SignInAsync(TestOrganization organization, Ledger ledger, string subject)
    {
        var answer = await organization.SignInAsync(subject);
        if (answer.Status == 200 && answer.Text("decision") == "allow") ledger.SignedIn[answer.Text("memberId")] = organization.Mail(subject);
        return answer;
    }

    /// <summary>Authorises usage and settles it.</summary>
    private static async Task<Answer?> SpendAsync(TestOrganization organization, Ledger ledger)
    {
        var meter = organization.Owner.With(ledger.Meter);
        var allowed = await meter.Post("/usage/authorizations", new { memberId = ledger.Spender, model = Ledger.Model });
        if (allowed.Status != 200) return allowed;
        var settled = await meter.Post($"/usage/authorizations/{allowed.Id}/settle", new { input = 1000 });
        if (settled.Status == 200) ledger.Settled[allowed.Id] = settled.Text("cost");
        return settled;
    }

    /// <summary>A price, a token and a person, so that the stream also spends.</summary>
    public static async Task PrepareSpendingAsync(TestOrganization organization, Door prices, Ledger ledger)
    {
        (await prices.Post("/prices", SpendCalls.Prices(Ledger.Model))).Expect(200);
        ledger.Spender = (await organization.AllowedAsync("spender")).Text("memberId");
        ledger.Meter = (await organization.Owner.Post("/tokens", new { door = "application", name = "meter" })).Expect(201).Text("token");
    }

    /// <summary>Every settle that was acknowledged is there, none twice, and the sums are those of what is there.</summary>
    private static async Task<IEnumerable<string>> UsageAsync(TestOrganization organization, Ledger ledger)
    {
        if (ledger.Meter is null) return [];
        var (events, cursor) = (new List<JsonNode>(), "");
        do
        {
            var page = (await organization.Owner.Get("/usage/events?limit=500&cursor=" + cursor)).Expect(200);
            events.AddRange(page.Items("events"));
            cursor = page.TextOrNull("nextCursor") ?? "";
        }
        while (cursor.Length > 0);
        var of = events.ToLookup(item => TestOrganization.Text(item, "eventId")!, item => TestOrganization.Text(item, "cost")!);
        var sum = events.Sum(item => decimal.Parse(TestOrganization.Text(item, "cost")!, CultureInfo.InvariantCulture));
        var summed = decimal.Parse((await organization.Owner.Get("/usage/summary")).Expect(200).Text("organisation", "settled"), CultureInfo.InvariantCulture);
        return [
            .. ledger.Settled.Where(settled => !of[settled.Key].SequenceEqual([settled.Value])).Select(settled => $"{settled.Key} was settled and is recorded {of[settled.Key].Count()} times"),
            .. of.Where(same => same.Count() > 1).Select(same => $"{same.Key} is recorded twice"),
            .. sum == summed ? (string[])[] : [$"events cost {sum}, their sum says {summed}: half done"],
        ];
    }

    private static async Task<Answer?> JoinAsync(TestOrganization organization, Ledger ledger, string group)
    {
        if (!ledger.Joinable.TryDequeue(out var id))
        {
            await Task.Delay(1);
            return null;
        }
        var answer = await organization.Scim.Patch("/Groups/" + group,
            TestOrganization.Patch(TestOrganization.Operation("add", "members", new JsonArray(new JsonObject { ["value"] = id }))));
        if (answer.Status is 200 or 204) ledger.Joined[id] = true;
        return answer;
    }

    public static async Task VerifyAsync(TestOrganization organization, Ledger ledger, ServiceProcess service)
    {
        var users = (await organization.ScimUsersAsync()).ToDictionary(user => TestOrganization.Text(user, "id")!);
        var members = (await organization.MembersAsync()).ToDictionary(member => TestOrganization.Text(member, "id")!);
        var group = (await organization.Scim.Get("/Groups/" + ledger.Group)).Expect(200).At("members")?.AsArray()
            .Select(member => TestOrganization.Text(member, "value")!).ToHashSet() ?? [];
        var wrong = new List<string>();
        foreach (var (id, userName) in ledger.Created)
        {
            if (!users.TryGetValue(id, out var user)) wrong.Add($"{userName} was created and is gone");
            else if (TestOrganization.Text(user, "userName") != userName) wrong.Add($"{userName} is {user["userName"]}");
        }
        foreach (var (id, active) in ledger.Active)
        {
            if (!users.TryGetValue(id, out var user)) continue;
            var found = user["active"]!.GetValue<bool>();
            if (found != active && !(ledger.Asked.TryGetValue(id, out var asked) && asked == found)) wrong.Add($"{user["userName"]}: active {active} was acknowledged, is {found}");
        }
        foreach (var (id, userName) in ledger.SignedIn)
        {
            if (!members.TryGetValue(id, out var member)) wrong.Add($"{userName} signed in and is gone");
            else if (TestOrganization.Text(member, "seatStatus") != "assigned") wrong.Add($"{userName} signed in and has no seat: {member.ToJsonString()}");
        }
        foreach (var id in ledger.Joined.Keys.Where(id => !group.Contains(id))) wrong.Add($"{ledger.Created[id]} joined and is no member of the group");
        foreach (var user in users.Values)
        {
            var (active, state) = (user["active"]!.GetValue<bool>(), TestOrganization.Text(user[Answer.Seat], "memberState"));
            if (state != (active ? "active" : "suspended")) wrong.Add($"{user["userName"]} is active {active}, the member {state}: half done");
        }
        foreach (var user in users.Values.Where(user => members.Values.Count(member => TestOrganization.Text(member, "scimId") == TestOrganization.Text(user, "id")) != 1))
            wrong.Add($"{user["userName"]} has not exactly one member");
        var audit = (await organization.AuditAsync()).Select(record => record.ToJsonString()).ToList();
        var audited = string.Join('\n', audit);
        foreach (var (id, userName) in ledger.Created)
        {
            var member = members.Values.FirstOrDefault(member => TestOrganization.Text(member, "scimId") == id);
            if (!audited.Contains(id, StringComparison.Ordinal) && (member is null || !audited.Contains(TestOrganization.Text(member, "id")!, StringComparison.Ordinal)))
                wrong.Add($"{userName} was created without an audit record");
        }
        foreach (var (id, userName) in ledger.SignedIn.Where(entry => !audited.Contains(entry.Key, StringComparison.Ordinal)))
            wrong.Add($"{userName} ({id}) signed in without an audit record");
        wrong.AddRange(await UsageAsync(organization, ledger));
        if (wrong.Count > 0) Assert.Fail($"{string.Join('\n', wrong.Take(30))}\n{service.Output}");
        await organization.ExpectBooksAgreeAsync();
    }

    public static async Task UntilAsync(Func<bool> condition, ServiceProcess service)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            if (clock.Elapsed > TimeSpan.FromSeconds(60)) Assert.Fail("The stream of writes does not move.\n" + service.Output);
            await Task.Delay(5);
        }
    }
}

/// <summary>What the service acknowledged, by what was written.</summary>
public sealed class Ledger
{
    private int counted;

    /// <summary>What is used by the stream.</summary>
    public const string Model = "crash";

    public string? Group { get; set; }

    /// <summary>The token that meters; null: nothing is spent.</summary>
    public string? Meter { get; set; }

    public string? Spender { get; set; }

    /// <summary>Authorisation to the cost that was acknowledged.</summary>
    public ConcurrentDictionary<string, string> Settled { get; } = new();

    /// <summary>SCIM id to userName.</summary>
    public ConcurrentDictionary<string, string> Created { get; } = new();

    /// <summary>SCIM id to the last acknowledged <c>active</c>.</summary>
    public ConcurrentDictionary<string, bool> Active { get; } = new();

    /// <summary>SCIM id to an <c>active</c> that was sent and never answered.</summary>
    public ConcurrentDictionary<string, bool> Asked { get; } = new();

    /// <summary>Member id to userName.</summary>
    public ConcurrentDictionary<string, string> SignedIn { get; } = new();

    public ConcurrentDictionary<string, bool> Joined { get; } = new();

    public ConcurrentDictionary<string, string> Own { get; } = new();

    public ConcurrentQueue<string> Joinable { get; } = new();

    public ConcurrentQueue<string> ServerErrors { get; } = new();

    public int Acknowledged => Created.Count + SignedIn.Count + Joined.Count + Volatile.Read(ref counted);

    public void Count() => Interlocked.Increment(ref counted);
}
