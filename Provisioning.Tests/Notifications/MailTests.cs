using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Http;
using SmtpServer.Protocol;

namespace Provisioning.Tests.Notifications;

/// <summary>Owners are told by mail over a real SMTP server (rules NOTI-1 to NOTI-3, NOTI-5).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class MailTests(string engine)
{
    private MailServer mail = null!;
    private TestService service = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        mail = MailServer.Start();
        service = await TestService.StartOnAsync(engine, settings: [.. mail.Settings(), "Delivery:RetrySeconds=1", "Delivery:Attempts=3", "Mail:AdministrationUrl=https://seats.example/?a=1&b=2"]);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (service is not null) await service.DisposeAsync();
        if (mail is not null) await mail.DisposeAsync();
    }

    [Test]
    public async Task NOTI_2_owners_are_told_once_when_few_and_once_when_no_seats_are_left_over_TLS_and_with_a_login()
    {
        var organization = await service.OrganizationAsync(standard: 0, premium: 3);
        await OwnerAsync(organization, "olga");
        await organization.PushAsync("ada");
        var low = (await mail.UntilAsync(organization.Mail("olga"), 1))[0];
        Assert.That((low.WasEncrypted, low.User, low.Message.From.ToString(), low.Message.Headers["Auto-Submitted"]),
            Is.EqualTo((true, MailServer.User, "\"Seats\" <seats@sender.example>", "auto-generated")));
        Assert.That(low.Subject, Is.EqualTo($"Organisation {organization.Slug}: few premium seats are left"));
        Assert.That(low.Plain, Does.Contain("1 of 3 premium seats").And.Contain("Get a price for one more premium seat:\nhttps://seats.example/?a=1&b=2&kind=add&tier=premium&quantity=1\n"));
        Assert.That(low.Html, Does.Contain("1 of 3 premium seats").And.Contain("href=\"https://seats.example/?a=1&amp;b=2&amp;kind=add&amp;tier=premium&amp;quantity=1\""));
        await organization.PushAsync("grace");
        var exhausted = (await mail.UntilAsync(organization.Mail("olga"), 2))[1];
        Assert.That(exhausted.Subject, Does.Contain("no premium seat is left"));
        var events = (await organization.AuditAsync()).Select(record => TestOrganization.Text(record, "action")!).Where(action => action.StartsWith("seats.", StringComparison.Ordinal));
        Assert.That(events, Is.EqualTo((string[])["seats.exhausted", "seats.low"]).Or.EqualTo((string[])["seats.exhausted", "seats.low", "seats.purchased"]));

        var listed = (await organization.Owner.Get("/notifications")).Expect(200).Items("notifications");
        Assert.That(listed.Select(item => (TestOrganization.Text(item, "kind"), TestOrganization.Text(item, "state"), TestOrganization.Text(item, "address"))),
            Is.EqualTo(((string?, string?, string?)[])[("seats_exhausted", "sent", organization.Mail("olga")), ("seats_low", "sent", organization.Mail("olga"))]));
        (await organization.Admin.Get("/notifications")).ExpectProblem(403, "forbidden_role");
        (await organization.Owner.Get("/notifications?state=lost")).ExpectProblem(400, "invalid_request");
        Assert.That((await organization.Owner.Get("/notifications?state=failed")).Expect(200).Items("notifications"), Is.Empty);
    }

    [Test]
    public async Task NOTI_3_owners_are_told_at_once_of_the_first_person_who_waits_and_every_owner_gets_it()
    {
        var organization = await service.OrganizationAsync(standard: 0, premium: 2);
        await OwnerAsync(organization, "olga");
        await OwnerAsync(organization, "otto");
        await organization.PushAsync("waiting1");
        await organization.PushAsync("waiting2");
        await organization.PushAsync("waiting3");
        foreach (var owner in (string[])["olga", "otto"])
        {
            var told = (await UntilSubjectAsync(organization.Mail(owner), "waiting for a seat"));
            Assert.That(told.Plain, Does.Contain(organization.Mail("waiting1")));
        }
        await QuietAsync(organization);
        Assert.That(mail.To(organization.Mail("olga")).Count(item => item.Subject.Contains("waiting", StringComparison.Ordinal)), Is.EqualTo(1), "the others come in the digest");
    }

    [Test]
    public async Task INV_1_an_invited_person_gets_the_link_by_mail_and_INV_9_it_stands_nowhere_else()
    {
        var organization = await service.OrganizationAsync(standard: 0, premium: 2);
        (await organization.Owner.Post("/invitations", new { email = organization.Mail("olga"), role = "owner" })).Expect(201);
        var invited = await UntilSubjectAsync(organization.Mail("olga"), "You are invited to Organisation " + organization.Slug);
        var link = Regex.Match(invited.Plain, @"https?://\S+\?token=\S+").Value;
        Assert.That(invited.Html, Does.Contain($"href=\"{link}\""));
        Assert.That(invited.Plain, Does.Contain("A premium seat is held for you"));
        var token = link.Split("token=")[1];
        Assert.That(token, Has.Length.GreaterThan(40));
        await using (var connection = service.Database.Connection())
        {
            await connection.OpenAsync();
            foreach (var (table, column) in ((string, string)[])[("outbox", "data"), ("notifications", "facts"), ("audit_details", "after_state"), ("receipts", "reply")])
            {
                await using var command = connection.CreateCommand();
                command.CommandText = $"SELECT COUNT(*) FROM {table} WHERE {column} LIKE '%{token[^40..]}%'";
                Assert.That(Convert.ToInt64(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture), Is.Zero, table);
            }
        }
        Assert.That((await service.Anonymous.Post("/v1/invitations/accept", new { token })).Expect(200).Text("role"), Is.EqualTo("owner"));
        var pending = await UntilAsync(organization, "pending", 1);
        Assert.That(pending.Select(item => TestOrganization.Text(item, "kind")), Does.Contain("invitation_expiring"), "and dropped when its time comes: it was accepted");
        await organization.PushAsync("ada");
        await UntilSubjectAsync(organization.Mail("olga"), "no premium seat is left");
    }

    [Test]
    public async Task A_name_with_line_breaks_or_markup_starts_no_header_and_no_element()
    {
        var organization = await service.OrganizationAsync(standard: 0, premium: 2);
        await OwnerAsync(organization, "olga");
        await using (var connection = service.Database.Connection())
        {
            await connection.OpenAsync();
            await JournalRows.ExecuteAsync(connection, null, "UPDATE organizations SET name = @p0 WHERE slug = @p1",
                "Evil\r\nBcc: victim@elsewhere.example\r\n\r\n<script>alert(1)</script>", organization.Slug);
        }
        await organization.PushAsync("ada");
        var got = await UntilSubjectAsync(organization.Mail("olga"), "no premium seat is left");
        Assert.That(got.Message.Bcc, Is.Empty);
        Assert.That(got.To, Is.EqualTo(organization.Mail("olga")));
        Assert.That(got.Message.Headers.Select(header => header.Field), Has.None.EqualTo("Bcc"));
        Assert.That(got.Subject, Does.Contain("Evil").And.Contain("Bcc: victim").And.Not.Contain("\n"));
        Assert.That(got.Html, Does.Not.Contain("<script>").And.Contain("&lt;script&gt;"));
    }

    [Test]
    public async Task A_mail_refused_for_good_is_given_up_and_holds_up_no_other()
    {
        var organization = await service.OrganizationAsync(standard: 0, premium: 2);
        mail.Accepts = address => !address.StartsWith("nobody", StringComparison.Ordinal);
        await OwnerAsync(organization, "nobody");
        await OwnerAsync(organization, "olga");
        await organization.PushAsync("ada");
        await mail.UntilAsync(organization.Mail("olga"));
        var failed = await UntilAsync(organization, "failed", 1);
        Assert.That(TestOrganization.Text(failed[0], "error"), Is.EqualTo("smtp_550"));
        Assert.That(failed[0]["attempts"]!.GetValue<int>(), Is.EqualTo(1));
    }

    [Test]
    public async Task A_mail_the_server_wants_later_is_sent_later_with_the_same_id()
    {
        var organization = await service.OrganizationAsync(standard: 0, premium: 2);
        await OwnerAsync(organization, "olga");
        var tried = new ConcurrentDictionary<string, int>();
        mail.Answers = sent => tried.AddOrUpdate(sent.Message.MessageId!, 1, static (_, before) => before + 1) == 1 && sent.To == organization.Mail("olga")
            ? new SmtpResponse(SmtpReplyCode.InsufficientStorage, "later") : SmtpResponse.Ok;
        await organization.PushAsync("ada");
        var got = (await mail.UntilAsync(organization.Mail("olga")))[0];
        Assert.That(tried[got.Message.MessageId!], Is.EqualTo(2));
        Assert.That(got.Message.MessageId, Does.StartWith("ntf_").And.EndWith("@sender.example"));
        Assert.That((await UntilAsync(organization, "sent", 1))[^1]["attempts"]!.GetValue<int>(), Is.EqualTo(2));
    }

    /// <summary>A member, seated, who owns the organisation.</summary>
    private async Task OwnerAsync(TestOrganization organization, string name)
    {
        await using var connection = service.Database.Connection();
        await connection.OpenAsync();
        await organization.PushAsync(name);
        await JournalRows.ExecuteAsync(connection, null, "UPDATE members SET role = 'owner' WHERE match_email = @p0", organization.Mail(name));
    }

    private async Task<Mail> UntilSubjectAsync(string address, string subject)
    {
        for (var left = 300; ; left--)
        {
            if (mail.To(address).FirstOrDefault(item => item.Subject.Contains(subject, StringComparison.Ordinal)) is { } found) return found;
            if (left == 0) Assert.Fail($"{address} got: {string.Join(", ", mail.To(address).Select(item => item.Subject))}");
            await Task.Delay(100);
        }
    }

    private static async Task<IReadOnlyList<JsonNode>> UntilAsync(TestOrganization organization, string state, int count)
    {
        for (var left = 300; ; left--)
        {
            var found = (await organization.Owner.Get("/notifications?state=" + state)).Expect(200).Items("notifications");
            if (found.Count >= count) return found;
            if (left == 0) Assert.Fail((await organization.Owner.Get("/notifications")).ToString());
            await Task.Delay(100);
        }
    }

    private static async Task QuietAsync(TestOrganization organization)
    {
        for (var left = 300; (await organization.Owner.Get("/audit/verification")).Number("unsealed") > 0
            || (await organization.Owner.Get("/notifications?state=pending")).Items("notifications").Count > 0; left--)
        {
            if (left == 0) Assert.Fail("It does not become quiet.");
            await Task.Delay(100);
        }
    }
}
