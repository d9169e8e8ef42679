using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>The audit trail over HTTP: filters, export, verification, erasure (domain.md section 11).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class AuditTests(string engine)
{
    private TestService service = null!;
    private TestOrganization organization = null!;

    [SetUp]
    public async Task PrepareAsync()
    {
        service = await SharedService.GetAsync(engine);
        organization = await service.OrganizationAsync(standard: 2, premium: 1);
    }

    [Test]
    public async Task Audit_is_filtered_by_actor_target_action_channel_and_time()
    {
        await organization.PushAsync("ada");
        await organization.AllowedAsync("grace");
        await Task.Delay(5);
        var middle = (await organization.AuditAsync())[0];
        await Task.Delay(5);
        await organization.PushAsync("linus");
        var all = await organization.AuditAsync();
        var member = await organization.MemberIdOfAsync(organization.Mail("grace"));
        var token = all.First(record => Says(record, "channel", "scim"))["actor"]!["id"]!.GetValue<string>();
        await SameAsync(all, "&channel=jit", record => Says(record, "channel", "jit"));
        await SameAsync(all, "&channel=scim", record => Says(record, "channel", "scim"));
        await SameAsync(all, "&actor=" + token, record => record["actor"]!["id"]!.GetValue<string>() == token);
        await SameAsync(all, "&target=" + member, record => record["target"]!["id"]!.GetValue<string>() == member);
        await SameAsync(all, "&action=member.created", record => Says(record, "action", "member.created"));
        var at = Uri.EscapeDataString(TestOrganization.Text(middle, "at")!);
        await SameAsync(all, "&from=" + at, record => string.CompareOrdinal(Padded(record), Padded(middle)) >= 0);
        await SameAsync(all, "&to=" + at, record => string.CompareOrdinal(Padded(record), Padded(middle)) < 0);
        await SameAsync(all, $"&to={at}&channel=scim", record => string.CompareOrdinal(Padded(record), Padded(middle)) < 0 && Says(record, "channel", "scim"));
    }

    [TestCase("/audit?channel=door")]
    [TestCase("/audit?from=yesterday")]
    [TestCase("/audit?to=2026-01-01")]
    [TestCase("/audit?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z")]
    [TestCase("/audit/export?after=x")]
    [TestCase("/audit/export?after=-1")]
    [TestCase("/audit/export?channel=door")]
    [TestCase("/audit/verification?expect=12")]
    [TestCase("/audit/verification?expect=12:zz")]
    public async Task D10_a_bad_query_is_refused_by_name(string path) => (await organization.Owner.Get(path)).ExpectProblem(400, "invalid_request");

    [Test]
    public async Task An_admin_does_not_read_export_verify_or_erase()
    {
        foreach (var path in (string[])["/audit", "/audit/export", "/audit/verification"]) (await organization.Admin.Get(path)).ExpectProblem(403, "forbidden_role");
        (await organization.Admin.Post("/members/mem_01a1f8d7-b605-7345-8ff2-e361ac1d6cec/erase", null)).ExpectProblem(403, "forbidden_role");
    }

    [Test]
    public async Task Export_gives_every_sealed_record_in_order_as_JSON_lines_and_goes_on_where_it_ended()
    {
        await organization.PushAsync("ada");
        await organization.AllowedAsync("grace");
        var intact = await SealedAsync();
        var export = (await organization.Owner.Get("/audit/export")).Expect(200);
        Assert.That(export.ContentType, Is.EqualTo("application/x-ndjson"));
        Assert.That(export.Body, Does.EndWith("\n"));
        var lines = Lines(export);
        Assert.That(lines.Select(line => line["sequence"]!.GetValue<long>()), Is.EqualTo(Enumerable.Range(1, lines.Count).Select(number => (long)number)));
        Assert.That(lines, Has.Count.EqualTo(intact.Number("records")));
        Assert.That(TestOrganization.Text(lines[^1], "chain"), Is.EqualTo(intact.Text("chain")));
        var listed = (await organization.AuditAsync()).Select(record => TestOrganization.Text(record, "id"));
        Assert.That(lines.Select(line => TestOrganization.Text(line, "id")), Is.EquivalentTo(listed));

        Assert.That(Lines(await organization.Owner.Get($"/audit/export?after={lines.Count}")), Is.Empty);
        await organization.PushAsync("later");
        await SealedAsync();
        var more = Lines(await organization.Owner.Get($"/audit/export?after={lines.Count}"));
        Assert.That(more.Select(line => line["sequence"]!.GetValue<long>()).First(), Is.EqualTo(lines.Count + 1));
        Assert.That(Lines(await organization.Owner.Get("/audit/export?action=member.created")).Select(line => TestOrganization.Text(line, "action")).Distinct(),
            Is.EqualTo((string[])["member.created"]));
    }

    [Test]
    public async Task Verification_is_intact_and_takes_a_link_from_before()
    {
        await organization.PushAsync("ada");
        var first = await SealedAsync();
        Assert.That(first.Flag("intact"), Is.True, first.ToString());
        await organization.PushAsync("grace");
        await SealedAsync();
        var link = $"{first.Number("lastSequence")}:{first.Text("chain")}";
        Assert.That((await organization.Owner.Get("/audit/verification?expect=" + link)).Expect(200).Flag("intact"), Is.True);
        var other = $"{first.Number("lastSequence")}:{new string('0', 64)}";
        var refused = (await organization.Owner.Get("/audit/verification?expect=" + other)).Expect(200);
        Assert.That((refused.Flag("intact"), refused.Text("problem", "fault")), Is.EqualTo((false, "anchor_differs")));
        var beyond = (await organization.Owner.Get($"/audit/verification?expect=999999:{first.Text("chain")}")).Expect(200);
        Assert.That(beyond.Text("problem", "fault"), Is.EqualTo("end_differs"));
    }

    [Test]
    public async Task A_removed_member_is_erased_over_REST_and_the_trail_is_intact()
    {
        var user = await organization.PushAsync("zoe");
        var member = await organization.MemberIdOfAsync(organization.Mail("zoe"));
        (await organization.Owner.Post($"/members/{member}/erase", null)).ExpectProblem(409, "member_not_removed");
        (await organization.Scim.Delete("/Users/" + user)).Expect(204);
        var erased = (await organization.Owner.Post($"/members/{member}/erase", null)).Expect(200);
        Assert.That(erased.Number("records"), Is.GreaterThan(2));
        var shown = await organization.MemberAsync(member);
        Assert.That((shown.Text("userName"), shown.TextOrNull("email")), Is.EqualTo(("erased-" + member, (string?)null)));
        Assert.That((await organization.AuditAsync()).Select(record => record.ToJsonString()), Has.None.Contains(organization.Mail("zoe")));
        var report = await SealedAsync();
        Assert.That((report.Flag("intact"), report.Number("erased")), Is.EqualTo((true, erased.Number("records"))), report.ToString());
        // The same person pushed again is a new one: nothing leads back.
        await organization.PushAsync("zoe");
        Assert.That(await organization.MemberIdOfAsync(organization.Mail("zoe")), Is.Not.EqualTo(member));
    }

    [Test]
    public async Task An_erased_person_is_in_no_table_and_the_preview_that_showed_them_is_gone()
    {
        var org = await service.OrganizationAsync(standard: 1, premium: 0);
        var (zoe, other) = ($"zoe{Guid.NewGuid():N}", await org.PushAsync("other"));
        await org.DeniedAsync("seat_unavailable", zoe);
        (await org.Owner.Post("/invitations", new { email = org.Mail(zoe), role = "user", tier = "standard" })).ExpectProblem(409, "tier_full");
        await org.SetActiveAsync(other, false);
        var invitation = (await org.Owner.Post("/invitations", new { email = org.Mail(zoe), role = "user" })).Expect(201).Id;
        (await org.Owner.Delete("/invitations/" + invitation, ("If-Match", "*"))).Expect(204);
        var user = await org.PushAsync(zoe);
        var member = await org.MemberIdOfAsync(org.Mail(zoe));
        await org.AllowedAsync(zoe);
        (await org.PatchMemberAsync(member, new { seat = new { unassign = true } })).Expect(200);
        var swap = new { changes = new[] { new { memberId = member, tier = "standard" } } };
        var swapped = (await org.Owner.Post("/seat-swaps", swap, ("Idempotency-Key", zoe))).Expect(200);
        Assert.That((await org.Owner.Post("/seat-swaps", swap, ("Idempotency-Key", zoe))).Expect(200).Body, Is.EqualTo(swapped.Body), "a replay answers the same");
        var preview = (await org.Owner.Post("/provisioning/preview", new { mode = "jit" }, ("Idempotency-Key", "p" + zoe))).Expect(201);
        (await org.Scim.Delete("/Users/" + user)).Expect(204);
        Assert.That(await WholeDatabase.WhereAsync(service.Database, zoe), Is.SupersetOf((string[])["members.user_name", "audit_details.after_state", "outbox.data"]));
        Assert.That((await WholeDatabase.WhereAsync(service.Database, zoe)).Where(place => place.StartsWith("receipts", StringComparison.Ordinal)), Is.Empty, "receipts hold ids");

        (await org.Owner.Post($"/members/{member}/erase", null)).Expect(200);
        Assert.That(await WholeDatabase.WhereAsync(service.Database, zoe), Is.Empty);
        (await org.Owner.Post("/provisioning/preview", new { mode = "jit" }, ("Idempotency-Key", "p" + zoe))).ExpectProblem(409, "preview_outdated");
        (await org.Owner.Post("/provisioning/apply", new { previewId = preview.Text("previewId") })).ExpectProblem(409, "preview_outdated");
    }

    /// <summary>Waits until nothing is left to seal; gives the verification.</summary>
    private async Task<Answer> SealedAsync()
    {
        for (var left = 200; ; left--)
        {
            var report = (await organization.Owner.Get("/audit/verification")).Expect(200);
            if (report.Number("unsealed") == 0 && report.Number("records") > 0) return report;
            if (left == 0) Assert.Fail($"Nothing seals.\n{report}");
            await Task.Delay(100);
        }
    }

    private async Task SameAsync(IReadOnlyList<JsonNode> all, string query, Func<JsonNode, bool> expected)
    {
        // Without what a job may have written since.
        var known = all.Select(record => TestOrganization.Text(record, "id")).ToHashSet();
        var found = (await organization.AuditAsync(query)).Select(record => TestOrganization.Text(record, "id")).Where(known.Contains).ToList();
        Assert.That(found, Is.Not.Empty, query);
        Assert.That(found, Is.EqualTo(all.Where(expected).Select(record => TestOrganization.Text(record, "id"))), query);
    }

    private static List<JsonNode> Lines(Answer export) => [.. export.Body.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];

    private static bool Says(JsonNode record, string name, string value) => TestOrganization.Text(record, name) == value;

    /// <summary>Fraction digits are left out when they are zero.</summary>
    private static string Padded(JsonNode record) => TestOrganization.Text(record, "at")!.TrimEnd('Z').PadRight(20, '.').PadRight(27, '0');
}
