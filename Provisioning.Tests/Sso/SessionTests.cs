using NUnit.Framework;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Sso;

/// <summary>Sessions and codes (design D7): single use, and over at once when access is.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class SessionTests(string engine)
{
    private TestService service = null!;
    private OidcOrganization sso = null!;
    private TestBrowser browser = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => service = await SharedService.GetAsync(engine);

    [SetUp]
    public async Task MakeAsync()
    {
        sso = await OidcOrganization.MakeAsync(service, mode: "scim_and_jit", standard: 3, premium: 3);
        browser = sso.Browser();
    }

    [TearDown]
    public async Task EndAsync()
    {
        browser.Dispose();
        await sso.DisposeAsync();
    }

    [Test]
    public async Task D7_a_code_is_good_once_and_for_its_organisation_only()
    {
        var back = (await sso.SignInAsync(browser, sso.Person("ada"))).Expect(303);
        var other = await service.OrganizationAsync();
        var theirs = (await other.Owner.Post("/tokens", new { door = "application", name = "app" })).Expect(201).Text("token");
        var body = new { code = back.Query("code") };
        (await other.Owner.With(theirs).Post("/sign-ins/exchange", body)).ExpectProblem(422, "code_invalid");
        (await sso.Organization.Gateway.Post("/sign-ins/exchange", body)).ExpectProblem(403, "forbidden_role");
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => sso.ExchangeAsync(back)));
        Assert.That(answers.Count(answer => answer.Status == 200), Is.EqualTo(1));
        foreach (var late in answers.Where(answer => answer.Status != 200)) late.ExpectProblem(422, "code_invalid");
        (await sso.Application.Post("/sign-ins/exchange", new { code = "guessed" })).ExpectProblem(422, "code_invalid");
    }

    [Test]
    public async Task D7_a_repeated_exchange_with_the_same_key_answers_the_same()
    {
        var back = (await sso.SignInAsync(browser, sso.Person("ada"))).Expect(303);
        var body = new { code = back.Query("code") };
        var first = (await sso.Application.Post("/sign-ins/exchange", body, ("Idempotency-Key", "once"))).Expect(200);
        var second = (await sso.Application.Post("/sign-ins/exchange", body, ("Idempotency-Key", "once"))).Expect(200);
        Assert.That(second.Body, Is.EqualTo(first.Body));
    }

    [TestCase("suspend")]
    [TestCase("remove")]
    [TestCase("unassign")]
    [TestCase("swap")]
    [TestCase("scim deactivate")]
    [TestCase("scim delete")]
    public async Task D7_sessions_end_with_the_change_that_takes_the_access_and_do_not_come_back(string how)
    {
        var scimId = await sso.Organization.PushAsync("ada");
        var session = await sso.AllowedAsync(browser, sso.Person("ada"));
        var pending = (await sso.SignInAsync(browser, sso.Person("ada"))).Expect(303); // its code is not exchanged yet
        var member = session.Text("memberId");
        switch (how)
        {
            case "suspend": (await sso.Organization.PatchMemberAsync(member, new { state = "suspended" })).Expect(200); break;
            case "remove": (await sso.Organization.Owner.Delete("/members/" + member, ("If-Match", "*"))).Expect(204); break;
            case "unassign": (await sso.Organization.PatchMemberAsync(member, new { seat = new { unassign = true } })).Expect(200); break;
            case "swap": (await sso.Organization.Owner.Post("/seat-swaps", new { changes = new[] { new { memberId = member, tier = (string?)null } } })).Expect(200); break;
            case "scim deactivate": (await sso.Organization.SetActiveAsync(scimId, false)).Expect(200, 204); break;
            default: (await sso.Organization.Scim.Delete("/Users/" + scimId)).Expect(204); break;
        }
        var state = (await sso.Application.Get("/sessions/" + session.Text("sessionId"))).Expect(200);
        Assert.That((state.Flag("active"), state.Text("inactiveReason"), state.Flag("productAccess")), Is.EqualTo((false, "session_ended", false)));
        Assert.That((await sso.ExchangeAsync(pending)).Expect(200).Flag("active"), Is.False);
        if (how == "suspend") (await sso.Organization.PatchMemberAsync(member, new { state = "active" })).Expect(200);
        if (how == "unassign") (await sso.Organization.PatchMemberAsync(member, new { seat = new { tier = "standard" } })).Expect(200);
        Assert.That((await sso.Application.Get("/sessions/" + session.Text("sessionId"))).Flag("active"), Is.False);
        if (how is "remove" or "scim delete") return;
        var listed = (await sso.Organization.Admin.Get($"/members/{member}/sessions")).Expect(200).Items("sessions");
        Assert.That(listed.Select(each => TestOrganization.Text(each, "endReason")), Is.EqualTo((string[])["access_lost", "access_lost"]));
    }

    [Test]
    public async Task D7_a_session_that_begins_while_the_member_is_suspended_never_outlives_it()
    {
        for (var round = 0; round < 6; round++)
        {
            var person = sso.Person(FormattableString.Invariant($"racer{round}"));
            using var racer = sso.Browser();
            var session = await sso.AllowedAsync(racer, person);
            var member = session.Text("memberId");
            var callback = await sso.CallbackAsync(racer);
            var (shown, suspended) = (racer.GoAsync(callback), sso.Organization.PatchMemberAsync(member, new { state = "suspended" }));
            (await suspended).Expect(200);
            await shown;
            (await sso.Organization.PatchMemberAsync(member, new { state = "active" })).Expect(200);
            var open = (await sso.Organization.Admin.Get($"/members/{member}/sessions")).Expect(200).Items("sessions")
                .Where(each => TestOrganization.Text(each, "endedAt") is null).ToList();
            Assert.That(open, Is.Empty, FormattableString.Invariant($"round {round}"));
        }
    }

    [Test]
    public async Task D7_an_application_ends_a_session_and_a_suspended_organisation_makes_it_rest()
    {
        var session = await sso.AllowedAsync(browser, sso.Person("ada"));
        var path = "/sessions/" + session.Text("sessionId");
        (await sso.Organization.Operator.Post("/suspend", new { suspended = true })).Expect(200);
        Assert.That((await sso.Organization.Owner.Get(path)).Expect(200).Text("inactiveReason"), Is.EqualTo("term_inactive"));
        (await sso.Organization.Operator.Post("/suspend", new { suspended = false })).Expect(200);
        Assert.That((await sso.Organization.Owner.Get(path)).Expect(200).Flag("active"), Is.True);
        (await sso.Application.Delete(path)).Expect(204);
        (await sso.Application.Delete(path)).Expect(204);
        Assert.That((await sso.Application.Get(path)).Text("inactiveReason"), Is.EqualTo("session_ended"));
        (await (await service.OrganizationAsync()).Owner.Get(path)).ExpectProblem(404, "not_found");
    }

    [Test]
    public async Task D7_switching_a_connection_off_ends_its_sessions()
    {
        var session = await sso.AllowedAsync(browser, sso.Person("ada"));
        var callback = await sso.CallbackAsync(browser);
        var off = OidcOrganization.ConnectionBody(sso.Provider);
        off["enabled"] = false;
        (await sso.Organization.Owner.Put("/connections/" + sso.Connection, off, ("If-Match", "*"))).Expect(200);
        Assert.That((await sso.Application.Get("/sessions/" + session.Text("sessionId"))).Flag("active"), Is.False);
        (await browser.GoAsync(callback)).Expect(422, "Sign-in is switched off");
        (await browser.GoAsync(sso.StartPath)).Expect(422, "Sign-in is switched off");
    }

    [Test]
    public async Task Secrets_of_sessions_codes_and_flows_are_not_in_the_database()
    {
        var callback = await sso.CallbackAsync(browser);
        sso.Provider.Person = sso.Person("ada");
        var back = (await browser.GoAsync(callback)).Expect(303);
        string[] secrets = [browser.Cookie("provisioning_session")!, browser.Cookie("provisioning_browser")!, back.Query("code")!,
            System.Web.HttpUtility.ParseQueryString(callback.Query)["state"]!];
        await using var connection = service.Database.Connection();
        await connection.OpenAsync();
        foreach (var table in (string[])["sign_in_sessions", "sign_in_flows", "sign_in_codes", "receipts", "audit_records", "outbox"])
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "SELECT * FROM " + table;
            await using var rows = await command.ExecuteReaderAsync();
            while (await rows.ReadAsync())
                for (var column = 0; column < rows.FieldCount; column++)
                    if (rows.GetValue(column) is string text)
                        Assert.That(secrets.Any(secret => text.Contains(secret, StringComparison.Ordinal)), Is.False, table);
        }
    }
}
