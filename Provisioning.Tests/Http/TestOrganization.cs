using System.Globalization;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Provisioning.Tests.Http;

/// <summary>The numbers of one tier, as GET /seats gives them.</summary>
public sealed record TierCount(string Tier, int Rank, int Purchased, int Assigned, int Held, int Queued, int Free, int Waiting);

/// <summary>An organisation with a door for each outsider, and what tests do and ask again and again.</summary>
public sealed class TestOrganization
{
    public const string Connection = "demo";
    public const string PatchSchema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
    public const string UserSchema = "urn:ietf:params:scim:schemas:core:2.0:User";
    public const string GroupSchema = "urn:ietf:params:scim:schemas:core:2.0:Group";

    private TestOrganization(HttpClient http, string slug, string domain, string scim, string owner, string admin, string gateway)
    {
        Slug = slug;
        Domain = domain;
        var root = "/v1/organizations/" + slug;
        Scim = new Door(http, scim, "/scim/v2", "application/scim+json");
        Owner = new Door(http, owner, root);
        Admin = new Door(http, admin, root);
        Gateway = new Door(http, gateway, root);
        Operator = new Door(http, TestService.OperatorToken, root);
    }

    public string Slug { get; }

    /// <summary>The verified domain.</summary>
    public string Domain { get; }

    public Door Scim { get; }

    public Door Owner { get; }

    /// <summary>A token of the admin door with the role admin.</summary>
    public Door Admin { get; }

    public Door Gateway { get; }

    public Door Operator { get; }

    public static async Task<TestOrganization> OfDemoAsync(HttpClient http, string scim, string owner, string gateway)
    {
        var door = new Door(http, owner, "/v1/organizations/acme");
        var admin = (await door.Post("/tokens", new { door = "admin", role = "admin", name = "tests" })).Expect(201).Text("token");
        return new TestOrganization(http, "acme", "acme.example", scim, owner, admin, gateway);
    }

    public static async Task<TestOrganization> CreateAsync(HttpClient http, string slug, (string Tier, int Rank, int Purchased)[] tiers,
        string mode, bool trustEmail, string onNoSeat)
    {
        var domain = slug + ".example";
        var platform = new Door(http, TestService.OperatorToken, "/v1/organizations");
        (await platform.Post("", new
        {
            slug,
            name = "Organisation " + slug,
            mode,
            tiers = tiers.Select(tier => new { tier = tier.Tier, rank = tier.Rank, purchased = tier.Purchased }).ToArray(),
            domains = new[] { domain },
        })).Expect(201);
        var own = platform.At("/v1/organizations/" + slug);
        async Task<string> Token(string door, string? role) =>
            (await own.Post("/tokens", role is null ? new JsonObject { ["door"] = door, ["name"] = "tests" } : new JsonObject { ["door"] = door, ["role"] = role, ["name"] = "tests" }))
            .Expect(201).Text("token");
        (await own.Post("/connections", new { name = Connection, kind = "gateway", trustEmail })).Expect(201);
        if (onNoSeat != "waiting")
        {
            (await own.Put("/provisioning", new { mode, onNoSeat = new { scim = onNoSeat }, requireVerifiedDomain = new { scim = false } }, ("If-Match", "*")))
                .Expect(200);
        }
        return new TestOrganization(http, slug, domain, await Token("scim", null), await Token("admin", "owner"), await Token("admin", "admin"),
            await Token("gateway", null));
    }

    public string Mail(string name) => name + "@" + Domain;

    /// <summary>The body of a usual SCIM user: userName and work e-mail name@domain, externalId x-name.</summary>
    public JsonObject User(string name, bool? active = true)
    {
        var user = new JsonObject
        {
            ["schemas"] = new JsonArray(UserSchema),
            ["userName"] = Mail(name),
            ["externalId"] = "x-" + name,
            ["name"] = new JsonObject { ["givenName"] = name, ["familyName"] = "Example" },
            ["emails"] = new JsonArray(new JsonObject { ["value"] = Mail(name), ["type"] = "work", ["primary"] = true }),
        };
        if (active is { } value) user["active"] = value;
        return user;
    }

    /// <summary>Pushes a usual user and gives the SCIM id.</summary>
    public async Task<string> PushAsync(string name, bool active = true) => (await Scim.Post("/Users", User(name, active))).Expect(201).Id;

    public async Task<string> PushGroupAsync(string displayName, params string[] members) =>
        (await Scim.Post("/Groups", new JsonObject
        {
            ["schemas"] = new JsonArray(GroupSchema),
            ["displayName"] = displayName,
            ["members"] = new JsonArray([.. members.Select(id => new JsonObject { ["value"] = id })]),
        })).Expect(201).Id;

