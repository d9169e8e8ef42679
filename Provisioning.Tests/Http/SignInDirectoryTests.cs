using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>Where sign-ins meet what a directory has pushed (domain.md, JIT-5, JIT-6, SCIM-3, SCIM-15).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class SignInDirectoryTests(string engine)
{
    private TestService service = null!;

    [OneTimeSetUp]
    public async Task TakeServiceAsync() => service = await SharedService.GetAsync(engine);

    [Test]
    public async Task JIT_5_a_sign_in_writes_no_attribute_of_a_pushed_person()
    {
        var organization = await service.OrganizationAsync();
        var id = await organization.PushAsync("ada");
        var before = (await organization.Scim.Get("/Users/" + id)).Expect(200);
        await organization.AllowedAsync("00u1", organization.Mail("ada"), body => body["name"] = "Somebody Else");
        await organization.AllowedAsync("00u1", organization.Mail("changed"), body => body["name"] = "Somebody Else");
        var after = (await organization.Scim.Get("/Users/" + id)).Expect(200);
        Assert.That(after.Json.ToJsonString(), Is.EqualTo(before.Json.ToJsonString()));
        Assert.That(after.Header("ETag"), Is.EqualTo(before.Header("ETag")));
    }

    [Test]
    public async Task JIT_6_a_person_switched_off_by_the_directory_is_refused_by_identity_and_by_address()
    {
        var organization = await service.OrganizationAsync();
        var id = await organization.PushAsync("ada");
        await organization.AllowedAsync("00u1", organization.Mail("ada"));
        (await organization.SetActiveAsync(id, active: false)).Expect(200);
        await organization.DeniedAsync("deprovisioned", "00u1", organization.Mail("ada"));
        await organization.DeniedAsync("deprovisioned", "another-subject", organization.Mail("ada"));
        Assert.That(await organization.MembersAsync(), Has.Count.EqualTo(1), "no second account");
        await organization.ExpectAssignedAsync(premium: 0, standard: 0);
    }

    [Test]
    public async Task JIT_6_a_person_deleted_by_the_directory_is_refused_until_pushed_again()
    {
        var organization = await service.OrganizationAsync();
        var id = await organization.PushAsync("ada");
        var member = (await organization.AllowedAsync("00u1", organization.Mail("ada"))).Text("memberId");
        (await organization.Scim.Delete("/Users/" + id)).Expect(204);
        await organization.DeniedAsync("deprovisioned", "00u1", organization.Mail("ada"));
        await organization.ExpectAssignedAsync(premium: 0, standard: 0);
        await organization.PushAsync("ada");
        var back = await organization.AllowedAsync("00u1", organization.Mail("ada"));
        Assert.That((back.Text("memberId"), back.Text("tier")), Is.EqualTo((member, "premium")), "the same member by externalId, her last tier");
    }

    [Test]
    public async Task SCIM_3_a_push_adopts_the_member_who_signed_in_first()
    {
        var organization = await service.OrganizationAsync();
        var ada = (await organization.AllowedAsync("00u1", organization.Mail("ada"))).Text("memberId");
        var id = await organization.PushAsync("ada");
        var member = await organization.MemberAsync(ada);
        Assert.That((member.Text("scimId"), member.Text("tier")), Is.EqualTo((id, "premium")));
        Assert.That(await organization.MembersAsync(), Has.Count.EqualTo(1));
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task SCIM_3_a_push_with_another_name_adopts_the_member_of_the_same_address()
    {
        var organization = await service.OrganizationAsync();
        var ada = (await organization.AllowedAsync("00u1", organization.Mail("ada"))).Text("memberId");
        var user = organization.User("ada");
        user["userName"] = "a.lovelace";
        var id = (await organization.Scim.Post("/Users", user)).Expect(201).Id;
        Assert.That((await organization.MemberAsync(ada)).Text("scimId"), Is.EqualTo(id));
        Assert.That(await organization.MembersAsync(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task SCIM_15_a_soft_deleted_name_does_not_move_the_match_address()
    {
        var organization = await service.OrganizationAsync();
        var user = organization.User("ada");
        user.Remove("emails");
        var id = (await organization.Scim.Post("/Users", user)).Expect(201).Id;
        (await organization.Scim.Patch("/Users/" + id, TestOrganization.Patch(
            TestOrganization.Operation("Replace", "userName", "0a21f0f2c3d44e5f8a9b0c1d2e3f4a5b" + organization.Mail("ada")),
            TestOrganization.Operation("Replace", "active", "False")))).Expect(200);
        await organization.DeniedAsync("deprovisioned", "00u1", organization.Mail("ada"));
        Assert.That(await organization.MembersAsync(), Has.Count.EqualTo(1));
    }
}
