using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Web;
using NUnit.Framework;
using Provisioning.Api.Hosting;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Http;
using Provisioning.Tests.Notifications;

namespace Provisioning.Tests.Sso;

/// <summary>When sign-in itself is broken: owners and admins come into the administration by a one-time link, nobody else does, and nobody into the product.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class RecoveryTests(string engine) : RecoveryFixture(engine)
{
    [Test]
    public async Task D6_an_owner_without_a_seat_comes_in_by_a_mailed_link_and_only_into_the_administration()
    {
        var owner = await PersonAsync("olga", "owner");
        await AllowAsync();
        using var browser = new TestBrowser(Service.Address);
        var known = (await AskAsync(browser, Organization.Mail("olga"))).Expect(200, "Look into your mailbox");
        var unknown = (await AskAsync(browser, Organization.Mail("nobody"))).Expect(200);
        Assert.That(unknown.Body, Is.EqualTo(known.Body), "the answer does not tell whose address is known");

        var got = await LinkMailAsync("olga");
        Assert.That(Mailbox.To(Organization.Mail("anchor")).Select(item => item.Plain), Has.None.Contains("/sso/recovery"), "it goes to nobody else");
        var link = Link(got);
        Assert.That((await browser.GoAsync(link)).Expect(200).Title, Does.StartWith("Administration of "));
        var opened = (await browser.GoAsync(link)).Expect(200); // a mail scanner looked too
        Assert.That(opened.Body, Does.Contain(Organization.Mail("olga")));

        var token = opened.Hidden("token");
        foreach (var site in (string?[])[null, "cross-site", "same-site"])
            (await browser.SendAsync(HttpMethod.Post, "/sso/recovery", Form(("token", token)), site)).Expect(403, "This did not work");
        Assert.That((await browser.PressAsync("/sso/recovery", ("token", token))).Expect(303).To.AbsolutePath, Is.EqualTo("/sso/administration"));
        (await browser.GoAsync("/sso/administration")).Expect(200);
        using (var second = new TestBrowser(Service.Address)) (await second.PressAsync("/sso/recovery", ("token", token))).Expect(410, "This link does not work any more");

        var rest = "/v1/organizations/" + Organization.Slug;
        (await browser.GoAsync(rest + "/members")).Expect(200);
        (await browser.SendAsync(HttpMethod.Post, rest + "/seats/drain", null, "cross-site")).Expect(403);
        (await browser.SendAsync(HttpMethod.Post, rest + "/seats/drain", null, "same-origin")).Expect(200);
        (await browser.GoAsync("/scim/v2/Me")).Expect(403); // the product's side of a person
        Assert.That((await Organization.MemberAsync(owner)).Text("seatStatus"), Is.EqualTo("waiting"), "no seat was taken");
        var session = (await Organization.Owner.Get($"/members/{owner}/sessions")).Expect(200);
        Assert.That((session.Flag("sessions", 0, "administrationOnly"), session.TextOrNull("sessions", 0, "connectionId")), Is.EqualTo((true, (string?)null)));
        var state = (await Organization.Owner.Get("/sessions/" + session.Text("sessions", 0, "id"))).Expect(200);
        Assert.That((state.Flag("active"), state.Flag("productAccess")), Is.EqualTo((true, false)));
        var actions = (await Organization.AuditAsync()).Select(record => TestOrganization.Text(record, "action")).ToList();
        Assert.That(actions, Has.One.EqualTo("recovery_link.requested").And.One.EqualTo("session.started").And.One.EqualTo("sign_in_settings.changed"));

        Assert.That(await ColumnsAsync("SELECT token_hash FROM recovery_links"), Has.None.EqualTo(Encoding.UTF8.GetBytes(token)));
        Assert.That(await TextsAsync("SELECT facts FROM notifications UNION ALL SELECT data FROM outbox UNION ALL SELECT reply FROM receipts"), Has.None.Contains(token));
        (await browser.PressAsync("/sso/sign-out")).Expect(303);
        (await browser.GoAsync("/sso/administration")).Expect(401);
    }

    [Test]
    public async Task D6_links_are_off_until_an_owner_allows_them_and_dead_when_he_takes_it_back()
    {
        await PersonAsync("olga", "owner");
        using var browser = new TestBrowser(Service.Address);
        (await browser.GoAsync($"/sso/{Organization.Slug}/recovery")).Expect(403, "There is no link here");
        (await AskAsync(browser, Organization.Mail("olga"))).Expect(403, "There is no link here");
        Assert.That(await LinksAsync(), Is.Zero);
        (await browser.GoAsync("/sso/no-such/recovery")).Expect(404);

        (await Organization.Admin.Put("/sign-in-settings", new { returnTo = Array.Empty<string>(), recoveryLinks = true }, ("If-Match", "*"))).ExpectProblem(403, "forbidden_role");
        (await Organization.Owner.Put("/sign-in-settings", new { returnTo = Array.Empty<string>(), recoveryLinks = "yes" }, ("If-Match", "*"))).ExpectProblem(400, "invalid_request");
        await AllowAsync();
        (await Organization.Owner.Put("/sign-in-settings", new { returnTo = new[] { "https://app.example/in" } }, ("If-Match", "*"))).Expect(200);
        Assert.That((await Organization.Owner.Get("/sign-in-settings")).Expect(200).Flag("recoveryLinks"), Is.True, "what is not said stays");
        (await browser.GoAsync($"/sso/{Organization.Slug}/recovery")).Expect(200, "Sign-in is broken?");
        (await AskAsync(browser, "no address")).Expect(422);
        (await AskAsync(browser, Organization.Mail("olga"))).Expect(200);
        var link = Link(await LinkMailAsync("olga"));
        (await Organization.Owner.Put("/sign-in-settings", new { returnTo = Array.Empty<string>(), recoveryLinks = false }, ("If-Match", "*"))).Expect(200);
        (await browser.GoAsync(link)).Expect(410);
    }

    [Test]
    public async Task D6_users_and_people_who_are_suspended_or_removed_get_no_link_and_one_they_have_is_dead()
    {
        await AllowAsync();
        using var browser = new TestBrowser(Service.Address);
        await PersonAsync("uma", "user");
        var suspended = await PersonAsync("sam", "owner");
        (await Organization.PatchMemberAsync(suspended, new { state = "suspended" })).Expect(200);
        var removed = await PersonAsync("rita", "admin");
        (await Organization.Owner.Delete("/members/" + removed, ("If-Match", "*"))).Expect(204);
        foreach (var name in (string[])["uma", "sam", "rita"]) (await AskAsync(browser, Organization.Mail(name))).Expect(200, "Look into your mailbox");
        Assert.That(await LinksAsync(), Is.Zero);

        foreach (var (name, change) in ((string, object)[])[("anna", new { state = "suspended" }), ("adam", new { role = "user" })])
        {
            var member = await PersonAsync(name, "admin");
            (await AskAsync(browser, Organization.Mail(name))).Expect(200);
            var link = Link(await LinkMailAsync(name));
            (await Organization.PatchMemberAsync(member, change)).Expect(200);
            (await browser.GoAsync(link)).Expect(410);
            (await browser.PressAsync("/sso/recovery", ("token", HttpUtility.ParseQueryString(link.Query)["token"]!))).Expect(410);
        }
    }

    [Test]
    public async Task D6_no_link_goes_to_an_address_that_only_the_directory_has_written()
    {
        await AllowAsync();
        using var browser = new TestBrowser(Service.Address);
        await PushedAsync("olga", "owner"); // never signed in as one
        (await AskAsync(browser, Organization.Mail("olga"))).Expect(200, "Look into your mailbox");
        Assert.That(await LinksAsync(), Is.Zero);

        await Organization.AllowedAsync("olga");
        var pushed = (await Organization.Scim.Get($"/Users?filter=userName eq \"{Organization.Mail("olga")}\"")).Expect(200).Text("Resources", 0, "id");
        var attacker = Organization.Mail("attacker");
        (await Organization.Scim.Patch("/Users/" + pushed, TestOrganization.Patch(TestOrganization.Operation(
            "add", "emails", new JsonArray(new JsonObject { ["value"] = attacker, ["primary"] = true, ["type"] = "work" }))))).Expect(200, 204);
        (await AskAsync(browser, attacker)).Expect(200, "Look into your mailbox");
        Assert.That(await LinksAsync(), Is.Zero, "the person has not shown that the mailbox is theirs");
        await IssueAsync(await Organization.MemberIdOfAsync(Organization.Mail("olga"))); // the operator still can
    }

    [TestCase("demoted")]
    [TestCase("suspended")]
    [TestCase("removed")]
    public async Task D6_the_session_ends_at_once_with_the_role_or_the_membership(string how)
    {
        var member = await PersonAsync("olga", "admin");
        using var browser = await EnterAsync(member);
        (await browser.GoAsync($"/v1/organizations/{Organization.Slug}/members")).Expect(200);
        if (how == "removed") (await Organization.Owner.Delete("/members/" + member, ("If-Match", "*"))).Expect(204);
        else (await Organization.PatchMemberAsync(member, how == "demoted" ? new { role = "user" } : (object)new { state = "suspended" })).Expect(200);
        (await browser.GoAsync($"/v1/organizations/{Organization.Slug}/members")).Expect(401);
        (await browser.GoAsync("/sso/administration")).Expect(401);
    }

    [Test]
    public async Task D6_a_link_is_good_for_fifteen_minutes_and_its_session_for_an_hour()
    {
        var member = await PersonAsync("olga", "owner");
        var late = await IssueAsync(member);
        Time.Advance(TimeSpan.FromMinutes(15));
        using (var browser = new TestBrowser(Service.Address))
        {
            (await browser.GoAsync(late)).Expect(410);
            (await browser.PressAsync("/sso/recovery", ("token", HttpUtility.ParseQueryString(late.Query)["token"]!))).Expect(410);
        }
        using var inside = await EnterAsync(member);
        Time.Advance(TimeSpan.FromMinutes(50));
        (await inside.GoAsync("/sso/administration")).Expect(200);
        Time.Advance(TimeSpan.FromMinutes(10));
        (await inside.GoAsync("/sso/administration")).Expect(401);
    }

    [Test]
    public async Task D6_many_presses_at_once_open_one_session_and_many_requests_make_three_links()
    {
        var member = await PersonAsync("olga", "owner");
        var token = HttpUtility.ParseQueryString((await IssueAsync(member)).Query)["token"]!;
        var browsers = Enumerable.Range(0, 8).Select(_ => new TestBrowser(Service.Address)).ToList();
        var pressed = await Task.WhenAll(browsers.Select(browser => browser.PressAsync("/sso/recovery", ("token", token))));
        Assert.That(pressed.Select(shown => shown.Status).Order(), Is.EqualTo(new[] { 303, 410, 410, 410, 410, 410, 410, 410 }));

        await AllowAsync();
        var asked = await Task.WhenAll(browsers.Select(browser => AskAsync(browser, Organization.Mail("olga"))));
        Assert.That(asked.Select(shown => shown.Status), Is.All.EqualTo(200));
        Assert.That(await LinksAsync(), Is.EqualTo(1 + 3)); // one is the operator's
        Time.Advance(TimeSpan.FromHours(1));
        (await AskAsync(browsers[0], Organization.Mail("olga"))).Expect(200);
        Assert.That(await LinksAsync(), Is.EqualTo(1 + 4));
        foreach (var browser in browsers) browser.Dispose();
    }

    [Test]
    public async Task D6_the_operator_issues_a_link_that_is_shown_once_whatever_the_setting()
    {
        var owner = await PersonAsync("olga", "owner");
        var path = $"/members/{owner}/recovery-links";
        var first = (await Organization.Operator.Post(path, null, ("Idempotency-Key", "once"))).Expect(201);
        Assert.That(first.Text("link"), Does.StartWith(Service.Address + "sso/recovery?token=prv_recovery_"));
        var again = (await Organization.Operator.Post(path, null, ("Idempotency-Key", "once"))).Expect(201);
        Assert.That((again.Id, again.TextOrNull("link"), again.Flag("secretShown"), first.Flag("secretShown")), Is.EqualTo((first.Id, (string?)null, true, false)));
        Assert.That(await LinksAsync(), Is.EqualTo(1));
        (await Organization.Owner.Post(path, null)).ExpectProblem(403, "forbidden_role");
        (await Organization.Operator.Post(path, new { forHowLong = 7 })).ExpectProblem(400, "invalid_request");
        (await Organization.Operator.Post($"/members/{await PersonAsync("uma", "user")}/recovery-links", null)).ExpectProblem(422, "not_an_administrator");
        var other = await Service.OrganizationAsync();
        (await other.Operator.Post(path, null)).ExpectProblem(404, "not_found");
        (await Organization.Operator.Post("/members/none/recovery-links", null)).ExpectProblem(404, "not_found");
        Assert.That((await Organization.AuditAsync()).Select(record => TestOrganization.Text(record, "action")), Has.One.EqualTo("recovery_link.issued"));
        using var browser = new TestBrowser(Service.Address);
        await EnterAsync(browser, new Uri(first.Text("link")));
    }

    [Test]
    public async Task ROLE_3_a_link_does_not_give_the_organisation_away()
    {
        var (owner, heir) = (await PersonAsync("olga", "owner"), await PersonAsync("heir", "owner"));
        (await Organization.Operator.Put("/owner", new { memberId = owner })).Expect(200);
        using var browser = await EnterAsync(owner);
        var body = new StringContent($$"""{"memberId":"{{heir}}","confirmEmail":"{{Organization.Mail("heir")}}"}""", Encoding.UTF8, "application/json");
        (await browser.SendAsync(HttpMethod.Post, $"/v1/organizations/{Organization.Slug}/ownership-transfer", body, "same-origin")).Expect(403);
        Assert.That((await Organization.MemberAsync(owner)).Text("role"), Is.EqualTo("primary_owner"));
    }

    [TestCase("")]
    [TestCase("prv_recovery_guessed")]
    [TestCase("%00")]
    public async Task D6_a_guessed_token_opens_nothing(string token)
    {
        using var browser = new TestBrowser(Service.Address);
        (await browser.GoAsync("/sso/recovery?token=" + token)).Expect(410);
        (await browser.PressAsync("/sso/recovery", ("token", WebUtility.UrlDecode(token)))).Expect(410);
        Assert.That(browser.Cookie("provisioning_session"), Is.Null);
    }
}
