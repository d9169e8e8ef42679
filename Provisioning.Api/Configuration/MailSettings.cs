using System.Security.Cryptography.X509Certificates;

namespace Provisioning.Api.Configuration;

/// <summary>How the connection to the mail server is protected. Written starttls, tls, none.</summary>
public enum MailSecurity
{
    /// <summary>Upgraded before anything is said; a server that cannot is not used.</summary>
    StartTls,

    /// <summary>From the first byte.</summary>
    Tls,

    /// <summary>Open; without a login only.</summary>
    None,
}

/// <summary>The mail server. Without a host no mail is sent; GET /notifications says so.</summary>
public sealed record MailSettings
{
    public string? Host { get; init; }

    public int Port { get; init; } = 587;

    public MailSecurity Security { get; init; }

    public string? User { get; init; }

    public string? Password { get; init; }

    /// <summary>The sender, for example <c>Provisioning &lt;seats@corp.example&gt;</c>.</summary>
    public string From { get; init; } = "";

    /// <summary>Of a mail server with a certificate of one's own; null: what the system trusts.</summary>
    public X509Certificate2? TrustedCertificate { get; init; }

    /// <summary>Where owners find the administration: a link in their mails.</summary>
    public Uri? AdministrationUrl { get; init; }

    /// <summary>Without the password.</summary>
    public override string ToString() => $"{nameof(MailSettings)} {{ Host = {Host}, Port = {Port}, Security = {Security} }}";
}

/// <summary>Attempts to deliver mails and events.</summary>
public sealed record DeliverySettings
{
    /// <summary>Of one mail or event, before it is given up.</summary>
    public int Attempts { get; init; } = 12;

    /// <summary>Pause after the first failure; doubled after each, up to an hour.</summary>
    public int RetrySeconds { get; init; } = 5;
}
