using System.Globalization;
using System.Text.Json.Nodes;
using Provisioning.Core.Schemas;

namespace Provisioning.Tests.Core;

/// <summary>Resources and filters made to disagree: letter case, trailing blanks, empty text, code points above U+FFFF, odd dates.</summary>
internal sealed class FilterSamples(Random random)
{
    private static readonly string[] Texts =
    [
        "", " ", "ann", "Ann", "ANN", "ann ", "ann  ", " ann", "anna", "bob", "BOB", "a_b", "a%b", "100%", "a\\b", "a\"b", "é", "É", "e\u0301", "straße",
        "STRASSE", "Σίσυφος", "ΣΊΣΥΦΟΣ", "σίσυφοσ", "İstanbul", "istanbul", "ＡＢＣ", "abc", "😀", "😀a", "𐐀", "𐐨", "\uFFFD", "\uE000", "z", "日本", "null", "true",
        "7", "007", "O'Brien", "o'brien; --", "@p0", "ann@x.example", "ANN@X.EXAMPLE", "bob@x.example",
    ];

    private static readonly string[] Operators = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"];
    private static readonly string[] UserTexts =
    [
        "userName", "externalId", "displayName", "name.familyName", "name.givenName", "name.formatted", "name.middleName", "emails.value", "emails",
        "emails.type", "nickName", "title", "employeeNumber", SchemaUris.EnterpriseUser + ":employeeNumber", SchemaUris.EnterpriseUser + ":department",
        "USERNAME", SchemaUris.User + ":userName", "meta.resourceType", "groups.display", SchemaUris.SeatUser + ":seatStatus", "preferredLanguage",
    ];

    private static readonly string[] GroupTexts = ["displayName", "externalId", "members.display", "members.type", "meta.resourceType", "DISPLAYNAME"];

    /// <summary>Ids that exist, of users and groups.</summary>
    public List<string> UserIds { get; } = [];

    public List<string> GroupIds { get; } = [];

    /// <summary>Instants that exist.</summary>
    public List<string> Instants { get; } = [];

    public string Text => Texts[random.Next(Texts.Length)];

    public JsonObject User(int i)
    {
        var user = new JsonObject { ["userName"] = random.Next(3) == 0 ? $"u{i}" : $"{Text}{i}" };
        if (Often) user["externalId"] = Text;
        if (random.Next(10) > 0) user["active"] = random.Next(2) == 0;
        if (Often) user["displayName"] = Text;
        if (Often) user["name"] = Some("familyName", "givenName", "formatted", "middleName");
        if (Often) user["emails"] = new JsonArray([.. Enumerable.Range(0, random.Next(3)).Select(JsonNode (_) => Some("value", "type", "display"))]);
        if (Often) user["nickName"] = Text;
        if (Often) user["title"] = Text;
        if (Often) user[SchemaUris.EnterpriseUser] = Some("employeeNumber", "department");
        return user;
    }

    public JsonObject Group(int i)
    {
        var group = new JsonObject { ["displayName"] = $"{Text}{i}" };
        if (Often) group["externalId"] = Text;
        return group;
    }

    public string UserFilter(int depth) => Filter(depth, UserLeaf);

    public string GroupFilter(int depth) => Filter(depth, GroupLeaf);

    private bool Often => random.Next(3) > 0;

    private string Filter(int depth, Func<string> leaf) => (depth == 0 ? 0 : random.Next(7)) switch
    {
        1 => $"({Filter(depth - 1, leaf)} and {Filter(depth - 1, leaf)})",
        2 => $"({Filter(depth - 1, leaf)} or {Filter(depth - 1, leaf)})",
        3 => $"not ({Filter(depth - 1, leaf)})",
        4 => $"{Filter(depth - 1, leaf)} and {Filter(depth - 1, leaf)} or {Filter(depth - 1, leaf)}",
        _ => leaf(),
    };

    /// <summary>What users are sorted by: in SQL, and by the evaluator.</summary>
    public string UserSort => One(
        "userName", "externalId", "displayName", "name.familyName", "name.givenName", "name.formatted", "emails", "emails.type", "nickName", "title", "active",
        "meta.created", "meta.lastModified", "meta.version", "meta.location", "id", "employeeNumber", "department", "groups.display", "USERNAME",
        SchemaUris.SeatUser + ":seatStatus", SchemaUris.SeatUser + ":waitingSince", SchemaUris.SeatUser + ":tier");

    public string GroupSort => One("displayName", "externalId", "id", "meta.created", "meta.lastModified", "members", "members.display", "meta.version");

