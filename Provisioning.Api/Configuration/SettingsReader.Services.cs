using System.Globalization;
using System.Net;
using System.Text;

namespace Provisioning.Api.Configuration;

/// <summary>What the service uses beside its store: billing, metering, name servers and mail.</summary>
internal sealed partial class SettingsReader
{
    private BillingSettings ReadBilling()
    {
        const string issuer = "Billing:Issuer", address = "Billing:Address", zone = "Billing:Zone";
        var standard = new BillingSettings();
        if (Text(issuer) is { Length: > 200 } name) Refuse(issuer, name, "a name of at most 200 characters");
        if (Text(address) is { Length: > 1000 } lines) Refuse(address, lines, "at most 1000 characters, lines separated by |");
        if (Text(zone) is { } given && !TimeZoneInfo.TryFindSystemTimeZoneById(given, out _)) Refuse(zone, given, "an IANA time zone such as Europe/Paris");
        return new BillingSettings
        {
            Issuer = Text(issuer) ?? standard.Issuer,
            Address = (Text(address) ?? "").Split('|', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            Zone = Text(zone) ?? standard.Zone,
            PaymentDays = Integer("Billing:PaymentDays", standard.PaymentDays, 0, 365),
            UsageGrace = TimeSpan.FromHours(Integer("Billing:UsageGraceHours", (int)standard.UsageGrace.TotalHours, 0, 720)),
            PaymentSecret = Secret("Billing:PaymentSecret", 16, 1000),
        };
    }

    private DnsSettings ReadDns()
    {
        const string name = "Dns:Server";
        if (Text(name) is not { } given) return new DnsSettings();
        if (System.Net.IPEndPoint.TryParse(given, out var server))
            return new DnsSettings { Server = server.Port == 0 ? new System.Net.IPEndPoint(server.Address, DnsSettings.Port) : server };
        Refuse(name, given, "an IP address, with a port if it is not 53: 9.9.9.9, 127.0.0.1:5353 or [::1]:5353");
        return new DnsSettings();
    }

    private UsageSettings ReadUsage()
    {
        const string thresholds = "Usage:CapThresholds";
        var standard = new UsageSettings();
        var percents = standard.CapThresholds;
        if (Text(thresholds) is { } given)
        {
            var parts = given.Split(',', StringSplitOptions.TrimEntries);
            if (parts.Length <= 20 && parts.All(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var percent) && percent is >= 1 and <= 100))
                percents = [.. parts.Select(part => int.Parse(part, CultureInfo.InvariantCulture)).Distinct().Order()];
            else Refuse(thresholds, given, "at most 20 whole percentages from 1 to 100, for example 50,75,90,100");
        }
        return new UsageSettings
        {
            HoldMinutes = Integer("Usage:HoldMinutes", standard.HoldMinutes, 1, 1440), LateDays = Integer("Usage:LateDays", standard.LateDays, 1, 366),
            FutureMinutes = Integer("Usage:FutureMinutes", standard.FutureMinutes, 0, 1440), CapThresholds = percents,
            OpenWithoutStore = Flag("Usage:OpenWithoutStore", standard.OpenWithoutStore),
        };
    }

    /// <summary>Without a host there is no mail, and the other settings of the section wait for one.</summary>
    private MailSettings ReadMail()
    {
        const string security = "Mail:Security", from = "Mail:From", user = "Mail:User", certificate = "Mail:TrustedCertificatePath", place = "Mail:AdministrationUrl";
        var protect = MailSecurity.StartTls;
        if (Text(security) is { } given)
        {
            if (Is(given, "tls")) protect = MailSecurity.Tls;
            else if (Is(given, "none")) protect = MailSecurity.None;
            else if (!Is(given, "starttls")) Refuse(security, given, "starttls, tls or none");
        }
        var settings = new MailSettings
        {
            Host = Text("Mail:Host"), Security = protect, User = Text(user), Password = Text("Mail:Password"), From = Text(from) ?? "",
            Port = Integer("Mail:Port", protect switch { MailSecurity.Tls => 465, MailSecurity.None => 25, _ => 587 }, 1, 65535),
            TrustedCertificate = Text(certificate) is { } path ? ReadCertificate(certificate, path) : null,
            AdministrationUrl = Text(place) is { } link ? ReadLink(place, link) : null,
        };
        if (settings.Host is null) return settings;
        if (!MimeKit.MailboxAddress.TryParse(settings.From, out var sender) || !sender.Address.Contains('@', StringComparison.Ordinal))
            problems.Add($"{Named(from)} is required when Mail:Host is set: the sender, for example Provisioning <seats@corp.example>.");
        if (settings.User is null != settings.Password is null) problems.Add($"{Named(user)} and Mail:Password (environment: Mail__Password) belong together.");
        if (protect == MailSecurity.None && settings.User is not null) problems.Add($"{Named(security)} is none, so Mail:User and Mail:Password would be sent in the open; use starttls or tls.");
        return settings;
    }

    private System.Security.Cryptography.X509Certificates.X509Certificate2? ReadCertificate(string name, string path)
    {
        try
        {
            return System.Security.Cryptography.X509Certificates.X509CertificateLoader.LoadCertificateFromFile(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            Refuse(name, path, "the path of a readable certificate file (PEM or DER)");
            return null;
        }
    }

    private Uri? ReadLink(string name, string given)
    {
        if (Uri.TryCreate(given, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.UserInfo.Length == 0) return url;
        Refuse(name, null, "an absolute http or https URL without user name");
        return null;
    }
}
