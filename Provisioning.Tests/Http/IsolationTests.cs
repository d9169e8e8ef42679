using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Provisioning.Tests.Http;

/// <summary>Two organisations in one service: no token reaches the other's data, no answer reveals that it exists (H13, ROLE-5).</summary>
public sealed class IsolationTests
{
    private TestService service = null!;
    private TestOrganization ours = null!;
    private TestOrganization theirs = null!;
    private string theirUser = null!;
    private string theirGroup = null!;
    private string theirMember = null!;
    private string theirConnection = null!;
    private string theirToken = null!;
    private string theirPreview = null!;
    private string theirRun = null!;
    private string theirInvitation = null!;
    private string theirDomain = null!;
    private string theirState = null!;

    [OneTimeSetUp]
    public async Task PrepareAsync()
    {
        service = await SharedService.GetAsync();
        ours = await service.OrganizationAsync(standard: 5, premium: 5);
        theirs = await service.OrganizationAsync(standard: 1, premium: 1);
        await ours.PushAsync("own");
        theirUser = await theirs.PushAsync("secretperson");
        theirGroup = await theirs.PushGroupAsync("Secretgroup", theirUser);
        theirMember = await theirs.MemberIdOfAsync(theirs.Mail("secretperson"));
        theirConnection = TestOrganization.Text((await theirs.Owner.Get("/connections")).Items("connections")[0], "id")!;
        theirPreview = (await theirs.Owner.Post("/provisioning/preview", new { mode = "scim" })).Expect(201).Text("previewId");
        theirRun = (await theirs.Owner.Post("/directory/sync", new { scope = "both" })).Expect(200).Text("runId");
        theirToken = TestOrganization.Text((await theirs.Owner.Get("/tokens")).Items("tokens")[0], "id")!;
        theirInvitation = (await theirs.Owner.Post("/invitations", new { email = theirs.Mail("secretguest") })).Expect(201).Id;
        theirDomain = (await theirs.Owner.Post("/domains", new { name = "secret." + theirs.Domain })).Expect(201).Id;
    }

    [SetUp]
    public async Task RememberAsync() => theirState = await StateAsync();

    [TearDown]
    public async Task Nothing_of_theirs_changed() => Assert.That(await StateAsync(), Is.EqualTo(theirState));

    [TestCase("GET", "/Users/{user}", null)]
    [TestCase("GET", "/Groups/{group}", null)]
    [TestCase("PUT", "/Users/{user}", """{"userName":"taken@over.example"}""")]
    [TestCase("PUT", "/Groups/{group}", """{"displayName":"taken over"}""")]
    [TestCase("PATCH", "/Users/{user}", """{"Operations":[{"op":"replace","path":"active","value":false}]}""")]
    [TestCase("PATCH", "/Groups/{group}", """{"Operations":[{"op":"remove","path":"members"}]}""")]
    [TestCase("DELETE", "/Users/{user}", null)]
    [TestCase("DELETE", "/Groups/{group}", null)]
    public async Task H13_an_id_of_another_organisation_is_not_found_in_SCIM(string method, string path, string? body)
    {
        var answer = await ours.Scim.Send(method, Fill(path), body);
        var unknown = await ours.Scim.Send(method, path.Replace("{user}", Unknown, StringComparison.Ordinal).Replace("{group}", Unknown, StringComparison.Ordinal), body);
        answer.ExpectScimError(404);
        unknown.ExpectScimError(404);
        Assert.That(answer.Text("detail").Replace(theirUser, "", StringComparison.Ordinal).Replace(theirGroup, "", StringComparison.Ordinal),
            Is.EqualTo(unknown.Text("detail").Replace(Unknown, "", StringComparison.Ordinal)), "the answer is that of an unknown id");
    }

