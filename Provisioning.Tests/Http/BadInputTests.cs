using System.Text;
using NUnit.Framework;
using Provisioning.Tests.Coverage;

namespace Provisioning.Tests.Http;

/// <summary>Bad input gets a clear error of the right door and loses nothing (design D10): never a 5xx, nothing of the inside shown.</summary>
public sealed class BadInputTests
{
    private TestService service = null!;
    private TestOrganization organization = null!;
    private string user = null!;
    private string group = null!;
    private string member = null!;
    private string before = null!;

    [OneTimeSetUp]
    public async Task PrepareAsync()
    {
        service = await SharedService.GetAsync();
        organization = await service.OrganizationAsync(standard: 3, premium: 2);
        user = await organization.PushAsync("ada");
        group = await organization.PushGroupAsync("Staff", user);
        member = await organization.MemberIdOfAsync(organization.Mail("ada"));
    }

    [SetUp]
    public async Task RememberAsync() => before = await StateAsync();

    [TearDown]
    public async Task A_refused_request_changes_nothing()
    {
        if (TestContext.CurrentContext.Result.Outcome.Status != NUnit.Framework.Interfaces.TestStatus.Passed) return;
        Assert.That(await StateAsync(), Is.EqualTo(before), "a refused request changed something");
    }

    [TestCaseSource(typeof(BadInputs), nameof(BadInputs.ScimBodies))]
    [Checklist("E5", "E6", "E7", "X1", "X6", "X7", "X11", "X13", "X16", "X18", "U1")]
    public async Task A_bad_SCIM_body_is_refused_with_its_scimType(string method, string path, string body, string scimTypes)
    {
        var answer = await organization.Scim.Send(method, Fill(path), body);
        answer.ExpectScimError(400);
        Assert.That(scimTypes.Split('|'), Does.Contain(answer.TextOrNull("scimType")), answer.ToString());
    }

    [TestCaseSource(typeof(BadInputs), nameof(BadInputs.Filters))]
    public async Task F13_a_hostile_filter_is_refused_as_invalidFilter(string filter)
    {
        var query = "?filter=" + Uri.EscapeDataString(filter);
        // Text that no store can keep is an invalid value, or part of an invalid filter.
        (await organization.Scim.Get("/Users" + query)).ExpectScimError(400, filter.Contains("\\u", StringComparison.Ordinal) ? null : "invalidFilter");
        (await organization.Scim.Get("/Groups" + query)).ExpectScimError(400);
    }

    [TestCase("userName eq \"'; DROP TABLE members; --\"")]
    [TestCase("userName eq \"a\\\" or \\\"1\\\"=\\\"1\"")]
    [TestCase("userName co \"%\"")]
    [TestCase("userName sw \"_\"")]
    [TestCase("userName co \"[a-z]\"")]
    [TestCase("userName eq \"\\u0061\\u0027 OR 1=1\"")]
    public async Task F18_SQL_in_a_value_is_a_value_and_matches_nobody(string filter)
    {
        var answer = (await organization.Scim.Get("/Users?filter=" + Uri.EscapeDataString(filter))).Expect(200);
        Assert.That(answer.Number("totalResults"), Is.Zero);
    }

    [TestCase("/Users?startIndex=one", "invalidValue")]
    [TestCase("/Users?count=many", "invalidValue")]
    [TestCase("/Users?count=1.5", "invalidValue")]
    [TestCase("/Users?startIndex=99999999999999999999", "invalidValue")]
    [TestCase("/Users?attributes=userName&excludedAttributes=emails", "invalidValue")]
    [TestCase("/Users?sortBy=userName&sortOrder=sideways", "invalidValue")]
    [TestCase("/Users?sortBy=noSuchThing", "invalidValue")]
    [TestCase("/Users?sortBy=password", "invalidValue")]
    [TestCase("/?sortBy=noSuchThing", "invalidValue")]
    [TestCase("/Users?cursor=zzz", "invalidCursor")]
    [TestCase("/Groups?cursor=%F0%9F%98%80", "invalidCursor")]
    [TestCase("/?cursor=zzz", "invalidCursor")]
    public async Task G5_a_bad_query_parameter_is_refused(string path, string scimType) => (await organization.Scim.Get(path)).ExpectScimError(400, scimType);

