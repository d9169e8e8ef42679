using NUnit.Framework;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>Members and their seats in the hands of owners and admins, rule by rule.</summary>
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
}