    [TestCase("GET", "/members/{member}", null)]
    [TestCase("PATCH", "/members/{member}", """{"state":"suspended"}""")]
    [TestCase("PATCH", "/members/{member}", """{"seat":{"unassign":true}}""")]
    [TestCase("DELETE", "/members/{member}", null)]
    [TestCase("POST", "/members/{member}/erase", null)]
    [TestCase("POST", "/members/{member}/link-confirmation", """{"confirmEmail":"secretperson@x.example"}""")]
    [TestCase("GET", "/members/{member}/entitlements", null)]
    [TestCase("POST", "/seat-swaps", """{"changes":[{"memberId":"{member}","tier":null}]}""")]
    [TestCase("GET", "/spend-caps/individual/{member}", null)]
    [TestCase("PUT", "/spend-caps/individual/{member}", """{"limit":null}""")]
    [TestCase("DELETE", "/spend-caps/individual/{member}", null)]
    [TestCase("GET", "/spend-caps/effective?memberId={member}", null)]
    [TestCase("PUT", "/members/{member}/extra-usage", """{"enabled":false}""")]
    [TestCase("POST", "/spend-cap-requests/crq_01a1f8d7-b605-716b-a7de-6edb240f38c1/approve", null)]
    [TestCase("DELETE", "/connections/{connection}", null)]
    [TestCase("GET", "/connections/{connection}", null)]
    [TestCase("PUT", "/connections/{connection}", """{"name":"taken","kind":"gateway","trustEmail":true}""")]
    [TestCase("POST", "/connections/{connection}/test", null)]
    [TestCase("PUT", "/connections/{connection}/key", """{"next":"publish"}""")]
    [TestCase("GET", "/members/{member}/sessions", null)]
    [TestCase("GET", "/sessions/ses_01a1f8d7-b605-716b-a7de-6edb240f38c1", null)]
    [TestCase("DELETE", "/sessions/ses_01a1f8d7-b605-716b-a7de-6edb240f38c1", null)]
    [TestCase("DELETE", "/tokens/{token}", null)]
    [TestCase("DELETE", "/scim-tokens/{token}", null)]
    [TestCase("GET", "/invitations/{invitation}", null)]
    [TestCase("POST", "/invitations/{invitation}/resend", null)]
    [TestCase("DELETE", "/invitations/{invitation}", null)]
    [TestCase("POST", "/domains/{domain}/verify", null)]
    [TestCase("DELETE", "/domains/{domain}", null)]
    public async Task ROLE_5_an_id_of_another_organisation_is_not_found_in_REST(string method, string path, string? body) =>
        (await ours.Owner.Send(method, Fill(path), body is null ? null : Fill(body), ("If-Match", "*"))).ExpectProblem(404, "not_found");

