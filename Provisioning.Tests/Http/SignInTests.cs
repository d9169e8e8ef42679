using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>The JIT decision at the hook, rule by rule (domain.md, JIT-1 to JIT-10).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class SignInTests(string engine)
{
    private TestService service = null!;

    [OneTimeSetUp]
    public async Task TakeServiceAsync() => service = await SharedService.GetAsync(engine);

    [Test]
    public async Task JIT_2_E10_four_sign_ins_at_once_for_three_seats_take_premium_and_two_standard_and_refuse_one()
    {
        var organization = await service.OrganizationAsync(standard: 2, premium: 1, mode: "jit");
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => organization.SignInAsync("person" + i)));
        Assert.That(answers.Select(answer => answer.Expect(200).TextOrNull("tier") ?? answer.Text("reason")).Order(),
            Is.EqualTo((string[])["premium", "seat_unavailable", "standard", "standard"]));
        Assert.That(await organization.MembersAsync(), Has.Count.EqualTo(3));
        await organization.ExpectAssignedAsync(premium: 1, standard: 2);
    }

    [Test]
    public async Task JIT_2_a_first_sign_in_creates_a_member_with_role_user_and_the_highest_tier()
    {
        var organization = await service.OrganizationAsync();
        var answer = await organization.AllowedAsync("ada", change: body => body["name"] = "Ada Lovelace");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Text("reason"), Is.EqualTo("created"));
            Assert.That(answer.Text("role"), Is.EqualTo("user"));
            Assert.That(answer.Text("tier"), Is.EqualTo("premium"));
            Assert.That(answer.Flag("productAccess"), Is.True);
            Assert.That(answer.Text("correlationId"), Is.EqualTo(answer.Header("X-Correlation-Id")));
        }
        var member = (await organization.MemberAsync(answer.Text("memberId"))).Json;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(TestOrganization.Text(member, "userName"), Is.EqualTo(organization.Mail("ada")), "people who came by JIT are named by their address (I-2)");
            Assert.That(TestOrganization.Text(member, "source"), Is.EqualTo("jit"));
            Assert.That(TestOrganization.Text(member, "state"), Is.EqualTo("active"));
            Assert.That(TestOrganization.Text(member, "seatStatus"), Is.EqualTo("assigned"));
            Assert.That(TestOrganization.Text(member, "scimId"), Is.Null);
            Assert.That(TestOrganization.Text(member, "lastSignInOn"), Is.Not.Null);
        }
        Assert.That((await organization.Scim.Get("/Users")).Number("totalResults"), Is.Zero, "SCIM shows directory entries only (SCIM-11)");
        Assert.That(await organization.ActionsOnAsync(answer.Text("memberId")), Has.Some.EqualTo("member.created"));
    }

    [Test]
    public async Task JIT_2_without_a_seat_nobody_is_created_and_the_refusal_explains_itself()
    {
        var organization = await service.OrganizationAsync(standard: 1, premium: 1);
        await organization.AllowedAsync("ada");
        await organization.AllowedAsync("bob");
        var denied = await organization.DeniedAsync("seat_unavailable", "cyd");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(denied.Text("message"), Is.Not.Empty);
            Assert.That(denied.TextOrNull("memberId"), Is.Null);
            Assert.That(denied.Text("correlationId"), Is.EqualTo(denied.Header("X-Correlation-Id")));
            Assert.That(denied.Items("explanation", "wouldHelp"), Is.Not.Empty);
        }
        var tiers = denied.Items("explanation", "tiers");
        Assert.That(tiers.Select(tier => TestOrganization.Text(tier, "tier")), Is.EqualTo((string[])["premium", "standard"]), "best rank first");
        foreach (var tier in tiers)
        {
            Assert.That(((string[])["purchased", "assigned", "held", "queued", "free"]).Select(name => TestOrganization.Number(tier, name)),
                Is.EqualTo((int[])[1, 1, 0, 0, 0]), tier.ToJsonString());
        }
        Assert.That(await organization.MembersAsync(), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task JIT_2_refusals_of_one_address_are_one_open_request_with_a_count()
    {
        var organization = await service.OrganizationAsync(standard: 0, premium: 0);
        for (var i = 0; i < 3; i++) await organization.DeniedAsync("seat_unavailable", "cyd");
        await organization.DeniedAsync("seat_unavailable", "dan");
        var answer = (await organization.Owner.Get("/seats/waiting")).Expect(200);
        Assert.That(answer.Items("waiting"), Is.Empty, "a refused person who is no member holds no place (SEAT-12)");
        var requests = answer.Items("requests").ToDictionary(request => TestOrganization.Text(request, "email")!, request => TestOrganization.Number(request, "count"));
        Assert.That(requests, Is.EquivalentTo(new Dictionary<string, int> { [organization.Mail("cyd")] = 3, [organization.Mail("dan")] = 1 }));
        Assert.That((await organization.AuditAsync()).Select(record => TestOrganization.Text(record, "action")), Has.Some.EqualTo("seat.refused"), "each refusal of a seat is audited");
    }

    [Test]
    public async Task JIT_2_the_refused_person_gets_in_when_a_seat_is_free()
    {
        var organization = await service.OrganizationAsync(standard: 0, premium: 1);
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        await organization.DeniedAsync("seat_unavailable", "bob");
        (await organization.PatchMemberAsync(ada, new { seat = new { unassign = true } })).Expect(200);
        Assert.That((await organization.AllowedAsync("bob")).Text("tier"), Is.EqualTo("premium"));
    }

    [Test]
    public async Task JIT_3_mode_invite_only_refuses_a_stranger_as_not_invited()
    {
        var organization = await service.OrganizationAsync(mode: "invite_only");
        await organization.DeniedAsync("not_invited", "ada");
        Assert.That(await organization.MembersAsync(), Is.Empty);
    }

    [Test]
    public async Task JIT_3_mode_scim_refuses_a_stranger_as_not_provisioned_and_lets_a_pushed_person_in()
    {
        var organization = await service.OrganizationAsync(mode: "scim");
        await organization.DeniedAsync("not_provisioned", "ada");
        Assert.That(await organization.MembersAsync(), Is.Empty);
        await organization.PushAsync("ada");
        await organization.AllowedAsync("ada");
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task SCIM_1_in_mode_jit_a_push_is_staged_and_a_sign_in_creates_the_member()
    {
        var organization = await service.OrganizationAsync(mode: "jit");
        await organization.PushAsync("ada");
        Assert.That(await organization.MembersAsync(), Is.Empty);
        await organization.AllowedAsync("ada");
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [TestCase("ada@elsewhere.example")]
    [TestCase("ada@sub.{domain}")]
    public async Task DOM_1_an_address_outside_the_verified_domains_creates_nobody(string email)
    {
        var organization = await service.OrganizationAsync();
        await organization.DeniedAsync("domain_not_verified", "ada", email.Replace("{domain}", organization.Domain, StringComparison.Ordinal));
        Assert.That(await organization.MembersAsync(), Is.Empty);
    }

    [Test]
    public async Task JIT_2_an_unverified_address_creates_nobody()
    {
        var organization = await service.OrganizationAsync(mode: "jit", trustEmail: false);
        var answer = (await organization.SignInAsync("ada")).Expect(200);
        Assert.That(answer.Text("decision"), Is.EqualTo("deny"), answer.ToString());
        Assert.That(await organization.MembersAsync(), Is.Empty);
    }

    [Test]
    public async Task JIT_4_a_waiting_person_is_refused_until_a_seat_is_freed_and_then_has_it()
    {
        var organization = await service.OrganizationAsync(standard: 0, premium: 1);
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        await organization.PushAsync("bob");
        await organization.DeniedAsync("seat_unavailable", "bob");
        Assert.That(await organization.WaitingAsync(), Has.Count.EqualTo(1));
        (await organization.PatchMemberAsync(ada, new { state = "suspended" })).Expect(200);
        var answer = await organization.AllowedAsync("bob");
        Assert.That(answer.Text("tier"), Is.EqualTo("premium"));
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task JIT_4_an_unassigned_member_is_refused()
    {
        var organization = await service.OrganizationAsync();
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        (await organization.PatchMemberAsync(ada, new { seat = new { unassign = true } })).Expect(200);
        var denied = await organization.DeniedAsync("seat_unassigned", "ada");
        Assert.That(denied.Text("message"), Is.Not.Empty);
        Assert.That((await organization.MemberAsync(ada)).Text("seatStatus"), Is.EqualTo("unassigned"));
        await organization.ExpectAssignedAsync(premium: 0, standard: 0);
    }

    [Test]
    public async Task JIT_4_after_access_ended_a_sign_in_is_refused_and_the_member_stays()
    {
        var organization = await service.OrganizationAsync();
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        (await organization.Operator.Post("/suspend", new { suspended = true })).Expect(200, 204);
        await organization.DeniedAsync("term_inactive", "ada");
        await organization.DeniedAsync("term_inactive", "stranger");
        Assert.That((await organization.MemberAsync(ada)).Text("seatStatus"), Is.EqualTo("assigned"));
        (await organization.Operator.Post("/suspend", new { suspended = false })).Expect(200, 204);
        await organization.AllowedAsync("ada");
    }

    [Test]
    public async Task JIT_5_later_sign_ins_never_change_the_tier()
    {
        var organization = await service.OrganizationAsync(standard: 2, premium: 1);
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        Assert.That((await organization.AllowedAsync("bob")).Text("tier"), Is.EqualTo("standard"));
        (await organization.PatchMemberAsync(ada, new { state = "suspended" })).Expect(200);
        Assert.That((await organization.AllowedAsync("bob")).Text("tier"), Is.EqualTo("standard"));
        await organization.ExpectAssignedAsync(premium: 0, standard: 1);
    }

    [Test]
    public async Task JIT_6_a_member_suspended_by_an_admin_is_refused()
    {
        var organization = await service.OrganizationAsync();
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        (await organization.PatchMemberAsync(ada, new { state = "suspended" })).Expect(200);
        await organization.DeniedAsync("deprovisioned", "ada");
        (await organization.PatchMemberAsync(ada, new { state = "active" })).Expect(200);
        Assert.That((await organization.AllowedAsync("ada")).Text("memberId"), Is.EqualTo(ada));
    }

    [Test]
    public async Task JIT_6_a_member_removed_by_an_admin_comes_back_by_sign_in_in_mode_jit()
    {
        var organization = await service.OrganizationAsync(mode: "jit");
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        (await organization.Owner.Delete("/members/" + ada, ("If-Match", "*"))).Expect(204);
        var back = await organization.AllowedAsync("ada");
        Assert.That(back.Text("role"), Is.EqualTo("user"));
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task JIT_6_a_member_removed_by_an_admin_is_refused_in_mode_scim_and_jit()
    {
        var organization = await service.OrganizationAsync();
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        (await organization.Owner.Delete("/members/" + ada, ("If-Match", "*"))).Expect(204);
        await organization.DeniedAsync("deprovisioned", "ada");
        await organization.ExpectAssignedAsync(premium: 0, standard: 0);
    }

    [Test]
    public async Task JIT_8_sign_ins_never_remove_anybody_and_never_free_a_seat()
    {
        var organization = await service.OrganizationAsync(standard: 1, premium: 1);
        await organization.AllowedAsync("ada");
        await organization.AllowedAsync("bob");
        for (var i = 0; i < 5; i++) await organization.DeniedAsync("seat_unavailable", "more" + i);
        await organization.AllowedAsync("ada", change: body => body["groups"] = new JsonArray());
        await organization.ExpectAssignedAsync(premium: 1, standard: 1);
    }

    [Test]
    public async Task JIT_10_a_changed_address_updates_the_match_address_of_a_member_without_an_entry()
    {
        var organization = await service.OrganizationAsync();
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        Assert.That((await organization.AllowedAsync("ada", organization.Mail("ada.king"))).Text("memberId"), Is.EqualTo(ada));
        Assert.That((await organization.MemberAsync(ada)).Text("email"), Is.EqualTo(organization.Mail("ada.king")));
        await organization.AllowedAsync("ada", "ada@elsewhere.example");
        Assert.That((await organization.MemberAsync(ada)).Text("email"), Is.EqualTo(organization.Mail("ada.king")), "an address outside the verified domains is not taken over (DOM-1)");
    }
}
