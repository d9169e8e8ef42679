using NUnit.Framework;

namespace Provisioning.Tests.Http;

/// <summary>Which person a push or a sign-in means, where identity providers leave room for doubt (rules SCIM-3, SCIM-10, SCIM-15, JIT-1, JIT-6).</summary>
public sealed class LinkingTests
{
    private TestService service = null!;

    [OneTimeSetUp]
    public async Task TakeServiceAsync() => service = await SharedService.GetAsync();

    [Test]
    public async Task SCIM_10_an_empty_externalId_leads_to_nobody()
    {
        var organization = await service.OrganizationAsync();
        var leaver = organization.User("leaver");
        leaver["externalId"] = "";
        var left = (await organization.Scim.Post("/Users", leaver)).Expect(201).Id;
        var before = (await organization.AllowedAsync("leaver")).Text("memberId");
        (await organization.Scim.Delete("/Users/" + left)).Expect(204);

        var joiner = organization.User("joiner");
        joiner["externalId"] = "";
        (await organization.Scim.Post("/Users", joiner)).Expect(201);
        Assert.That(await organization.MemberIdOfAsync(organization.Mail("joiner")), Is.Not.EqualTo(before), "the leaver's member, identities and all");
        await organization.DeniedAsync("deprovisioned", "leaver");
    }

    [Test]
    public async Task JIT_6_a_person_pushed_as_inactive_is_refused_and_not_created_beside_the_entry()
    {
        var organization = await service.OrganizationAsync();
        await organization.PushAsync("ada", active: false);
        await organization.DeniedAsync("deprovisioned", "ada");

        var grace = organization.User("grace", active: false);
        grace["userName"] = "ghopper";
        (await organization.Scim.Post("/Users", grace)).Expect(201);
        await organization.DeniedAsync("deprovisioned", "grace");
        Assert.That(await organization.MembersAsync(), Has.Count.EqualTo(2));
        await organization.ExpectAssignedAsync(premium: 0, standard: 0);
    }

    [Test]
    public async Task JIT_1_a_person_renamed_by_a_second_push_is_still_found_by_externalId()
    {
        var organization = await service.OrganizationAsync();
        (await organization.Owner.Post("/connections", new { name = "claims", kind = "gateway", trustEmail = false, externalIdClaim = "sub" })).Expect(201);
        var old = await organization.PushAsync("miss");
        (await organization.SetActiveAsync(old, false)).Expect(200);
        var renamed = organization.User("mrs");
        renamed["externalId"] = "x-miss";
        (await organization.Scim.Post("/Users", renamed)).Expect(201);

        var answer = await organization.AllowedAsync("x-miss", "mrs@elsewhere.example", body => body["connection"] = "claims");
        Assert.That((answer.Text("reason"), answer.Text("memberId")),
            Is.EqualTo(("linked", await organization.MemberIdOfAsync(organization.Mail("mrs")))));
    }

    [Test]
    public async Task SCIM_1_a_staged_entry_is_linked_when_its_person_signs_in_for_the_first_time()
    {
        var organization = await service.OrganizationAsync(mode: "jit");
        var pushed = (await organization.Scim.Post("/Users", organization.User("ada"))).Expect(201);
        Assert.That(pushed.At(Answer.Seat), Is.Null);
        var member = (await organization.AllowedAsync("ada", organization.Mail("Ada"))).Text("memberId");
        Assert.That((await organization.MemberAsync(member)).Text("scimId"), Is.EqualTo(pushed.Id));

        (await organization.SetActiveAsync(pushed.Id, false)).Expect(200);
        var read = (await organization.Scim.Get("/Users/" + pushed.Id)).Expect(200);
        Assert.That((read.Flag("active"), read.Text(Answer.Seat, "memberState")), Is.EqualTo((false, "active")), "staged: the member stays as it is");
        Assert.That((await organization.AllowedAsync("ada")).Text("reason"), Is.EqualTo("existing"));
    }
}
