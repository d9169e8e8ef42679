using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Storage;
using Provisioning.Tests.Coverage;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>Lists as clients ask for them: sorted, by cursor, by POST, and over all resource types (checklist sections 7 to 11).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed partial class ScimListTests(string engine)
{
    private const string Search = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

    private TestService service = null!;
    private TestOrganization organization = null!;
    private readonly Dictionary<string, string> ids = [];

    [OneTimeSetUp]
    public async Task FillAsync()
    {
        service = await SharedService.GetAsync(engine);
        organization = await service.OrganizationAsync(standard: 2, premium: 1);
        foreach (var (name, display) in (ValueTuple<string, string?>[])[("cleo", "Zoe"), ("ada", "bea"), ("bob", null), ("dan", "Ann")])
        {
            var user = organization.User(name);
            if (display is not null) user["displayName"] = display;
            user["title"] = name is "cleo" ? "b" : name is "ada" ? "A" : null;
            ids[name] = (await organization.Scim.Post("/Users", user)).Expect(201).Id;
        }
        foreach (var name in (string[])["Writers", "Artists"]) ids[name] = await organization.PushGroupAsync(name, ids["ada"]);
    }

    [TestCase("/Users?sortBy=userName", "ada bob cleo dan")]
    [TestCase("/Users?sortBy=USERNAME&sortOrder=Descending", "dan cleo bob ada")]
    [TestCase("/Users?sortBy=name.givenName", "ada bob cleo dan")]
    [TestCase("/Users?sortBy=displayName", "dan ada cleo bob", Description = "case does not count, who has none comes last")]
    [TestCase("/Users?sortBy=displayName&sortOrder=descending", "bob cleo ada dan", Description = "and first descending")]
    [TestCase("/Users?sortBy=title", "ada cleo bob dan", Description = "by the evaluator: not indexed")]
    [TestCase("/Users?sortBy=emails", "ada bob cleo dan")]
    [TestCase("/Users?sortBy=meta.created&sortOrder=descending", "dan bob ada cleo")]
    [TestCase("/Users?sortBy=urn:ietf:params:scim:schemas:core:2.0:User:userName&startIndex=2&count=2", "bob cleo")]
    [TestCase("/Users?sortBy=userName&filter=displayName%20pr", "ada cleo dan")]
    [TestCase("/Users?sortBy=userName&filter=title%20pr", "ada cleo")]
    [TestCase("/Groups?sortBy=displayName", "Artists Writers")]
    [TestCase("/?sortBy=displayName&count=4", "dan Artists ada Writers")]
    [TestCase("/?sortBy=userName&count=3&startIndex=4", "dan Writers Artists", Description = "groups have no userName: last, oldest first")]
    [TestCase("/?filter=meta.resourceType%20eq%20%22User%22&count=2", "cleo ada")]
    [TestCase("/?filter=meta.resourceType%20eq%20%22Group%22%20or%20userName%20sw%20%22ada%22", "ada Writers Artists")]
    [TestCase("/?startIndex=4&count=2", "dan Writers")]
    [TestCase("/?filter=members%20pr", "Writers Artists")]
    [TestCase("/?filter=not%20(userName%20pr)", "Writers Artists")]
    [Checklist("S1", "S2", "R4", "F14", "G1")]
    public async Task S1_resources_come_in_the_order_asked_for(string path, string names)
    {
        var answer = (await organization.Scim.Get(path)).Expect(200);
        Assert.That(Names(answer), Is.EqualTo(names), answer.ToString());
        Assert.That(answer.Number("itemsPerPage"), Is.EqualTo(names.Split(' ').Length));
    }

    [TestCase("/Users", 4)]
    [TestCase("/Users?sortBy=displayName&sortOrder=descending", 4)]
    [TestCase("/Users?sortBy=title", 4)]
    [TestCase("/Users?filter=title%20pr", 2)]
    [TestCase("/Groups?excludedAttributes=members", 2)]
    [TestCase("/", 6)]
    [TestCase("/?sortBy=displayName", 6)]
    [Checklist("K1", "K2", "K6", "K7", "R2")]
    public async Task K2_pages_by_cursor_are_those_by_index_and_only_the_last_has_no_next(string path, int total)
    {
        var join = path.Contains('?', StringComparison.Ordinal) ? "&" : "?";
        var all = Names((await organization.Scim.Get(path)).Expect(200)).Split(' ');
        for (var count = 1; count <= total + 1; count++)
        {
            var seen = new List<string>();
            string? cursor = "";
            while (cursor is not null)
            {
                var given = cursor.Length == 0 && count == 2 ? "cursor" : "cursor=" + cursor;
                var page = (await organization.Scim.Get(string.Create(CultureInfo.InvariantCulture, $"{path}{join}{given}&count={count}"))).Expect(200);
                Assert.That(page.Number("totalResults"), Is.EqualTo(total));
                Assert.That(page.At("startIndex"), Is.Null);
                Assert.That(page.At("previousCursor"), Is.Null);
                if (page.Items("Resources").Count > 0) seen.AddRange(Names(page).Split(' '));
                cursor = page.TextOrNull("nextCursor");
                if (cursor is not null)
                {
                    Assert.That(Unreserved().IsMatch(cursor), Is.True, cursor);
                    Assert.That(cursor, Does.Not.Contain(ids["ada"]).And.Not.Contain("ada"));
                }
            }
            Assert.That(seen, Is.EqualTo(all), $"{path} by {count}");
        }
    }

    [Test]
    public async Task K3_another_count_is_invalidCount_and_the_rules_of_count_hold()
    {
        var next = (await organization.Scim.Get("/Users?cursor=&count=2")).Expect(200).Text("nextCursor");
        (await organization.Scim.Get("/Users?count=3&cursor=" + next)).ExpectScimError(400, "invalidCount");
        (await organization.Scim.Get("/Users?cursor=" + next)).ExpectScimError(400, "invalidCount");
        (await organization.Scim.Get("/Users?count=2&cursor=" + next)).Expect(200);
        var none = (await organization.Scim.Get("/Users?cursor=&count=0")).Expect(200);
        Assert.That((none.Number("totalResults"), none.Items("Resources").Count, none.At("nextCursor")), Is.EqualTo((4, 0, (JsonNode?)null)));
        Assert.That((await organization.Scim.Get("/Users?cursor=&count=-3")).Expect(200).Number("itemsPerPage"), Is.Zero);
        (await organization.Scim.Get("/Users?cursor=&count=x")).ExpectScimError(400, "invalidValue");
    }

    [Test]
    [Checklist("K4", "K5", "K12")]
    public async Task K5_a_cursor_fits_only_the_request_it_was_made_for()
    {
        var other = await service.OrganizationAsync();
        var next = (await organization.Scim.Get("/Users?filter=userName%20pr&sortBy=userName&cursor=&count=2")).Expect(200).Text("nextCursor");
        foreach (var path in (string[])
            [
                "/Users?sortBy=userName&count=2&cursor=", "/Users?filter=id%20pr&sortBy=userName&count=2&cursor=",
                "/Users?filter=userName%20pr&sortBy=id&count=2&cursor=", "/Users?filter=userName%20pr&sortBy=userName&sortOrder=descending&count=2&cursor=",
                "/Users?filter=userName%20pr&sortBy=userName&attributes=id&count=2&cursor=", "/Groups?count=2&cursor=",
                "/?filter=userName%20pr&sortBy=userName&count=2&cursor=",
            ])
            (await organization.Scim.Get(path + next)).ExpectScimError(400, "invalidCursor");
        const string Same = "/Users?filter=userName%20pr&sortBy=userName&count=2&cursor=";
        var refused = (await other.Scim.Get(Same + next)).ExpectScimError(400, "invalidCursor");
        Assert.That(refused.Body, Does.Not.Contain("organi"));
        (await organization.Scim.With(organization.Gateway.Token).Get(Same + next)).ExpectScimError(403);
        var forged = next[..^6] + (next[^6] == 'A' ? 'B' : 'A') + next[^5..];
        (await organization.Scim.Get(Same + forged)).ExpectScimError(400, "invalidCursor");
        (await organization.Scim.Get(Same + next[..^4])).ExpectScimError(400, "invalidCursor");
        (await organization.Scim.Get(Same + next)).Expect(200);
        var token = (await organization.Owner.Post("/tokens", new { door = "scim", name = "second" })).Expect(201).Text("token");
        (await organization.Scim.With(token).Get(Same + next)).ExpectScimError(400, "invalidCursor");
    }

    [Test]
    [Checklist("K8", "K9", "K11", "R2")]
    public async Task K8_without_a_cursor_the_list_is_paged_by_index_as_ever()
    {
        var answer = (await organization.Scim.Get("/Users?count=2")).Expect(200);
        Assert.That(((JsonObject)answer.Json).Select(part => part.Key),
            Is.EqualTo((string[])["schemas", "totalResults", "startIndex", "itemsPerPage", "Resources"]));
        var config = (await organization.Scim.Get("/ServiceProviderConfig")).Expect(200);
        Assert.That((config.Flag("pagination", "cursor"), config.Flag("pagination", "index"), config.Text("pagination", "defaultPaginationMethod"),
            config.Number("pagination", "defaultPageSize"), config.Number("pagination", "maxPageSize"), config.Number("pagination", "cursorTimeout")),
            Is.EqualTo((true, true, "index", 100, 1000, 3600)));
    }

    [Test]
    public async Task Resources_made_and_deleted_between_pages_by_cursor_lose_and_repeat_nobody()
    {
        var own = await service.OrganizationAsync();
        var people = new List<string>();
        for (var i = 0; i < 6; i++) people.Add(await own.PushAsync("p" + i));
        var first = (await own.Scim.Get("/Users?sortBy=userName&cursor=&count=3")).Expect(200);
        (await own.Scim.Delete("/Users/" + people[2])).Expect(204);
        await own.PushAsync("a-first");
        await own.PushAsync("z-last");
        var second = (await own.Scim.Get("/Users?sortBy=userName&count=3&cursor=" + first.Text("nextCursor"))).Expect(200);
        var third = (await own.Scim.Get("/Users?sortBy=userName&count=3&cursor=" + second.Text("nextCursor"))).Expect(200);
        Assert.That(new[] { first, second, third }.SelectMany(page => page.Items("Resources")).Select(user => TestOrganization.Text(user, "userName")!.Split('@')[0]),
            Is.EqualTo((string[])["p0", "p1", "p2", "p3", "p4", "p5", "z-last"]));
        Assert.That(third.At("nextCursor"), Is.Null);
    }

    [Test]
    [Checklist("Q1", "Q2", "K10", "R10")]
    public async Task Q1_search_by_POST_answers_as_GET_does_at_each_endpoint()
    {
        foreach (var (path, body, get) in (ValueTuple<string, JsonObject, string>[])
            [
                ("/Users/.search", Request(("filter", "userName sw \"a\"")), "/Users?filter=userName%20sw%20%22a%22"),
                ("/Users/.search", Request(("sortBy", "userName"), ("sortOrder", "descending"), ("startIndex", 2), ("count", 2)), "/Users?sortBy=userName&sortOrder=descending&startIndex=2&count=2"),
                ("/Users/.search", Request(("attributes", new JsonArray("userName", "name.givenName"))), "/Users?attributes=userName,name.givenName"),
                ("/Groups/.search", Request(("excludedAttributes", new JsonArray("members"))), "/Groups?excludedAttributes=members"),
                ("/Groups/.search", Request(("EXCLUDEDATTRIBUTES", "members"), ("count", "1"), ("filter", null)), "/Groups?excludedAttributes=members&count=1"),
                ("/.search", Request(("filter", "displayName sw \"A\""), ("sortBy", "id")), "/?filter=displayName%20sw%20%22A%22&sortBy=id"),
            ])
        {
            var answer = (await organization.Scim.Post(path, body)).Expect(200);
            Assert.That(answer.Json.ToJsonString(), Is.EqualTo((await organization.Scim.Get(get)).Expect(200).Json.ToJsonString()), path);
        }
        var first = (await organization.Scim.Post("/Users/.search", Request(("cursor", ""), ("count", 3)))).Expect(200);
        var last = (await organization.Scim.Post("/Users/.search", Request(("cursor", first.Text("nextCursor")), ("count", 3)))).Expect(200);
        Assert.That(Names(first) + " " + Names(last), Is.EqualTo("cleo ada bob dan"));
        Assert.That(last.At("nextCursor"), Is.Null);
    }

    [TestCase("""{}""", "invalidSyntax")]
    [TestCase("""{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"filter":"id pr"}""", "invalidSyntax")]
    [TestCase("""{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":5}""", "invalidSyntax")]
    [TestCase("""{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"attributes":[5]}""", "invalidSyntax")]
    [TestCase("""{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":"userName zz 1"}""", "invalidFilter")]
    [TestCase("""{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"count":1.5}""", "invalidValue")]
    [TestCase("""{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"cursor":"zzz"}""", "invalidCursor")]
    [TestCase("""{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"attributes":["id"],"excludedAttributes":["name"]}""", "invalidValue")]
    public async Task Q3_a_search_that_is_none_is_refused(string body, string scimType)
    {
        foreach (var path in (string[])["/Users/.search", "/Groups/.search", "/.search"])
            (await organization.Scim.Post(path, body)).ExpectScimError(400, scimType);
    }

    [Test]
    [Checklist("H13", "Q1")]
    public async Task H13_a_search_at_the_root_shows_our_own_only()
    {
        var other = await service.OrganizationAsync();
        await other.PushAsync("secret");
        Assert.That((await organization.Scim.Post("/.search", Request(("count", 100)))).Number("totalResults"), Is.EqualTo(6));
        Assert.That((await other.Scim.Get("/")).Number("totalResults"), Is.EqualTo(1));
        (await organization.Scim.With(null).Get("/")).ExpectScimError(401);
        (await organization.Scim.With(null).Post("/.search", Request())).ExpectScimError(401);
    }

    [TestCase("seatStatus eq \"waiting\"", "dan")]
    [TestCase("urn:ietf:params:scim:schemas:extension:seat:2.0:User:tier eq \"premium\"", "cleo")]
    [TestCase("urn:ietf:params:scim:schemas:extension:seat:2.0:User:tier eq \"Premium\"", "")]
    [TestCase("seatStatus ne \"assigned\"", "dan")]
    [TestCase("waitingSince pr", "dan")]
    [TestCase("waitingSince gt \"2020-01-01T00:00:00Z\" and userName sw \"d\"", "dan")]
    [TestCase("memberState eq \"active\" and not (tier pr)", "dan")]
    [TestCase("suspendedBy pr", "")]
    [Checklist("N5", "F7")]
    public async Task SCIM_4_the_seat_extension_is_filtered_by(string filter, string names) =>
        Assert.That(Names((await organization.Scim.Get("/Users?filter=" + Uri.EscapeDataString(filter))).Expect(200)), Is.EqualTo(names));

    private static JsonObject Request(params (string Name, JsonNode? Value)[] parts)
    {
        var body = new JsonObject { ["schemas"] = new JsonArray(Search) };
        foreach (var (name, value) in parts) body[name] = value;
        return body;
    }

    private string Names(Answer answer) => string.Join(' ', answer.Items("Resources").Select(resource =>
        ids.FirstOrDefault(pair => pair.Value == TestOrganization.Text(resource, "id")).Key));

    [GeneratedRegex(@"\A[A-Za-z0-9\-._~]+\z")]
    private static partial Regex Unreserved();

    [Test]
    public async Task D5_filters_that_look_at_every_row_of_one_organisation_leave_the_connections_to_others()
    {
        var (busy, other) = (await service.OrganizationAsync(), await service.OrganizationAsync());
        foreach (var each in (TestOrganization[])[busy, other]) await each.PushAsync("ada");
        var id = (await service.Services.GetRequiredService<IDatabase>().ReadAsync(
            session => service.Services.GetRequiredService<IOrganizationStore>().FindAsync(session, busy.Slug), default))!.Id;
        const string scan = "/Users?filter=title%20pr";
        using (RunningScans.TryEnter(id))
        {
            (await busy.Scim.Get(scan)).Expect(200);
            using (RunningScans.TryEnter(id))
            {
                var refused = await busy.Scim.Get(scan);
                refused.ExpectScimError(429);
                Assert.That(refused.Header("Retry-After"), Is.EqualTo("1"));
                (await busy.Scim.Get("/Users?sortBy=title")).ExpectScimError(429);
                (await busy.Scim.Get("/Users?filter=" + Uri.EscapeDataString($"userName eq \"{busy.Mail("ada")}\""))).Expect(200); // by an index
                (await other.Scim.Get(scan)).Expect(200);
            }
            (await busy.Scim.Get(scan)).Expect(200);
        }
    }
}
