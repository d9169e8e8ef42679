using NUnit.Framework;
using Provisioning.Tests.Coverage;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>/Me for somebody (RFC 7644 3.11, checklist section 18).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class MeTests(string engine)
{
    [Test]
    [Checklist("M1", "M2")]
    public async Task M2_a_personal_token_reads_its_own_user_under_the_permanent_location()
    {
        var service = await SharedService.GetAsync(engine);
        var organization = await service.OrganizationAsync(standard: 5, premium: 5);
        var id = await organization.PushAsync("ada");
        await organization.PushAsync("bob");
        var member = await organization.MemberIdOfAsync(organization.Mail("ada"));
        (await organization.Operator.Patch("/members/" + member, new { role = "admin" }, ("If-Match", "*"))).Expect(200);
        var token = (await organization.Operator.Post("/tokens", new { door = "admin", name = "hers", memberId = member })).Expect(201).Text("token");
        var her = organization.Scim.With(token);

        var me = (await her.Get("/Me")).Expect(200);
        Assert.That((me.Id, me.Header("Location"), me.Header("ETag")), Is.EqualTo((id, me.Text("meta", "location"), me.Text("meta", "version"))));
        Assert.That((await her.Get("/Me?attributes=userName")).Expect(200).At("emails"), Is.Null);
        (await her.Get("/Me", ("If-None-Match", me.Header("ETag")!))).Expect(304);
        foreach (var method in (string[])["PUT", "PATCH", "POST", "DELETE"]) (await her.Send(method, "/Me", method == "DELETE" ? null : "{}")).ExpectScimError(403);
        (await her.Get("/Users")).ExpectScimError(403);
        (await organization.Scim.Get("/Me")).ExpectScimError(501);
        (await organization.Scim.With(organization.Gateway.Token).Get("/Me")).ExpectScimError(501);
        (await organization.Scim.With(null).Get("/Me")).ExpectScimError(401);

        (await organization.Scim.Delete("/Users/" + id)).Expect(204);
        Assert.That((await her.Get("/Me")).Status, Is.EqualTo(401).Or.EqualTo(404), "whose user is gone, and who is no member any more");
    }
}
