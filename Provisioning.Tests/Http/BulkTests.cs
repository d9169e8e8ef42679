using System.Globalization;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Coverage;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>POST /Bulk (RFC 7644 3.7, checklist section 16).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class BulkTests(string engine)
{
    private const string Schema = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
    private const string Enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

    private TestService service = null!;

    [OneTimeSetUp]
    public async Task TakeServiceAsync() => service = await SharedService.GetAsync(engine);

    [Test]
    [Checklist("B1", "B2", "B3")]
    public async Task B3_every_operation_is_answered_with_method_bulkId_location_version_and_status()
    {
        var organization = await service.OrganizationAsync();
        var (ada, bob, cyd) = (await organization.PushAsync("ada"), await organization.PushAsync("bob"), await organization.PushAsync("cyd"));
        var answer = (await Send(organization,
            Operation("POST", "/Users", organization.User("dan"), "qwerty"),
            Operation("PUT", "/Users/" + ada, organization.User("ada", active: false)),
            Operation("patch", "Users/" + bob, TestOrganization.Patch(TestOrganization.Operation("replace", "nickName", "B")), "p1"),
            Operation("DELETE", "/Users/" + cyd, null),
            Operation("POST", "/Users", organization.User("bob"), "again"))).Expect(200);
        Assert.That(answer.Text("schemas", 0), Is.EqualTo("urn:ietf:params:scim:api:messages:2.0:BulkResponse"));
        Assert.That(Statuses(answer), Is.EqualTo("201 200 200 204 409"));
        var made = answer.At("Operations", 0)!;
        Assert.That((TestOrganization.Text(made, "method"), TestOrganization.Text(made, "bulkId"), TestOrganization.Text(made, "version")), Is.EqualTo(("POST", "qwerty", "W/\"1\"")));
        var dan = TestOrganization.Text(made, "location")!.Split('/')[^1];
        Assert.That((await organization.Scim.Get("/Users/" + dan)).Expect(200).Text("userName"), Is.EqualTo(organization.Mail("dan")));
        Assert.That(answer.Text("Operations", 1, "location"), Does.EndWith("/Users/" + ada));
        Assert.That((answer.Text("Operations", 2, "method"), answer.Text("Operations", 2, "bulkId"), answer.Text("Operations", 2, "version")), Is.EqualTo(("PATCH", "p1", "W/\"2\"")));
        Assert.That(answer.Text("Operations", 3, "location"), Does.EndWith("/Users/" + cyd));
        var failed = answer.At("Operations", 4)!;
        Assert.That(failed["location"], Is.Null, "a failed POST has none");
        Assert.That((TestOrganization.Text(failed["response"], "scimType"), TestOrganization.Text(failed["response"], "status")), Is.EqualTo(("uniqueness", "409")));
        Assert.That(failed["response"]!["schemas"]![0]!.GetValue<string>(), Is.EqualTo(Answer.ErrorSchema));
        (await organization.Scim.Get("/Users/" + cyd)).ExpectScimError(404);
        await organization.ExpectBooksAgreeAsync();
    }

    [Test]
    public async Task B5_references_go_forward_into_values_paths_and_filters()
    {
        var organization = await service.OrganizationAsync(standard: 5, premium: 5);
        var answer = (await Send(organization,
            Operation("POST", "/Groups", Group("Tour guides", "bulkId:u1", "bulkId:u2"), "g1"),
            Operation("PATCH", "/Users/bulkId:u1", TestOrganization.Patch(TestOrganization.Operation("add", "nickName", "One"))),
            Operation("PATCH", "/Groups/bulkId:g1", TestOrganization.Patch(TestOrganization.Operation("remove", "members[value eq \"bulkId:u2\"]", null))),
            Operation("POST", "/Users", WithManager(organization.User("u1"), "bulkId:u2"), "u1"),
            Operation("POST", "/Users", organization.User("u2"), "u2"))).Expect(200);
        Assert.That(Statuses(answer), Is.EqualTo("201 200 200 201 201"));
        var (u1, u2, g1) = (Id(answer, 3), Id(answer, 4), Id(answer, 0));
        Assert.That((await organization.Scim.Get("/Groups/" + g1)).Items("members").Select(member => TestOrganization.Text(member, "value")), Is.EqualTo((string[])[u1]));
        var user = (await organization.Scim.Get("/Users/" + u1)).Expect(200);
        Assert.That((user.Text("nickName"), user.Text(Enterprise, "manager", "value")), Is.EqualTo(("One", u2)));
    }

    [Test]
    public async Task B5_operations_that_refer_to_each_other_are_all_done()
    {
        var organization = await service.OrganizationAsync(standard: 5, premium: 5);
        var answer = (await Send(organization,
            Operation("POST", "/Groups", Group("A", "bulkId:b", "bulkId:u"), "a"),
            Operation("POST", "/Groups", Group("B", "bulkId:a"), "b"),
            Operation("POST", "/Users", WithManager(organization.User("u"), "bulkId:v"), "u"),
            Operation("POST", "/Users", WithManager(organization.User("v"), "bulkId:u"), "v"),
            Operation("POST", "/Users", WithManager(organization.User("w"), "bulkId:w"), "w"))).Expect(200);
        Assert.That(Statuses(answer), Is.EqualTo("201 201 201 201 201"));
        var (a, b, u, v, w) = (Id(answer, 0), Id(answer, 1), Id(answer, 2), Id(answer, 3), Id(answer, 4));
        Assert.That(Members((await organization.Scim.Get("/Groups/" + a)).Expect(200)), Is.EquivalentTo((string[])[b, u]));
        Assert.That(Members((await organization.Scim.Get("/Groups/" + b)).Expect(200)), Is.EqualTo((string[])[a]));
        foreach (var (person, manager) in (ValueTuple<string, string>[])[(u, v), (v, u), (w, w)])
            Assert.That((await organization.Scim.Get("/Users/" + person)).Text(Enterprise, "manager", "value"), Is.EqualTo(manager));
        for (var i = 0; i < 5; i++)
            Assert.That(answer.Text("Operations", i, "version"), Is.EqualTo((await organization.Scim.Get(answer.Text("Operations", i, "location").Split("/v2")[1])).Header("ETag")));
        await organization.ExpectBooksAgreeAsync();
    }

    [Test]
    [Checklist("B6", "U10")]
    public async Task B6_a_reference_to_nothing_fails_its_own_operation_only()
    {
        var organization = await service.OrganizationAsync();
        var answer = (await Send(organization,
            Operation("POST", "/Groups", Group("Ghosts", "bulkId:nobody"), "g"),
            Operation("PATCH", "/Users/bulkId:nobody", TestOrganization.Patch(TestOrganization.Operation("add", "nickName", "x"))),
            Operation("POST", "/Users", new JsonObject { ["active"] = true }, "nameless"),
            Operation("POST", "/Groups", Group("Nameless", "bulkId:nameless"), "h"),
            Operation("POST", "/Users", organization.User("ada"), "ada"))).Expect(200);
        Assert.That(Statuses(answer), Is.EqualTo("409 409 400 409 201"));
        Assert.That(answer.Text("Operations", 0, "response", "detail"), Does.Contain("bulkId:nobody"));
        Assert.That((await organization.Scim.Get("/Groups")).Number("totalResults"), Is.Zero);
    }

    [Test]
    public async Task B6_what_waits_for_itself_and_for_something_refused_is_not_there_afterwards()
    {
        var organization = await service.OrganizationAsync();
        var answer = (await Send(organization,
            Operation("POST", "/Users", WithManager(organization.User("ada"), "bulkId:bob"), "ada"),
            Operation("POST", "/Users", WithManager(new JsonObject { ["active"] = true }, "bulkId:ada"), "bob"))).Expect(200);
        Assert.That(Statuses(answer), Is.EqualTo("409 400"));
        Assert.That((await organization.Scim.Get("/Users")).Number("totalResults"), Is.Zero);
        await organization.ExpectAssignedAsync(premium: 0, standard: 0);
    }

    [TestCase(1, "400")]
    [TestCase(2, "400 201 400")]
    [TestCase(0, "400 201 400 201")]
    [TestCase(null, "400 201 400 201")]
    [TestCase(9, "400 201 400 201")]
    public async Task B4_after_failOnErrors_errors_nothing_more_is_done(int? failOnErrors, string statuses)
    {
        var organization = await service.OrganizationAsync();
        var body = Body(
            Operation("POST", "/Users", new JsonObject(), "a"), Operation("POST", "/Users", organization.User("ada"), "b"),
            Operation("POST", "/Users", new JsonObject(), "c"), Operation("POST", "/Users", organization.User("bob"), "d"));
        if (failOnErrors is not null) body["failOnErrors"] = failOnErrors;
        var answer = (await organization.Scim.Post("/Bulk", body)).Expect(200);
        Assert.That(Statuses(answer), Is.EqualTo(statuses));
        Assert.That((await organization.Scim.Get("/Users")).Number("totalResults"), Is.EqualTo(statuses.Split(' ').Count(status => status == "201")));
    }

    [Test]
    [Checklist("B7", "E10")]
    public async Task B7_more_than_advertised_is_413_that_names_the_limit_and_nothing_is_done()
    {
        await using var small = await TestService.StartOnAsync(engine, settings: ["Limits:BulkOperations=2", "Limits:BulkBytes=3000"]);
        var demo = await small.DemoAsync();
        var config = (await demo.Scim.Get("/ServiceProviderConfig")).Expect(200);
        Assert.That((config.Flag("bulk", "supported"), config.Number("bulk", "maxOperations"), config.Number("bulk", "maxPayloadSize")), Is.EqualTo((true, 2, 3000)));
        var many = Enumerable.Range(0, 3).Select(i => Operation("POST", "/Users", demo.User("m" + i), "b" + i)).ToArray();
        Assert.That((await Send(demo, many)).ExpectScimError(413).Text("detail"), Does.Contain("maxOperations").And.Contain("2").And.Contain("Limits:BulkOperations"));
        var large = demo.User("large");
        large["nickName"] = new string('x', 3000);
        Assert.That((await Send(demo, Operation("POST", "/Users", large, "b"))).ExpectScimError(413).Text("detail"), Does.Contain("maxPayloadSize").And.Contain("3000").And.Contain("Limits:BulkBytes"));
        Assert.That((await demo.Scim.Get("/Users")).Number("totalResults"), Is.Zero);
        Assert.That(Statuses((await Send(demo, many[..2])).Expect(200)), Is.EqualTo("201 201"));
    }

    [Test]
    [Checklist("B8", "N1", "N3", "N4")]
    public async Task B8_each_operation_asks_for_its_own_seat()
    {
        var organization = await service.OrganizationAsync(standard: 1, premium: 1, onNoSeat: "reject");
        var answer = (await Send(organization, [.. Enumerable.Range(0, 4).Select(i => Operation("POST", "/Users", organization.User("u" + i), "b" + i))])).Expect(200);
        Assert.That(Statuses(answer), Is.EqualTo("201 201 403 403"));
        Assert.That(answer.Text("Operations", 2, "response", "detail"), Does.StartWith("seat_unavailable:"));
        Assert.That(answer.At("Operations", 2, "response", "scimType"), Is.Null);
        await organization.ExpectAssignedAsync(premium: 1, standard: 1);

        var freed = Id(answer, 0);
        var swapped = (await Send(organization,
            Operation("PATCH", "/Users/" + freed, TestOrganization.Patch(TestOrganization.Operation("replace", "active", false))),
            Operation("POST", "/Users", organization.User("u2"), "u2"),
            Operation("PATCH", "/Users/" + freed, TestOrganization.Patch(TestOrganization.Operation("replace", "active", true))))).Expect(200);
        Assert.That(Statuses(swapped), Is.EqualTo("200 201 403"), "in order, each sees the seats the one before left");
        await organization.ExpectBooksAgreeAsync();
    }

    [Test]
    [Checklist("B8", "N2")]
    public async Task N2_bulk_requests_and_sign_ins_at_once_sell_each_seat_once()
    {
        var organization = await service.OrganizationAsync(standard: 2, premium: 1, onNoSeat: "reject");
        var bulks = Enumerable.Range(0, 4).Select(n => Send(organization,
            [.. Enumerable.Range(0, 3).Select(i => Operation("POST", "/Users", organization.User($"b{n}-{i}"), "x" + i))]));
        var signIns = Enumerable.Range(0, 4).Select(n => organization.SignInAsync("j" + n));
        var answers = await Task.WhenAll(bulks.Concat(signIns));
        var pushed = answers[..4].Sum(answer => Statuses(answer.Expect(200)).Split(' ').Count(status => status == "201"));
        var allowed = answers[4..].Count(answer => answer.Expect(200).Text("decision") == "allow");
        Assert.That(pushed + allowed, Is.EqualTo(3));
        await organization.ExpectAssignedAsync(premium: 1, standard: 2);
        await organization.ExpectBooksAgreeAsync();
    }

    [Test]
    [Checklist("B2", "B9")]
    public async Task B9_an_operation_that_is_none_fails_by_itself()
    {
        var organization = await service.OrganizationAsync();
        var ada = await organization.PushAsync("ada");
        (JsonNode Operation, string Status)[] cases =
        [
            (Operation("GET", "/Users/" + ada, null), "400"), (Operation("POST", "/Users", organization.User("x"), null), "400"),
            (Operation("POST", "/Users", null, "n1"), "400"), (Operation("PUT", "/Users", organization.User("x"), "n2"), "400"),
            (Operation("POST", "/Users/" + ada, organization.User("x"), "n3"), "400"), (Operation("POST", "/Nothing", new JsonObject(), "n4"), "400"),
            (Operation("POST", "", new JsonObject(), "n5"), "400"), (Operation("POST", "/Bulk", new JsonObject(), "n6"), "501"),
            (Operation("DELETE", "/Users/none", null), "404"), (Operation("DELETE", $"/Users/{ada}/emails", null), "400"),
            (Operation("POST", "/Users", organization.User("dup1"), "twice"), "201"), (Operation("POST", "/Users", organization.User("dup2"), "twice"), "400"),
            (JsonValue.Create("text"), "400"), (Operation("PATCH", "/Users/" + ada, new JsonObject()), "400"),
            (Stale(Operation("DELETE", "/Users/" + ada, null)), "412"), (Operation("DELETE", "/Users/" + ada, null), "204"),
        ];
        var answer = (await organization.Scim.Post("/Bulk", Body([.. cases.Select(one => one.Operation)]))).Expect(200);
        Assert.That(Statuses(answer), Is.EqualTo(string.Join(' ', cases.Select(one => one.Status))), answer.ToString());

        static JsonObject Stale(JsonObject operation)
        {
            operation["version"] = "W/\"99\"";
            return operation;
        }
    }

    [TestCase("""{"Operations":[{"method":"DELETE","path":"/Users/1"}]}""")]
    [TestCase("""{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"method":"DELETE","path":"/Users/1"}]}""")]
    [TestCase("""{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]}""")]
    [TestCase("""{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[]}""")]
    [TestCase("""{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":{}}""")]
    [TestCase("""{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"failOnErrors":"x","Operations":[{"method":"DELETE","path":"/Users/1"}]}""")]
    [TestCase("""{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"failOnErrors":-1,"Operations":[{"method":"DELETE","path":"/Users/1"}]}""")]
    public async Task B1_what_is_no_bulk_request_is_invalidSyntax(string body)
    {
        var organization = await service.OrganizationAsync();
        (await organization.Scim.Post("/Bulk", body)).ExpectScimError(400, "invalidSyntax");
        (await organization.Scim.With(null).Post("/Bulk", body)).ExpectScimError(401);
    }

    [Test]
    [Checklist("H13", "B8")]
    public async Task H13_an_operation_on_another_organisations_resource_is_404()
    {
        var (ours, theirs) = (await service.OrganizationAsync(), await service.OrganizationAsync());
        var (user, group) = (await theirs.PushAsync("secret"), await theirs.PushGroupAsync("Secret"));
        var answer = (await Send(ours,
            Operation("DELETE", "/Users/" + user, null), Operation("PUT", "/Users/" + user, ours.User("x")),
            Operation("DELETE", "/Groups/" + group, null),
            Operation("PATCH", "/Groups/" + group, TestOrganization.Patch(TestOrganization.Operation("remove", "members", null))))).Expect(200);
        Assert.That(Statuses(answer), Is.EqualTo("404 404 404 404"));
        (await theirs.Scim.Get("/Users/" + user)).Expect(200);
        (await theirs.Scim.Get("/Groups/" + group)).Expect(200);
    }

    private static Task<Answer> Send(TestOrganization organization, params JsonObject[] operations) => organization.Scim.Post("/Bulk", Body(operations));

    private static JsonObject Body(params JsonNode[] operations) => new() { ["schemas"] = new JsonArray(Schema), ["Operations"] = new JsonArray([.. operations.Select(operation => operation.DeepClone())]) };

    private static JsonObject Operation(string method, string path, JsonObject? data, string? bulkId = null)
    {
        var operation = new JsonObject { ["method"] = method, ["path"] = path };
        if (bulkId is not null) operation["bulkId"] = bulkId;
        if (data is not null) operation["data"] = data.DeepClone();
        return operation;
    }

    private static JsonObject Group(string name, params string[] members) => new()
    {
        ["schemas"] = new JsonArray(TestOrganization.GroupSchema), ["displayName"] = name,
        ["members"] = new JsonArray([.. members.Select(member => new JsonObject { ["value"] = member })]),
    };

    private static JsonObject WithManager(JsonObject user, string manager)
    {
        user[Enterprise] = new JsonObject { ["manager"] = new JsonObject { ["value"] = manager } };
        return user;
    }

    private static string Statuses(Answer answer) => string.Join(' ', answer.Items("Operations").Select(operation => TestOrganization.Text(operation, "status")));

    private static string Id(Answer answer, int at) => answer.Text("Operations", at, "location").Split('/')[^1];

    private static IEnumerable<string?> Members(Answer group) => group.Items("members").Select(member => TestOrganization.Text(member, "value"));
}