    public static JsonObject Patch(params JsonObject[] operations) => new()
    {
        ["schemas"] = new JsonArray(PatchSchema),
        ["Operations"] = new JsonArray([.. operations]),
    };

    public static JsonObject Operation(string op, string? path, JsonNode? value)
    {
        var operation = new JsonObject { ["op"] = op };
        if (path is not null) operation["path"] = path;
        if (value is not null) operation["value"] = value;
        return operation;
    }

    public Task<Answer> SetActiveAsync(string scimId, bool active) =>
        Scim.Patch("/Users/" + scimId, Patch(Operation("replace", "active", JsonValue.Create(active))));

    /// <summary>A sign-in at the hook by the usual connection; the e-mail is name@domain unless given.</summary>
    public Task<Answer> SignInAsync(string subject, string? email = null, Action<JsonObject>? change = null)
    {
        var body = new JsonObject { ["connection"] = Connection, ["subject"] = subject, ["email"] = email ?? Mail(subject) };
        change?.Invoke(body);
        return Gateway.Post("/sign-in-decisions", body);
    }

    /// <summary>Signs in and demands to be allowed; gives the whole answer.</summary>
    public async Task<Answer> AllowedAsync(string subject, string? email = null, Action<JsonObject>? change = null)
    {
        var answer = (await SignInAsync(subject, email, change)).Expect(200);
        Assert.That(answer.Text("decision"), Is.EqualTo("allow"), answer.ToString());
        return answer;
    }

    /// <summary>Signs in and demands to be refused for this reason; gives the whole answer.</summary>
    public async Task<Answer> DeniedAsync(string reason, string subject, string? email = null, Action<JsonObject>? change = null)
    {
        var answer = (await SignInAsync(subject, email, change)).Expect(200);
        Assert.That(answer.Text("decision") + " " + answer.Text("reason"), Is.EqualTo("deny " + reason), answer.ToString());
        return answer;
    }

    public async Task<Answer> MemberAsync(string memberId) => (await Owner.Get("/members/" + memberId)).Expect(200);

    /// <summary>PATCH of a member whatever its version.</summary>
    public Task<Answer> PatchMemberAsync(string memberId, object change) => Owner.Patch("/members/" + memberId, change, ("If-Match", "*"));

    /// <summary>The one member of this userName that is not removed (I-2); fails when there is none or more.</summary>
    public async Task<JsonNode> MemberOfAsync(string userName)
    {
        var members = (await MembersAsync()).Where(member => Text(member, "state") != "removed"
            && string.Equals(Text(member, "userName"), userName, StringComparison.OrdinalIgnoreCase)).ToList();
        Assert.That(members, Has.Count.EqualTo(1), $"members named {userName}");
        return members[0];
    }

    public async Task<string> MemberIdOfAsync(string userName) => Text(await MemberOfAsync(userName), "id")!;

