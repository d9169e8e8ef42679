using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;
using Provisioning.Api.Hosting;

namespace Provisioning.Tests.Http;

/// <summary>
/// Every REST route against every kind of caller, cell by cell (ROLE-1 to ROLE-5). Which route has which policy is approved in
/// Data/routes.txt; here stands, per policy, who is let in. Requests are made such that a caller who is let in is refused for the body
/// or finds nothing: the matrix changes nothing.
/// </summary>
public sealed class RoleMatrixTests
{
    private static readonly string[] Callers =
    [
        "nobody", "scim", "gateway", "application", "admin token", "owner token", "operator", "user", "admin", "owner", "primary owner",
        "suspended owner", "another's owner",
    ];

    /// <summary>Who is let in, by the words of the policy. A new policy needs a line.</summary>
    private static readonly Dictionary<string, string[]> LetIn = new()
    {
        ["an admin token with role admin or owner"] = ["admin token", "owner token", "operator", "admin", "owner", "primary owner"],
        ["an admin token with role owner"] = ["owner token", "operator", "owner", "primary owner"],
        ["the primary owner in person"] = ["primary owner"],
        ["a member in person"] = ["user", "admin", "owner", "primary owner"],
        ["a gateway token"] = ["gateway"],
        ["an application token"] = ["application", "admin token", "owner token", "operator", "admin", "owner", "primary owner"],
        ["the product's application token"] = ["application"],
        ["an owner, or a member in person about himself"] = ["owner token", "operator", "user", "admin", "owner", "primary owner"],
        ["the operator's token"] = ["operator"],
        ["a signature of the payment service"] = [],
        ["anyone"] = Callers,
    };

    private TestService service = null!;
    private TestOrganization organization = null!;
    private readonly Dictionary<string, Door> doors = [];

    [OneTimeSetUp]
    public async Task PrepareAsync()
    {
        service = await SharedService.GetAsync();
        organization = await service.OrganizationAsync(standard: 5, premium: 5);
        var other = await service.OrganizationAsync();
        doors["nobody"] = organization.Owner.With(null);
        doors["scim"] = organization.Owner.With(organization.Scim.Token);
        doors["gateway"] = organization.Gateway;
        doors["application"] = organization.Owner.With((await organization.Owner.Post("/tokens", new { door = "application", name = "matrix" })).Expect(201).Text("token"));
        doors["admin token"] = organization.Admin;
        doors["owner token"] = organization.Owner;
        doors["operator"] = organization.Operator;
        foreach (var (name, role) in ((string, string)[])[("user", "user"), ("admin", "admin"), ("owner", "owner"), ("suspended owner", "owner")])
            doors[name] = await PersonAsync(name.Replace(' ', '-'), role);
        doors["primary owner"] = await PersonAsync("primary", "owner");
        (await organization.Operator.Put("/owner", new { memberId = await organization.MemberIdOfAsync(organization.Mail("primary")) })).Expect(200);
        (await organization.PatchMemberAsync(await organization.MemberIdOfAsync(organization.Mail("suspended-owner")), new { state = "suspended" })).Expect(200);
        doors["another's owner"] = organization.Owner.With(other.Owner.Token);
    }

    private async Task<Door> PersonAsync(string name, string role)
    {
        var id = (await organization.AllowedAsync(name)).Text("memberId");
        (await organization.PatchMemberAsync(id, new { role })).Expect(200);
        return organization.Owner.With((await organization.Operator.Post("/tokens", new { door = "admin", memberId = id, name = "matrix" })).Expect(201).Text("token"));
    }