    [TestCase("/Users?startIndex=-5&count=1")]
    [TestCase("/Users?startIndex=0")]
    [TestCase("/Users?count=-1")]
    [TestCase("/Users?count=2000000000")]
    [TestCase("/Users?unknown=1&count=1")]
    [TestCase("/Users?attributes=noSuchThing")]
    [TestCase("/Users?sortBy=&sortOrder=descending")]
    public async Task G1_what_can_be_understood_is_answered(string path) => (await organization.Scim.Get(path)).Expect(200);

    [TestCase("GET", "/Nothing", 404)]
    [TestCase("GET", "/Users/none", 404)]
    [TestCase("GET", "/Users/00000000-0000-7000-8000-000000000000", 404)]
    [TestCase("PATCH", "/Users/00000000-0000-7000-8000-000000000000", 404)]
    [TestCase("PUT", "/Users/00000000-0000-7000-8000-000000000000", 404)]
    [TestCase("DELETE", "/Users/00000000-0000-7000-8000-000000000000", 404)]
    [TestCase("GET", "/Users/{group}", 404)]
    [TestCase("GET", "/Groups/{user}", 404)]
    [TestCase("GET", "/Users/{user}/emails", 404)]
    [TestCase("GET", "/Schemas/urn:none", 404)]
    [TestCase("GET", "/ResourceTypes/None", 404)]
    [TestCase("DELETE", "/Users", 405, 501)]
    [TestCase("PUT", "/Users", 405, 501)]
    [TestCase("PATCH", "/Groups", 405, 501)]
    [TestCase("POST", "/Users/{user}", 404, 405, 501)]
    [TestCase("POST", "/ServiceProviderConfig", 405)]
    [TestCase("DELETE", "/Schemas", 405)]
    [TestCase("GET", "/Me", 501)]
    [TestCase("GET", "/Bulk", 405)]
    [TestCase("GET", "/Users/.search", 404)]
    [TestCase("POST", "/Me", 501)]
    public async Task H9_an_unknown_route_or_method_is_a_SCIM_error(string method, string path, params int[] statuses)
    {
        var body = method is "POST" or "PUT" ? """{"userName":"x@x","schemas":[]}""" : method == "PATCH" ? BadInputs.PatchHead + """[{"op":"replace","path":"active","value":false}]}""" : null;
        var answer = (await organization.Scim.Send(method, Fill(path), body)).Expect(statuses);
        answer.ExpectScimError(answer.Status);
    }

    [Test]
    public async Task H10_an_unknown_version_of_SCIM_is_refused()
    {
        var answer = (await organization.Scim.At("/scim/v9").Get("/Users")).Expect(400, 404);
        answer.ExpectScimError(answer.Status);
    }

    [TestCase("text/plain")]
    [TestCase("application/xml")]
    [TestCase("application/x-www-form-urlencoded")]
    [TestCase("multipart/form-data; boundary=x")]
    public async Task A_wrong_media_type_is_415_at_both_doors(string mediaType)
    {
        (await organization.Scim.Post("/Users", """{"userName":"m@x"}""", ("Content-Type", mediaType))).ExpectScimError(415);
        (await organization.Owner.Post("/seat-swaps", """{"changes":[]}""", ("Content-Type", mediaType))).ExpectProblem(415, "unsupported_media_type");
        (await organization.Gateway.Post("/sign-in-decisions", """{}""", ("Content-Type", mediaType))).ExpectProblem(415, "unsupported_media_type");
    }

