using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.SignIn;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Sso;

/// <summary>What the invited person sees, and what a signed-in browser may do at the admin door.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class InvitationPageTests(string engine)
{
    private TestService service = null!;

    [OneTimeSetUp]
    public async Task TakeServiceAsync() => service = await SharedService.GetAsync(engine);

    private static async Task<(string Id, string Token)> InviteAsync(TestOrganization organization, string name)
    {
        var invited = (await organization.Owner.Post("/invitations", new { email = organization.Mail(name), role = "admin" })).Expect(201);
        return (invited.Id, (await organization.Operator.Get("/invitations/" + invited.Id)).Text("acceptUrl").Split("token=")[1]);
    }

    private Task<Answer> PostFormAsync(string token) => service.Anonymous.Send("POST", "/invitations/accept", "token=" + Uri.EscapeDataString(token),
        ("Content-Type", "application/x-www-form-urlencoded"));

    [Test]
    public async Task INV_4_looking_changes_nothing_and_the_button_accepts()
    {
        var organization = await service.OrganizationAsync();
        var (id, token) = await InviteAsync(organization, "ada");
        foreach (var _ in (int[])[1, 2])
        {
            var page = (await service.Anonymous.Get("/invitations/accept?token=" + token)).Expect(200);
            Assert.That(page.Body, Does.Contain(organization.Mail("ada")).And.Contain("as an administrator").And.Contain("<button").And.Contain("lang=\"en\""));
            Assert.That(page.Body, Does.Not.Contain("<script"));
            Assert.That(page.Header("Content-Security-Policy"), Does.StartWith("default-src 'none'").And.Contain("form-action 'self'"));
            Assert.That((page.Header("Referrer-Policy"), page.Header("Cache-Control")), Is.EqualTo(("no-referrer", "no-store")));
        }
        Assert.That((await organization.Owner.Get("/invitations/" + id)).Text("state"), Is.EqualTo("pending"));
        foreach (var _ in (int[])[1, 2]) Assert.That((await PostFormAsync(token)).Expect(200).Body, Does.Contain("Welcome to").And.Contain("You are a member now"));
        Assert.That((await organization.Owner.Get("/invitations/" + id)).Text("state"), Is.EqualTo("accepted"));
        Assert.That((await service.Anonymous.Get("/invitations/accept?token=" + token)).Expect(200).Body, Does.Contain("Welcome to"));
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task INV_2_an_ended_invitation_says_so_in_words()
    {
        var organization = await service.OrganizationAsync();
        var (id, token) = await InviteAsync(organization, "ada");
        (await organization.Owner.Delete("/invitations/" + id)).Expect(204);
        foreach (var answer in (Answer[])[await service.Anonymous.Get("/invitations/accept?token=" + token), await PostFormAsync(token)])
            Assert.That(answer.Expect(410).Body, Does.Contain("no longer valid").And.Contain("<h1>").And.Not.Contain(token));
        foreach (var bad in (string[])["", "?token=", "?token=forged", "?token=" + new string('x', 300), "?token=%00", "?token=%3Cscript%3E"])
            Assert.That((await service.Anonymous.Get("/invitations/accept" + bad)).Expect(404).Body, Does.Contain("We do not know").And.Not.Contain("<script"));
        (await service.Anonymous.Post("/invitations/accept", "{}")).Expect(415);
        (await service.Anonymous.Delete("/invitations/accept")).Expect(405);
    }

    [Test]
    public async Task A_signed_in_browser_acts_as_its_member_and_changes_something_from_our_pages_only()
    {
        var organization = await service.OrganizationAsync(standard: 3, premium: 3);
        var id = (await organization.AllowedAsync("ada")).Text("memberId");
        var other = (await organization.AllowedAsync("bob")).Text("memberId");
        (await organization.PatchMemberAsync(id, new { role = "owner" })).Expect(200);
        (await organization.PatchMemberAsync((await organization.AllowedAsync("cyd")).Text("memberId"), new { role = "admin" })).Expect(200);
        var cookie = ("Cookie", "provisioning_session=" + await SessionAsync(organization, "ada", id));
        var browser = organization.Owner.With(null);
        Assert.That((await browser.Get("/me", cookie)).Expect(200).Text("member", "id"), Is.EqualTo(id));
        (await browser.Get("/tokens", cookie)).Expect(200);
        (await browser.At("/v1/organizations").Get("", cookie)).ExpectProblem(403, "forbidden_role");
        var change = new { state = "suspended" };
        foreach (var from in ((string, string)?[])[null, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"), ("Origin", "https://evil.example"), ("Origin", "null")])
            (await browser.Patch("/members/" + other, change, [cookie, ("If-Match", "*"), .. from is { } header ? [header] : Array.Empty<(string, string)>()])).ExpectProblem(403, "forbidden_role");
        Assert.That((await organization.MemberAsync(other)).Text("state"), Is.EqualTo("active"));
        (await browser.Patch("/members/" + other, change, cookie, ("If-Match", "*"), ("Sec-Fetch-Site", "same-origin"))).Expect(200);
        (await browser.Patch("/members/" + other, new { state = "active" }, cookie, ("If-Match", "*"), ("Origin", service.Address.ToString().TrimEnd('/')))).Expect(200);
        (await browser.Delete("/members/" + id, cookie, ("If-Match", "*"), ("Sec-Fetch-Site", "same-origin"))).ExpectProblem(409, "cannot_remove_self");
        var foreign = await service.OrganizationAsync();
        (await foreign.Owner.With(null).Get("/members", cookie)).ExpectProblem(404, "not_found");
        (await organization.PatchMemberAsync(id, new { role = "user" })).Expect(200);
        (await browser.Get("/members", cookie)).ExpectProblem(403, "forbidden_role");
        (await organization.PatchMemberAsync(id, new { state = "suspended" })).Expect(200);
        (await browser.Get("/me", cookie)).ExpectProblem(401, "unauthenticated");
        (await browser.Get("/me", ("Cookie", "provisioning_session=" + new string('A', 43)))).ExpectProblem(401, "unauthenticated");
    }

    /// <summary>As at the end of a sign-in.</summary>
    private async Task<string> SessionAsync(TestOrganization organization, string subject, string member)
    {
        var (database, organizations) = (service.Services.GetRequiredService<IDatabase>(), service.Services.GetRequiredService<IOrganizationStore>());
        var of = (await database.ReadAsync(session => organizations.FindAsync(session, organization.Slug), default))!;
        var connection = (await service.Services.GetRequiredService<ConnectionDirectory>().FindAsync(of, TestOrganization.Connection, default))!;
        var assertion = new LoginAssertion(connection, subject, organization.Mail(subject), true, null, [], null, null, null, null);
        Assert.That(Ids.TryParse<MemberId>(member, out var id), Is.True);
        var started = await service.Services.GetRequiredService<SessionDirectory>().StartAsync(
            of, new Actor(ActorKind.Member, member, Channel.Jit, "test"), assertion, id, TimeSpan.FromHours(1), withCode: false, default);
        Assert.That(started.IsOk, Is.True, started.Error?.ToString());
        return started.Value.Cookie;
    }
}
