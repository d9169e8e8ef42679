using System.Globalization;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Coverage;

namespace Provisioning.Tests.Http;

/// <summary>What one request can cost is bounded (design D10): the embedded engine has one writer, so a slow unit of one tenant delays all.</summary>
public sealed class CostTests
{
    private TestService service = null!;
    private TestOrganization organization = null!;

    [OneTimeSetUp]
    public async Task TakeOrganizationAsync()
    {
        service = await SharedService.GetAsync();
        organization = await service.OrganizationAsync();
    }

    [TestCase("emails")]
    [TestCase("roles")]
    public async Task D10_more_values_than_allowed_are_refused_in_a_POST(string attribute)
    {
        var user = organization.User("many-" + attribute);
        user[attribute] = Values(1001);
        var refused = (await organization.Scim.Post("/Users", user)).ExpectScimError(400, "tooMany");
        Assert.That(refused.Text("detail"), Does.Contain(attribute).And.Contain("1000"));
        user[attribute] = Values(1000);
        (await organization.Scim.Post("/Users", user)).Expect(201);
    }

    [Test]
    public async Task D10_more_values_than_allowed_cannot_be_collected_by_PATCH()
    {
        var id = await organization.PushAsync("collector");
        (await organization.Scim.Patch("/Users/" + id, TestOrganization.Patch(TestOrganization.Operation("add", "roles", Values(700))))).Expect(200);
        var more = new JsonArray([.. Values(700).Select(value => new JsonObject { ["value"] = "more-" + (string)value!["value"]! })]);
        (await organization.Scim.Patch("/Users/" + id, TestOrganization.Patch(TestOrganization.Operation("add", "roles", more)))).ExpectScimError(400, "tooMany");
        Assert.That((await organization.Scim.Get("/Users/" + id)).Items("roles"), Has.Count.EqualTo(700), "nothing of a refused PATCH stays");
    }

    [Test]
    public async Task D10_the_filters_of_a_PATCH_have_a_limit_together()
    {
        var id = await organization.PushAsync("patched");
        var filter = string.Join(" or ", Enumerable.Repeat("value eq \"q\"", 100)) + " or value pr";
        var refused = (await organization.Scim.Patch("/Users/" + id, TestOrganization.Patch([.. Enumerable.Range(0, 41).Select(i =>
            TestOrganization.Operation("replace", $"emails[{filter}].display", "x" + i))]))).ExpectScimError(400, "tooMany");
        Assert.That(refused.Text("detail"), Does.Contain("Limits:PatchOperations"));
    }

    [Test]
    public async Task D10_filters_over_the_members_of_a_group_are_bounded_by_FilterScan_and_name_it()
    {
        await using var small = await TestService.StartAsync(settings: "Limits:FilterScan=20");
        var demo = await small.DemoAsync();
        var members = new List<string>();
        for (var i = 0; i < 8; i++) members.Add(await demo.PushAsync("member-" + i));
        var group = await demo.PushGroupAsync("Engineering", [.. members]);
        (await demo.Scim.Patch("/Groups/" + group, TestOrganization.Patch(Nobody(), Nobody()))).Expect(200);
        var refused = (await demo.Scim.Patch("/Groups/" + group,
            TestOrganization.Patch(TestOrganization.Operation("remove", $"members[value eq \"{members[0]}\"]", null), Nobody(), Nobody(), Nobody())))
            .ExpectScimError(400, "tooMany");
        Assert.That(refused.Text("detail"), Does.Contain("Limits:FilterScan"));
        Assert.That((await demo.Scim.Get("/Groups/" + group)).Items("members"), Has.Count.EqualTo(8), "nothing of a refused PATCH stays");

        static JsonObject Nobody() => TestOrganization.Operation("remove", "members[display eq \"nobody\"]", null);
    }

    [TestCase("nested or", "not (id pr or ", 32, "id pr", ")")]
    [TestCase("nested and, or", "(userName pr and (id pr or ", 16, "id pr", "))")]
    [TestCase("nested values", "not (emails[value eq \"a\"] or ", 31, "id pr", ")")]
    [TestCase("a long chain", "", 0, "id pr", "")]
    [Checklist("F18")]
    public async Task D10_every_filter_within_the_limits_is_answered_and_right(string name, string open, int times, string inner, string close)
    {
        var filter = times == 0
            ? string.Join(" or ", Enumerable.Repeat(inner, 900))
            : string.Concat(Enumerable.Repeat(open, times)) + inner + string.Concat(Enumerable.Repeat(close, times));
        var expected = name is "nested and, or" or "a long chain" ? 1 : 0;
        var own = await service.OrganizationAsync();
        await own.PushAsync("ada");
        Assert.That((await own.Scim.Get("/Users?filter=" + Uri.EscapeDataString(filter))).Expect(200).Number("totalResults"), Is.EqualTo(expected), name);
    }

    private static JsonArray Values(int count) =>
        new([.. Enumerable.Range(0, count).Select(i => new JsonObject { ["value"] = "v" + i.ToString(CultureInfo.InvariantCulture) })]);
}
