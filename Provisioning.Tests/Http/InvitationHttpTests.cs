using NUnit.Framework;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>Invitations over REST, by those who invite, by the invited and by the operator; by the clock: Core/InvitationTests.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class InvitationHttpTests(string engine)
{
    private static readonly string[] Properties =
        ["id", "email", "role", "tier", "state", "invitedBy", "createdAt", "expiresAt", "endedAt", "memberId", "acceptUrl"];

    private TestService service = null!;

    [OneTimeSetUp]
    public async Task TakeServiceAsync() => service = await SharedService.GetAsync(engine);

    /// <summary>What the mail would carry; the operator sees the same link.</summary>
    private static async Task<string> TokenAsync(TestOrganization organization, string invitation) =>
        (await organization.Operator.Get("/invitations/" + invitation)).Expect(200).Text("acceptUrl").Split("token=")[1];

    private Task<Answer> AcceptAsync(string token) => service.Anonymous.Post("/v1/invitations/accept", new { token });

    [Test]
    public async Task INV_1_an_admin_invites_and_INV_4_the_invited_accepts_twice_with_one_answer()
    {
        var organization = await service.OrganizationAsync(standard: 1, premium: 1);
        var invited = (await organization.Admin.Post("/invitations", new { email = " Ada@" + organization.Domain.ToUpperInvariant() })).Expect(201);
        Assert.That(invited.Json.AsObject().Select(property => property.Key), Is.EqualTo(Properties));
        Assert.That((invited.Text("email"), invited.Text("role"), invited.Text("tier"), invited.Text("state"), invited.TextOrNull("acceptUrl")),
            Is.EqualTo((organization.Mail("ada"), "user", "premium", "pending", (string?)null)));
        Assert.That((await organization.SeatsAsync())["premium"].Held, Is.EqualTo(1));
        var token = await TokenAsync(organization, invited.Id);
        var first = (await AcceptAsync(token)).Expect(200);
        var second = (await AcceptAsync(token)).Expect(200);
        Assert.That(second.Body, Is.EqualTo(first.Body));
        Assert.That((first.Text("organization"), first.Text("role"), first.Text("seatStatus"), first.Text("tier")), Is.EqualTo((organization.Slug, "user", "assigned", "premium")));
        var read = (await organization.Admin.Get("/invitations/" + invited.Id)).Expect(200);
        Assert.That((read.Text("state"), read.Text("memberId")), Is.EqualTo(("accepted", first.Text("memberId"))));
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
        (await organization.Admin.Post("/invitations", new { email = organization.Mail("ada") })).ExpectProblem(409, "member_exists");
        (await organization.Admin.Post($"/invitations/{invited.Id}/resend", null)).ExpectProblem(409, "member_exists");
        (await organization.Admin.Delete("/invitations/" + invited.Id)).ExpectProblem(409, "member_exists");
    }

    [Test]
    public async Task INV_3_a_full_tier_is_tier_full_with_a_purchase_hint_and_INV_5_resend_and_revoke_end_the_old_link()
    {
        var organization = await service.OrganizationAsync(standard: 0, premium: 1);
        var invited = (await organization.Admin.Post("/invitations", new { email = organization.Mail("ada") })).Expect(201);
        var old = await TokenAsync(organization, invited.Id);
        var refused = (await organization.Admin.Post("/invitations", new { email = organization.Mail("bob"), tier = "premium" })).ExpectProblem(409, "tier_full");
        Assert.That((refused.Text("purchaseHint", "tier"), refused.Number("purchaseHint", "quantity")), Is.EqualTo(("premium", 1)));
        (await organization.Admin.Post("/invitations", new { email = organization.Mail("ada") })).ExpectProblem(409, "invitation_exists");
        var again = (await organization.Admin.Post($"/invitations/{invited.Id}/resend", null)).Expect(201);
        (await AcceptAsync(old)).ExpectProblem(410, "invitation_revoked");
        var token = await TokenAsync(organization, again.Id);
        (await organization.Admin.Delete("/invitations/" + again.Id)).Expect(204);
        (await organization.Admin.Delete("/invitations/" + again.Id)).Expect(204);
        (await AcceptAsync(token)).ExpectProblem(410, "invitation_revoked");
        (await organization.Admin.Post("/invitations", new { email = organization.Mail("bob") })).Expect(201);
        (await AcceptAsync("prv_invitation_forged")).ExpectProblem(404, "not_found");
    }

    [Test]
    public async Task INV_3_a_bulk_answers_for_each_address_in_order_and_a_replay_invites_nobody_twice()
    {
        var organization = await service.OrganizationAsync(standard: 1, premium: 1);
        var body = new
        {
            invitations = new object[]
            {
                new { email = organization.Mail("ada") }, new { email = "no address" }, new { email = "x@elsewhere.example" },
                new { email = organization.Mail("ada") }, new { email = organization.Mail("own"), role = "owner" }, new { email = organization.Mail("bob"), tier = "standard" },
                new { email = organization.Mail("cyd") },
            },
        };
        foreach (var _ in (int[])[1, 2])
        {
            var results = (await organization.Admin.Post("/invitations/bulk", body, ("Idempotency-Key", "bulk-" + organization.Slug))).Expect(200).Items("results");
            Assert.That(results.Select(one => $"{TestOrganization.Number(one, "status")} {TestOrganization.Text(one, "code")}".TrimEnd()), Is.EqualTo((string[])
                ["201", "400 invalid_request", "422 domain_not_verified", "409 invitation_exists", "403 forbidden_role", "201", "409 tier_full"]));
        }
        Assert.That((await organization.Admin.Get("/invitations?state=pending")).Items("invitations"), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task GET_invitations_pages_and_filters()
    {
        var organization = await service.OrganizationAsync(standard: 9, premium: 9);
        var ids = new List<string>();
        foreach (var name in (string[])["ada", "bob", "cyd"]) ids.Add((await organization.Admin.Post("/invitations", new { email = organization.Mail(name) })).Expect(201).Id);
        (await organization.Admin.Delete("/invitations/" + ids[1])).Expect(204);
        var first = (await organization.Admin.Get("/invitations?limit=2")).Expect(200);
        var second = (await organization.Admin.Get("/invitations?limit=2&cursor=" + first.Text("nextCursor"))).Expect(200);
        Assert.That(first.Items("invitations").Concat(second.Items("invitations")).Select(one => TestOrganization.Text(one, "id")), Is.EqualTo(ids));
        Assert.That((await organization.Admin.Get("/invitations?state=revoked")).Items("invitations").Select(one => TestOrganization.Text(one, "id")), Is.EqualTo((string[])[ids[1]]));
        (await organization.Admin.Get("/invitations?state=gone")).ExpectProblem(400, "invalid_request");
    }

    [Test]
    public async Task ROLE_2_admins_invite_users_owners_invite_owners_and_INV_6_only_the_operator_the_primary_owner()
    {
        var organization = await service.OrganizationAsync(standard: 9, premium: 9);
        foreach (var role in (string[])["admin", "owner"])
        {
            (await organization.Admin.Post("/invitations", new { email = organization.Mail(role), role })).ExpectProblem(403, "forbidden_role");
            var invited = (await organization.Owner.Post("/invitations", new { email = organization.Mail(role), role })).Expect(201);
            (await organization.Admin.Post($"/invitations/{invited.Id}/resend", null)).ExpectProblem(403, "forbidden_role");
            (await organization.Admin.Delete("/invitations/" + invited.Id)).ExpectProblem(403, "forbidden_role");
        }
        (await organization.Owner.Post("/invitations", new { email = organization.Mail("boss"), role = "primary_owner" })).ExpectProblem(403, "forbidden_role");
        var first = (await organization.Operator.Put("/owner", new { email = "boss@outside.example" })).Expect(201);
        Assert.That(first.Text("role"), Is.EqualTo("primary_owner"));
        (await organization.Owner.Delete("/invitations/" + first.Id)).ExpectProblem(403, "forbidden_role");
        var second = (await organization.Operator.Put("/owner", new { email = "chief@outside.example" })).Expect(201);
        (await AcceptAsync(first.Text("acceptUrl").Split("token=")[1])).Expect(404, 410);
        var owner = (await AcceptAsync(second.Text("acceptUrl").Split("token=")[1])).Expect(200);
        Assert.That(owner.Text("role"), Is.EqualTo("primary_owner"));
        (await organization.Operator.Put("/owner", new { email = "third@outside.example" })).ExpectProblem(409, "member_exists");
    }

    [Test]
    public async Task INV_6_an_organisation_is_made_with_its_primary_owners_invitation_in_one_step()
    {
        var slug = "founded-" + Guid.NewGuid().ToString("N")[..12];
        var body = new { slug, name = "Founded", tiers = new[] { new { tier = "standard", rank = 10, purchased = 2 } }, owner = new { email = "boss@founders.example" } };
        var made = (await service.Operator.Post("", body, ("Idempotency-Key", slug))).Expect(201);
        Assert.That((made.Text("ownerInvitation", "email"), made.Text("ownerInvitation", "tier")), Is.EqualTo(("boss@founders.example", "standard")));
        var replayed = (await service.Operator.Post("", body, ("Idempotency-Key", slug))).Expect(201);
        Assert.That(replayed.Text("ownerInvitation", "id"), Is.EqualTo(made.Text("ownerInvitation", "id")));
        var accepted = (await AcceptAsync(made.Text("ownerInvitation", "acceptUrl").Split("token=")[1])).Expect(200);
        Assert.That((accepted.Text("organizationName"), accepted.Text("role"), accepted.Text("tier")), Is.EqualTo(("Founded", "primary_owner", "standard")));
        (await service.Operator.Post("", new { slug = slug + "x", name = "No owner", owner = new { email = "nobody" } })).ExpectProblem(400, "invalid_request");
        (await service.Operator.Get("?limit=1&include=everything")).ExpectProblem(400, "invalid_request");
    }

    [Test]
    public async Task The_operators_overview_has_seats_per_tier_and_members_by_state()
    {
        var organization = await service.OrganizationAsync(standard: 1, premium: 1);
        await organization.PushAsync("ada");
        await organization.PushAsync("bob", active: false);
        var invited = (await organization.Admin.Post("/invitations", new { email = organization.Mail("cyd") })).Expect(201);
        string? cursor = null;
        System.Text.Json.Nodes.JsonNode? mine;
        do
        {
            var page = (await service.Operator.Get("?include=usage&limit=500" + (cursor is null ? "" : "&cursor=" + cursor))).Expect(200);
            mine = page.Items("organizations").FirstOrDefault(one => TestOrganization.Text(one, "slug") == organization.Slug);
            cursor = page.TextOrNull("nextCursor");
        }
        while (mine is null && cursor is not null);
        Assert.That((TestOrganization.Number(mine!["membersByState"]!, "active"), TestOrganization.Number(mine["membersByState"]!, "suspended"),
            TestOrganization.Number(mine["membersByState"]!, "removed")), Is.EqualTo((1, 1, 0)));
        Assert.That((TestOrganization.Number(mine["tiers"]![0]!, "assigned"), TestOrganization.Number(mine["tiers"]![1]!, "held")), Is.EqualTo((1, 1)), invited.ToString());
    }

    [Test]
    public async Task Suspended_by_the_operator_nobody_has_access_until_resumed()
    {
        var organization = await service.OrganizationAsync();
        await organization.AllowedAsync("ada");
        Assert.That((await organization.Operator.Post("/suspend", null)).Expect(200).Text("suspendedAt"), Does.EndWith("Z"));
        await organization.DeniedAsync("term_inactive", "ada");
        Assert.That((await organization.Operator.Post("/suspend", new { suspended = false })).Expect(200).TextOrNull("suspendedAt"), Is.Null);
        await organization.AllowedAsync("ada");
    }

    [Test]
    public async Task Settings_of_an_organisation_change_with_If_Match()
    {
        var organization = await service.OrganizationAsync();
        var tag = (await organization.Owner.Get("")).Expect(200).Header("ETag")!;
        (await organization.Owner.Patch("", new { name = "Renamed" })).ExpectProblem(428);
        var changed = (await organization.Owner.Patch("", new { name = "Renamed", billingZone = "Europe/Paris" }, ("If-Match", tag))).Expect(200);
        Assert.That((changed.Text("name"), changed.Text("billingZone")), Is.EqualTo(("Renamed", "Europe/Paris")));
        (await organization.Owner.Patch("", new { name = "Again" }, ("If-Match", tag))).ExpectProblem(412, "version_conflict");
        (await organization.Owner.Patch("", new { billingZone = "Mars/Olympus" }, ("If-Match", "*"))).ExpectProblem(400, "invalid_request");
    }

    [Test]
    public async Task NOTI_6_members_as_CSV_quote_what_needs_it_and_defuse_formulas()
    {
        var organization = await service.OrganizationAsync(standard: 5, premium: 5);
        var user = organization.User("ada");
        user["displayName"] = "Ada, \"the\" first";
        (await organization.Scim.Post("/Users", user)).Expect(201);
        user = organization.User("eve");
        user["displayName"] = "=cmd|' /C calc'!A0";
        (await organization.Scim.Post("/Users", user)).Expect(201);
        var csv = (await organization.Admin.Get("/members.csv")).Expect(200);
        Assert.That(csv.ContentType, Does.StartWith("text/csv"));
        var lines = csv.Body.Split("\r\n");
        Assert.That(lines, Has.Length.EqualTo(4));
        Assert.That(lines[0], Does.StartWith("id,userName,email,displayName,role,state"));
        Assert.That(lines[1], Does.Contain(",\"Ada, \"\"the\"\" first\",user,active,"));
        Assert.That(lines[2], Does.Contain(",'=cmd|' /C calc'!A0,"));
        (await organization.Admin.Get("/members.csv?state=gone")).ExpectProblem(400, "invalid_request");
        Assert.That((await organization.Admin.Get("/members.csv?filter=eve")).Body.Split("\r\n"), Has.Length.EqualTo(3));
    }

    [Test]
    public async Task SEAT_13_members_without_a_sign_in_are_reported_and_keep_their_seats()
    {
        var organization = await service.OrganizationAsync(standard: 5, premium: 5);
        await organization.PushAsync("ada");
        await organization.AllowedAsync("ada", change: body => body["externalId"] = "x-ada");
        Assert.That(await organization.MembersAsync("&inactiveDays=1"), Is.Empty);
        (await organization.Owner.Get("/members?inactiveDays=0")).ExpectProblem(400, "invalid_request");
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task SCIM_1_two_SCIM_tokens_at_once_and_the_secret_is_shown_once()
    {
        var organization = await service.OrganizationAsync();
        var second = (await organization.Owner.Post("/scim-tokens", new { name = "new" }, ("Idempotency-Key", "rotate"))).Expect(201);
        var replayed = (await organization.Owner.Post("/scim-tokens", new { name = "new" }, ("Idempotency-Key", "rotate"))).Expect(201);
        Assert.That((replayed.Id, replayed.TextOrNull("token"), replayed.Flag("secretShown")), Is.EqualTo((second.Id, (string?)null, true)));
        (await organization.Owner.Post("/scim-tokens", new { name = "third" })).ExpectProblem(409, "too_many_tokens");
        foreach (var token in (string[])[organization.Scim.Token!, second.Text("token")]) (await organization.Scim.With(token).Get("/Users")).Expect(200);
        var listed = (await organization.Owner.Get("/scim-tokens")).Expect(200).Items("tokens");
        Assert.That(listed.Select(token => TestOrganization.Text(token, "door")), Is.EqualTo((string[])["scim", "scim"]));
        (await organization.Owner.Delete("/scim-tokens/" + TestOrganization.Text(listed[0], "id"))).Expect(204);
        (await organization.Scim.Get("/Users")).Expect(401);
        (await organization.Scim.With(second.Text("token")).Get("/Users")).Expect(200);
        (await organization.Owner.Post("/scim-tokens", new { name = "third", door = "scim" })).ExpectProblem(400, "invalid_request");
        var page = (await organization.Owner.Get("/tokens?limit=1")).Expect(200);
        Assert.That(page.Items("tokens").Count, Is.EqualTo(1));
        (await organization.Owner.Get("/tokens?limit=1&cursor=" + page.Text("nextCursor"))).Expect(200);
    }

    [Test]
    public async Task SCIM_1_many_asking_for_a_second_SCIM_token_at_once_get_one()
    {
        var organization = await service.OrganizationAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(at => organization.Owner.Post("/scim-tokens", new { name = "t" + at })));
        Assert.That(answers.Count(answer => answer.Status == 201), Is.EqualTo(1));
    }

    [Test]
    public async Task The_last_use_of_a_token_is_kept_outside_the_requests()
    {
        var organization = await service.OrganizationAsync();
        (await organization.Scim.Get("/Users")).Expect(200);
        await Microsoft.Extensions.DependencyInjection.ServiceProviderServiceExtensions.GetRequiredService<Provisioning.Core.Organizations.Credentials>(service.Services)
            .WriteUseAsync(new Provisioning.Core.Common.Actor(Provisioning.Core.Common.ActorKind.Job, "t", Provisioning.Core.Common.Channel.Job, "t"), default);
        var listed = (await organization.Owner.Get("/tokens")).Expect(200).Items("tokens");
        Assert.That(TestOrganization.Text(listed.Single(token => TestOrganization.Text(token, "door") == "scim"), "lastUsedAt"), Does.EndWith("Z"));
        Assert.That(TestOrganization.Text(listed.Single(token => TestOrganization.Text(token, "door") == "gateway"), "lastUsedAt"), Is.Null);
    }
}