    [Test]
    public async Task E10_a_huge_body_is_413_and_names_the_limit()
    {
        var huge = $$"""{"userName":"huge@x","displayName":"{{new string('a', 5_000_000)}}"}""";
        var answer = (await organization.Scim.Post("/Users", huge)).ExpectScimError(413);
        Assert.That(answer.Text("detail"), Does.Contain("Limits:BodyBytes").Or.Contain("4194304").Or.Contain("maxPayloadSize"));
        (await organization.Owner.Post("/seat-swaps", huge)).ExpectProblem(413, "body_too_large");
        (await organization.Gateway.Post("/sign-in-decisions", huge)).ExpectProblem(413, "body_too_large");
    }

    [Test]
    public async Task Too_many_operations_are_refused_and_the_limit_is_named()
    {
        var operations = string.Join(',', Enumerable.Repeat("""{"op":"replace","path":"displayName","value":"x"}""", 2001));
        var answer = await organization.Scim.Patch("/Users/" + user, BadInputs.PatchHead + "[" + operations + "]}");
        answer.Expect(400, 413).ExpectScimError(answer.Status);
        Assert.That(answer.Text("detail"), Does.Contain("2000").Or.Contain("PatchOperations"));
    }

    [Test]
    public async Task Invalid_UTF_8_is_refused_at_every_door()
    {
        byte[] bytes = [.. "{\"userName\":\""u8, 0xC3, 0x28, .. "\"}"u8];
        (await organization.Scim.Post("/Users", bytes)).ExpectScimError(400);
        (await organization.Scim.Put("/Users/" + user, bytes)).ExpectScimError(400);
        (await organization.Gateway.Post("/sign-in-decisions", (byte[])[.. "{\"connection\":\"demo\",\"subject\":\""u8, 0xFF, .. "\"}"u8])).ExpectProblem(400, "invalid_request");
        (await organization.Owner.Patch("/members/" + member, (byte[])[.. "{\"state\":\""u8, 0x80, .. "\"}"u8], ("If-Match", "*"))).ExpectProblem(400, "invalid_request");
    }

    [TestCase("a\\u0000b")]
    [TestCase("\\ud800")]
    [TestCase("\\udc00\\ud800")]
    public async Task Text_that_no_store_can_keep_is_refused_at_the_hook(string text)
    {
        (await organization.Gateway.Post("/sign-in-decisions", $$"""{"connection":"demo","subject":"{{text}}","email":"{{organization.Mail("zoe")}}"}""")).ExpectProblem(400, "invalid_request");
        (await organization.Gateway.Post("/sign-in-decisions", $$"""{"connection":"demo","subject":"zoe","email":"{{text}}@{{organization.Domain}}"}""")).ExpectProblem(400, "invalid_request");
    }

    [Test]
    public async Task An_over_long_subject_or_address_is_refused_at_the_hook()
    {
        (await organization.SignInAsync(new string('s', 257), organization.Mail("zoe"))).ExpectProblem(400, "invalid_request");
        (await organization.SignInAsync("zoe", organization.Mail(new string('z', 257)))).ExpectProblem(400, "invalid_request");
    }

    [TestCase("W/\"")]
    [TestCase("nothing in quotes")]
    [TestCase("\"999999\"")]
    [TestCase("W/\"999999\", \"888888\"")]
    public async Task T3_an_If_Match_that_is_not_the_version_is_a_precondition_failed_or_a_bad_request(string tag)
    {
        var patch = TestOrganization.Patch(TestOrganization.Operation("replace", "displayName", "x"));
        var answer = (await organization.Scim.Patch("/Users/" + user, patch, ("If-Match", tag))).Expect(400, 412);
        answer.ExpectScimError(answer.Status);
        (await organization.Scim.Delete("/Users/" + user, ("If-Match", tag))).Expect(400, 412);
        (await organization.Owner.Patch("/members/" + member, new { state = "suspended" }, ("If-Match", tag))).Expect(400, 412);
    }

