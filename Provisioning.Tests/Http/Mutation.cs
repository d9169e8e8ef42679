using System.Text;
using System.Text.Json.Nodes;

namespace Provisioning.Tests.Http;

/// <summary>One request of a usual shape with something broken in it: what a faulty or hostile client might send.</summary>
public sealed record Mutation(Door Door, string Method, string Path, byte[]? Body, (string Name, string Value)[] Headers)
{
    private const string Strange = "()[]\"\\. \u00e9:'%";

    private static readonly string[] Values =
    [
        "null", "true", "\"True\"", "\"\"", "0", "-1", "1e400", "123456789012345678901234567890", "[]", "{}", "[[]]", "[null]", "{\"value\":null}", "\"\\u0000\"", "\"\\ud800\"",
        "\"x\"", "\"\\uFEFF\"", "{\"\":\"\"}", "[{\"value\":\"x\"},7]",
    ];

    private static readonly string[] Paths =
    [
        "active", "userName", "emails", "emails[type eq \"work\"].value", "emails[", "name.givenName", "name", "members", "members[value eq \"x\"]", "", ".", "urn:", "meta",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager", "schemas", "password", "roles[primary eq \"True\"].value",
    ];

    private static readonly string[] Filters =
    [
        "userName eq \"a\"", "active eq true", "not (active eq true)", "emails[type eq \"work\"]", "meta.created gt \"2020-01-01T00:00:00Z\"", "userName sw \"a\" and (active pr or id ne \"x\")",
        "members eq \"x\"", "displayName co \"e\"", "schemas eq \"x\"", "name.familyName ge \"A\"",
    ];

    private static readonly string[] Sorts = ["userName", "displayName", "emails", "title", "meta.created", "id", "name", "password", "x y", "urn:", ""];

    private static readonly string[] Oddities = ["%00", "%C3%28", "%F0%9F%98%80", "%2F", "%252F", "..", "%2e%2e", "%20", "+", "%E2%80%AE", ";a=b", "%0d%0a", "'", "%22", "*"];

    /// <param name="cursor">Of a list that is there.</param>
    public static Mutation Next(Random random, TestOrganization organization, IReadOnlyList<string> users, string group, IReadOnlyList<string> members, string cursor)
    {
        var user = users[random.Next(users.Count)];
        var member = members[random.Next(members.Count)];
        var value = JsonNode.Parse(random.Next(2) == 0 ? "true" : "false");
        var (door, method, path, body) = random.Next(15) switch
        {
            10 => (organization.Scim, "POST", "/Bulk", Bulk(random, organization, user, group)),
            11 => (organization.Scim, "POST", ((string[])["/.search", "/Users/.search", "/Groups/.search"])[random.Next(3)], Search(random, cursor)),
            12 => (organization.Scim, "GET", $"{((string[])["/Users", "/Groups", "/"])[random.Next(3)]}?sortBy={Uri.EscapeDataString(Sorts[random.Next(Sorts.Length)])}"
                + $"&sortOrder={(random.Next(3) == 0 ? "descending" : "")}&count=2&cursor={Uri.EscapeDataString(random.Next(2) == 0 ? Broken(random, cursor) : "")}", null),
            13 => (organization.Scim, ((string[])["GET", "DELETE", "PATCH"])[random.Next(3)],
                ((string[])["/Users/", "/Groups/", "/Schemas/", "/ResourceTypes/"])[random.Next(4)] + (random.Next(2) == 0 ? group : "") + Oddities[random.Next(Oddities.Length)],
                TestOrganization.Patch(TestOrganization.Operation("replace", "active", false))),
            14 => (organization.Scim, "GET", "/Users?filter=" + Oddities[random.Next(Oddities.Length)] + "userName" + Oddities[random.Next(Oddities.Length)] + "eq" + "%22a%22", null),
            0 => (organization.Scim, "POST", "/Users", (JsonNode?)organization.User("fuzz" + random.Next(20))),
            1 => (organization.Scim, "PUT", "/Users/" + user, organization.User("fuzz" + random.Next(20))),
            2 => (organization.Scim, "PATCH", "/Users/" + user, TestOrganization.Patch(TestOrganization.Operation(Op(random), Paths[random.Next(Paths.Length)], value))),
            3 => (organization.Scim, "PATCH", "/Groups/" + group,
                TestOrganization.Patch(TestOrganization.Operation(Op(random), "members", new JsonArray(new JsonObject { ["value"] = user })))),
            4 => (organization.Scim, "POST", "/Groups", new JsonObject { ["displayName"] = "G" + random.Next(20), ["members"] = new JsonArray(new JsonObject { ["value"] = user }) }),
            5 => (organization.Scim, "GET", (random.Next(2) == 0 ? "/Users?filter=" : "/Groups?filter=") + Uri.EscapeDataString(Broken(random, Filters[random.Next(Filters.Length)])), null),
            6 => (organization.Gateway, "POST", "/sign-in-decisions", new JsonObject { ["connection"] = "demo", ["subject"] = "s" + random.Next(20), ["email"] = organization.Mail("fuzz" + random.Next(20)) }),
            7 => (organization.Owner, "PATCH", "/members/" + member, new JsonObject { ["seat"] = new JsonObject { ["tier"] = random.Next(2) == 0 ? "premium" : "standard" } }),
            8 => (organization.Owner, "POST", "/seat-swaps", new JsonObject { ["changes"] = new JsonArray(new JsonObject { ["memberId"] = member, ["tier"] = "premium" }) }),
            _ => (organization.Scim, "GET", $"/Users?startIndex={random.Next(-2, 5)}&count={random.Next(-2, 5)}&attributes={Paths[random.Next(Paths.Length)].Replace("\"", "%22", StringComparison.Ordinal)}", null),
        };
        (string, string)[] headers = random.Next(12) == 0 ? [Header(random)] : random.Next(8) == 0 ? [("If-Match", Broken(random, "W/\"1\"").Replace('\u00e9', 'e'))] : method == "PATCH" && door == organization.Owner ? [("If-Match", "*")] : [];
        if (random.Next(25) == 0) method = ((string[])["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])[random.Next(6)];
        if (body is null || method is "GET") return new Mutation(door, method, path, null, headers);
        if (random.Next(3) > 0) Break(random, body);
        var text = body.ToJsonString();
        for (var i = 0; i < Values.Length; i++) text = text.Replace($"\"@{i}@\"", Values[i], StringComparison.Ordinal);
        var bytes = Encoding.UTF8.GetBytes(text);
        if (random.Next(4) == 0)
        {
            for (var i = random.Next(1, 4); i > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }
        else if (random.Next(10) == 0)
        {
            bytes = bytes[..random.Next(bytes.Length)];
        }
        return new Mutation(door, method, path, bytes, headers);
    }

    private static JsonObject Bulk(Random random, TestOrganization organization, string user, string group) => new()
    {
        ["schemas"] = new JsonArray("urn:ietf:params:scim:api:messages:2.0:BulkRequest"), ["failOnErrors"] = random.Next(0, 3),
        ["Operations"] = new JsonArray([.. Enumerable.Range(0, random.Next(1, 4)).Select(JsonNode (i) => random.Next(4) switch
        {
            0 => new JsonObject { ["method"] = "POST", ["path"] = "/Users", ["bulkId"] = "b" + random.Next(3), ["data"] = organization.User("fuzz" + random.Next(20)) },
            1 => new JsonObject
            {
                ["method"] = "POST", ["path"] = "/Groups", ["bulkId"] = "b" + random.Next(3),
                ["data"] = new JsonObject { ["displayName"] = "B" + random.Next(20), ["members"] = new JsonArray(new JsonObject { ["value"] = "bulkId:b" + random.Next(3) }) },
            },
            2 => new JsonObject
            {
                ["method"] = "PATCH", ["path"] = "/Groups/" + (random.Next(2) == 0 ? group : "bulkId:b" + random.Next(3)),
                ["data"] = TestOrganization.Patch(TestOrganization.Operation(Op(random), "members", new JsonArray(new JsonObject { ["value"] = "bulkId:b" + random.Next(3) }))),
            },
            _ => new JsonObject { ["method"] = "PUT", ["path"] = "/Users/" + user, ["version"] = "W/\"1\"", ["data"] = organization.User("fuzz" + random.Next(20)) },
        })]),
    };

    private static JsonObject Search(Random random, string cursor) => new()
    {
        ["schemas"] = new JsonArray("urn:ietf:params:scim:api:messages:2.0:SearchRequest"), ["filter"] = Broken(random, Filters[random.Next(Filters.Length)]),
        ["sortBy"] = Sorts[random.Next(Sorts.Length)], ["count"] = random.Next(-1, 4), ["startIndex"] = random.Next(-1, 4),
        ["attributes"] = new JsonArray(Paths[random.Next(Paths.Length)]), ["cursor"] = random.Next(3) == 0 ? Broken(random, cursor) : null,
    };

    private static (string Name, string Value) Header(Random random) => random.Next(6) switch
    {
        0 => ("Accept", "image/png;q=x"),
        1 => ("Content-Type", "application/scim+json; charset=" + ((string[])["utf-16", "utf-8", "\"", "latin1"])[random.Next(4)]),
        2 => ("Content-Encoding", "gzip"),
        3 => ("If-None-Match", "*"),
        4 => ("X-Correlation-Id", new string('x', random.Next(1, 300))),
        _ => ("Accept-Encoding", "identity;q=0, *;q=0"),
    };

    private static string Op(Random random) => ((string[])["add", "remove", "replace", "Add", "REMOVE", "move"])[random.Next(6)];

    /// <summary>Replaces, removes or renames one property somewhere in the tree.</summary>
    private static void Break(Random random, JsonNode body)
    {
        var places = Objects(body).Where(place => place.Count > 0).ToList();
        if (places.Count == 0) return;
        var place = places[random.Next(places.Count)];
        var name = place.ElementAt(random.Next(place.Count)).Key;
        switch (random.Next(4))
        {
            case 0:
                place.Remove(name);
                break;
            case 1:
                var kept = place[name]?.DeepClone();
                place.Remove(name);
                place[name.ToUpperInvariant()] = kept;
                break;
            default:
                // The value itself is put in when the body is written: a JSON writer would refuse a lone surrogate.
                place[name] = "@" + random.Next(Values.Length) + "@";
                break;
        }
    }

    private static IEnumerable<JsonObject> Objects(JsonNode? node) => node switch
    {
        JsonObject o => o.SelectMany(property => Objects(property.Value)).Prepend(o),
        JsonArray a => a.SelectMany(Objects),
        _ => [],
    };

    private static string Broken(Random random, string text)
    {
        var broken = new StringBuilder(text);
        for (var i = random.Next(0, 3); i > 0; i--)
        {
            if (broken.Length == 0) break;
            var at = random.Next(broken.Length);
            if (random.Next(2) == 0) broken.Remove(at, 1);
            else broken.Insert(at, Strange[random.Next(Strange.Length)]);
        }
        return broken.ToString();
    }
}
