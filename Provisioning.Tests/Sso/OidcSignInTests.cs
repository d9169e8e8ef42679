using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Sso;

/// <summary>People sign in through an OpenID provider: the whole way, from the start address to the application's session.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class OidcSignInTests(string engine)
{
    private TestService service = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => service = await SharedService.GetAsync(engine);

    [Test]
    public async Task JIT_2_a_first_sign_in_makes_a_member_with_a_seat_and_the_application_learns_of_it()
    {
        await using var sso = await OidcOrganization.MakeAsync(service);
        using var browser = sso.Browser();
        var session = await sso.AllowedAsync(browser, sso.Person("ada"));
        Assert.That((session.Flag("active"), session.Text("role"), session.Text("tier"), session.Flag("productAccess"), session.Text("userName"), session.Text("displayName")),
            Is.EqualTo((true, "user", "premium", true, sso.Organization.Mail("ada"), "ada Example")));
        Assert.That(browser.Cookie("provisioning_session"), Has.Length.EqualTo(43));
        var request = sso.Provider.LastRequest!;
        Assert.That((request["response_type"].ToString(), request["code_challenge_method"].ToString(), request["scope"].ToString(), request["tenant"].ToString()),
            Is.EqualTo(("code", "S256", "openid email profile", "1")));
        var audit = await sso.Organization.AuditAsync("&action=identity.linked");
        Assert.That(audit.Single()["actor"]!.ToJsonString(), Does.Contain(sso.Connection).And.Contain("connection"));
        var again = await sso.AllowedAsync(browser, sso.Person("ada"));
        Assert.That(again.Text("memberId"), Is.EqualTo(session.Text("memberId")));
        await sso.Organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task E10_one_premium_and_two_standard_and_four_people_one_page_that_says_why()
    {
        await using var sso = await OidcOrganization.MakeAsync(service);
        string[] names = ["one", "two", "three", "four"];
        var callbacks = new List<(TestBrowser Browser, Uri Callback)>();
        foreach (var name in names)
        {
            sso.Provider.Person = sso.Person(name);
            var browser = sso.Browser();
            callbacks.Add((browser, await sso.CallbackAsync(browser)));
        }
        // Each code knows its person only when it is exchanged, so the provider tells them apart by the nonce's order.
        var turn = -1;
        sso.Provider.ChangeClaims = claims =>
        {
            foreach (var (claim, value) in sso.Person(names[Interlocked.Increment(ref turn)])) claims[claim] = value?.DeepClone();
        };
        var shown = await Task.WhenAll(callbacks.Select(each => each.Browser.GoAsync(each.Callback)));
        Assert.That(shown.Count(page => page.Status == 303), Is.EqualTo(3));
        var refused = shown.Single(page => page.Status != 303).Expect(403, "No seat is free");
        Assert.That(refused.Body, Does.Contain("seat_unavailable").And.Contain("Try again").And.Contain(refused.Headers["X-Correlation-Id"]));
        await sso.Organization.ExpectAssignedAsync(premium: 1, standard: 2);
        Assert.That(await sso.Organization.MembersAsync(), Has.Count.EqualTo(3));
        foreach (var (browser, _) in callbacks) browser.Dispose();
    }

    [Test]
    public async Task JIT_4_a_person_refused_for_want_of_a_seat_who_is_then_given_one_gets_in_by_pressing_try_again()
    {
        await using var sso = await OidcOrganization.MakeAsync(service, mode: "scim_and_jit", standard: 0, premium: 1);
        await sso.Organization.PushAsync("first");
        await sso.Organization.PushAsync("second"); // waits
        using var browser = sso.Browser();
        var refused = (await sso.SignInAsync(browser, sso.Person("second"))).Expect(403, "No seat is free");
        (await sso.Organization.PatchMemberAsync(await sso.Organization.MemberIdOfAsync(sso.Organization.Mail("first")), new { seat = new { unassign = true } })).Expect(200);
        var back = (await sso.SignInAsync(browser, sso.Person("second"), refused.Again)).Expect(303);
        Assert.That((await sso.ExchangeAsync(back)).Expect(200).Flag("productAccess"), Is.True);
        Assert.That(back.Query("deep"), Is.EqualTo("link"), "the person still goes where the application wanted");
    }

    [Test]
    public async Task JIT_1_a_person_pushed_by_SCIM_and_signing_in_is_one_member_whatever_the_case_of_the_address()
    {
        await using var sso = await OidcOrganization.MakeAsync(service, mode: "scim_and_jit");
        await sso.Organization.PushAsync("grace");
        var person = sso.Person("grace");
        person["email"] = "GRACE@" + sso.Organization.Domain.ToUpperInvariant();
        using var browser = sso.Browser();
        var session = await sso.AllowedAsync(browser, person);
        Assert.That(session.Text("memberId"), Is.EqualTo(await sso.Organization.MemberIdOfAsync(sso.Organization.Mail("grace"))));
        Assert.That(await sso.Organization.MembersAsync(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task JIT_1_the_mapped_claim_equals_the_externalId_and_subjects_are_compared_exactly()
    {
        await using var sso = await OidcOrganization.MakeAsync(service, mode: "scim",
            change: body => body["oidc"]!["claims"] = new JsonObject { ["externalId"] = "oid" });
        await sso.Organization.PushAsync("linus");
        var person = new JsonObject { ["sub"] = "Sub-Linus", ["oid"] = "x-linus" };
        using var browser = sso.Browser();
        var session = await sso.AllowedAsync(browser, person);
        Assert.That(session.Text("userName"), Is.EqualTo(sso.Organization.Mail("linus")));
        (await sso.SignInAsync(browser, new JsonObject { ["sub"] = "sub-linus" })).Expect(403, "You are not assigned yet");
    }

    [Test]
    public async Task JIT_10_SCIM_15_a_changed_address_and_a_soft_deleted_name_meet_the_same_member()
    {
        await using var sso = await OidcOrganization.MakeAsync(service, mode: "scim_and_jit");
        var id = await sso.Organization.PushAsync("rosa");
        using var browser = sso.Browser();
        var first = await sso.AllowedAsync(browser, sso.Person("rosa"));
        var moved = sso.Person("rosa");
        moved["email"] = sso.Organization.Mail("rosa.married");
        Assert.That((await sso.AllowedAsync(browser, moved)).Text("memberId"), Is.EqualTo(first.Text("memberId")));
        var renamed = "0123456789abcdef0123456789abcdef" + sso.Organization.Mail("rosa"); // Entra's soft delete
        (await sso.Organization.Scim.Patch("/Users/" + id, TestOrganization.Patch(
            TestOrganization.Operation("replace", "userName", renamed), TestOrganization.Operation("replace", "active", JsonValue.Create(false))))).Expect(200, 204);
        (await sso.SignInAsync(browser, sso.Person("rosa"))).Expect(403, "Your access was withdrawn");
        using var other = sso.Browser(); // the same address under another subject: the person who was switched off, not a new one
        var stranger = sso.Person("rosa");
        stranger["sub"] = "another-subject";
        (await sso.SignInAsync(other, stranger)).Expect(403, "Your access was withdrawn");
    }

    [Test]
    public async Task JIT_1_an_unverified_address_creates_and_takes_over_nobody()
    {
        await using var sso = await OidcOrganization.MakeAsync(service, mode: "scim_and_jit");
        await sso.Organization.PushAsync("victim");
        using var browser = sso.Browser();
        foreach (var verified in (JsonNode?[])[JsonValue.Create(false), JsonValue.Create("false"), null])
        {
            var guest = sso.Person("victim");
            guest["sub"] = "guest";
            if (verified is null) guest.Remove("email_verified");
            else guest["email_verified"] = verified.DeepClone();
            (await sso.SignInAsync(browser, guest)).Expect(403, "Your address is not confirmed");
        }
        Assert.That(await sso.Organization.MembersAsync(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task The_word_about_one_address_does_not_vouch_for_another_claim()
    {
        await using var sso = await OidcOrganization.MakeAsync(service, change: body => body["oidc"]!["claims"] = new JsonObject { ["email"] = "upn" });
        var person = sso.Person("eve");
        person["upn"] = sso.Organization.Mail("victim");
        using var browser = sso.Browser();
        var refused = (await sso.SignInAsync(browser, person)).Expect(403, "Your address is not confirmed");
        Assert.That(refused.Body, Does.Contain("&amp;prompt=login\">Use another account</a>"));
        await sso.CallbackAsync(browser, refused.Again + "&prompt=login");
        Assert.That(sso.Provider.LastRequest!["prompt"].ToString(), Is.EqualTo("login"));
    }

    [Test]
    public async Task Claims_the_ID_token_leaves_out_come_from_the_userinfo_endpoint()
    {
        await using var sso = await OidcOrganization.MakeAsync(service);
        sso.Provider.UserInfo = sso.Person("kim");
        using var browser = sso.Browser();
        var session = await sso.AllowedAsync(browser, new JsonObject { ["sub"] = "sub-kim" });
        Assert.That((session.Text("email"), session.Text("displayName")), Is.EqualTo((sso.Organization.Mail("kim"), "kim Example")));
    }

    [TestCase("client_secret_basic")]
    [TestCase("client_secret_post")]
    public async Task The_client_proves_itself_as_configured(string method)
    {
        await using var sso = await OidcOrganization.MakeAsync(service, change: body => body["oidc"]!["tokenEndpointAuthMethod"] = method);
        using var browser = sso.Browser();
        await sso.AllowedAsync(browser, sso.Person("ada"));
        var (authorization, form) = sso.Provider.LastTokenRequest!.Value;
        Assert.That((authorization is null, form.ContainsKey("client_secret")), Is.EqualTo((method == "client_secret_post", method == "client_secret_post")));
    }

    [Test]
    public async Task A_new_key_is_found_when_the_provider_rotates()
    {
        await using var sso = await OidcOrganization.MakeAsync(service);
        using var browser = sso.Browser();
        await sso.AllowedAsync(browser, sso.Person("ada"));
        sso.Provider.Keys = [TestKey.Ec("k2", "ES384"), sso.Provider.Keys[0]];
        await sso.AllowedAsync(browser, sso.Person("ada"));
        var fetches = sso.Provider.KeyFetches;
        sso.Provider.MakeToken = claims => TestKey.Rsa("nobody-published-it").Sign(claims);
        for (var i = 0; i < 3; i++) (await sso.SignInAsync(browser, sso.Person("ada"))).Expect(502);
        Assert.That(sso.Provider.KeyFetches, Is.EqualTo(fetches), "unknown keys make us ask at most every half minute");
    }

    [Test]
    public async Task A_person_without_return_address_sees_a_page_and_signs_out_here_and_there()
    {
        await using var sso = await OidcOrganization.MakeAsync(service);
        using var browser = sso.Browser();
        (await sso.SignInAsync(browser, sso.Person("ada"), $"/sso/{sso.Organization.Slug}/start")).Expect(200, "You are signed in");
        var member = await sso.Organization.MemberIdOfAsync(sso.Organization.Mail("ada"));
        var session = (await sso.Organization.Admin.Get($"/members/{member}/sessions")).Expect(200).Items("sessions").Single();
        (await browser.GoAsync("/sso/sign-out")).Expect(200, "Sign out");
        var away = (await browser.SubmitAsync("/sso/sign-out")).Expect(303);
        Assert.That(away.To.AbsoluteUri, Does.StartWith(sso.Provider.Issuer + "/logout?id_token_hint=eyJ"));
        Assert.That(away.Query("post_logout_redirect_uri"), Is.EqualTo(new Uri(service.Address, "/sso/signed-out").AbsoluteUri));
        var state = (await sso.Application.Get("/sessions/" + session["id"])).Expect(200);
        Assert.That((state.Flag("active"), state.Text("inactiveReason")), Is.EqualTo((false, "session_ended")));
        (await browser.SubmitAsync("/sso/sign-out")).Expect(303);
        (await browser.GoAsync("/sso/signed-out")).Expect(200, "You are signed out");
    }

    [Test]
    public async Task The_provider_ends_sessions_by_its_back_channel_once_per_token()
    {
        await using var sso = await OidcOrganization.MakeAsync(service);
        using var browser = sso.Browser();
        using var second = sso.Browser();
        var one = await sso.AllowedAsync(browser, sso.Person("ada"));
        var two = await sso.AllowedAsync(second, With(sso.Person("ada"), "sid", "another-session"));
        var path = $"/sso/oidc/{sso.Connection}/back-channel-logout";
        var token = sso.Provider.Sign(sso.Provider.LogoutClaims("sub-ada", "sid-ada"), "logout+jwt");
        (await browser.SubmitAsync(path, ("logout_token", token))).Expect(200);
        Assert.That((await sso.Application.Get("/sessions/" + one.Text("sessionId"))).Text("inactiveReason"), Is.EqualTo("session_ended"));
        Assert.That((await sso.Application.Get("/sessions/" + two.Text("sessionId"))).Flag("active"), Is.True);
        (await browser.SubmitAsync(path, ("logout_token", token))).Expect(400); // used
        (await browser.SubmitAsync(path, ("logout_token", sso.Provider.Sign(sso.Provider.LogoutClaims("sub-ada", null))))).Expect(200);
        Assert.That((await sso.Application.Get("/sessions/" + two.Text("sessionId"))).Flag("active"), Is.False);
    }

    [Test]
    public async Task Home_realm_discovery_goes_by_the_domain_and_tells_nothing_of_addresses()
    {
        await using var sso = await OidcOrganization.MakeAsync(service);
        using var browser = sso.Browser();
        var page = (await browser.GoAsync("/sso")).Expect(200, "Sign in");
        Assert.That(page.Body, Does.Contain("<label for=\"email\">").And.Not.Contain("<script"));
        Assert.That(page.Headers["Content-Security-Policy"], Does.StartWith("default-src 'none'"));
        var known = (await browser.SubmitAsync("/sso", ("email", sso.Organization.Mail("nobody-there")))).Expect(303);
        Assert.That((known.To.GetLeftPart(UriPartial.Authority), known.Query("login_hint")), Is.EqualTo((sso.Provider.Issuer, sso.Organization.Mail("nobody-there"))));
        (await browser.SubmitAsync("/sso", ("email", "x@unknown-domain.example"))).Expect(422, "Sign in");
        (await browser.SubmitAsync("/sso", ("email", "<script>alert(1)</script>"))).Expect(422, "Sign in");
        var odd = (await browser.SubmitAsync("/sso", ("email", "x@\"><b>.example"))).Expect(422);
        Assert.That(odd.Body, Does.Not.Contain("<b>"));
        // Two connections and no default: the person is asked, and the domain decides.
        await using var other = await TestProvider.StartAsync();
        var wanted = OidcOrganization.ConnectionBody(other, "second");
        wanted["domains"] = new JsonArray("subsidiary.example");
        (await sso.Organization.Owner.Post("/connections", wanted)).Expect(201);
        var start = $"/sso/{sso.Organization.Slug}/start";
        (await browser.GoAsync(start)).Expect(200, "Sign in");
        var sent = (await browser.SubmitAsync(start, ("email", "a@subsidiary.example"), ("return_to", OidcOrganization.ReturnTo))).Expect(303);
        Assert.That(sent.To.GetLeftPart(UriPartial.Authority), Is.EqualTo(other.Issuer));
    }

    [Test]
    public async Task A_connection_that_does_not_work_is_not_kept_and_the_test_says_what_is_wrong()
    {
        await using var sso = await OidcOrganization.MakeAsync(service);
        var works = (await sso.Organization.Owner.Post($"/connections/{sso.Connection}/test", null)).Expect(200);
        Assert.That((works.Flag("ok"), string.Join(' ', works.Items("checks").Select(check => check["name"]))), Is.EqualTo((true, "discovery keys client")));
        var wrong = OidcOrganization.ConnectionBody(sso.Provider, "wrong");
        wrong["oidc"]!["clientSecret"] = "not the secret";
        Assert.That((await sso.Organization.Owner.Post("/connections", wrong)).ExpectProblem(422, "connection_not_usable").Text("detail"), Does.Contain("invalid_client"));
        wrong["enabled"] = false;
        var kept = (await sso.Organization.Owner.Post("/connections", wrong)).Expect(201);
        var test = (await sso.Organization.Owner.Post($"/connections/{kept.Id}/test", null)).Expect(200);
        Assert.That((test.Flag("ok"), test.Text("checks", 2, "detail")), Is.EqualTo((false, "The provider does not accept the client id and secret (invalid_client).")));
        wrong["oidc"]!["issuer"] = "http://127.0.0.1:1";
        (wrong["name"], wrong["enabled"]) = ("nowhere", true);
        (await sso.Organization.Owner.Post("/connections", wrong)).ExpectProblem(422, "connection_not_usable");
        sso.Provider.ChangeMetadata = metadata => metadata["issuer"] = "https://other.example";
        wrong["oidc"]!["issuer"] = sso.Provider.Issuer;
        Assert.That((await sso.Organization.Owner.Post("/connections", wrong)).ExpectProblem(422, "connection_not_usable").Text("detail"), Does.Contain("another issuer"));
    }

    private static JsonObject With(JsonObject person, string claim, JsonNode value)
    {
        person[claim] = value;
        return person;
    }
}