    [TestCase("GET", "/seats", null)]
    [TestCase("GET", "/members", null)]
    [TestCase("GET", "/members/{member}", null)]
    [TestCase("PATCH", "/members/{member}", """{"state":"suspended"}""")]
    [TestCase("DELETE", "/members/{member}", null)]
    [TestCase("POST", "/members/{member}/link-confirmation", """{"confirmEmail":"secretperson@x.example"}""")]
    [TestCase("GET", "/members/{member}/entitlements", null)]
    [TestCase("POST", "/seat-swaps", """{"changes":[{"memberId":"{member}","tier":null}]}""")]
    [TestCase("GET", "/seats/waiting", null)]
    [TestCase("POST", "/seats/drain", null)]
    [TestCase("GET", "/audit", null)]
    [TestCase("GET", "/audit/export", null)]
    [TestCase("GET", "/webhooks", null)]
    [TestCase("POST", "/webhooks", """{"url":"https://hooks.example/x"}""")]
    [TestCase("GET", "/notifications", null)]
    [TestCase("GET", "/audit/verification", null)]
    [TestCase("POST", "/members/{member}/erase", null)]
    [TestCase("GET", "/tokens", null)]
    [TestCase("POST", "/tokens", """{"door":"scim","name":"x"}""")]
    [TestCase("DELETE", "/tokens/{token}", null)]
    [TestCase("GET", "/connections", null)]
    [TestCase("POST", "/connections", """{"name":"x","kind":"gateway","trustEmail":true}""")]
    [TestCase("DELETE", "/connections/{connection}", null)]
    [TestCase("GET", "/connections/{connection}", null)]
    [TestCase("PUT", "/connections/{connection}", """{"name":"taken","kind":"gateway","trustEmail":true}""")]
    [TestCase("POST", "/connections/{connection}/test", null)]
    [TestCase("PUT", "/connections/{connection}/key", """{"next":"publish"}""")]
    [TestCase("GET", "/sign-in-settings", null)]
    [TestCase("PUT", "/sign-in-settings", """{"returnTo":["https://evil.example/"]}""")]
    [TestCase("GET", "/members/{member}/sessions", null)]
    [TestCase("POST", "/sign-ins/exchange", """{"code":"x"}""")]
    [TestCase("GET", "/provisioning", null)]
    [TestCase("PUT", "/provisioning", """{"mode":"jit"}""")]
    [TestCase("POST", "/provisioning/preview", """{"mode":"scim"}""")]
    [TestCase("POST", "/provisioning/apply", """{"previewId":"{preview}"}""")]
    [TestCase("POST", "/provisioning/what-if", """{"people":[{"userName":"x"}]}""")]
    [TestCase("POST", "/directory/sync", null)]
    [TestCase("GET", "/directory/runs/{run}", null)]
    [TestCase("GET", "/parked-effects", null)]
    [TestCase("GET", "/reservations", null)]
    [TestCase("GET", "/spend-caps", null)]
    [TestCase("PUT", "/spend-caps/organisation", """{"limit":null}""")]
    [TestCase("GET", "/spend-caps/effective?memberId={member}", null)]
    [TestCase("GET", "/spend-cap-requests", null)]
    [TestCase("GET", "/usage/events", null)]
    [TestCase("GET", "/usage/settings", null)]
    [TestCase("PUT", "/usage/settings", """{"extraUsage":true}""")]
    [TestCase("PUT", "/reservations", """{"reservations":[]}""")]
    [TestCase("GET", "/members.csv", null)]
    [TestCase("GET", "/invitations", null)]
    [TestCase("POST", "/invitations", """{"email":"taken@over.example"}""")]
    [TestCase("POST", "/invitations/bulk", """{"invitations":[{"email":"taken@over.example"}]}""")]
    [TestCase("POST", "/invitations/{invitation}/resend", null)]
    [TestCase("DELETE", "/invitations/{invitation}", null)]
    [TestCase("GET", "/domains", null)]
    [TestCase("POST", "/domains", """{"name":"over.example"}""")]
    [TestCase("POST", "/domains/{domain}/verify", null)]
    [TestCase("DELETE", "/domains/{domain}", null)]
    [TestCase("GET", "/scim-tokens", null)]
    [TestCase("POST", "/scim-tokens", """{"name":"x"}""")]
    [TestCase("PATCH", "", """{"name":"Taken over"}""")]
    public async Task ROLE_5_another_organisation_is_not_found_with_our_token(string method, string path, string? body)
    {
        var filled = body is null ? null : Fill(body);
        (await theirs.Owner.With(ours.Owner.Token).Send(method, Fill(path), filled, ("If-Match", "*"))).ExpectProblem(404, "not_found");
        (await theirs.Owner.With(ours.Admin.Token).Send(method, Fill(path), filled, ("If-Match", "*"))).Expect(403, 404);
        (await theirs.Owner.With(ours.Gateway.Token).Send(method, Fill(path), filled, ("If-Match", "*"))).Expect(403, 404);
        (await theirs.Owner.With(ours.Scim.Token).Send(method, Fill(path), filled, ("If-Match", "*"))).Expect(403, 404);
        (await theirs.Owner.With(null).Send(method, Fill(path), filled, ("If-Match", "*"))).ExpectProblem(401, "unauthenticated");
        (await theirs.Owner.With("forged-token-of-nobody").Send(method, Fill(path), filled, ("If-Match", "*"))).ExpectProblem(401, "unauthenticated");
    }

