using NUnit.Framework;
using Provisioning.Api.Scim;

namespace Provisioning.Tests.Http;

/// <summary>A field left out of an administrator's body never takes something away; what answers and logs carry is protected.</summary>
public sealed class AdminBodyTests
{
    private TestService service = null!;

    [OneTimeSetUp]
    public async Task TakeServiceAsync() => service = await SharedService.GetAsync();

    [Test]
    public async Task SEAT_7_a_change_without_a_tier_is_refused_and_takes_no_seat()
    {
        var organization = await service.OrganizationAsync();
        await organization.PushAsync("ada");
        var member = await organization.MemberIdOfAsync(organization.Mail("ada"));
        (await organization.Owner.Post("/seat-swaps", new { changes = new[] { new { memberId = member } } })).ExpectProblem(400, "invalid_request");
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task DOM_3_a_body_without_domains_is_refused_and_removes_no_domain()
    {
        var organization = await service.OrganizationAsync();
        (await service.Operator.Put($"/{organization.Slug}/domains", new { })).ExpectProblem(400, "invalid_request");
        await organization.AllowedAsync("ada");
    }

    [TestCase("/{org}/seats", """{"tiers":[{"tier":"gold\n","rank":30,"purchased":1}]}""")]
    public async Task A_code_does_not_end_with_a_line_break(string path, string body)
    {
        var organization = await service.OrganizationAsync();
        (await service.Operator.Put(path.Replace("{org}", organization.Slug, StringComparison.Ordinal), body)).ExpectProblem(400, "invalid_request");
        (await service.Operator.Post("", $$"""{"slug":"{{organization.Slug}}-x\n","name":"x","tiers":[{"tier":"a","rank":1,"purchased":1}]}""")).ExpectProblem(400, "invalid_request");
    }

    [Test]
    public async Task D10_features_are_no_deeper_than_can_be_read_back_whatever_depth_a_body_may_have()
    {
        await using var deep = await TestService.StartAsync(settings: "Limits:JsonDepth=200");
        var own = await deep.OrganizationAsync();
        foreach (var (levels, status) in new[] { (32, 200), (33, 400), (70, 400), (150, 400) })
        {
            var features = string.Concat(Enumerable.Repeat("{\"a\":", levels)) + "1" + new string('}', levels);
            (await deep.Operator.Put($"/{own.Slug}/seats", $$"""{"tiers":[{"tier":"gold","rank":30,"purchased":1,"features":{{features}}}]}""")).Expect(status);
        }
        await own.PushAsync("ada");
        var member = await own.MemberIdOfAsync(own.Mail("ada"));
        (await own.Owner.Get($"/members/{member}/entitlements")).Expect(200);
    }

    [Test]
    public async Task Every_answer_with_data_is_kept_by_no_cache_and_taken_for_nothing_else()
    {
        var organization = await service.OrganizationAsync();
        var id = await organization.PushAsync("ada");
        foreach (var answer in new[]
        {
            await organization.Scim.Get("/Users/" + id), await organization.Scim.Get("/Users"), await organization.Owner.Get("/members"),
            await organization.Owner.Post("/tokens", new { door = "application", name = "a" }), await organization.Owner.Get("/members/unknown"),
        })
        {
            Assert.That(answer.Header("Cache-Control"), Is.EqualTo("no-store"), answer.Request);
            Assert.That(answer.Header("X-Content-Type-Options"), Is.EqualTo("nosniff"), answer.Request);
        }
    }

    [Test]
    public void Log_lines_about_ignored_paths_hold_names_only()
    {
        var shown = ScimEndpoints.ShownPaths(["urn:x:y:foo", "urn:x:ada@acme.example:foo", "line\n{\"forged\":1}", "\u001b[31m", new string('y', 5000)]);
        Assert.That(shown, Is.EqualTo($"urn:x:y:foo, (not a name), (not a name), (not a name), {new string('y', 120)}..."));
    }
}
