using System.Globalization;
using System.Net;
using System.Text;
using Provisioning.Bench.Load;
using Provisioning.Bench.Seeding;

namespace Provisioning.Bench;

/// <summary>What is asked of the service, and what it may cost.</summary>
/// <param name="Reach">Server CPU seconds per 1,000 requests at concurrency 16 and 64; null where no figure is set.</param>
internal sealed record Scenario(string Name, double? Reach, Func<Client, WireRequest?> Next)
{
    /// <summary>How many requests there are at all: somebody can be added to a group once.</summary>
    public long Supply { get; init; } = long.MaxValue;
}

/// <summary>The requests of identity providers and gateways over a seeded population.</summary>
internal sealed class Scenarios(Population population, EndPoint server, IReadOnlyList<Tenant> tenants)
{
    public const string ScimToken = "bench-scim-token-0123456789", GatewayToken = "bench-gateway-token-0123456789", OwnerToken = "bench-owner-token-0123456789";

    private static readonly byte[] OneResult = "\"totalResults\":1,"u8.ToArray(), Allowed = "\"decision\":\"allow\""u8.ToArray(),
        Decided = "\"decision\":"u8.ToArray(),
        Created = "\"reason\":\"created\""u8.ToArray(), Assigned = "\"seatStatus\":\"assigned\""u8.ToArray(), NoSeat = "\"seatStatus\":\"none\""u8.ToArray(),
        Page = "\"itemsPerPage\":100,"u8.ToArray();

    private long created;
    private long signedIn;

    public IEnumerable<Scenario> All()
    {
        yield return new Scenario("get", 0.05, Get);
        yield return new Scenario("filter-userName", 0.08, FilterUserName);
        yield return new Scenario("filter-externalId", 0.08, FilterExternalId);
        yield return new Scenario("list-100", 0.6, _ => Page100());
        yield return new Scenario("jit-returning", 0.06, Returning);
        yield return new Scenario("jit-first", 0.30, _ => First());
        if (tenants.Count > 0) yield return new Scenario("jit-first-spread", null, _ => FirstSomewhere());
        yield return new Scenario("create", 0.25, _ => Create());
        yield return new Scenario("patch-active", 0.20, PatchActive);
        yield return new Scenario("mixed", null, Mixed);
        foreach (var family in population.Families) yield return new Scenario("group-add-" + family.Name, 0.15, _ => GroupAdd(family))
        {
            Supply = family.Left(population.Users.Count),
        };
    }

    /// <summary>The GET of one user, whose answer the floor repeats.</summary>
    public WireRequest GetFirst() => Scim("GET", $"Users/{population.Users[0]}");

    private WireRequest? Get(Client client) => Scim("GET", $"Users/{Pick(client)}");

    private WireRequest? FilterUserName(Client client) => Filter("userName", UserRows.UserName(client.Pick(population.Users.Count)));

    private WireRequest? FilterExternalId(Client client) => Filter("externalId", UserRows.ExternalId(client.Pick(population.Users.Count)));

    private WireRequest? Page100() => Scim("GET", "Users?startIndex=1&count=100", marker: Page);

    private WireRequest? Create()
    {
        var number = Interlocked.Increment(ref created);
        var name = string.Create(CultureInfo.InvariantCulture, $"pushed{number:D9}@acme.example");
        var body = UserRows.Attributes(name, string.Create(CultureInfo.InvariantCulture, $"pushed-{number}"), number);
        body.Insert(0, "schemas", new System.Text.Json.Nodes.JsonArray("urn:ietf:params:scim:schemas:core:2.0:User"));
        return Scim("POST", "Users", body.ToJsonString(), Assigned);
    }

    /// <summary>Away and back: the seat moves at every request.</summary>
    private WireRequest? PatchActive(Client client)
    {
        var back = client.Chosen is not null;
        var user = client.Chosen ?? client.PickOwn(population.Users.Count);
        client.Chosen = back ? null : user;
        return Scim("PATCH", $"Users/{population.Users[user]}",
            $$"""{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":{{(back ? "true" : "false")}}}]}""",
            back ? Assigned : NoSeat);
    }

    /// <summary>Takes back what the client left half done, so that nobody stays switched off for the next scenario.</summary>
    public WireRequest? TakeBack(Client client) => client.Chosen is null ? null : PatchActive(client);

    private WireRequest? GroupAdd(GroupFamily family) => family.NextToAdd(population.Users.Count) is { } add
        ? Scim("PATCH", $"Groups/{add.Group}",
            $$"""{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"members","value":[{"value":"{{population.Users[add.User]}}"}]}]}""")
        : null;

    private WireRequest? First()
    {
        var number = Interlocked.Increment(ref signedIn);
        return SignIn(string.Create(CultureInfo.InvariantCulture, $"first-{number}"), string.Create(CultureInfo.InvariantCulture, $"first{number:D9}@acme.example"), Created);
    }

    /// <summary>Each in the next organisation: what one organisation and tier, where all claim from one pool, is compared with.</summary>
    private WireRequest? FirstSomewhere()
    {
        var number = Interlocked.Increment(ref signedIn);
        var tenant = tenants[(int)(number % tenants.Count)];
        return SignIn(string.Create(CultureInfo.InvariantCulture, $"first-{number}"),
            string.Create(CultureInfo.InvariantCulture, $"first{number:D9}@{tenant.Slug}.example"), Created, tenant.Slug, tenant.GatewayToken);
    }

    private WireRequest? Returning(Client client)
    {
        var number = client.Pick(population.Users.Count);
        return SignIn(UserRows.Subject(number), UserRows.UserName(number), Allowed);
    }

    /// <summary>A day of an organisation: mostly reads, now and then a change. A sign-in may meet somebody who was switched off just now.</summary>
    private WireRequest? Mixed(Client client) => client.Pick(100) switch
    {
        < 30 => Get(client),
        < 50 => FilterUserName(client),
        < 70 => Returning(client) is { } returning ? returning with { Marker = Decided } : null,
        < 72 => Page100(),
        < 80 => PatchActive(client),
        < 90 => Create(),
        < 95 => First(),
        _ => GroupAdd(population.Families[0]) ?? Get(client),
    };

    private Guid Pick(Client client) => population.Users[client.Pick(population.Users.Count)];

    private WireRequest Filter(string attribute, string value) =>
        Scim("GET", $"Users?filter={attribute}%20eq%20%22{Uri.EscapeDataString(value)}%22", marker: OneResult);

    private WireRequest Scim(string method, string path, string? body = null, byte[]? marker = null) =>
        Request(method, "/scim/v2/" + path, ScimToken, "application/scim+json", body, marker);

    private WireRequest SignIn(string subject, string email, byte[] marker, string organization = "acme", string token = GatewayToken) =>
        Request("POST", $"/v1/organizations/{organization}/sign-in-decisions", token, "application/json",
            $$"""{"connection":"demo","subject":"{{subject}}","email":"{{email}}","emailVerified":true}""", marker);

    private WireRequest Request(string method, string path, string token, string type, string? body, byte[]? marker) =>
        WireRequest.Of(server, method, path, token, type, body, marker);
}
