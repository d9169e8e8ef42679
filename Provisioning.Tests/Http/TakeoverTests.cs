using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Core.Organizations;

namespace Provisioning.Tests.Http;

/// <summary>Nobody comes in as somebody else, and nobody who was switched off comes back by a new subject (rules JIT-1, JIT-6).</summary>
public sealed class TakeoverTests
{
    private TestService service = null!;

    [OneTimeSetUp]
    public async Task TakeServiceAsync() => service = await SharedService.GetAsync();

    [Test]
    public async Task JIT_6_who_was_pushed_inactive_does_not_come_in_by_the_address()
    {
        var organization = await service.OrganizationAsync();
        var user = organization.User("ada", active: false);
        user["userName"] = "ada.of.payroll";
        (await organization.Scim.Post("/Users", user)).Expect(201);
        await organization.DeniedAsync("deprovisioned", "fresh-subject", organization.Mail("ada"));
        await organization.ExpectAssignedAsync(premium: 0, standard: 0);
    }

    [TestCase("\u017Fusan", "susan", TestName = "JIT_1_an_address_with_a_long_s_is_not_the_one_with_an_s")]
    [TestCase("\uFF53usan", "susan", TestName = "JIT_1_an_address_with_a_full_width_letter_is_not_the_ASCII_one")]
    [TestCase("\u212Aurt", "kurt", TestName = "JIT_1_an_address_with_a_kelvin_sign_is_not_the_one_with_a_k")]
    public async Task JIT_1_a_look_alike_address_takes_over_nobody(string lookAlike, string victim)
    {
        var organization = await service.OrganizationAsync();
        await organization.PushAsync(victim);
        var member = await organization.MemberIdOfAsync(organization.Mail(victim));
        await organization.DeniedAsync("email_not_verified", "attacker", organization.Mail(lookAlike), body => body["emailVerified"] = true);
        Assert.That((await organization.AllowedAsync("owner-of-the-address", organization.Mail(victim))).Text("memberId"), Is.EqualTo(member));
    }

    [TestCase("j\u00FCrgen@acme.example")]
    [TestCase("ADA+tag@acme.example")]
    [TestCase("\u30A2\u30C0@acme.example")]
    public void DOM_4_letters_that_are_no_look_alikes_stay_in_addresses(string address) =>
        Assert.That(EmailAddress.TryParse(address, out _), Is.True);

    [Test]
    public async Task JIT_6_in_mode_jit_a_removed_person_whose_name_is_taken_is_refused_and_not_told_to_repeat_for_ever()
    {
        var organization = await service.OrganizationAsync(mode: "jit");
        var first = (await organization.AllowedAsync("first", organization.Mail("ada"))).Text("memberId");
        (await organization.Owner.Delete("/members/" + first, ("If-Match", "*"))).Expect(204);
        await organization.AllowedAsync("second", organization.Mail("ada"));
        await organization.DeniedAsync("identity_conflict", "first", organization.Mail("ada"));
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task SCIM_3_an_entry_whose_removed_members_name_was_taken_meanwhile_joins_the_living_member()
    {
        var organization = await service.OrganizationAsync();
        var user = organization.User("ada");
        user["emails"]![0]!["value"] = organization.Mail("ada.other");
        var id = (await organization.Scim.Post("/Users", user)).Expect(201).Id;
        var removed = await organization.MemberIdOfAsync(organization.Mail("ada"));
        (await organization.Owner.Delete("/members/" + removed, ("If-Match", "*"))).Expect(204);
        await organization.AllowedAsync("somebody", organization.Mail("ada"));
        (await organization.SetActiveAsync(id, false)).Expect(200);
        (await organization.SetActiveAsync(id, true)).Expect(200);
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
        Assert.That(await organization.MembersAsync(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task JIT_1_many_removed_people_with_one_address_do_not_hide_the_one_who_is_here()
    {
        var organization = await service.OrganizationAsync();
        for (var i = 0; i < 51; i++)
        {
            var user = new JsonObject { ["userName"] = "temp-" + i, ["emails"] = new JsonArray(new JsonObject { ["value"] = organization.Mail("desk"), ["primary"] = true }) };
            var id = (await organization.Scim.Post("/Users", user)).Expect(201).Id;
            (await organization.Scim.Delete("/Users/" + id)).Expect(204);
        }
        await organization.PushAsync("desk");
        await organization.AllowedAsync("desk");
    }
}
