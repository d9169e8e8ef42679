using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Engines;
using static Provisioning.Tests.Http.MappingSteps;

namespace Provisioning.Tests.Http;

/// <summary>JIT-7: with mapping on, the groups decide at each sign-in who comes in, with which role and tier.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class MappedSignInTests(string engine)
{
    private TestService service = null!;

    [OneTimeSetUp]
    public async Task TakeServiceAsync() => service = await SharedService.GetAsync(engine);

    private static Action<JsonObject> In(params string[] groups) =>
        body => body["groups"] = new JsonArray([.. groups.Select(group => JsonValue.Create(group))]);

    [Test]
    public async Task JIT_7_the_groups_of_the_sign_in_give_role_and_tier_and_are_needed()
    {
        var org = await service.MappedAsync(
            Mapping([("Staff", "user"), ("Admins", "admin")], [("Staff", "standard"), ("Admins", "premium")]), mode: "jit");
        await org.DeniedAsync("no_mapped_group", "ada");
        await org.DeniedAsync("no_mapped_group", "ada", change: In("Strangers"));
        Assert.That(await org.MembersAsync(), Is.Empty);
        var ada = await org.AllowedAsync("ada", change: In("staff", "Strangers"));
        Assert.That((ada.Text("reason"), ada.Text("role"), ada.Text("tier")), Is.EqualTo(("created", "user", "standard")));
        ada = await org.AllowedAsync("ada", change: In("Staff", "Admins"));
        Assert.That((ada.Text("reason"), ada.Text("role"), ada.Text("tier")), Is.EqualTo(("existing", "admin", "premium")));
        await org.AllowedAsync("bob", change: In("Admins"));
        ada = await org.AllowedAsync("ada", change: In("Staff"));
        Assert.That((ada.Text("role"), ada.Text("tier")), Is.EqualTo(("user", "standard")));
        await org.DeniedAsync("no_mapped_group", "ada", change: In("Strangers"));
        await org.ExpectAsync("ada", "suspended(no_mapped_group) user none");
        await org.ExpectAssignedAsync(premium: 1, standard: 0);
        await org.DeniedAsync("no_mapped_group", "ada");
        ada = await org.AllowedAsync("ada", change: In("Staff"));
        Assert.That((ada.Text("role"), ada.Text("tier")), Is.EqualTo(("user", "standard")));
        await org.ExpectBooksAgreeAsync();
    }

    [Test]
    public async Task GRP_1_an_invitation_is_accepted_by_the_sign_in_that_brings_a_mapped_group_and_not_by_its_link()
    {
        var org = await service.MappedAsync(Mapping([("Staff", "user"), ("Admins", "admin")]), mode: "jit");
        var id = (await org.Owner.Post("/invitations", new { email = org.Mail("ada"), role = "user" })).Expect(201).Id;
        var token = (await org.Operator.Get("/invitations/" + id)).Expect(200).Text("acceptUrl").Split("token=")[1];
        (await service.Anonymous.Post("/v1/invitations/accept", new { token })).ExpectProblem(409, "managed_by_directory");
        await org.DeniedAsync("no_mapped_group", "ada", change: In("Strangers"));
        Assert.That((await org.Owner.Get("/invitations/" + id)).Expect(200).Text("state"), Is.EqualTo("pending"));
        Assert.That((await org.AllowedAsync("ada", change: In("Admins"))).Text("role"), Is.EqualTo("admin"), "the group's role wins");
        Assert.That((await org.Owner.Get("/invitations/" + id)).Expect(200).Text("state"), Is.EqualTo("accepted"));
        await org.ExpectBooksAgreeAsync();
    }

    [Test]
    public async Task JIT_7_for_a_pushed_person_the_directory_decides_whatever_the_sign_in_claims()
    {
        var org = await service.MappedAsync(Mapping([("Staff", "user"), ("Admins", "admin")]), mode: "scim_and_jit");
        var ada = await org.PushAsync("ada");
        await org.DeniedAsync("no_mapped_group", "ada", change: In("Admins"));
        var staff = await org.PushGroupAsync("Staff", ada);
        var answer = await org.AllowedAsync("ada", change: In("Admins"));
        Assert.That((answer.Text("reason"), answer.Text("role")), Is.EqualTo(("linked", "user")));
        await org.LeaveAsync(staff, ada);
        await org.DeniedAsync("no_mapped_group", "ada", change: In("Staff"));
        var bob = await org.AllowedAsync("bob", change: In("Admins"));
        Assert.That((bob.Text("reason"), bob.Text("role")), Is.EqualTo(("created", "admin")));
        await org.ExpectBooksAgreeAsync();
    }

    [Test]
    public async Task JIT_7_a_changed_mapping_takes_effect_at_the_next_sign_in()
    {
        var org = await service.MappedAsync(Mapping([("Staff", "user")], [("Staff", "standard")]));
        var ada = await org.PushAsync("ada");
        await org.PushGroupAsync("Staff", ada);
        await org.AllowedAsync("ada");
        (await org.SetAsync(Mapping([("Staff", "admin")], [("Staff", "premium")]))).Expect(200);
        var answer = await org.AllowedAsync("ada");
        Assert.That((answer.Text("role"), answer.Text("tier")), Is.EqualTo(("admin", "premium")));
    }

    [Test]
    public async Task JIT_7_the_last_one_who_can_administer_comes_in_without_a_group()
    {
        var org = await service.MappedAsync(Mapping([("Admins", "admin")]), mode: "jit");
        await org.AllowedAsync("ada", change: In("Admins"));
        await org.AllowedAsync("ada");
        await org.ExpectAsync("ada", "active admin assigned:premium");
    }

    [Test]
    public async Task JIT_7_a_full_mapped_tier_refuses_a_first_sign_in_although_another_tier_is_free()
    {
        var org = await service.MappedAsync(Mapping([("Staff", "user")], [("Staff", "premium")]), standard: 3, premium: 1, mode: "jit");
        await org.AllowedAsync("ada", change: In("Staff"));
        await org.DeniedAsync("seat_unavailable", "bob", change: In("Staff"));
        await org.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task SCIM_14_sign_ins_without_groups_suspend_no_more_than_the_guard_lets()
    {
        var org = await service.MappedAsync(Mapping([("Staff", "user"), ("Admins", "admin")]), standard: 20, premium: 20, mode: "jit");
        await org.AllowedAsync("boss", change: In("Admins"));
        var people = Enumerable.Range(0, 13).Select(at => "p" + at).ToList();
        foreach (var name in people) await org.AllowedAsync(name, change: In("Staff"));
        foreach (var name in people.Take(10)) await org.DeniedAsync("no_mapped_group", name);
        foreach (var name in people.Skip(10)) await org.AllowedAsync(name);
        await org.AllowedAsync("p12", change: In("Staff")); // a mapped group again: nothing waits for an owner any more
        var effect = TestOrganization.Text((await org.Owner.Get("/parked-effects")).Expect(200).Items("effects").Single(), "id");
        (await org.Owner.Post($"/parked-effects/{effect}/apply", null)).Expect(200);
        await org.ExpectAsync("p11", "suspended(no_mapped_group) user none");
        await org.ExpectAsync("p12", "active user assigned:premium");
        await org.ExpectBooksAgreeAsync();
    }
}