    private string UserLeaf() => random.Next(16) switch
    {
        14 => $"{SchemaUris.SeatUser}:{One("seatStatus", "tier", "desiredTier", "memberState", "suspendedBy")} {One("eq", "ne", "co", "sw", "gt")} "
            + $"\"{One("assigned", "waiting", "none", "unassigned", "premium", "standard", "active", "suspended", "directory", "Assigned", "a", "o'x", "")}\"",
        15 => random.Next(2) == 0
            ? $"{SchemaUris.SeatUser}:waitingSince {One("eq", "ne", "gt", "ge", "lt", "le")} \"{Instant()}\""
            : $"{SchemaUris.SeatUser}:{One("seatStatus", "tier", "desiredTier", "waitingSince", "memberState", "suspendedBy")} pr",
        0 => $"active {(random.Next(2) == 0 ? "eq" : "ne")} {(random.Next(2) == 0 ? "true" : "\"False\"")}",
        1 => $"{One("meta.created", "meta.lastModified")} {One("eq", "ne", "gt", "ge", "lt", "le")} \"{Instant()}\"",
        2 => $"id {One("eq", "ne", "co", "sw", "gt")} \"{Id(UserIds)}\"",
        3 => $"groups.value {One("eq", "ne", "co")} \"{Id(GroupIds)}\"",
        4 => $"groups[value {One("eq", "ne")} \"{Id(GroupIds)}\"{One("", " and type eq \"direct\"", " and not (display pr)")}]",
        5 => $"{One([.. UserTexts, "active", "groups", "name", "emails", "meta.created", "id", "externalId", "userName"])} pr",
        6 => $"emails[{Element("value", "type", "display")}]",
        7 => $"emails[{Element("value", "type")} and {Element("value", "type", "display")}]",
        8 => $"emails[not ({Element("value", "type")}) or {Element("value", "type")}]",
        9 => $"name[{Element("familyName", "givenName")} and {Element("familyName", "formatted")}]",
        10 => $"emails[{Element("type")}].value {One(Operators)} {Quoted()}",
        11 => $"{One("externalId", "displayName", "nickName", "emails", "active")} {One("eq", "ne")} null",
        _ => $"{One(UserTexts)} {One(Operators)} {Quoted()}",
    };

    private string GroupLeaf() => random.Next(8) switch
    {
        0 => $"members.value {One("eq", "ne", "co")} \"{Id(UserIds)}\"",
        1 => $"members[value {One("eq", "ne")} \"{Id(UserIds)}\"{One("", " and type eq \"User\"", " and type eq \"Group\"")}]",
        2 => $"{One([.. GroupTexts, "members", "id", "meta.created"])} pr",
        3 => $"id {One("eq", "ne")} \"{Id(GroupIds)}\"",
        4 => $"{One("meta.created", "meta.lastModified")} {One("eq", "ne", "gt", "ge", "lt", "le")} \"{Instant()}\"",
        _ => $"{One(GroupTexts)} {One(Operators)} {Quoted()}",
    };

    private string Element(params string[] names) =>
        random.Next(5) == 0 ? $"{One(names)} pr" : $"{One(names)} {One(Operators)} {Quoted()}";

    /// <summary>A sample, a part of one, or one with something behind it.</summary>
    private string Quoted()
    {
        var text = Text;
        if (text.Length > 2 && random.Next(3) == 0) text = text[..^1];
        if (char.IsHighSurrogate(text.LastOrDefault())) text = text[..^1];
        return JsonValue.Create(text)!.ToJsonString();
    }

    private string Id(List<string> ids) => random.Next(6) switch
    {
        0 => Guid.NewGuid().ToString("D"),
        1 => ids[random.Next(ids.Count)].ToUpperInvariant(),
        2 => "no id",
        _ => ids[random.Next(ids.Count)],
    };

    /// <summary>One that exists, with an offset, with more digits than the database keeps, or of another day.</summary>
    private string Instant()
    {
        var known = DateTimeOffset.Parse(Instants[random.Next(Instants.Count)], CultureInfo.InvariantCulture);
        return random.Next(5) switch
        {
            0 => known.AddTicks(3).ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture),
            1 => known.ToOffset(TimeSpan.FromHours(2)).ToString("yyyy-MM-dd'T'HH:mm:ss.fffffffzzz", CultureInfo.InvariantCulture),
            2 => known.AddDays(random.Next(-3, 3)).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            3 => One("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1969-12-31T23:59:59.9999999Z"),
            _ => known.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
        };
    }

    private JsonObject Some(params string[] names)
    {
        var json = new JsonObject();
        foreach (var name in names)
            if (random.Next(2) == 0) json[name] = Text;
        return json;
    }

    private T One<T>(params T[] choices) => choices[random.Next(choices.Length)];
}
