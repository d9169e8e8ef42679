using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MimeKit;
using NUnit.Framework;
using Provisioning.Api.Configuration;
using SmtpServer;
using SmtpServer.Authentication;
using SmtpServer.ComponentModel;
using SmtpServer.Mail;
using SmtpServer.Protocol;
using SmtpServer.Storage;

namespace Provisioning.Tests.Notifications;

/// <summary>A mail as the server took it.</summary>
internal sealed record Mail(string To, bool WasEncrypted, string? User, MimeMessage Message)
{
    public string Subject => Message.Subject!;

    public string Plain => Message.TextBody!;

    public string Html => Message.HtmlBody!;
}

/// <summary>A real SMTP server on loopback, with TLS by a certificate of its own, and a login.</summary>
internal sealed class MailServer : IAsyncDisposable
{
    public const string User = "mailer", Password = "mail-password-of-the-tests";

    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentQueue<Mail> mails = new();
    private readonly string folder = Directory.CreateTempSubdirectory("provisioning-mail-").FullName;
    private readonly SmtpServer.SmtpServer server;
    private readonly Task running;

    private MailServer(string security)
    {
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }
        var certificate = Certificate(Path.Combine(folder, "mail.crt"));
        var options = new SmtpServerOptionsBuilder().ServerName("localhost").Endpoint(endpoint =>
        {
            endpoint.Endpoint(new IPEndPoint(IPAddress.Loopback, Port));
            if (security != "none") endpoint.Certificate(certificate).AuthenticationRequired();
            if (security == "tls") endpoint.IsSecure(true);
        }).Build();
        var services = new ServiceProvider();
        services.Add(new Store(this));
        services.Add(new Filter(this));
        services.Add(new Login());
        server = new SmtpServer.SmtpServer(options, services);
        running = server.StartAsync(stop.Token);
    }

    public int Port { get; }

    /// <summary>What the server says to a recipient; true accepts.</summary>
    public Func<string, bool> Accepts { get; set; } = _ => true;

    /// <summary>What the server says to a mail.</summary>
    public Func<Mail, SmtpResponse> Answers { get; set; } = _ => SmtpResponse.Ok;

    /// <param name="security">starttls, tls or none, as the setting.</param>
    public static MailServer Start(string security = "starttls") => new(security);

    /// <summary>The settings of a service that uses this server.</summary>
    public string[] Settings(string security = "starttls") =>
    [
        "Mail:Host=localhost", string.Create(CultureInfo.InvariantCulture, $"Mail:Port={Port}"), "Mail:Security=" + security,
        "Mail:From=Seats <seats@sender.example>", "Mail:TrustedCertificatePath=" + Path.Combine(folder, "mail.crt"),
        .. security == "none" ? (string[])[] : ["Mail:User=" + User, "Mail:Password=" + Password],
    ];

    /// <summary>The same as settings of the sender alone.</summary>
    public MailSettings Mail(string security) => new()
    {
        Host = "localhost", Port = Port, From = "Seats <seats@sender.example>", TrustedCertificate = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(folder, "mail.crt")),
        Security = security switch { "tls" => MailSecurity.Tls, "none" => MailSecurity.None, _ => MailSecurity.StartTls },
        User = security == "none" ? null : User, Password = security == "none" ? null : Password,
    };

    public IReadOnlyList<Mail> To(string address) => [.. mails.Where(mail => mail.To == address)];

    public async Task<IReadOnlyList<Mail>> UntilAsync(string address, int count = 1)
    {
        for (var left = 300; To(address).Count < count; left--)
        {
            if (left == 0) Assert.Fail($"{address} got {To(address).Count} mails; all: {string.Join(", ", mails.Select(mail => mail.To + " " + mail.Subject))}");
            await Task.Delay(100);
        }
        return To(address);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        try
        {
            await running;
        }
        catch (OperationCanceledException)
        {
            // stopped
        }
        stop.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static X509Certificate2 Certificate(string path)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
        File.WriteAllText(path, made.ExportCertificatePem());
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }

    private sealed class Store(MailServer server) : MessageStore
    {
        public override async Task<SmtpResponse> SaveAsync(ISessionContext context, IMessageTransaction transaction, ReadOnlySequence<byte> buffer, CancellationToken cancellationToken)
        {
            using var stream = new MemoryStream(buffer.ToArray());
            var message = await MimeMessage.LoadAsync(stream, cancellationToken);
            var mail = new Mail(string.Join(' ', transaction.To.Select(to => $"{to.User}@{to.Host}")), context.Pipe.IsSecure, context.Authentication.IsAuthenticated ? context.Authentication.User : null, message);
            var answer = server.Answers(mail);
            if (answer.ReplyCode == SmtpReplyCode.Ok) server.mails.Enqueue(mail);
            return answer;
        }
    }

    private sealed class Filter(MailServer server) : MailboxFilter
    {
        public override Task<bool> CanDeliverToAsync(ISessionContext context, IMailbox to, IMailbox from, CancellationToken cancellationToken) =>
            Task.FromResult(server.Accepts($"{to.User}@{to.Host}"));
    }

    private sealed class Login : UserAuthenticator
    {
        public override Task<bool> AuthenticateAsync(ISessionContext context, string user, string password, CancellationToken cancellationToken) =>
            Task.FromResult(user == User && password == Password);
    }
}