    [Test]
    public async Task ROLE_5_every_route_lets_in_exactly_whom_its_policy_names()
    {
        var wrong = new List<string>();
        var cells = 0;
        foreach (var (method, pattern, policy) in Routes())
        {
            if (!LetIn.TryGetValue(policy, out var allowed))
            {
                wrong.Add($"{method} {pattern}: the policy '{policy}' is not in the table of this test");
                continue;
            }
            foreach (var caller in Callers)
            {
                cells++;
                var path = pattern.Replace("{org}", organization.Slug, StringComparison.Ordinal);
                while (path.Contains('{', StringComparison.Ordinal))
                    path = path[..path.IndexOf('{', StringComparison.Ordinal)] + "none" + path[(path.IndexOf('}', StringComparison.Ordinal) + 1)..];
                var body = method is "GET" or "DELETE" ? null : """{"no such field":1}""";
                var answer = await doors[caller].At("").Send(method, path, body, ("If-Match", "*"), ("Idempotency-Key", Guid.NewGuid().ToString()));
                var letIn = answer.Status is not (401 or 403) && !(caller == "another's owner" && pattern.Contains("{org}", StringComparison.Ordinal));
                if (answer.Status >= 500) wrong.Add($"{method} {pattern} as {caller}: {answer.Status}");
                if (caller == "another's owner" && pattern.Contains("{org}", StringComparison.Ordinal) && policy != "anyone" && answer.Status is not (403 or 404))
                    wrong.Add($"{method} {pattern} as {caller}: {answer.Status}");
                if (letIn != allowed.Contains(caller) && policy != "anyone") wrong.Add($"{method} {pattern} as {caller}: {answer.Status} {answer.TextOrNull("code")}, but the policy is '{policy}'");
                var expected = caller is "nobody" or "suspended owner" || policy == "a signature of the payment service" ? 401 : 403;
                if (!letIn && caller != "another's owner" && policy != "anyone" && answer.Status != expected)
                    wrong.Add($"{method} {pattern} as {caller}: {answer.Status} instead of {expected}");
            }
        }
        TestContext.Out.WriteLine($"{cells} cells");
        Assert.That(wrong, Is.Empty);
        Assert.That(cells, Is.GreaterThan(300));
    }

    /// <summary>The table of what is done to whom, from the outside: rows are acts, columns the person it is done to.</summary>
    [TestCase("owner", """{"seat":{"unassign":true}}""", "user:yes admin:yes owner:yes primary:yes")]
    [TestCase("owner", """{"state":"suspended"}""", "user:yes admin:yes owner:yes primary:last_primary_owner")]
    [TestCase("owner", "DELETE", "user:yes admin:yes owner:yes primary:last_primary_owner")]
    [TestCase("owner", """{"role":"admin"}""", "user:yes admin:yes owner:yes primary:last_primary_owner")]
    [TestCase("owner", """{"role":"primary_owner"}""", "user:last_primary_owner admin:last_primary_owner owner:last_primary_owner primary:last_primary_owner")]
    [TestCase("admin", """{"seat":{"unassign":true}}""", "user:yes admin:forbidden_role owner:forbidden_role primary:forbidden_role")]
    [TestCase("admin", """{"state":"suspended"}""", "user:yes admin:forbidden_role owner:forbidden_role primary:forbidden_role")]
    [TestCase("admin", "DELETE", "user:yes admin:forbidden_role owner:forbidden_role primary:forbidden_role")]
    [TestCase("admin", """{"role":"user"}""", "user:forbidden_role admin:forbidden_role owner:forbidden_role primary:forbidden_role")]
    public async Task ROLE_2_who_may_do_what_to_whom(string role, string act, string expected)
    {
        var own = await service.OrganizationAsync(standard: 9, premium: 9);
        var token = await ActorAsync(own, "actor", role);
        foreach (var cell in expected.Split(' '))
        {
            var (whom, code) = (cell.Split(':')[0], cell.Split(':')[1]);
            var id = await MemberAsync(own, "target-" + whom, whom == "primary" ? "owner" : whom);
            if (whom == "primary") (await own.Operator.Put("/owner", new { memberId = id })).Expect(200);
            foreach (var door in (Door[])[token, role == "owner" ? own.Owner : own.Admin]) // in person, and by a token with the role
            {
                var target = door == token || code != "yes" || whom == "primary" ? id : await MemberAsync(own, "second-" + whom, whom);
                var answer = act == "DELETE"
                    ? await door.Delete("/members/" + target, ("If-Match", "*")) : await door.Patch("/members/" + target, act, ("If-Match", "*"));
                if (code == "yes") answer.Expect(200, 204);
                else answer.ExpectProblem(code == "forbidden_role" ? 403 : 409, code);
            }
        }
    }

    [Test]
    public async Task ROLE_3_an_owner_cannot_remove_or_suspend_himself()
    {
        var own = await service.OrganizationAsync();
        var door = await ActorAsync(own, "actor", "owner");
        await MemberAsync(own, "second", "owner");
        var id = await own.MemberIdOfAsync(own.Mail("actor"));
        (await door.Delete("/members/" + id, ("If-Match", "*"))).ExpectProblem(409, "cannot_remove_self");
        (await door.Patch("/members/" + id, new { state = "suspended" }, ("If-Match", "*"))).ExpectProblem(409, "cannot_remove_self");
        Assert.That((await own.MemberAsync(id)).Text("state"), Is.EqualTo("active"));
    }

