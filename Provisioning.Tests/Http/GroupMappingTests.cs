using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Engines;
using static Provisioning.Tests.Http.MappingSteps;

namespace Provisioning.Tests.Http;

/// <summary>Groups decide who is in and in which role, and how a mapping is changed (GRP-1, GRP-2, GRP-5, GRP-8, GRP-9, SCIM-13), through the SCIM door and the admin REST.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class GroupMappingTests(string engine)
{
    private TestService service = null!;

    [OneTimeSetUp]
    public async Task TakeServiceAsync() => service = await SharedService.GetAsync(engine);

    [Test]
    public async Task GRP_1_a_person_pushed_before_the_groups_waits_outside_until_a_mapped_group_arrives()
    {
        var org = await service.MappedAsync(Mapping([("Staff", "user")]));
        var created = (await org.Scim.Post("/Users", org.User("ada"))).Expect(201);
        Assert.That(created.Flag("active"), Is.True, "what was sent");
        Assert.That((created.Text(Answer.Seat, "memberState"), created.Text(Answer.Seat, "suspendedBy"), created.Text(Answer.Seat, "seatStatus")),
            Is.EqualTo(("suspended", "no_mapped_group", "none")));
        var group = await org.PushGroupAsync("Staff");
        await org.ExpectAsync("ada", "suspended(no_mapped_group) user none");
        await org.JoinAsync(group, created.Id);
        await org.ExpectAsync("ada", "active user assigned:premium");
        await org.LeaveAsync(group, created.Id);
        await org.ExpectAsync("ada", "suspended(no_mapped_group) user none");
        Assert.That((await org.Scim.Get("/Users/" + created.Id)).Expect(200).Flag("active"), Is.True);
        await org.ExpectAssignedAsync(premium: 0, standard: 0);
        await org.JoinAsync(group, created.Id);
        await org.ExpectAsync("ada", "active user assigned:premium");
    }

    [Test]
    public async Task GRP_1_two_causes_are_lifted_one_by_one()
    {
        var org = await service.MappedAsync(Mapping([("Staff", "user")]));
        var ada = await org.PushAsync("ada");
        var group = await org.PushGroupAsync("Staff", ada);
        (await org.SetActiveAsync(ada, false)).Expect(200);
        await org.ExpectAsync("ada", "suspended(directory) user none");
        await org.LeaveAsync(group, ada);
        (await org.SetActiveAsync(ada, true)).Expect(200);
        await org.ExpectAsync("ada", "suspended(no_mapped_group) user none");
        (await org.SetActiveAsync(ada, false)).Expect(200);
        await org.JoinAsync(group, ada);
        await org.ExpectAsync("ada", "suspended(directory) user none");
        (await org.SetActiveAsync(ada, true)).Expect(200);
        await org.ExpectAsync("ada", "active user assigned:premium");
        var id = await org.MemberIdOfAsync(org.Mail("ada"));
        (await org.PatchMemberAsync(id, new { state = "suspended" })).Expect(200);
        await org.LeaveAsync(group, ada);
        await org.ExpectAsync("ada", "suspended(admin) user none");
        (await org.PatchMemberAsync(id, new { state = "active" })).Expect(200);
        await org.ExpectAsync("ada", "suspended(no_mapped_group) user none");
        (await org.PatchMemberAsync(id, new { state = "active" })).ExpectProblem(409, "managed_by_directory");
        await org.JoinAsync(group, ada);
        await org.ExpectAsync("ada", "active user assigned:premium");
    }

    [Test]
    public async Task GRP_1_members_of_a_group_within_a_mapped_group_count_at_any_depth_and_cycles_end()
    {
        var org = await service.MappedAsync(Mapping([("Outer", "user")]));
        var (ada, bob) = (await org.PushAsync("ada"), await org.PushAsync("bob"));
        var inner = await org.PushGroupAsync("Inner", ada);
        var middle = await org.PushGroupAsync("Middle", inner);
        var outer = await org.PushGroupAsync("Outer");
        await org.JoinAsync(outer, middle);
        await org.ExpectAsync("ada", "active user assigned:premium");
        await org.JoinAsync(inner, bob);
        await org.ExpectAsync("bob", "active user assigned:premium");
        await org.JoinAsync(inner, outer);
        await org.LeaveAsync(outer, middle);
        await org.ExpectAsync("ada", "suspended(no_mapped_group) user none");
        await org.JoinAsync(outer, middle);
        await org.ExpectAsync("ada", "active user assigned:premium");
        (await org.Scim.Delete("/Groups/" + inner)).Expect(204);
        await org.ExpectAsync("ada", "suspended(no_mapped_group) user none");
        await org.ExpectAsync("bob", "suspended(no_mapped_group) user none");
    }

    [Test]
    public async Task GRP_1_a_mapping_waits_for_its_group_stays_with_it_when_it_is_renamed_and_waits_again_when_it_is_deleted()
    {
        var org = await service.MappedAsync(Mapping([("Staff", "user")]));
        var ada = await org.PushAsync("ada");
        var group = await org.PushGroupAsync("staff", ada);
        await org.ExpectAsync("ada", "active user assigned:premium");
        Assert.That((await org.Owner.Get("/provisioning")).Expect(200).Text("mappings", "roles", 0, "groupId"), Is.EqualTo(group));
        (await org.Scim.Patch("/Groups/" + group, TestOrganization.Patch(TestOrganization.Operation("replace", "displayName", "Crew")))).Expect(200, 204);
        await org.ExpectAsync("ada", "active user assigned:premium");
        Assert.That((await org.Owner.Get("/provisioning")).Expect(200).Text("mappings", "roles", 0, "group"), Is.EqualTo("Crew"));
        (await org.Scim.Delete("/Groups/" + group)).Expect(204);
        await org.ExpectAsync("ada", "suspended(no_mapped_group) user none");
        await org.PushGroupAsync("Staff", ada);
        await org.ExpectAsync("ada", "active user assigned:premium");
    }

    [Test]
    public async Task GRP_1_deleting_a_group_and_a_put_without_members_take_everybody_out()
    {
        var org = await service.MappedAsync(Mapping([("Staff", "user"), ("Crew", "user")]));
        var (ada, bob) = (await org.PushAsync("ada"), await org.PushAsync("bob"));
        var staff = await org.PushGroupAsync("Staff", ada, bob);
        var crew = await org.PushGroupAsync("Crew", bob);
        (await org.Scim.Delete("/Groups/" + staff)).Expect(204);
        await org.ExpectAsync("ada", "suspended(no_mapped_group) user none");
        await org.ExpectAsync("bob", "active user assigned:premium");
        (await org.Scim.Put("/Groups/" + crew, new { displayName = "Crew" })).Expect(200);
        await org.ExpectAsync("bob", "suspended(no_mapped_group) user none");
    }

    [Test]
    public async Task GRP_2_the_most_powerful_role_wins_and_nobody_is_made_primary_owner()
    {
        var org = await service.MappedAsync(Mapping([("Staff", "user"), ("Admins", "admin"), ("Owners", "owner")]));
        var ada = await org.PushAsync("ada");
        await org.PushGroupAsync("Staff", ada);
        var owners = await org.PushGroupAsync("Owners", ada);
        var admins = await org.PushGroupAsync("Admins", ada, await org.PushAsync("bob"));
        await org.ExpectAsync("ada", "active owner assigned:premium");
        await org.ExpectAsync("bob", "active admin assigned:premium");
        await org.LeaveAsync(owners, ada);
        await org.ExpectAsync("ada", "active admin assigned:premium");
        await org.LeaveAsync(admins, ada);
        await org.ExpectAsync("ada", "active user assigned:premium");
        (await org.SetAsync(Mapping([("Staff", "primary_owner")]))).ExpectProblem(400, "invalid_request");
    }

    [Test]
    public async Task GRP_2_the_last_one_who_can_administer_keeps_role_and_membership()
    {
        var org = await service.MappedAsync(Mapping([("Staff", "user"), ("Admins", "admin")]));
        var ada = await org.PushAsync("ada");
        var staff = await org.PushGroupAsync("Staff", ada);
        var admins = await org.PushGroupAsync("Admins", ada);
        await org.LeaveAsync(admins, ada);
        await org.ExpectAsync("ada", "active admin assigned:premium");
        await org.LeaveAsync(staff, ada);
        await org.ExpectAsync("ada", "active admin assigned:premium");
        Assert.That(await org.ActionsOnAsync(await org.MemberIdOfAsync(org.Mail("ada"))), Has.Some.EqualTo("ignored_primary_owner"));
    }

    [Test]
    public async Task GRP_5_while_groups_decide_nobody_moves_seats_by_hand_but_unassigning_is_allowed()
    {
        var org = await service.MappedAsync(Mapping([("Staff", "user")], [("Basic", "standard")]));
        var ada = await org.PushAsync("ada");
        await org.PushGroupAsync("Staff", ada);
        await org.PushGroupAsync("Basic", ada);
        var id = await org.MemberIdOfAsync(org.Mail("ada"));
        (await org.PatchMemberAsync(id, new { seat = new { tier = "premium" } })).ExpectProblem(409, "managed_by_directory");
        (await org.Owner.Post("/seat-swaps", new { changes = new[] { new { memberId = id, tier = "premium" } } })).ExpectProblem(409, "managed_by_directory");
        (await org.PatchMemberAsync(id, new { seat = new { unassign = true } })).Expect(200);
        await org.SyncAsync();
        await org.ExpectAsync("ada", "active user unassigned");
        (await org.PatchMemberAsync(id, new { seat = new { wait = true } })).Expect(200);
        await org.ExpectAsync("ada", "active user assigned:standard");
    }

    [Test]
    public async Task GRP_5_switched_off_members_keep_role_and_seat_new_ones_are_users_and_who_was_kept_out_comes_in()
    {
        var org = await service.MappedAsync(Mapping([("Admins", "admin")], [("Admins", "standard")]));
        var ada = await org.PushAsync("ada");
        await org.PushAsync("bob");
        await org.PushGroupAsync("Admins", ada);
        (await org.SetAsync(new JsonObject { ["mappingEnabled"] = false })).Expect(200);
        await org.ExpectAsync("ada", "active admin assigned:standard");
        await org.PushAsync("cyd");
        await org.ExpectAsync("cyd", "active user assigned:premium");
        await org.SyncAsync("members");
        await org.ExpectAsync("bob", "active user assigned:premium");
        await org.ExpectAsync("ada", "active admin assigned:standard");
    }

    [Test]
    public async Task GRP_8_a_changed_mapping_waits_for_the_sync()
    {
        var org = await service.MappedAsync(Mapping([("Staff", "user")], [("Staff", "standard")]));
        var (ada, bob) = (await org.PushAsync("ada"), await org.PushAsync("bob"));
        var staff = await org.PushGroupAsync("Staff", ada);
        (await org.SetAsync(Mapping([("Staff", "admin")], [("Staff", "premium")]))).Expect(200);
        await org.ExpectAsync("ada", "active user assigned:standard");
        await org.JoinAsync(staff, bob);
        await org.ExpectAsync("bob", "active admin assigned:premium");
        await org.SyncAsync("members");
        await org.ExpectAsync("ada", "active user assigned:standard");
        var run = await org.SyncAsync("groups");
        Assert.That((run.Text("kind"), run.Text("scope"), run.Number("seen"), run.Number("changed")), Is.EqualTo(("sync", "groups", 2, 1)));
        await org.ExpectAsync("ada", "active admin assigned:premium");
        Assert.That((await org.SyncAsync()).Number("changed"), Is.Zero, "a second sync finds nothing to do");
    }

    [Test]
    public async Task GRP_9_a_mapping_that_leaves_no_owner_is_refused_unless_acknowledged()
    {
        var org = await service.MappedAsync(Mapping([("Owners", "owner"), ("Staff", "user")]));
        await org.PushGroupAsync("Owners", await org.PushAsync("ada"));
        var before = (await org.Owner.Get("/provisioning")).Expect(200);
        (await org.SetAsync(Mapping([("Owners", "user")]))).ExpectProblem(409, "would_lock_out");
        Assert.That((await org.Owner.Get("/provisioning")).Expect(200).Body, Is.EqualTo(before.Body), "nothing was saved");
        (await org.SetAsync(Mapping([("Owners", "owner")]))).Expect(200);
        (await org.SetAsync(Mapping([("Owners", "admin")]).With("acknowledge", true))).Expect(200);
        await org.SyncAsync();
        await org.ExpectAsync("ada", "active admin assigned:premium");
    }

    [Test]
    public async Task SCIM_13_a_change_of_a_group_decides_each_member_by_itself()
    {
        var org = await service.MappedAsync(Mapping([("Staff", "user")]), standard: 1, premium: 1);
        string[] names = ["ada", "bob", "cyd", "dan"];
        var users = new List<string>();
        foreach (var name in names) users.Add(await org.PushAsync(name));
        (await org.SetActiveAsync(users[1], false)).Expect(200);
        var staff = await org.PushGroupAsync("Staff");
        await org.JoinAsync(staff, [.. users]);
        await org.ExpectAsync("ada", "active user assigned:premium");
        await org.ExpectAsync("bob", "suspended(directory) user none");
        await org.ExpectAsync("cyd", "active user assigned:standard");
        await org.ExpectAsync("dan", "active user waiting");
        await org.ExpectBooksAgreeAsync();
    }

    [Test]
    public async Task Settings_have_a_version_and_bad_mappings_are_named()
    {
        var org = await service.OrganizationAsync();
        var before = (await org.Owner.Get("/provisioning")).Expect(200);
        (await org.Owner.Put("/provisioning", new { mode = "jit" })).ExpectProblem(428, "precondition_required");
        (await org.Owner.Put("/provisioning", new { mode = "jit" }, ("If-Match", "\"999\""))).ExpectProblem(412, "version_conflict");
        var after = (await org.Owner.Put("/provisioning", new { mode = "jit" }, ("If-Match", before.Header("ETag")!))).Expect(200);
        Assert.That(after.Header("ETag"), Is.Not.EqualTo(before.Header("ETag")));
        (await org.SetAsync(Mapping([("A", "user")], [("A", "gold")]))).ExpectProblem(422, "unknown_tier");
        (await org.SetAsync(Mapping([("A", "user"), ("a", "admin")]))).ExpectProblem(400, "invalid_request");
        (await org.SetAsync(Mapping([("A", "emperor")]))).ExpectProblem(400, "invalid_request");
        (await org.SetAsync(Mapping([("", "user")]))).ExpectProblem(400, "invalid_request");
        Assert.That((await org.Owner.Get("/provisioning")).Expect(200).Items("mappings", "roles"), Is.Empty);
    }
}
