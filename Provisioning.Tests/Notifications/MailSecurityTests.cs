using NUnit.Framework;
using Provisioning.Api.Configuration;
using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Notifications;

namespace Provisioning.Tests.Notifications;

/// <summary>How a mail reaches the server: over TLS, or not at all; and what each failure means for the next mail.</summary>
public sealed class MailSecurityTests
{
    [TestCase("starttls")]
    [TestCase("tls")]
    [TestCase("none")]
    public async Task A_mail_arrives_whole_over_each_kind_of_connection(string security)
    {
        await using var server = MailServer.Start(security);
        var sender = Sender(server, security);
        var result = await sender.SendAsync(Message("zoe@x.example"), default);
        Assert.That(result, Is.EqualTo(new MailResult(MailFault.None, null)));
        var got = (await server.UntilAsync("zoe@x.example"))[0];
        Assert.That((got.WasEncrypted, got.User), Is.EqualTo((security != "none", security == "none" ? null : MailServer.User)));
        Assert.That(got.Message.Subject, Is.EqualTo("Grüße – 你好"));
        Assert.That(got.Plain.TrimEnd(), Is.EqualTo("Line with ünïcödé, a very long one: " + new string('x', 2000) + "\n.\nafter a dot".ReplaceLineEndings()));
        Assert.That(got.Html, Is.EqualTo("<p>ünïcödé</p>"));
    }

    [Test]
    public async Task A_server_without_STARTTLS_gets_neither_login_nor_mail()
    {
        await using var server = MailServer.Start("none");
        Assert.That((await Sender(server, "starttls").SendAsync(Message("ada@x.example"), default)).Fault, Is.EqualTo(MailFault.Refused).Or.EqualTo(MailFault.Unreachable));
        Assert.That(server.To("ada@x.example"), Is.Empty);
    }

    [Test]
    public async Task A_certificate_that_is_not_trusted_or_of_another_name_is_refused()
    {
        await using var server = MailServer.Start();
        var settings = server.Mail("starttls");
        Assert.That(await new SmtpMail(new ServiceSettings { Mail = settings with { TrustedCertificate = null } }, TimeProvider.System).SendAsync(Message("ada@x.example"), default),
            Is.EqualTo(new MailResult(MailFault.Unreachable, "tls_failed")));
        Assert.That(await new SmtpMail(new ServiceSettings { Mail = settings with { Host = "127.0.0.1" } }, TimeProvider.System).SendAsync(Message("ada@x.example"), default),
            Is.EqualTo(new MailResult(MailFault.Unreachable, "tls_failed")));
    }

    [Test]
    public async Task A_refused_login_and_a_server_that_is_away_are_told_apart_from_a_refused_mail()
    {
        await using var server = MailServer.Start();
        var settings = server.Mail("starttls");
        Assert.That(await new SmtpMail(new ServiceSettings { Mail = settings with { Password = "wrong" } }, TimeProvider.System).SendAsync(Message("ada@x.example"), default),
            Is.EqualTo(new MailResult(MailFault.Unreachable, "login_refused")));
        Assert.That(await new SmtpMail(new ServiceSettings { Mail = settings with { Port = 1 } }, TimeProvider.System).SendAsync(Message("ada@x.example"), default),
            Is.EqualTo(new MailResult(MailFault.Unreachable, "no_connection")));
        server.Accepts = _ => false;
        Assert.That(await Sender(server, "starttls").SendAsync(Message("ada@x.example"), default), Is.EqualTo(new MailResult(MailFault.Refused, "smtp_550")));
    }

    [TestCase("ada@x.example\r\nRCPT TO:<victim@x.example>")]
    [TestCase("ada@x.example, victim@x.example")]
    [TestCase("<ada@x.example> <victim@x.example>")]
    [TestCase("ada")]
    [TestCase("")]
    public async Task An_address_that_is_more_or_less_than_one_gets_no_mail(string address)
    {
        await using var server = MailServer.Start();
        Assert.That(await Sender(server, "starttls").SendAsync(Message(address), default), Is.EqualTo(new MailResult(MailFault.Refused, "bad_address")));
        Assert.That(server.To("victim@x.example"), Is.Empty);
    }

    private static SmtpMail Sender(MailServer server, string security) => new(new ServiceSettings { Mail = server.Mail(security) }, TimeProvider.System);

    private static MailMessage Message(string to) => new(Ids.New<NotificationId>(TimeProvider.System), to,
        new MailText("Grüße – 你好", "Line with ünïcödé, a very long one: " + new string('x', 2000) + "\n.\nafter a dot", "<p>ünïcödé</p>"));
}