    [TestCase("owner", "user:yes admin:yes owner:yes primary:yes self:yes")]
    [TestCase("admin", "user:yes admin:forbidden_role owner:forbidden_role primary:forbidden_role self:yes")]
    [TestCase("application", "user:yes admin:yes owner:yes primary:yes")]
    public async Task ROLE_2_who_may_end_whose_session(string role, string expected)
    {
        var own = await service.OrganizationAsync(standard: 9, premium: 9);
        var byToken = role switch
        {
            "owner" => own.Owner,
            "admin" => own.Admin,
            _ => own.Owner.With((await own.Owner.Post("/tokens", new { door = "application", name = "product" })).Expect(201).Text("token")),
        };
        var callers = role == "application" ? [byToken] : new List<Door> { await ActorAsync(own, "actor", role), byToken };
        foreach (var cell in expected.Split(' '))
        {
            var (whom, code) = (cell.Split(':')[0], cell.Split(':')[1]);
            var id = whom == "self" ? await own.MemberIdOfAsync(own.Mail("actor")) : await MemberAsync(own, "target-" + whom, whom == "primary" ? "owner" : whom);
            if (whom == "primary") (await own.Operator.Put("/owner", new { memberId = id })).Expect(200);
            foreach (var door in whom == "self" ? callers.Take(1) : callers)
            {
                var path = "/sessions/" + await service.SessionAsync(own, id);
                var answer = await door.Delete(path);
                if (code == "yes") answer.Expect(204);
                else answer.ExpectProblem(403, code);
                Assert.That((await own.Owner.Get(path)).Expect(200).Flag("active"), Is.EqualTo(code != "yes"), $"{role} {cell}");
            }
        }
    }

    [Test]
    public async Task ROLE_3_the_primary_owner_transfers_with_the_new_owners_email_typed()
    {
        var own = await service.OrganizationAsync(standard: 3, premium: 3);
        var primary = await ActorAsync(own, "primary", "owner");
        var owner = await ActorAsync(own, "owner", "owner");
        var (first, second) = (await own.MemberIdOfAsync(own.Mail("primary")), await own.MemberIdOfAsync(own.Mail("owner")));
        (await own.Operator.Put("/owner", new { memberId = first })).Expect(200);
        (await owner.Post("/ownership-transfer", new { memberId = second, confirmEmail = own.Mail("owner") })).ExpectProblem(403, "forbidden_role");
        (await own.Owner.Post("/ownership-transfer", new { memberId = second, confirmEmail = own.Mail("owner") })).ExpectProblem(403, "forbidden_role");
        (await primary.Post("/ownership-transfer", new { memberId = second, confirmEmail = own.Mail("primary") })).ExpectProblem(400, "invalid_request");
        (await primary.Post("/ownership-transfer", new { memberId = "mem_00000000-0000-7000-8000-000000000000", confirmEmail = own.Mail("owner") })).ExpectProblem(404);
        var done = (await primary.Post("/ownership-transfer", new { memberId = second, confirmEmail = own.Mail("OWNER") })).Expect(200);
        Assert.That(done.Text("role"), Is.EqualTo("primary_owner"));
        Assert.That((await own.MemberAsync(first)).Text("role"), Is.EqualTo("owner"));
        (await primary.Post("/ownership-transfer", new { memberId = second, confirmEmail = own.Mail("owner") })).ExpectProblem(403, "forbidden_role");
        Assert.That((await own.ActionsOnAsync(first, second)).Count(action => action == "member.role_changed"), Is.GreaterThanOrEqualTo(4));
        (await owner.Delete("/members/" + second, ("If-Match", "*"))).ExpectProblem(409, "last_primary_owner");
    }

    [Test]
    public async Task ROLE_3_the_operator_appoints_when_the_primary_owner_is_gone_and_I_3_holds_when_many_do()
    {
        var own = await service.OrganizationAsync(standard: 9, premium: 9);
        var ids = new List<string>();
        for (var at = 0; at < 6; at++) ids.Add(await MemberAsync(own, "heir-" + at, "owner"));
        (await own.Operator.Put("/owner", new { memberId = ids[0] })).Expect(200);
        var all = await Task.WhenAll(ids.Select(id => own.Operator.Put("/owner", new { memberId = id })));
        Assert.That(all.Select(answer => answer.Status), Has.All.EqualTo(200));
        Assert.That((await own.MembersAsync("&role=primary_owner")), Has.Count.EqualTo(1));
        Assert.That((await own.MembersAsync("&role=owner")), Has.Count.EqualTo(5));
    }