    /// <summary>Every member, read page by page.</summary>
    public async Task<IReadOnlyList<JsonNode>> MembersAsync(string query = "")
    {
        var all = new List<JsonNode>();
        string? cursor = null;
        do
        {
            var next = cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor);
            var page = (await Owner.Get("/members?limit=100" + query + next)).Expect(200);
            all.AddRange(page.Items("members"));
            cursor = page.TextOrNull("nextCursor");
        }
        while (cursor is not null);
        return all;
    }

    /// <summary>Every SCIM user, read page by page as identity providers do.</summary>
    public async Task<IReadOnlyList<JsonNode>> ScimUsersAsync()
    {
        var all = new List<JsonNode>();
        while (true)
        {
            var page = (await Scim.Get(string.Create(CultureInfo.InvariantCulture, $"/Users?startIndex={all.Count + 1}&count=100"))).Expect(200);
            var users = page.Items("Resources");
            all.AddRange(users);
            if (users.Count == 0 || all.Count >= page.Number("totalResults")) return all;
        }
    }

    public async Task<IReadOnlyDictionary<string, TierCount>> SeatsAsync()
    {
        var answer = (await Owner.Get("/seats")).Expect(200);
        return answer.Items("tiers").Select(tier => new TierCount(Text(tier, "tier")!, Number(tier, "rank"), Number(tier, "purchased"),
            Number(tier, "assigned"), Number(tier, "held"), Number(tier, "queued"), Number(tier, "free"), Number(tier, "waiting")))
            .ToDictionary(tier => tier.Tier);
    }

    /// <summary>Checks assigned seats per tier, and that the books agree (see <see cref="ExpectBooksAgreeAsync"/>).</summary>
    public async Task ExpectAssignedAsync(int premium, int standard)
    {
        var seats = await SeatsAsync();
        Assert.That((seats["premium"].Assigned, seats["standard"].Assigned), Is.EqualTo((premium, standard)), "assigned (premium, standard)");
        await ExpectBooksAgreeAsync();
    }

    /// <summary>Every member waiting for a seat, in order.</summary>
    public async Task<IReadOnlyList<JsonNode>> WaitingAsync()
    {
        var all = new List<JsonNode>();
        string? cursor = null;
        do
        {
            var page = (await Owner.Get("/seats/waiting?limit=100" + (cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor)))).Expect(200);
            all.AddRange(page.Items("waiting"));
            cursor = page.TextOrNull("nextCursor");
        }
        while (cursor is not null);
        return all;
    }

    /// <summary>
    /// The books agree (I-4, I-5): per tier assigned equals the members seated there and no pool is overdrawn; no seat is left
    /// free while somebody waits; the waiting list is the members that wait; every SCIM user shows the seat of its member.
    /// </summary>
    public async Task ExpectBooksAgreeAsync()
    {
        var seats = await SeatsAsync();
        var members = await MembersAsync();
        var wrong = new List<string>();
        foreach (var tier in seats.Values)
        {
            var seated = members.Count(member => Text(member, "seatStatus") == "assigned" && Text(member, "tier") == tier.Tier);
            if (seated != tier.Assigned) wrong.Add($"{tier.Tier}: assigned {tier.Assigned}, but {seated} members are seated there");
            if (tier.Assigned < 0 || tier.Held < 0 || tier.Queued < 0 || tier.Free < 0) wrong.Add($"{tier}: a negative number");
            if (tier.Assigned + tier.Held + tier.Queued + tier.Free != tier.Purchased) wrong.Add($"{tier}: the parts are not purchased");
        }
        var waiting = members.Where(member => Text(member, "seatStatus") == "waiting").Select(member => Text(member, "id")!).ToHashSet();
        var listed = (await WaitingAsync()).Select(entry => Text(entry, "memberId")!).ToList();
        if (!waiting.SetEquals(listed) || listed.Count != waiting.Count) wrong.Add($"{waiting.Count} members wait, {listed.Count} are on the waiting list");
        if (waiting.Count > 0 && seats.Values.Any(tier => tier.Free > 0)) wrong.Add("seats are free while people wait");
        foreach (var member in members)
        {
            var (state, status, tier) = (Text(member, "state"), Text(member, "seatStatus"), Text(member, "tier"));
            if (state is not "active" && status is not "none") wrong.Add($"{Text(member, "userName")} is {state} with seatStatus {status}");
            if (status is "assigned" != (tier is not null)) wrong.Add($"{Text(member, "userName")} is {status} with tier {tier ?? "null"}");
        }
        var byScimId = new Dictionary<string, JsonNode>();
        foreach (var member in members.Where(member => Text(member, "scimId") is not null).OrderBy(member => Text(member, "state") != "removed"))
            byScimId[Text(member, "scimId")!] = member;
        foreach (var user in await ScimUsersAsync())
        {
            var shown = user[Answer.Seat];
            if (!byScimId.TryGetValue(Text(user, "id")!, out var member))
            {
                if (shown is not null && Text(shown, "memberState") is not ("removed" or null)) wrong.Add($"{Text(user, "userName")} shows a member that GET /members lacks");
                continue;
            }
            if (shown is null || Text(shown, "seatStatus") != Text(member, "seatStatus") || Text(shown, "tier") != Text(member, "tier")
                || Text(shown, "memberState") != Text(member, "state"))
                wrong.Add($"{Text(user, "userName")} shows {shown?.ToJsonString()}, its member is {member.ToJsonString()}");
        }
        if (wrong.Count > 0) Assert.Fail(string.Join("\n", wrong));
    }

    /// <summary>Every audit record, newest first.</summary>
    public async Task<IReadOnlyList<JsonNode>> AuditAsync(string query = "")
    {
        var all = new List<JsonNode>();
        string? cursor = null;
        do
        {
            var page = (await Owner.Get("/audit?limit=100" + query + (cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor)))).Expect(200);
            all.AddRange(page.Items("records"));
            cursor = page.TextOrNull("nextCursor");
        }
        while (cursor is not null);
        return all;
    }

    /// <summary>The actions audited about one subject (member or SCIM id), newest first.</summary>
    public async Task<IReadOnlyList<string>> ActionsOnAsync(params string[] ids) =>
        [.. (await AuditAsync()).Where(record => ids.Any(id => record.ToJsonString().Contains(id, StringComparison.Ordinal))).Select(record => Text(record, "action")!)];

    public static string? Text(JsonNode? node, string name) => node?[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    public static int Number(JsonNode node, string name) => node[name]!.GetValue<int>();
}