    [Test]
    public async Task ROLE_5_an_unknown_organisation_and_another_one_answer_the_same()
    {
        var other = await theirs.Owner.With(ours.Owner.Token).Get("/seats");
        var unknown = await ours.Owner.At("/v1/organizations/nobody-has-this-slug").Get("/seats");
        Assert.That((unknown.Status, unknown.Text("code"), unknown.Text("title")), Is.EqualTo((other.Status, other.Text("code"), other.Text("title"))));
    }

    [Test]
    public async Task Operator_routes_are_closed_to_every_other_token()
    {
        foreach (var token in (string?[])[ours.Owner.Token, ours.Admin.Token, ours.Gateway.Token, ours.Scim.Token, null, "forged-token-of-nobody"])
        {
            (await service.Operator.With(token).Get("")).Expect(401, 403);
            (await service.Operator.With(token).Post("", new { slug = "mine", name = "Mine", tiers = new[] { new { tier = "standard", rank = 1, purchased = 9 } } })).Expect(401, 403);
            (await ours.Operator.With(token).Put("/seats", new { tiers = new[] { new { tier = "standard", rank = 10, purchased = 999 } } }, ("If-Match", "*"))).Expect(401, 403);
            (await ours.Operator.With(token).Put("/domains", new { domains = new[] { "stolen.example" } }, ("If-Match", "*"))).Expect(401, 403);
            (await ours.Operator.With(token).Post("/suspend", new { suspended = true })).Expect(401, 403);
            (await ours.Operator.With(token).Put("/owner", new { memberId = theirMember })).Expect(401, 403);
        }
    }

    [TestCase("userName sw \"secret\"")]
    [TestCase("userName pr")]
    [TestCase("id eq \"{user}\"")]
    [TestCase("externalId eq \"x-secretperson\"")]
    [TestCase("groups.value eq \"{group}\"")]
    [TestCase("not (userName eq \"nobody\")")]
    public async Task H13_filters_and_counts_of_users_show_our_own_only(string filter)
    {
        foreach (var more in (string[])["", "&count=0"])
        {
            var answer = (await ours.Scim.Get("/Users?filter=" + Uri.EscapeDataString(Fill(filter)) + more)).Expect(200);
            Assert.That(answer.Body, Does.Not.Contain("secret"));
            Assert.That(answer.Number("totalResults"), Is.LessThanOrEqualTo(1));
        }
        Assert.That((await ours.Scim.Get("/Users")).Number("totalResults"), Is.EqualTo(1));
    }

    [TestCase("displayName sw \"secret\"")]
    [TestCase("members.value eq \"{user}\"")]
    [TestCase("id eq \"{group}\"")]
    [TestCase("displayName pr")]
    public async Task H13_filters_and_counts_of_groups_show_our_own_only(string filter)
    {
        var answer = (await ours.Scim.Get("/Groups?filter=" + Uri.EscapeDataString(Fill(filter)))).Expect(200);
        Assert.That(answer.Number("totalResults"), Is.Zero);
    }

    [Test]
    public async Task H13_lists_of_the_REST_show_our_own_only()
    {
        foreach (var path in (string[])["/members", "/members?filter=secret", "/audit", "/tokens", "/connections", "/seats/waiting", "/invitations", "/domains", "/members.csv"])
            Assert.That((await ours.Owner.Get(path)).Expect(200).Body, Does.Not.Contain("secret").And.Not.Contain(theirMember), path);
        Assert.That((await ours.SeatsAsync())["premium"].Purchased, Is.EqualTo(5));
    }