    [Test]
    public async Task A_personal_token_acts_with_the_role_of_the_moment_and_dies_with_the_member()
    {
        var own = await service.OrganizationAsync(mode: "jit");
        var door = await ActorAsync(own, "ada", "owner");
        await MemberAsync(own, "second", "owner");
        var id = await own.MemberIdOfAsync(own.Mail("ada"));
        Assert.That((await door.Get("/me")).Expect(200).Text("member", "id"), Is.EqualTo(id));
        (await door.Get("/tokens")).Expect(200);
        (await own.PatchMemberAsync(id, new { role = "admin" })).Expect(200);
        (await door.Get("/tokens")).ExpectProblem(403, "forbidden_role");
        (await door.Get("/members")).Expect(200);
        (await own.PatchMemberAsync(id, new { role = "user" })).Expect(200);
        (await door.Get("/members")).ExpectProblem(403, "forbidden_role");
        (await door.Get("/me")).Expect(200);
        (await own.PatchMemberAsync(id, new { state = "suspended" })).Expect(200);
        (await door.Get("/me")).ExpectProblem(401, "unauthenticated");
        (await own.PatchMemberAsync(id, new { state = "active" })).Expect(200);
        (await door.Get("/me")).Expect(200);
        (await own.Owner.Delete("/members/" + id, ("If-Match", "*"))).Expect(204);
        (await own.AllowedAsync("ada", change: null)).Expect(200);
        (await door.Get("/me")).ExpectProblem(401, "unauthenticated");
    }

    [Test]
    public async Task ROLE_4_an_administrator_without_a_seat_administers()
    {
        var own = await service.OrganizationAsync(standard: 0, premium: 1);
        var door = await ActorAsync(own, "ada", "owner");
        (await own.PatchMemberAsync(await own.MemberIdOfAsync(own.Mail("ada")), new { seat = new { unassign = true } })).Expect(200);
        (await door.Get("/seats")).Expect(200);
        var record = (await own.AuditAsync()).First(one => TestOrganization.Text(one, "action") == "seat.unassigned");
        Assert.That(TestOrganization.Text(record["actor"], "kind"), Is.EqualTo("admin_token"));
        (await door.Patch("/members/" + await own.MemberIdOfAsync(own.Mail("ada")), new { seat = new { tier = "premium" } }, ("If-Match", "*"))).Expect(200);
        record = (await own.AuditAsync()).First(one => TestOrganization.Text(one, "action") == "seat.assigned");
        Assert.That(TestOrganization.Text(record["actor"], "kind"), Is.EqualTo("member"));
    }

    [Test]
    public async Task A_personal_token_is_made_by_the_member_himself_or_the_operator()
    {
        var own = await service.OrganizationAsync(standard: 3, premium: 3);
        var owner = await ActorAsync(own, "owner", "owner");
        var (me, other) = (await own.MemberIdOfAsync(own.Mail("owner")), await MemberAsync(own, "other", "user"));
        (await owner.Post("/tokens", new { door = "admin", memberId = other, name = "x" })).ExpectProblem(403, "forbidden_role");
        (await own.Owner.Post("/tokens", new { door = "admin", memberId = me, name = "x" })).ExpectProblem(403, "forbidden_role");
        var made = (await owner.Post("/tokens", new { door = "admin", memberId = me, name = "x" })).Expect(201);
        Assert.That((made.Text("memberId"), made.TextOrNull("role")), Is.EqualTo((me, (string?)null)));
        (await owner.With(made.Text("token")).Get("/me")).Expect(200);
        (await owner.Post("/tokens", new { door = "scim", memberId = me, name = "x" })).ExpectProblem(400, "invalid_request");
        (await owner.Post("/tokens", new { door = "admin", role = "owner", memberId = me, name = "x" })).ExpectProblem(400, "invalid_request");
        var foreign = await service.OrganizationAsync();
        (await foreign.Operator.Post("/tokens", new { door = "admin", memberId = me, name = "x" })).ExpectProblem(404, "not_found");
    }

    private static async Task<string> MemberAsync(TestOrganization of, string name, string role)
    {
        var id = (await of.AllowedAsync(name)).Text("memberId");
        if (role != "user") (await of.PatchMemberAsync(id, new { role })).Expect(200);
        return id;
    }

    private static async Task<Door> ActorAsync(TestOrganization of, string name, string role)
    {
        var id = await MemberAsync(of, name, role);
        return of.Owner.With((await of.Operator.Post("/tokens", new { door = "admin", memberId = id, name })).Expect(201).Text("token"));
    }

    private IEnumerable<(string Method, string Pattern, string Policy)> Routes() =>
        service.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText!.TrimStart('/').StartsWith("v1/", StringComparison.Ordinal))
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Where(method => method != "HEAD")
                .Select(method => (method, "/" + endpoint.RoutePattern.RawText!.Trim('/'), endpoint.Metadata.GetMetadata<RoutePolicy>()!.Who)));
}
