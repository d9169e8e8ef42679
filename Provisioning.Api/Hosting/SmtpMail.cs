using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;
using MimeKit.Text;
using Provisioning.Api.Configuration;
using Provisioning.Core.Notifications;
using SmtpSession = MailKit.Net.Smtp.SmtpClient;

namespace Provisioning.Api.Hosting;

/// <summary>Hands mails to the configured SMTP server, over TLS unless the settings say otherwise; the only part that knows the mail library.</summary>
internal sealed class SmtpMail(ServiceSettings settings, TimeProvider time) : IMailSender
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly MailSettings mail = settings.Mail;

    public bool IsConfigured => mail.Host is not null;

    public async Task<MailResult> SendAsync(MailMessage message, CancellationToken cancel)
    {
        if (!MailboxAddress.TryParse(Strict, message.To, out var to)) return new MailResult(MailFault.Refused, "bad_address");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Limit);
        try
        {
            using var session = await ConnectAsync(limit.Token);
            await session.SendAsync(Mime(message, to), limit.Token);
            await HangUpAsync(session, limit.Token);
            return new MailResult(MailFault.None, null);
        }
        catch (SmtpCommandException refused)
        {
            var error = FormattableString.Invariant($"smtp_{(int)refused.StatusCode}");
            return new MailResult(refused.StatusCode == SmtpStatusCode.ServiceNotAvailable ? MailFault.Unreachable
                : (int)refused.StatusCode >= 500 ? MailFault.Refused : MailFault.Later, error);
        }
        catch (NotSupportedException)
        {
            // An address or a login that this server has no way to take.
            return new MailResult(MailFault.Refused, "not_supported_by_server");
        }
        catch (Exception exception) when (Reason(exception) is { } reason && !cancel.IsCancellationRequested)
        {
            return new MailResult(MailFault.Unreachable, reason);
        }
    }

    private static ParserOptions Strict { get; } = new() { AddressParserComplianceMode = RfcComplianceMode.Strict, AllowAddressesWithoutDomain = false };

    private async Task<SmtpSession> ConnectAsync(CancellationToken cancel)
    {
        var session = new SmtpSession { Timeout = (int)Limit.TotalMilliseconds, CheckCertificateRevocation = false };
        try
        {
            if (mail.TrustedCertificate is { } root) session.ServerCertificateValidationCallback = (_, certificate, _, errors) => IsTrusted(certificate, errors, root);
            await session.ConnectAsync(mail.Host!, mail.Port, mail.Security switch
            {
                MailSecurity.Tls => SecureSocketOptions.SslOnConnect,
                MailSecurity.None => SecureSocketOptions.None,
                _ => SecureSocketOptions.StartTls, // demanded: a server without it gets no mail
            }, cancel);
            if (mail.User is not null) await session.AuthenticateAsync(mail.User, mail.Password ?? "", cancel);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>The server has the mail; that it hangs up badly changes nothing.</summary>
    private static async Task HangUpAsync(SmtpSession session, CancellationToken cancel)
    {
        try
        {
            await session.DisconnectAsync(quit: true, cancel);
        }
        catch (Exception exception) when (Reason(exception) is not null)
        {
            // said good-bye for us
        }
    }

    private MimeMessage Mime(MailMessage message, MailboxAddress to)
    {
        var from = MailboxAddress.Parse(mail.From);
        return new MimeMessage([from], [to], message.Text.Subject, new MultipartAlternative
        {
            new TextPart(TextFormat.Plain) { Text = message.Text.Plain }, new TextPart(TextFormat.Html) { Text = message.Text.Html },
        })
        {
            // The same at every attempt; the instant of this one.
            MessageId = $"{message.Id}@{from.Domain}", Date = time.GetUtcNow(), Headers = { { HeaderId.AutoSubmitted, "auto-generated" } },
        };
    }

    private static string? Reason(Exception exception) => exception switch
    {
        AuthenticationException => "login_refused",
        SslHandshakeException => "tls_failed",
        SocketException => "no_connection",
        ProtocolException or IOException or ServiceNotConnectedException => "connection_broken",
        TimeoutException or OperationCanceledException => "timeout",
        _ => null,
    };

    /// <summary>A chain to the certificate of the settings and nothing else; the name must be right as always.</summary>
    private static bool IsTrusted(X509Certificate? certificate, SslPolicyErrors errors, X509Certificate2 root)
    {
        if (certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)) return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        using var server = new X509Certificate2(certificate);
        return chain.Build(server);
    }
}