    [TestCase("GET", "/members/none", 404, "not_found")]
    [TestCase("GET", "/members/mem_00000000-0000-7000-8000-000000000000", 404, "not_found")]
    [TestCase("GET", "/nothing", 404, "not_found")]
    [TestCase("DELETE", "/seats", 405, "method_not_allowed")]
    [TestCase("GET", "/seat-swaps", 405, "method_not_allowed")]
    [TestCase("GET", "/members?cursor=%00", 400, "invalid_cursor")]
    [TestCase("GET", "/seats/waiting?cursor=zzz", 400, "invalid_cursor")]
    [TestCase("GET", "/audit?cursor=zzz", 400, "invalid_cursor")]
    [TestCase("GET", "/members?limit=-1", 400, "invalid_request")]
    [TestCase("GET", "/members?seatStatus=maybe", 400, "invalid_request")]
    [TestCase("GET", "/members?inactiveDays=many", 400, "invalid_request")]
    [TestCase("GET", "/members.csv?role=king", 400, "invalid_request")]
    [TestCase("GET", "/invitations?cursor=zzz", 400, "invalid_cursor")]
    [TestCase("GET", "/invitations/none", 404, "not_found")]
    [TestCase("GET", "/domains?limit=0", 400, "invalid_request")]
    [TestCase("DELETE", "/domains/none", 404, "not_found")]
    [TestCase("GET", "/tokens?cursor=zzz", 400, "invalid_cursor")]
    public async Task A_bad_REST_request_is_a_problem_with_its_code(string method, string path, int status, string code) =>
        (await organization.Owner.Send(method, path, null)).ExpectProblem(status, code);

    [TestCase("/seat-swaps", "")]
    [TestCase("/seat-swaps", "{")]
    [TestCase("/seat-swaps", "[]")]
    [TestCase("/seat-swaps", "null")]
    [TestCase("/seat-swaps", """{"changes":7}""")]
    [TestCase("/seat-swaps", """{"changes":[7]}""")]
    [TestCase("/seat-swaps", """{"changes":[{"memberId":5}]}""")]
    [TestCase("/tokens", """{"door":"window","name":"x"}""")]
    [TestCase("/tokens", """{"door":"admin","role":"king","name":"x"}""")]
    [TestCase("/tokens", """{"door":"gateway","name":"x","expiresAt":"tomorrow"}""")]
    [TestCase("/connections", """{"name":"","kind":"gateway","trustEmail":true}""")]
    [TestCase("/connections", """{"name":"x","kind":"door","trustEmail":true}""")]
    [TestCase("/invitations", """{"email":7}""")]
    [TestCase("/invitations", """{"email":"nobody"}""")]
    [TestCase("/invitations", """{"email":"a@b.example","role":"custom"}""")]
    [TestCase("/invitations/bulk", """{"invitations":[]}""")]
    [TestCase("/invitations/bulk", """{"invitations":{"email":"a@b.example"}}""")]
    [TestCase("/domains", """{"name":["a.example"]}""")]
    [TestCase("/scim-tokens", """{"name":""}""")]
    [TestCase("/tokens", """{"door":"gateway","name":"x","memberId":"mem_00000000-0000-7000-8000-000000000000"}""")]
    public async Task A_bad_REST_body_is_an_invalid_request(string path, string body) =>
        (await organization.Owner.Post(path, body)).ExpectProblem(400, "invalid_request");

    [TestCase("""{"slug":"","name":"x","tiers":[]}""")]
    [TestCase("""{"slug":"Not A Slug!","name":"x","tiers":[{"tier":"standard","rank":1,"purchased":1}]}""")]
    [TestCase("""{"slug":"negative","name":"x","tiers":[{"tier":"standard","rank":1,"purchased":-1}]}""")]
    [TestCase("""{"slug":"huge","name":"x","tiers":[{"tier":"standard","rank":1,"purchased":99999999999999999999}]}""")]
    [TestCase("""{"slug":"twice","name":"x","tiers":[{"tier":"standard","rank":1,"purchased":1},{"tier":"standard","rank":2,"purchased":1}]}""")]
    [TestCase("""{"slug":"mode","name":"x","mode":"chaos","tiers":[{"tier":"standard","rank":1,"purchased":1}]}""")]
    [TestCase("""{"slug":"zone","name":"x","billingZone":"Mars/Olympus","tiers":[{"tier":"standard","rank":1,"purchased":1}]}""")]
    public async Task A_bad_organisation_is_an_invalid_request(string body) => (await service.Operator.Post("", body)).ExpectProblem(400, "invalid_request");

