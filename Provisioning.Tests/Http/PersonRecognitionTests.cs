using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>Who is known again at a sign-in, by what, and what never takes over an account (rule JIT-1).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class PersonRecognitionTests(string engine)
{
    private TestService service = null!;

    [OneTimeSetUp]
    public async Task TakeServiceAsync() => service = await SharedService.GetAsync(engine);

    [Test]
    public async Task JIT_1_a_person_is_known_again_by_connection_and_subject()
    {
        var organization = await service.OrganizationAsync();
        var first = await organization.AllowedAsync("ada");
        var second = await organization.AllowedAsync("ada");
        Assert.That((second.Text("memberId"), second.Text("reason"), second.Text("tier")), Is.EqualTo((first.Text("memberId"), "existing", "premium")));
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task JIT_1_subjects_are_compared_exactly()
    {
        var organization = await service.OrganizationAsync();
        var lower = await organization.AllowedAsync("subject", organization.Mail("ada"));
        var upper = await organization.AllowedAsync("SUBJECT", organization.Mail("bob"));
        Assert.That(upper.Text("memberId"), Is.Not.EqualTo(lower.Text("memberId")));
    }

    [Test]
    public async Task JIT_1_a_pushed_person_is_linked_by_the_externalId_the_connection_claims()
    {
        var organization = await service.OrganizationAsync();
        (await organization.Owner.Post("/connections", new { name = "okta", kind = "gateway", trustEmail = false, externalIdClaim = "sub" })).Expect(201);
        await organization.PushAsync("ada");
        var member = await organization.MemberIdOfAsync(organization.Mail("ada"));
        var answer = await organization.AllowedAsync("x-ada", "other@elsewhere.example", body => body["connection"] = "okta");
        Assert.That((answer.Text("memberId"), answer.Text("reason")), Is.EqualTo((member, "linked")));
        Assert.That(await organization.ActionsOnAsync(member), Has.Some.Contains("linked"), "a link made is audited");
        Assert.That(await organization.MembersAsync(), Has.Count.EqualTo(1));
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task JIT_1_a_pushed_person_is_linked_by_the_externalId_a_gateway_states()
    {
        var organization = await service.OrganizationAsync(trustEmail: false);
        await organization.PushAsync("ada");
        var answer = await organization.AllowedAsync("oidc-1", "other@elsewhere.example", body => body["externalId"] = "x-ada");
        Assert.That((answer.Text("memberId"), answer.Text("reason")), Is.EqualTo((await organization.MemberIdOfAsync(organization.Mail("ada")), "linked")));
    }

    [Test]
    public async Task JIT_1_externalIds_are_compared_exactly()
    {
        var organization = await service.OrganizationAsync(mode: "scim", trustEmail: false);
        await organization.PushAsync("ada");
        await organization.DeniedAsync("not_provisioned", "oidc-1", "other@elsewhere.example", body => body["externalId"] = "X-ADA");
    }

    [Test]
    public async Task JIT_1_a_pushed_person_is_linked_by_a_verified_address_whatever_its_case()
    {
        var organization = await service.OrganizationAsync();
        await organization.PushAsync("ada");
        var answer = await organization.AllowedAsync("00u1", "ADA@" + organization.Domain.ToUpperInvariant());
        Assert.That((answer.Text("memberId"), answer.Text("reason")), Is.EqualTo((await organization.MemberIdOfAsync(organization.Mail("ada")), "linked")));
        Assert.That(await organization.MembersAsync(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task JIT_1_an_unverified_address_never_links()
    {
        var organization = await service.OrganizationAsync(mode: "scim", trustEmail: false);
        await organization.PushAsync("ada");
        await organization.DeniedAsync("not_provisioned", "00u1", organization.Mail("ada"));
        await organization.DeniedAsync("not_provisioned", "00u1", organization.Mail("ada"), body => body["emailVerified"] = false);
        var answer = await organization.AllowedAsync("00u1", organization.Mail("ada"), body => body["emailVerified"] = true);
        Assert.That(answer.Text("reason"), Is.EqualTo("linked"), "a verified one does");
    }

    [Test]
    public async Task JIT_1_two_active_members_with_one_address_are_ambiguous()
    {
        var organization = await service.OrganizationAsync(standard: 5);
        foreach (var name in (string[])["one", "two"])
        {
            var user = organization.User(name);
            user["emails"] = new JsonArray(new JsonObject { ["value"] = organization.Mail("shared"), ["type"] = "work", ["primary"] = true });
            (await organization.Scim.Post("/Users", user)).Expect(201);
        }
        await organization.DeniedAsync("ambiguous_email", "00u1", organization.Mail("shared"));
        Assert.That(await organization.MembersAsync(), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task JIT_1_an_address_whose_member_has_another_subject_at_this_connection_is_a_conflict()
    {
        var organization = await service.OrganizationAsync();
        await organization.AllowedAsync("first", organization.Mail("ada"));
        await organization.DeniedAsync("identity_conflict", "second", organization.Mail("ada"));
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task JIT_1_another_connection_links_to_the_same_member_by_a_verified_address()
    {
        var organization = await service.OrganizationAsync();
        (await organization.Owner.Post("/connections", new { name = "second", kind = "gateway", trustEmail = true })).Expect(201);
        var first = await organization.AllowedAsync("ada");
        var second = await organization.AllowedAsync("other-subject", organization.Mail("ada"), body => body["connection"] = "second");
        Assert.That((second.Text("memberId"), second.Text("reason")), Is.EqualTo((first.Text("memberId"), "linked")));
    }
}
