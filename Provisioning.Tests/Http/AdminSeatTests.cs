using System.Globalization;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>Seats in the hands of owners, admins and the operator: the admin REST, rule by rule.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class AdminSeatTests(string engine)
{
    private static readonly string[] TierProperties = ["tier", "rank", "purchased", "assigned", "held", "queued", "free", "reserved", "waiting"];

    private static readonly string[] MemberProperties =
    [
        "id", "userName", "email", "displayName", "role", "state", "suspendedBy", "seatStatus", "tier", "desiredTier", "waitingSince", "lastTier", "source",
        "scimId", "createdAt", "lastSignInOn", "version",
    ];

    private TestService service = null!;

    [OneTimeSetUp]
    public async Task TakeServiceAsync() => service = await SharedService.GetAsync(engine);

    [Test]
    public async Task GET_seats_has_exactly_its_form_best_rank_first()
    {
        var organization = await service.OrganizationAsync(standard: 2, premium: 1);
        await organization.AllowedAsync("ada");
        var answer = (await organization.Admin.Get("/seats")).Expect(200);
        Assert.That(answer.Json.AsObject().Select(property => property.Key), Is.EqualTo((string[])["tiers"]));
        var tiers = answer.Items("tiers");
        Assert.That(tiers.Select(tier => tier.AsObject().Select(property => property.Key)), Has.All.EquivalentTo(TierProperties));
        Assert.That(tiers.Select(tier => tier["tier"]!.GetValue<string>()), Is.EqualTo((string[])["premium", "standard"]));
        Assert.That(TierProperties.Skip(1).Select(name => TestOrganization.Number(tiers[0], name)), Is.EqualTo((int[])[20, 1, 1, 0, 0, 0, 0, 0]));
        Assert.That(TierProperties.Skip(1).Select(name => TestOrganization.Number(tiers[1], name)), Is.EqualTo((int[])[10, 2, 0, 0, 0, 2, 0, 0]));
    }

    [Test]
    public async Task A_member_has_exactly_its_form_and_an_ETag_of_its_version()
    {
        var organization = await service.OrganizationAsync();
        var scimId = await organization.PushAsync("ada");
        var id = await organization.MemberIdOfAsync(organization.Mail("ada"));
        var member = await organization.MemberAsync(id);
        Assert.That(member.Json.AsObject().Select(property => property.Key), Is.EquivalentTo(MemberProperties));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(member.Header("ETag"), Does.Match("^(W/)?\"[^\"]+\"$"));
            Assert.That(member.Text("scimId"), Is.EqualTo(scimId));
            Assert.That(member.Text("source"), Is.EqualTo("scim"));
            Assert.That(member.Text("role"), Is.EqualTo("user"));
            Assert.That(member.Text("email"), Is.EqualTo(organization.Mail("ada")));
            Assert.That(member.Text("createdAt"), Does.Match(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"));
            Assert.That(member.At("suspendedBy"), Is.Null);
        }
    }

    [Test]
    public async Task GET_members_filters_and_pages()
    {
        var organization = await service.OrganizationAsync(standard: 1, premium: 1);
        foreach (var name in (string[])["ada", "bob", "cyd", "dan"]) await organization.PushAsync(name);
        await organization.PushAsync("eve", active: false);
        async Task<List<string>> Names(string query) =>
            [.. (await organization.MembersAsync(query)).Select(member => TestOrganization.Text(member, "userName")!.Split('@')[0]).Order()];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(await Names(""), Is.EqualTo((string[])["ada", "bob", "cyd", "dan", "eve"]));
            Assert.That(await Names("&seatStatus=waiting"), Is.EqualTo((string[])["cyd", "dan"]));
            Assert.That(await Names("&tier=premium"), Is.EqualTo((string[])["ada"]));
            Assert.That(await Names("&state=suspended"), Is.EqualTo((string[])["eve"]));
            Assert.That(await Names("&source=jit"), Is.Empty);
            Assert.That(await Names("&role=user&filter=BO"), Is.EqualTo((string[])["bob"]));
            Assert.That(await Names("&filter=%25"), Is.Empty, "a filter is text, not a pattern");
        }
        var first = (await organization.Owner.Get("/members?limit=2")).Expect(200);
        Assert.That(first.Items("members"), Has.Count.EqualTo(2));
        var second = (await organization.Owner.Get("/members?limit=2&cursor=" + Uri.EscapeDataString(first.Text("nextCursor")))).Expect(200);
        Assert.That(first.Items("members").Concat(second.Items("members")).Select(member => TestOrganization.Text(member, "id")).Distinct().Count(), Is.EqualTo(4));
        (await organization.Owner.Get("/members?cursor=forged")).ExpectProblem(400, "invalid_cursor");
        (await organization.Owner.Get("/members?limit=many")).ExpectProblem(400, "invalid_request");
    }

    [Test]
    public async Task SEAT_7_a_move_takes_effect_at_once_and_frees_the_old_seat()
    {
        var organization = await service.OrganizationAsync(standard: 1, premium: 1);
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        var moved = (await organization.PatchMemberAsync(ada, new { seat = new { tier = "standard" } })).Expect(200);
        Assert.That((moved.Text("id"), moved.Text("tier"), moved.Text("seatStatus")), Is.EqualTo((ada, "standard", "assigned")));
        await organization.ExpectAssignedAsync(premium: 0, standard: 1);
        Assert.That((await organization.AllowedAsync("ada")).Text("tier"), Is.EqualTo("standard"));
        Assert.That(await organization.ActionsOnAsync(ada), Has.Some.EqualTo("seat.reassigned"));
    }

    [Test]
    public async Task SEAT_7_a_move_to_a_full_tier_is_tier_full_with_a_purchase_hint_and_changes_nothing()
    {
        var organization = await service.OrganizationAsync(standard: 1, premium: 1);
        await organization.AllowedAsync("ada");
        var bob = (await organization.AllowedAsync("bob")).Text("memberId");
        var before = await organization.MemberAsync(bob);
        var refused = (await organization.PatchMemberAsync(bob, new { seat = new { tier = "premium" } })).ExpectProblem(409, "tier_full");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(refused.Text("tier"), Is.EqualTo("premium"));
            Assert.That(refused.Text("purchaseHint", "kind"), Is.EqualTo("add"));
            Assert.That(refused.Text("purchaseHint", "tier"), Is.EqualTo("premium"));
            Assert.That(refused.Number("purchaseHint", "quantity"), Is.EqualTo(1));
        }
        Assert.That((await organization.MemberAsync(bob)).Json.ToJsonString(), Is.EqualTo(before.Json.ToJsonString()));
        Assert.That((await organization.AuditAsync()).Select(record => TestOrganization.Text(record, "action")), Has.Some.EqualTo("seat.refused"));
        await organization.ExpectAssignedAsync(premium: 1, standard: 1);
    }

    [Test]
    public async Task A_move_to_a_tier_nobody_knows_is_unknown_tier()
    {
        var organization = await service.OrganizationAsync();
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        (await organization.PatchMemberAsync(ada, new { seat = new { tier = "platinum" } })).ExpectProblem(422, "unknown_tier");
    }

    [Test]
    public async Task SEAT_8_an_unassigned_member_uses_no_seat_and_is_not_picked_up_by_the_drain()
    {
        var organization = await service.OrganizationAsync(standard: 0, premium: 1);
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        var member = (await organization.PatchMemberAsync(ada, new { seat = new { unassign = true } })).Expect(200);
        Assert.That((member.Text("seatStatus"), member.TextOrNull("tier"), member.Text("state"), member.Text("lastTier")), Is.EqualTo(("unassigned", (string?)null, "active", "premium")));
        var drained = (await organization.Owner.Post("/seats/drain", null)).Expect(200);
        Assert.That((drained.Items("seated").Count, drained.Number("stillWaiting")), Is.EqualTo((0, 0)));
        await organization.ExpectAssignedAsync(premium: 0, standard: 0);
        var entitlements = (await organization.Admin.Get($"/members/{ada}/entitlements")).Expect(200);
        Assert.That((entitlements.Flag("productAccess"), entitlements.Text("memberId")), Is.EqualTo((false, ada)));
        Assert.That(entitlements.TextOrNull("reason"), Is.Not.Null);
        (await organization.PatchMemberAsync(ada, new { seat = new { tier = "premium" } })).Expect(200);
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
        Assert.That((await organization.Admin.Get($"/members/{ada}/entitlements")).Expect(200).Flag("productAccess"), Is.True);
    }

    [Test]
    public async Task SEAT_8_an_unassigned_member_may_be_asked_to_wait()
    {
        var organization = await service.OrganizationAsync(standard: 0, premium: 1);
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        (await organization.PatchMemberAsync(ada, new { seat = new { unassign = true } })).Expect(200);
        var bob = (await organization.AllowedAsync("bob")).Text("memberId");
        (await organization.PatchMemberAsync(ada, new { seat = new { tier = "premium" } })).ExpectProblem(409, "tier_full");
        var waits = (await organization.PatchMemberAsync(ada, new { seat = new { tier = "premium", wait = true } })).Expect(200);
        Assert.That((waits.Text("seatStatus"), waits.Text("desiredTier")), Is.EqualTo(("waiting", "premium")));
        Assert.That(waits.TextOrNull("waitingSince"), Is.Not.Null);
        (await organization.PatchMemberAsync(bob, new { seat = new { unassign = true } })).Expect(200);
        Assert.That((await organization.MemberAsync(ada)).Text("seatStatus"), Is.EqualTo("assigned"), "the freed seat goes to the one who waits");
        (await organization.PatchMemberAsync(bob, new { seat = new { wait = true } })).Expect(200);
        Assert.That((await organization.MemberAsync(bob)).Text("seatStatus"), Is.EqualTo("waiting"));
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task SEAT_11_a_suspension_frees_the_seat_for_the_longest_waiting()
    {
        var organization = await service.OrganizationAsync(standard: 0, premium: 1);
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        foreach (var name in (string[])["bob", "cyd"]) await organization.PushAsync(name);
        var suspended = (await organization.PatchMemberAsync(ada, new { state = "suspended" })).Expect(200);
        Assert.That((suspended.Text("state"), suspended.Text("suspendedBy"), suspended.Text("seatStatus"), suspended.Text("lastTier")),
            Is.EqualTo(("suspended", "admin", "none", "premium")));
        Assert.That(TestOrganization.Text(await organization.MemberOfAsync(organization.Mail("bob")), "tier"), Is.EqualTo("premium"));
        Assert.That(TestOrganization.Text(await organization.MemberOfAsync(organization.Mail("cyd")), "seatStatus"), Is.EqualTo("waiting"));
        Assert.That(await organization.ActionsOnAsync(ada), Has.Some.EqualTo("member.suspended"));
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task SEAT_10_a_restored_member_gets_the_last_tier_then_the_highest_then_waits()
    {
        var organization = await service.OrganizationAsync(standard: 2, premium: 1);
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        (await organization.PatchMemberAsync(ada, new { seat = new { tier = "standard" } })).Expect(200);

        (await organization.PatchMemberAsync(ada, new { state = "suspended" })).Expect(200);
        Assert.That((await organization.PatchMemberAsync(ada, new { state = "active" })).Expect(200).Text("tier"), Is.EqualTo("standard"), "lastTier although premium is free");

        (await organization.PatchMemberAsync(ada, new { state = "suspended" })).Expect(200);
        foreach (var name in (string[])["p", "s1", "s2"]) await organization.AllowedAsync(name);
        var waits = (await organization.PatchMemberAsync(ada, new { state = "active" })).Expect(200);
        Assert.That((waits.Text("seatStatus"), waits.Text("state")), Is.EqualTo(("waiting", "active")));

        (await organization.PatchMemberAsync(ada, new { state = "suspended" })).Expect(200);
        var p = await organization.MemberIdOfAsync(organization.Mail("p"));
        (await organization.PatchMemberAsync(p, new { seat = new { unassign = true } })).Expect(200);
        Assert.That((await organization.PatchMemberAsync(ada, new { state = "active" })).Expect(200).Text("tier"), Is.EqualTo("premium"), "lastTier is full, the highest available");
        await organization.ExpectAssignedAsync(premium: 1, standard: 2);
    }

    [Test]
    public async Task SCIM_0_an_admins_suspension_stands_whatever_the_directory_pushes_and_the_other_way_round()
    {
        var organization = await service.OrganizationAsync();
        var scimId = await organization.PushAsync("ada");
        var ada = await organization.MemberIdOfAsync(organization.Mail("ada"));
        (await organization.PatchMemberAsync(ada, new { state = "suspended" })).Expect(200);
        var pushed = (await organization.SetActiveAsync(scimId, active: true)).Expect(200);
        Assert.That((pushed.Flag("active"), pushed.Text(Answer.Seat, "memberState"), pushed.Text(Answer.Seat, "suspendedBy")), Is.EqualTo((true, "suspended", "admin")));
        await organization.ExpectAssignedAsync(premium: 0, standard: 0);
        (await organization.PatchMemberAsync(ada, new { state = "active" })).Expect(200);
        (await organization.SetActiveAsync(scimId, active: false)).Expect(200);
        var refused = (await organization.PatchMemberAsync(ada, new { state = "active" })).Expect(409);
        refused.ExpectProblem(409, "managed_by_directory");
        (await organization.SetActiveAsync(scimId, active: true)).Expect(200);
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task SCIM_10_deleting_and_pushing_again_does_not_lift_an_admins_suspension()
    {
        var organization = await service.OrganizationAsync();
        var scimId = await organization.PushAsync("ada");
        var ada = await organization.MemberIdOfAsync(organization.Mail("ada"));
        (await organization.PatchMemberAsync(ada, new { state = "suspended" })).Expect(200);
        (await organization.Scim.Delete("/Users/" + scimId)).Expect(204);
        var again = (await organization.Scim.Post("/Users", organization.User("ada"))).Expect(201);
        Assert.That((again.Text(Answer.Seat, "memberState"), again.Text(Answer.Seat, "suspendedBy")), Is.EqualTo(("suspended", "admin")));
        await organization.ExpectAssignedAsync(premium: 0, standard: 0);
        (await organization.PatchMemberAsync(ada, new { state = "active" })).Expect(200);
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task A_deleted_member_frees_the_seat_and_the_directory_entry_stays()
    {
        var organization = await service.OrganizationAsync(standard: 0, premium: 1);
        var scimId = await organization.PushAsync("ada");
        await organization.PushAsync("bob");
        var ada = await organization.MemberIdOfAsync(organization.Mail("ada"));
        (await organization.Owner.Delete("/members/" + ada, ("If-Match", "*"))).Expect(204);
        var user = (await organization.Scim.Get("/Users/" + scimId)).Expect(200);
        Assert.That((user.Flag("active"), user.Text(Answer.Seat, "memberState")), Is.EqualTo((true, "removed")));
        Assert.That(TestOrganization.Text(await organization.MemberOfAsync(organization.Mail("bob")), "tier"), Is.EqualTo("premium"));
        Assert.That(await organization.ActionsOnAsync(ada), Has.Some.EqualTo("member.removed"));
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task SEAT_7_a_swap_counts_the_net_need()
    {
        var organization = await service.OrganizationAsync(standard: 1, premium: 1);
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        var bob = (await organization.AllowedAsync("bob")).Text("memberId");
        var swapped = (await organization.Admin.Post("/seat-swaps", new { changes = new[] { new { memberId = bob, tier = "premium" }, new { memberId = ada, tier = "standard" } } })).Expect(200);
        Assert.That(swapped.Items("members").ToDictionary(member => TestOrganization.Text(member, "id")!, member => TestOrganization.Text(member, "tier")),
            Is.EquivalentTo(new Dictionary<string, string?> { [ada] = "standard", [bob] = "premium" }));
        await organization.ExpectAssignedAsync(premium: 1, standard: 1);
    }

    [Test]
    public async Task SEAT_7_a_swap_may_take_a_seat_away_and_give_it_to_another()
    {
        var organization = await service.OrganizationAsync(standard: 1, premium: 1);
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        var bob = (await organization.AllowedAsync("bob")).Text("memberId");
        (await organization.Admin.Post("/seat-swaps", new { changes = new[] { new { memberId = bob, tier = (string?)"premium" }, new { memberId = ada, tier = (string?)null } } })).Expect(200);
        Assert.That((await organization.MemberAsync(ada)).Text("seatStatus"), Is.EqualTo("unassigned"));
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task SEAT_7_a_swap_is_all_or_nothing()
    {
        var organization = await service.OrganizationAsync(standard: 2, premium: 1);
        await organization.AllowedAsync("ada");
        var bob = (await organization.AllowedAsync("bob")).Text("memberId");
        var cyd = (await organization.AllowedAsync("cyd")).Text("memberId");
        (await organization.Admin.Post("/seat-swaps", new { changes = new[] { new { memberId = cyd, tier = (string?)null }, new { memberId = bob, tier = (string?)"premium" } } }))
            .ExpectProblem(409, "tier_full");
        (await organization.Admin.Post("/seat-swaps", new { changes = new[] { new { memberId = cyd, tier = "platinum" } } })).ExpectProblem(422, "unknown_tier");
        (await organization.Admin.Post("/seat-swaps", new { changes = new[] { new { memberId = cyd, tier = (string?)null }, new { memberId = "mem_00000000-0000-7000-8000-000000000000", tier = (string?)"premium" } } }))
            .ExpectProblem(404, "not_found");
        Assert.That((await organization.MemberAsync(cyd)).Text("tier"), Is.EqualTo("standard"));
        await organization.ExpectAssignedAsync(premium: 1, standard: 2);
    }

    [Test]
    public async Task SEAT_12_the_waiting_list_is_in_order_of_arrival_and_is_served_in_that_order()
    {
        var organization = await service.OrganizationAsync(standard: 0, premium: 1);
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        foreach (var name in (string[])["w1", "w2", "w3"]) await organization.PushAsync(name);
        async Task<List<string>> Waiting() => [.. (await organization.WaitingAsync()).Select(entry => TestOrganization.Text(entry, "userName")!.Split('@')[0])];
        Assert.That(await Waiting(), Is.EqualTo((string[])["w1", "w2", "w3"]));
        (await organization.Owner.Delete("/members/" + ada, ("If-Match", "*"))).Expect(204);
        Assert.That(await Waiting(), Is.EqualTo((string[])["w2", "w3"]));
        var page = (await organization.Owner.Get("/seats/waiting?limit=1")).Expect(200);
        Assert.That((page.Items("waiting").Count, page.TextOrNull("nextCursor") is not null), Is.EqualTo((1, true)));
        await organization.DeniedAsync("seat_unavailable", "overtaker");
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task SEAT_12_new_seats_go_to_the_waiting_people_at_once_highest_tier_first()
    {
        var organization = await service.OrganizationAsync(standard: 0, premium: 0);
        foreach (var name in (string[])["w1", "w2", "w3", "w4"]) await organization.PushAsync(name);
        (await organization.Operator.Put("/seats", Tiers(standard: 2, premium: 1), ("If-Match", "*"))).Expect(200);
        async Task<string?> Tier(string name) => TestOrganization.Text(await organization.MemberOfAsync(organization.Mail(name)), "tier");
        Assert.That((await Tier("w1"), await Tier("w2"), await Tier("w3"), await Tier("w4")), Is.EqualTo(("premium", "standard", "standard", (string?)null)));
        await organization.ExpectAssignedAsync(premium: 1, standard: 2);
    }

    [Test]
    public async Task SEAT_12_a_member_who_waits_for_a_tier_is_served_from_that_tier_only()
    {
        var organization = await service.OrganizationAsync(standard: 1, premium: 1);
        await organization.AllowedAsync("ada");
        var bob = (await organization.AllowedAsync("bob")).Text("memberId");
        (await organization.PatchMemberAsync(bob, new { seat = new { unassign = true } })).Expect(200);
        (await organization.PatchMemberAsync(bob, new { seat = new { tier = "premium", wait = true } })).Expect(200);
        var seats = await organization.SeatsAsync();
        Assert.That((seats["standard"].Free, seats["standard"].Queued, (await organization.MemberAsync(bob)).Text("seatStatus")), Is.EqualTo((1, 0, "waiting")));
        Assert.That((await organization.AllowedAsync("cyd")).Text("tier"), Is.EqualTo("standard"));
    }

    [Test]
    public async Task SEAT_6_the_sum_of_seats_never_falls()
    {
        var organization = await service.OrganizationAsync(standard: 3, premium: 2);
        (await organization.Operator.Put("/seats", Tiers(standard: 2, premium: 2), ("If-Match", "*"))).ExpectProblem(409, "seats_not_removable");
        var seats = await organization.SeatsAsync();
        Assert.That((seats["standard"].Purchased, seats["premium"].Purchased), Is.EqualTo((3, 2)));
    }

    [Test]
    public async Task Only_the_operator_changes_the_number_of_seats()
    {
        var organization = await service.OrganizationAsync();
        (await organization.Owner.Put("/seats", Tiers(standard: 50, premium: 50), ("If-Match", "*"))).ExpectProblem(403, "forbidden_role");
        (await organization.Owner.With("not the operator's token").Put("/seats", Tiers(standard: 50, premium: 50), ("If-Match", "*"))).ExpectProblem(401, "unauthenticated");
    }

    [Test]
    public async Task A_change_without_If_Match_is_428_and_with_a_stale_one_412()
    {
        var organization = await service.OrganizationAsync(standard: 2, premium: 2);
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        var stale = (await organization.MemberAsync(ada)).Header("ETag")!;
        (await organization.Owner.Patch("/members/" + ada, new { seat = new { tier = "standard" } })).ExpectProblem(428, "precondition_required");
        (await organization.Owner.Delete("/members/" + ada)).ExpectProblem(428, "precondition_required");
        var changed = (await organization.Owner.Patch("/members/" + ada, new { seat = new { tier = "standard" } }, ("If-Match", stale))).Expect(200);
        Assert.That(changed.Header("ETag"), Is.Not.EqualTo(stale));
        (await organization.Owner.Patch("/members/" + ada, new { seat = new { tier = "premium" } }, ("If-Match", stale))).ExpectProblem(412, "version_conflict");
        (await organization.Owner.Delete("/members/" + ada, ("If-Match", stale))).ExpectProblem(412, "version_conflict");
        Assert.That((await organization.MemberAsync(ada)).Header("ETag"), Is.EqualTo(changed.Header("ETag")));
        (await organization.Owner.Delete("/members/" + ada, ("If-Match", changed.Header("ETag")!))).Expect(204);
    }

    [TestCase("""{}""")]
    [TestCase("""[]""")]
    [TestCase("""{"seat":"premium"}""")]
    [TestCase("""{"seat":{"tier":7}}""")]
    [TestCase("""{"seat":{}}""")]
    [TestCase("""{"seat":{"unassign":true,"tier":"premium"}}""")]
    [TestCase("""{"state":"retired"}""")]
    [TestCase("""{"state":"removed"}""")]
    public async Task A_change_that_says_nothing_clear_is_an_invalid_request(string body)
    {
        var organization = await service.OrganizationAsync();
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        (await organization.PatchMemberAsync(ada, body)).ExpectProblem(400, "invalid_request");
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task ROLE_1_an_admin_reads_and_moves_seats_and_leaves_settings_to_owners()
    {
        var organization = await service.OrganizationAsync();
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        (await organization.Admin.Get("/seats")).Expect(200);
        (await organization.Admin.Get("/members")).Expect(200);
        (await organization.Admin.Get("/seats/waiting")).Expect(200);
        (await organization.Admin.Patch("/members/" + ada, new { seat = new { tier = "standard" } }, ("If-Match", "*"))).Expect(200);
        (await organization.Admin.Post("/seats/drain", null)).Expect(200);
        foreach (var answer in (Answer[])
        [
            await organization.Admin.Get("/audit"),
            await organization.Admin.Get("/tokens"),
            await organization.Admin.Post("/tokens", new { door = "scim", name = "mine" }),
            await organization.Admin.Get("/connections"),
            await organization.Admin.Post("/connections", new { name = "mine", kind = "gateway", trustEmail = true }),
            await organization.Admin.Put("/provisioning", new { mode = "jit" }, ("If-Match", "*")),
        ]) answer.ExpectProblem(403, "forbidden_role");
    }

    [Test]
    public async Task ROLE_5_tokens_of_other_doors_are_refused_before_anything_else()
    {
        var organization = await service.OrganizationAsync();
        foreach (var token in (string[])[organization.Gateway.Token!, organization.Scim.Token!])
        {
            var door = organization.Owner.With(token);
            foreach (var path in (string[])["/seats", "/members", "/seats/waiting", "/audit", "/tokens", "/connections", "/provisioning", "/members/mem_unknown"])
                (await door.Get(path)).ExpectProblem(403, "forbidden_role");
        }
        (await organization.Scim.With(organization.Owner.Token).Get("/Users")).ExpectScimError(403);
        (await organization.Scim.With(organization.Gateway.Token).Get("/Users")).ExpectScimError(403);
        foreach (var answer in (Answer[])[await organization.Owner.With(null).Get("/seats"), await organization.Owner.With("wrong-token").Get("/seats")])
        {
            answer.ExpectProblem(401, "unauthenticated");
            Assert.That(answer.Header("WWW-Authenticate"), Is.EqualTo("Bearer realm=\"provisioning\""));
        }
    }

    [Test]
    public async Task SEAT_16_an_application_token_reads_entitlements_and_nothing_else()
    {
        var organization = await service.OrganizationAsync();
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        var token = (await organization.Owner.Post("/tokens", new { door = "application", name = "app" })).Expect(201).Text("token");
        var application = organization.Owner.With(token);
        var entitlements = (await application.Get($"/members/{ada}/entitlements")).Expect(200);
        Assert.That((entitlements.Text("memberId"), entitlements.Flag("productAccess"), entitlements.Text("tier"), entitlements.TextOrNull("reason")),
            Is.EqualTo((ada, true, "premium", (string?)null)));
        Assert.That(entitlements.At("features"), Is.InstanceOf<JsonObject>());
        (await application.Get("/members")).ExpectProblem(403, "forbidden_role");
        (await application.Get("/members/mem_00000000-0000-7000-8000-000000000000/entitlements")).ExpectProblem(404, "not_found");
    }

    [Test]
    public async Task SCIM_1_two_scim_tokens_are_valid_at_once_a_third_is_refused_and_a_revoked_one_no_longer_works()
    {
        var organization = await service.OrganizationAsync();
        var second = (await organization.Owner.Post("/tokens", new { door = "scim", name = "rotation" })).Expect(201);
        (await organization.Scim.With(second.Text("token")).Get("/Users")).Expect(200);
        (await organization.Scim.Get("/Users")).Expect(200);
        (await organization.Owner.Post("/tokens", new { door = "scim", name = "third" })).Expect(409);
        var listed = (await organization.Owner.Get("/tokens")).Expect(200);
        Assert.That(listed.Body, Does.Not.Contain(second.Text("token")), "a secret is shown once");
        (await organization.Owner.Delete("/tokens/" + second.Id)).Expect(204);
        (await organization.Scim.With(second.Text("token")).Get("/Users")).ExpectScimError(401);
    }

    [Test]
    public async Task I_11_every_change_and_every_refused_seat_has_an_audit_record()
    {
        var organization = await service.OrganizationAsync(standard: 1, premium: 1);
        var scimId = await organization.PushAsync("ada");
        var ada = await organization.MemberIdOfAsync(organization.Mail("ada"));
        await organization.AllowedAsync("bob");
        await organization.DeniedAsync("seat_unavailable", "cyd");
        (await organization.SetActiveAsync(scimId, active: false)).Expect(200);
        (await organization.SetActiveAsync(scimId, active: true)).Expect(200);
        (await organization.PatchMemberAsync(ada, new { seat = new { unassign = true } })).Expect(200);
        (await organization.PatchMemberAsync(ada, new { state = "suspended" })).Expect(200);
        (await organization.Scim.Delete("/Users/" + scimId)).Expect(204);
        var records = await organization.AuditAsync();
        var actions = records.Select(record => TestOrganization.Text(record, "action")!).ToList();
        Assert.That(actions, Is.SupersetOf((string[])
            ["member.created", "seat.assigned", "seat.refused", "member.suspended", "member.activated", "seat.released", "seat.unassigned", "member.removed"]));
        var whole = string.Join('\n', records.Select(record => record.ToJsonString()));
        foreach (var token in (string[])[organization.Scim.Token!, organization.Owner.Token!, organization.Gateway.Token!]) Assert.That(whole, Does.Not.Contain(token));
        foreach (var record in records)
        {
            Assert.That(record.AsObject().Select(property => property.Key),
                Is.SupersetOf((string[])["id", "at", "actor", "channel", "action", "target", "correlationId"]), record.ToJsonString());
        }
        var created = records.First(record => TestOrganization.Text(record, "action") == "member.created" && record.ToJsonString().Contains(ada, StringComparison.Ordinal));
        Assert.That(TestOrganization.Text(created, "channel"), Is.EqualTo("scim"));
        // Units that run side by side begin in one order and may be written in another.
        var at = records.Select(record => DateTimeOffset.Parse(TestOrganization.Text(record, "at")!, CultureInfo.InvariantCulture)).ToList();
        Assert.That(at.Zip(at.Skip(1)).All(pair => pair.First >= pair.Second - TimeSpan.FromSeconds(5)) && at[0] > at[^1], Is.True, "newest first");
        var byAction = (await organization.Owner.Get("/audit?action=seat.refused")).Expect(200).Items("records");
        Assert.That(byAction.Select(record => TestOrganization.Text(record, "action")).Distinct(), Is.EqualTo((string[])["seat.refused"]));
    }

    [Test]
    public async Task A_repeated_post_with_the_same_idempotency_key_is_done_once()
    {
        var organization = await service.OrganizationAsync();
        var first = (await organization.Owner.Post("/connections", new { name = "k", kind = "gateway", trustEmail = true }, ("Idempotency-Key", "key-1"))).Expect(201);
        var second = (await organization.Owner.Post("/connections", new { name = "k", kind = "gateway", trustEmail = true }, ("Idempotency-Key", "key-1"))).Expect(201);
        Assert.That(second.Id, Is.EqualTo(first.Id));
        (await organization.Owner.Post("/connections", new { name = "other", kind = "gateway", trustEmail = true }, ("Idempotency-Key", "key-1")))
            .ExpectProblem(422, "idempotency_key_reused");
    }

    [Test]
    public async Task DOM_3_a_domain_verified_by_another_organisation_is_taken()
    {
        var first = await service.OrganizationAsync();
        var second = await service.OrganizationAsync();
        (await second.Operator.Put("/domains", new { domains = new[] { second.Domain, first.Domain.ToUpperInvariant() } }, ("If-Match", "*"))).ExpectProblem(409, "domain_taken");
        await second.AllowedAsync("ada");
    }

    [Test]
    public async Task The_demo_organisation_is_as_the_settings_say()
    {
        await using var own = await TestService.StartAsync(standard: 3, premium: 2);
        var demo = await own.DemoAsync();
        var seats = await demo.SeatsAsync();
        Assert.That((seats["premium"].Rank, seats["premium"].Purchased, seats["standard"].Rank, seats["standard"].Purchased), Is.EqualTo((20, 2, 10, 3)));
        Assert.That((await demo.Scim.Get("/Users")).Number("totalResults") + (await demo.Scim.Get("/Groups")).Number("totalResults"), Is.Zero);
        Assert.That(await demo.MembersAsync(), Is.Empty);
        Assert.That((await demo.AllowedAsync("ada", "ada@acme.example")).Text("tier"), Is.EqualTo("premium"), "the connection demo trusts the e-mail");
        (await own.Anonymous.Get("/health/live")).Expect(200);
        (await own.Anonymous.Get("/health/ready")).Expect(200);
        (await own.Anonymous.Get("/")).Expect(200);
        Assert.That((await own.Anonymous.Get("/openapi/v1.json")).Expect(200).TextOrNull("openapi"), Does.StartWith("3."));
    }

    private static JsonObject Tiers(int standard, int premium) => new()
    {
        ["tiers"] = new JsonArray(
            new JsonObject { ["tier"] = "standard", ["rank"] = 10, ["purchased"] = standard },
            new JsonObject { ["tier"] = "premium", ["rank"] = 20, ["purchased"] = premium }),
    };
}