    [Test]
    public async Task Requests_no_client_would_send_are_answered_with_an_error()
    {
        var token = organization.Scim.Token!;
        string[] authorized = ["Authorization: Bearer " + token];
        (string Line, string[] Headers)[] requests =
        [
            ("GET /scim/v2/Users?filter=%zz HTTP/1.1", authorized),
            ("GET /scim/v2/Users?filter=%C3%28 HTTP/1.1", authorized),
            ("GET /scim/v2/Users?filter=%00 HTTP/1.1", authorized),
            ("GET /scim/v2/Users/%00 HTTP/1.1", authorized),
            ("GET /scim/v2/Users/%ff%fe HTTP/1.1", authorized),
            ("GET /scim/v2/Users/..%2f..%2fetc HTTP/1.1", authorized),
            ("GET /scim/v2/Users/" + new string('a', 4000) + " HTTP/1.1", authorized),
            ("GET /scim/v2/Users?filter=" + new string('a', 9000) + " HTTP/1.1", authorized),
            ("GET /scim/v2/Users HTTP/1.1", ["Authorization: Bearer " + new string('t', 20_000)]),
            ("GET /scim/v2/Users HTTP/1.1", ["Authorization: Bearer " + token, "Authorization: Bearer " + token]),
            ("GET /scim/v2/Users HTTP/1.1", ["Authorization: Bearer"]),
            ("GET /scim/v2/Users HTTP/1.1", ["Authorization: Basic dTpw"]),
            ("GET /scim/v2/Users HTTP/1.1", ["Authorization: Bearer \u00e9\u00ff"]),
            ("GET /scim/v2/Users?startIndex=1&startIndex=x HTTP/1.1", authorized),
            ("NONSENSE /scim/v2/Users HTTP/1.1", authorized),
            ("GET /v1/organizations/%00/seats HTTP/1.1", authorized),
            ("GET /v1/organizations/" + organization.Slug + "/members/%00 HTTP/1.1", ["Authorization: Bearer " + organization.Owner.Token]),
            ("GET /v1/organizations/" + organization.Slug + "/members?filter=%zz%00 HTTP/1.1", ["Authorization: Bearer " + organization.Owner.Token]),
        ];
        foreach (var (line, headers) in requests)
        {
            var answer = await RawExchange.SendAsync(service.Address, line, headers);
            Assert.That(answer.Status, Is.InRange(200, 499).Or.EqualTo(501), answer.ToString());
            Assert.That(answer.Body, Does.Not.Contain("   at "), answer.ToString());
        }
    }

    [Test]
    public async Task Duplicate_headers_of_a_write_are_refused_or_mean_one()
    {
        var body = Encoding.UTF8.GetBytes(BadInputs.PatchHead + """[{"op":"replace","path":"nickName","value":"never"}]}""");
        var answer = await RawExchange.SendAsync(service.Address, $"PATCH /scim/v2/Users/{user} HTTP/1.1",
            ["Authorization: Bearer " + organization.Scim.Token, "Content-Type: application/scim+json", "If-Match: \"999998\"", "If-Match: \"999999\""], body);
        answer.Expect(400, 412);
    }

    private string Fill(string path) => path.Replace("{user}", user, StringComparison.Ordinal).Replace("{group}", group, StringComparison.Ordinal);

    /// <summary>What the directory holds and how the seats stand, as one text to compare.</summary>
    private async Task<string> StateAsync()
    {
        var users = (await organization.Scim.Get("/Users?count=1000")).Expect(200);
        var groups = (await organization.Scim.Get("/Groups?count=1000")).Expect(200);
        var members = (await organization.Owner.Get("/members?limit=100")).Expect(200);
        var seats = (await organization.Owner.Get("/seats")).Expect(200);
        return string.Join('\n', new[] { users, groups, members, seats }.Select(answer => answer.Json.ToJsonString()));
    }
}