    [Test]
    public async Task H13_a_cursor_of_another_organisation_shows_nothing()
    {
        var rich = await service.OrganizationAsync(standard: 5);
        foreach (var name in (string[])["secret1", "secret2", "secret3"]) await rich.PushAsync(name);
        var cursor = (await rich.Owner.Get("/members?limit=1")).Expect(200).Text("nextCursor");
        var answer = (await ours.Owner.Get("/members?limit=10&cursor=" + Uri.EscapeDataString(cursor))).Expect(200, 400);
        Assert.That(answer.Body, Does.Not.Contain("secret"));
    }

    [Test]
    public async Task H13_a_group_never_takes_a_member_of_another_organisation()
    {
        var group = await ours.PushGroupAsync("Mixed", theirUser);
        (await ours.Scim.Patch("/Groups/" + group, TestOrganization.Patch(TestOrganization.Operation("add", "members", new JsonArray(new JsonObject { ["value"] = theirUser }))))).Expect(200, 204);
        Assert.That((await ours.Scim.Get("/Groups/" + group)).Expect(200).At("members"), Is.Null);
        (await ours.Scim.Delete("/Groups/" + group)).Expect(204);
    }

    [Test]
    public async Task H13_names_are_unique_per_organisation_only()
    {
        var other = await service.OrganizationAsync();
        var user = other.User("twin");
        user["userName"] = theirs.Mail("secretperson");
        (await other.Scim.Post("/Users", user)).Expect(201);
        await other.PushGroupAsync("Secretgroup");
    }

    [Test]
    public async Task H13_a_sign_in_at_our_gateway_never_meets_their_people()
    {
        var other = await service.OrganizationAsync();
        await other.DeniedAsync("domain_not_verified", "x-secretperson", theirs.Mail("secretperson"));
        var body = new { connection = TestOrganization.Connection, subject = "s", email = theirs.Mail("secretperson") };
        (await theirs.Gateway.With(other.Gateway.Token).Post("/sign-in-decisions", body)).ExpectProblem(404, "not_found");
        (await other.Gateway.Post("/sign-in-decisions", new { connection = theirConnection, subject = "s", email = other.Mail("s") })).ExpectProblem(400, "invalid_request");
    }

    [Test]
    public async Task The_organisation_is_reached_by_its_id_too()
    {
        var id = (await ours.Operator.Get("")).Expect(200).Id;
        (await ours.Owner.At("/v1/organizations/" + id).Get("/seats")).Expect(200);
        var other = (await theirs.Operator.Get("")).Expect(200).Id;
        (await ours.Owner.At("/v1/organizations/" + other).Get("/seats")).ExpectProblem(404, "not_found");
    }

    private const string Unknown = "00000000-0000-7000-8000-000000000000";

    private string Fill(string text) => text
        .Replace("{user}", theirUser, StringComparison.Ordinal).Replace("{group}", theirGroup, StringComparison.Ordinal)
        .Replace("{member}", theirMember, StringComparison.Ordinal).Replace("{connection}", theirConnection, StringComparison.Ordinal)
        .Replace("{preview}", theirPreview, StringComparison.Ordinal).Replace("{run}", theirRun, StringComparison.Ordinal)
        .Replace("{token}", theirToken, StringComparison.Ordinal)
        .Replace("{invitation}", theirInvitation, StringComparison.Ordinal)
        .Replace("{domain}", theirDomain, StringComparison.Ordinal);

    private async Task<string> StateAsync()
    {
        List<string> parts = [];
        foreach (var path in (string[])["/seats", "/members", "/connections", "/provisioning", "/invitations", "/domains"]) parts.Add((await theirs.Owner.Get(path)).Expect(200).Body);
        parts.Add((await theirs.Scim.Get("/Users/" + theirUser)).Expect(200).Body);
        parts.Add((await theirs.Scim.Get("/Groups/" + theirGroup)).Expect(200).Body);
        return string.Join('\n', parts);
    }
}
