using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Http;
using static Provisioning.Tests.Http.MappingSteps;

namespace Provisioning.Tests.Sso;

/// <summary>Groups of an OpenID provider decide role and tier (JIT-7), and who administers needs no seat (ROLE-4).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class MappedOidcTests(string engine)
{
    private TestService service = null!;
    private OidcOrganization sso = null!;
    private TestBrowser browser = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => service = await SharedService.GetAsync(engine);

    [SetUp]
    public async Task MakeAsync()
    {
        sso = await OidcOrganization.MakeAsync(service, standard: 3, premium: 3);
        (await sso.Organization.SetAsync(Mapping([("Staff", "user"), ("Admins", "admin")], [("Staff", "standard"), ("Admins", "premium")]))).Expect(200);
        browser = sso.Browser();
    }

    [TearDown]
    public async Task EndAsync()
    {
        browser.Dispose();
        await sso.DisposeAsync();
    }

    private JsonObject Person(params string[] groups) => Person("ada", groups);

    private JsonObject Person(string name, string[] groups)
    {
        var person = sso.Person(name);
        person["groups"] = new JsonArray([.. groups.Select(group => JsonValue.Create(group))]);
        return person;
    }

    [Test]
    public async Task JIT_7_the_groups_claim_gives_role_and_tier_and_losing_it_ends_the_session()
    {
        var session = await sso.AllowedAsync(browser, Person("Staff", "Others"));
        Assert.That((session.Text("role"), session.Text("tier")), Is.EqualTo(("user", "standard")));
        using var other = sso.Browser();
        await sso.AllowedAsync(other, Person("bob", ["Admins"])); // so that ada is not the last who can administer (SCIM-11)
        session = await sso.AllowedAsync(browser, Person("Admins"));
        Assert.That((session.Text("role"), session.Text("tier")), Is.EqualTo(("admin", "premium")));
        (await sso.SignInAsync(browser, Person("Others"))).Expect(403, "You are in no group that has access");
        Assert.That((await sso.Application.Get("/sessions/" + session.Text("sessionId"))).Expect(200).Text("inactiveReason"), Is.EqualTo("session_ended"));
        await sso.Organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task JIT_7_groups_that_the_provider_keeps_to_itself_suspend_nobody()
    {
        var session = await sso.AllowedAsync(browser, Person("Staff"));
        var hidden = sso.Person("ada");
        hidden["_claim_names"] = new JsonObject { ["groups"] = "src1" }; // as Entra writes a person of more than 200 groups
        hidden["_claim_sources"] = new JsonObject { ["src1"] = new JsonObject { ["endpoint"] = "https://graph.example/members" } };
        (await sso.SignInAsync(browser, hidden)).Expect(403, "Your groups are not known");
        await sso.Organization.ExpectAsync("ada", "active user assigned:standard");
        Assert.That((await sso.Application.Get("/sessions/" + session.Text("sessionId"))).Expect(200).Flag("active"), Is.True);
    }

    [Test]
    public async Task ROLE_4_an_admin_without_a_seat_comes_in_to_administer_and_may_not_use_the_product()
    {
        var session = await sso.AllowedAsync(browser, Person("Admins"));
        (await sso.Organization.PatchMemberAsync(session.Text("memberId"), new { seat = new { unassign = true } })).Expect(200);
        Assert.That((await sso.Application.Get("/sessions/" + session.Text("sessionId"))).Expect(200).Flag("active"), Is.False);
        var again = await sso.AllowedAsync(browser, Person("Admins"));
        Assert.That((again.Flag("active"), again.Flag("productAccess"), again.At("features")!.ToJsonString()), Is.EqualTo((true, false, "{}")));
    }

    [Test]
    public async Task JIT_7_groups_that_only_the_userinfo_endpoint_has_are_asked_for()
    {
        sso.Provider.UserInfo = Person("Staff");
        Assert.That((await sso.AllowedAsync(browser, sso.Person("ada"))).Text("role"), Is.EqualTo("user"));
    }

    [Test]
    public async Task JIT_7_groups_that_could_not_be_read_suspend_nobody()
    {
        await sso.AllowedAsync(browser, Person("Staff"));
        sso.Provider.UserInfo = null;
        (await sso.SignInAsync(browser, sso.Person("ada"))).Expect(403, "Your groups are not known");
        await sso.Organization.ExpectAsync("ada", "active user assigned:standard");
    }
}
