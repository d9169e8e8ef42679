using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Api.Hosting;

/// <summary>
/// Wraps keys that are in the database already: at the start those that lie open, because they were made before there was a certificate;
/// by command those of an earlier certificate too, so that it can go. The platform wraps only what it makes.
/// </summary>
internal sealed partial class KeyWrapping(
    IDatabase database, IKeyRingStore store, KeyCertificates certificates, IServiceProvider services, ILoggerFactory loggers, TimeProvider time) : IHostedService
{
    private static readonly Actor Actor = new(ActorKind.Job, "key_ring", Channel.Job, "key_ring");
    private static readonly XNamespace Ring = "http://schemas.asp.net/2015/03/dataProtection";
    private static readonly XName Secret = Ring + "encryptedSecret", Open = Ring + "requiresEncryption";
    private static readonly XNamespace Signature = "http://www.w3.org/2000/09/xmldsig#";

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (certificates.Current is not null && await WrapAsync(onlyOpen: true, cancellationToken) is var wrapped and > 0) Wrapped(loggers.CreateLogger<KeyWrapping>(), wrapped);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Answers how many keys were written anew.</summary>
    /// <exception cref="CommandFailedException">A key was wrapped by a certificate that is not configured.</exception>
    public async Task<int> WrapAsync(bool onlyOpen, CancellationToken cancel)
    {
        var current = certificates.Current ?? throw new CommandFailedException("There is no certificate to wrap with: set Keys:CertificatePath (environment: Keys__CertificatePath).");
        var changed = 0;
        foreach (var key in await database.ReadAsync(store.ListAsync, cancel))
        {
            if (Wrap(XElement.Parse(key.Xml), current, onlyOpen) is not { } xml) continue;
            var written = await database.WriteAsync(new WriteUnit<bool>(Ids.New<UnitId>(time), "key_ring.wrap", Actor, Instants.Now(time), async scope =>
            {
                await store.ReplaceAsync(scope.Session, key.Id, xml);
                return true;
            }), cancel);
            if (!written.IsOk) throw new CommandFailedException(written.Error!.Detail);
            changed++;
        }
        return changed;
    }

    /// <summary>Null when nothing has to change.</summary>
    private string? Wrap(XElement key, X509Certificate2 current, bool onlyOpen)
    {
        var open = key.DescendantsAndSelf().Where(element => element.Attribute(Open) is not null && !element.Ancestors(Secret).Any()).ToList();
        var closed = key.Descendants(Secret).Where(secret => IsNull(secret) || (!onlyOpen && !IsOf(secret, current))).ToList();
        foreach (var element in open)
        {
            element.Attribute(Open)!.Remove();
            element.ReplaceWith(Encrypted(element, current));
        }
        foreach (var secret in closed) secret.ReplaceWith(Encrypted(Decrypted(secret), current));
        return open.Count + closed.Count > 0 ? key.ToString(SaveOptions.DisableFormatting) : null;
    }

    /// <summary>In the form of the platform, which reads it.</summary>
    private XElement Encrypted(XElement plain, X509Certificate2 current)
    {
        var info = new CertificateXmlEncryptor(current, loggers).Encrypt(plain);
        return new XElement(Secret, new XAttribute("decryptorType", info.DecryptorType.AssemblyQualifiedName!), info.EncryptedElement);
    }

    private XElement Decrypted(XElement secret)
    {
        try
        {
            return IsNull(secret) ? new NullXmlDecryptor().Decrypt(secret.Elements().Single()) : new EncryptedXmlDecryptor(services).Decrypt(secret.Elements().Single());
        }
        catch (CryptographicException)
        {
            throw new CommandFailedException("A key was wrapped by a certificate that is not here: name its file in Keys:PreviousCertificatePaths (environment: Keys__PreviousCertificatePaths).");
        }
    }

    private static bool IsNull(XElement secret) => secret.Attribute("decryptorType")!.Value.StartsWith(typeof(NullXmlDecryptor).FullName + ",", StringComparison.Ordinal);

    private static bool IsOf(XElement secret, X509Certificate2 certificate) =>
        secret.Descendants(Signature + "X509Certificate").Any(text => Convert.FromBase64String(text.Value).AsSpan().SequenceEqual(certificate.RawData));

    [LoggerMessage(LogLevel.Information, "Keys that lay open in the database were wrapped: {Count}. Backups made before still hold them open")]
    private static partial void Wrapped(ILogger logger, int count);
}
