using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Engines;
using static Provisioning.Tests.Http.MappingSteps;

namespace Provisioning.Tests.Http;

/// <summary>A switch of mode or mapping is shown first, then applied (SCIM-12); the guard against mass removal (SCIM-14); what-if.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class ProvisioningPreviewTests(string engine)
{
    private TestService service = null!;

    [OneTimeSetUp]
    public async Task TakeServiceAsync() => service = await SharedService.GetAsync(engine);

    [Test]
    public async Task SCIM_12_a_switch_to_scim_is_shown_first_and_then_applied()
    {
        var org = await service.OrganizationAsync(standard: 2, premium: 2, mode: "jit");
        foreach (var name in (string[])["ada", "bob"]) await org.AllowedAsync(name);
        await org.PushAsync("ada");
        await org.PushAsync("cyd");
        await org.PushAsync("dan", active: false);
        (await org.SetAsync(new JsonObject { ["mode"] = "scim" })).ExpectProblem(409, "preview_outdated");
        var preview = (await org.Owner.Post("/provisioning/preview", new { mode = "scim" })).Expect(201);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(preview.Number("adds", "count"), Is.EqualTo(1));
            Assert.That(preview.Text("adds", "first", 0, "userName"), Is.EqualTo(org.Mail("cyd")));
            Assert.That(preview.Text("adds", "first", 0, "tier"), Is.EqualTo("premium"), "bob's seat will be free");
            Assert.That(preview.Number("removals", "count"), Is.EqualTo(1));
            Assert.That(preview.Text("removals", "first", 0, "reason"), Is.EqualTo("not_in_directory"));
            Assert.That(preview.Text("lastPushAt"), Does.EndWith("Z"));
            Assert.That(preview.Flag("mustConfirm"), Is.False);
            Assert.That((await org.Owner.Get("/provisioning")).Text("mode"), Is.EqualTo("jit"), "nothing is changed");
        }
        var apply = new { previewId = preview.Text("previewId"), removals = 1 };
        var run = await org.FinishedAsync((await org.Owner.Post("/provisioning/apply", apply)).Expect(200));
        Assert.That((await org.Owner.Post("/provisioning/apply", apply)).Expect(200).Text("runId"), Is.EqualTo(run.Text("runId")), "twice is once");
        await org.ExpectAsync("ada", "active user assigned:premium");
        await org.ExpectAsync("cyd", "active user assigned:premium");
        await org.ExpectAsync("dan", "suspended(directory) user none");
        Assert.That((await org.MembersAsync()).Select(member => TestOrganization.Text(member, "userName")), Has.None.EqualTo(org.Mail("bob")));
        await org.DeniedAsync("deprovisioned", "bob");
        Assert.That((await org.AuditAsync()).Select(record => TestOrganization.Text(record, "action")),
            Is.SupersetOf((string[])["directory.preview_created", "directory.mode_changed", "directory.apply_started", "directory.apply_completed"]));
        await org.ExpectBooksAgreeAsync();
    }

    [Test]
    public async Task SCIM_12_beside_sign_ins_nobody_is_removed_for_being_absent()
    {
        var org = await service.OrganizationAsync(mode: "jit");
        await org.AllowedAsync("bob");
        await org.PushAsync("ada");
        var preview = (await org.Owner.Post("/provisioning/preview", new { mode = "scim_and_jit" })).Expect(201);
        Assert.That(preview.Number("removals", "count"), Is.Zero);
        await org.FinishedAsync((await org.Owner.Post("/provisioning/apply", new { previewId = preview.Text("previewId") })).Expect(200));
        await org.AllowedAsync("bob");
        await org.ExpectAsync("ada", "active user assigned:standard");
    }

    [Test]
    public async Task SCIM_12_an_outdated_preview_and_an_empty_directory_are_refused()
    {
        var org = await service.OrganizationAsync(mode: "jit");
        await org.AllowedAsync("bob");
        var empty = (await org.Owner.Post("/provisioning/preview", new { mode = "scim" })).Expect(201).Text("previewId");
        (await org.Owner.Post("/provisioning/apply", new { previewId = empty, removals = 1 })).ExpectProblem(409, "would_lock_out");
        var ada = await org.PushAsync("ada");
        var preview = (await org.Owner.Post("/provisioning/preview", new { mode = "scim" })).Expect(201).Text("previewId");
        (await org.Scim.Patch("/Users/" + ada, TestOrganization.Patch(TestOrganization.Operation("replace", "title", "Dr")))).Expect(200);
        (await org.Owner.Post("/provisioning/apply", new { previewId = preview, removals = 1 })).ExpectProblem(409, "preview_outdated");
        (await org.Owner.Post("/provisioning/apply", new { previewId = "prv_" + Guid.NewGuid() })).ExpectProblem(404, "not_found");
        (await org.Owner.Post("/provisioning/apply", new { previewId = preview, removals = -1 })).ExpectProblem(400, "invalid_request");
        Assert.That((await org.Owner.Get("/provisioning")).Text("mode"), Is.EqualTo("jit"));
    }

    [Test]
    public async Task SCIM_12_above_the_guard_the_number_of_removals_is_to_be_repeated()
    {
        var org = await service.OrganizationAsync(standard: 20, mode: "jit");
        for (var i = 0; i < 11; i++) await org.AllowedAsync("p" + i);
        await org.PushAsync("ada");
        var preview = (await org.Owner.Post("/provisioning/preview", new { mode = "scim" })).Expect(201);
        Assert.That((preview.Number("removals", "count"), preview.Flag("mustConfirm")), Is.EqualTo((11, true)));
        var id = preview.Text("previewId");
        (await org.Owner.Post("/provisioning/apply", new { previewId = id })).ExpectProblem(409, "removal_count_mismatch");
        (await org.Owner.Post("/provisioning/apply", new { previewId = id, removals = 10 })).ExpectProblem(409, "removal_count_mismatch");
        await org.FinishedAsync((await org.Owner.Post("/provisioning/apply", new { previewId = id, removals = 11 })).Expect(200));
        Assert.That(await org.MembersAsync(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task SCIM_12_enabling_the_mapping_is_shown_first_with_roles_tiers_and_missing_seats()
    {
        var org = await service.OrganizationAsync(standard: 3, premium: 1, mode: "scim");
        var (ada, bob, cyd) = (await org.PushAsync("ada"), await org.PushAsync("bob"), await org.PushAsync("cyd"));
        await org.PushGroupAsync("Staff", ada, bob);
        await org.PushGroupAsync("Power", bob);
        var mapping = Mapping([("Staff", "admin")], [("Power", "premium"), ("Staff", "standard")]);
        (await org.SetAsync(mapping)).ExpectProblem(409, "preview_outdated");
        var preview = (await org.Owner.Post("/provisioning/preview", mapping)).Expect(201);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(preview.Text("removals", "first", 0, "reason"), Is.EqualTo("no_mapped_group"));
            Assert.That(preview.Number("roleChanges", "count"), Is.EqualTo(2));
            Assert.That(preview.Items("tierChanges", "first").Select(change => $"{TestOrganization.Text(change, "fromTier")}>{TestOrganization.Text(change, "tier")}"),
                Is.EqualTo((string[])["premium>standard", "standard>premium"]));
            Assert.That(preview.Number("seatsMissing"), Is.Zero);
        }
        await org.FinishedAsync((await org.Owner.Post("/provisioning/apply", new { previewId = preview.Text("previewId") })).Expect(200));
        await org.ExpectAsync("ada", "active admin assigned:standard");
        await org.ExpectAsync("bob", "active admin assigned:premium");
        await org.ExpectAsync("cyd", "suspended(no_mapped_group) user none");
        await org.JoinAsync(await org.PushGroupAsync("Crew"), cyd);
        await org.ExpectBooksAgreeAsync();
    }

    [Test]
    public async Task SCIM_14_what_goes_beyond_the_guard_is_parked_and_the_owner_decides()
    {
        var org = await service.MappedAsync(Mapping([("Staff", "user")]), standard: 20, premium: 0);
        var users = new List<string>();
        for (var i = 0; i < 14; i++) users.Add(await org.PushAsync($"p{i:00}"));
        var staff = await org.PushGroupAsync("Staff", [.. users]);
        (await org.Scim.Put("/Groups/" + staff, new { displayName = "Staff" })).Expect(200);
        async Task<int> Active() => (await org.MembersAsync("&state=active")).Count;
        Assert.That(await Active(), Is.EqualTo(4), "ten may go in an hour");
        var parked = (await org.Owner.Get("/parked-effects?state=parked")).Expect(200).Items("effects");
        Assert.That(parked.Select(effect => $"{TestOrganization.Text(effect, "cause")}: {TestOrganization.Number(effect, "members")}"), Is.EqualTo((string[])["group Staff: 4"]));
        var id = TestOrganization.Text(parked[0], "id")!;
        Assert.That((await org.Owner.Get("/parked-effects/" + id)).Expect(200).Items("members"), Has.Count.EqualTo(4));

        (await org.Scim.Delete("/Users/" + users[13])).Expect(204);
        (await org.SetActiveAsync(users[12], false)).Expect(200);
        Assert.That(await Active(), Is.EqualTo(2), "a push about one person is never parked");
        await org.JoinAsync(staff, users[11]);
        (await org.Owner.Post($"/parked-effects/{id}/apply", null)).Expect(200);
        await org.ExpectAsync("p11", "active user assigned:standard");
        await org.ExpectAsync("p10", "suspended(no_mapped_group) user none");
        Assert.That((await org.Owner.Get("/parked-effects/" + id)).Expect(200).Text("effect", "state"), Is.EqualTo("applied"));
        (await org.Owner.Post($"/parked-effects/{id}/discard", null)).ExpectProblem(409, "effect_decided");

        await org.LeaveAsync(staff, users[11]);
        await org.ExpectAsync("p11", "active user assigned:standard");
        var second = TestOrganization.Text((await org.Owner.Get("/parked-effects?state=parked")).Expect(200).Items("effects")[0], "id")!;
        (await org.Owner.Post($"/parked-effects/{second}/discard", null)).Expect(200);
        await org.JoinAsync(await org.PushGroupAsync("Other"), users[11]);
        await org.ExpectAsync("p11", "active user assigned:standard");
        Assert.That((await org.AuditAsync()).Select(record => TestOrganization.Text(record, "action")), Has.Some.EqualTo("members.parked"));
    }

    [Test]
    public async Task What_if_answers_who_sits_waits_and_leaves_and_changes_nothing()
    {
        var org = await service.OrganizationAsync(standard: 1, premium: 1, mode: "scim");
        await org.PushAsync("ada");
        await org.PushAsync("eve");
        var state = (await org.Owner.Get("/members")).Body + (await org.Owner.Get("/provisioning")).Body;
        JsonObject Person(string name, params string[] groups) => new()
        {
            ["userName"] = org.Mail(name), ["groups"] = new JsonArray([.. groups.Select(group => JsonValue.Create(group))]),
        };
        var answer = (await org.Owner.Post("/provisioning/what-if", new JsonObject
        {
            ["people"] = new JsonArray(Person("ada", "Staff"), Person("bob", "Staff", "Power"), Person("cyd", "Staff"), Person("dan")),
            ["complete"] = true,
            ["change"] = Mapping([("Staff", "user")], [("Power", "premium"), ("Staff", "standard")]),
        })).Expect(200);
        Assert.That(answer.Items("people").Select(person =>
            $"{TestOrganization.Text(person, "userName")!.Split('@')[0]} {TestOrganization.Text(person, "outcome")} {TestOrganization.Text(person, "reason") ?? TestOrganization.Text(person, "tier")}"),
            Is.EquivalentTo((string[])["ada seated standard", "bob seated premium", "cyd waiting standard", "dan excluded no_mapped_group", "eve removed not_in_directory"]));
        Assert.That(answer.Number("seatsMissing"), Is.EqualTo(1));
        Assert.That((await org.Owner.Get("/members")).Body + (await org.Owner.Get("/provisioning")).Body, Is.EqualTo(state));
        (await org.Owner.Post("/provisioning/what-if", new { people = Array.Empty<object>() })).ExpectProblem(400, "invalid_request");
    }

    [Test]
    public async Task SEAT_15_seats_kept_for_a_group_are_given_to_its_members_only()
    {
        var org = await service.OrganizationAsync(standard: 0, premium: 3, mode: "scim");
        var (ada, bob) = (await org.PushAsync("ada"), await org.PushAsync("bob"));
        var staff = await org.PushGroupAsync("Staff");
        (await org.Owner.Put("/reservations", new { reservations = new[] { new { group = "Staff", tier = "premium", quantity = 4 } } }, ("If-Match", "*")))
            .ExpectProblem(409, "reservations_exceed_purchased");
        (await org.Owner.Put("/reservations", new { reservations = new[] { new { group = "Nobody", tier = "premium", quantity = 1 } } }, ("If-Match", "*")))
            .ExpectProblem(400, "invalid_request");
        (await org.Owner.Put("/reservations", new { reservations = new[] { new { group = "Staff", tier = "premium", quantity = 1 } } }))
            .ExpectProblem(428, "precondition_required");
        (await org.Owner.Put("/reservations", new { reservations = new[] { new { group = "staff", tier = "premium", quantity = 1 } } }, ("If-Match", "*"))).Expect(200);
        var cyd = await org.PushAsync("cyd");
        await org.ExpectAsync("cyd", "active user waiting");
        var premium = (await org.Owner.Get("/seats")).Expect(200).Items("tiers")[0];
        Assert.That((TestOrganization.Number(premium, "free"), TestOrganization.Number(premium, "reserved")), Is.EqualTo((1, 1)));
        var dan = await org.PushAsync("dan");
        await org.JoinAsync(staff, dan);
        await org.ExpectAsync("dan", "active user assigned:premium");
        await org.ExpectAsync("cyd", "active user waiting");
        (await org.Scim.Delete("/Users/" + dan)).Expect(204);
        await org.ExpectAsync("cyd", "active user waiting");
        await org.JoinAsync(staff, bob);
        await org.ExpectAsync("cyd", "active user assigned:premium");
        Assert.That((await org.Owner.Get("/reservations")).Expect(200).Text("reservations", 0, "groupId"), Is.EqualTo(staff));
        (await org.SetActiveAsync(ada, false)).Expect(200);
        var eve = await org.PushAsync("eve");
        await org.ExpectAsync("eve", "active user assigned:premium");
        (await org.SetActiveAsync(bob, false)).Expect(200);
        (await org.SetActiveAsync(ada, true)).Expect(200);
        await org.ExpectAsync("ada", "active user waiting");
        (await org.Scim.Delete("/Groups/" + staff)).Expect(204);
        await org.ExpectAsync("ada", "active user assigned:premium");
        await org.ExpectBooksAgreeAsync();
    }
}
