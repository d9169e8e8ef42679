using Microsoft.Extensions.Configuration;
using NUnit.Framework;
using Provisioning.Api.Configuration;

namespace Provisioning.Tests.Hosting;

public sealed class MailSettingsTests
{
    [TestCase("starttls", 587)]
    [TestCase("tls", 465)]
    [TestCase("none", 25)]
    public void The_port_follows_the_protection_unless_given(string security, int port)
    {
        Assert.That(Read(("Mail:Host", "mail"), ("Mail:From", "a@b.example"), ("Mail:Security", security)).Mail.Port, Is.EqualTo(port));
        Assert.That(Read(("Mail:Host", "mail"), ("Mail:From", "a@b.example"), ("Mail:Security", security), ("Mail:Port", "2525")).Mail.Port, Is.EqualTo(2525));
    }

    [TestCase("Mail:From", "Mail:Host=mail")]
    [TestCase("Mail:From", "Mail:Host=mail", "Mail:From=nobody")]
    [TestCase("Mail:User", "Mail:Host=mail", "Mail:From=a@b.example", "Mail:User=x")]
    [TestCase("Mail:User", "Mail:Host=mail", "Mail:From=a@b.example", "Mail:Password=x")]
    [TestCase("Mail:Security", "Mail:Host=mail", "Mail:From=a@b.example", "Mail:Security=none", "Mail:User=x", "Mail:Password=y")]
    [TestCase("Mail:Security", "Mail:Security=ssl")]
    [TestCase("Mail:TrustedCertificatePath", "Mail:TrustedCertificatePath=/nowhere.pem")]
    [TestCase("Mail:AdministrationUrl", "Mail:AdministrationUrl=javascript:alert(1)")]
    [TestCase("Delivery:Attempts", "Delivery:Attempts=0")]
    [TestCase("Delivery:RetrySeconds", "Delivery:RetrySeconds=soon")]
    [TestCase("Mail:Hosts", "Mail:Hosts=mail")]
    public void D10_a_setting_that_cannot_work_stops_the_start_and_is_named(string name, params string[] given)
    {
        var refused = Assert.Throws<SettingsException>(() => Read([.. given.Select(pair => pair.Split('=', 2)).Select(pair => (pair[0], pair[1]))]))!;
        Assert.That(refused.Problems, Has.Some.Contains(name));
    }

    private static ServiceSettings Read(params (string Name, string Value)[] values) => ServiceSettings.Read(
        new ConfigurationBuilder().AddInMemoryCollection(values.Select(value => new KeyValuePair<string, string?>(value.Name, value.Value))).Build(), "Staging");
}
