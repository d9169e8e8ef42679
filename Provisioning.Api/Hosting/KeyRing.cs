using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Provisioning.Api.Configuration;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Api.Hosting;

/// <summary>
/// The data protection key ring, in the database: what one node protects another can read (design D6). The platform's interface is
/// synchronous; it is asked at start and about once a day.
/// </summary>
internal sealed class KeyRing(IDatabase database, IKeyRingStore store, TimeProvider time) : IXmlRepository
{
    private static readonly Actor Actor = new(ActorKind.Job, "key_ring", Channel.Job, "key_ring");

    public IReadOnlyCollection<XElement> GetAllElements() =>
        [.. Task.Run(() => database.ReadAsync(store.ListAsync, CancellationToken.None)).GetAwaiter().GetResult().Select(XElement.Parse)];

    public void StoreElement(XElement element, string friendlyName)
    {
        var (id, xml) = (Ids.NewGuid(time), element.ToString(SaveOptions.DisableFormatting));
        var unit = new WriteUnit<bool>(Ids.New<UnitId>(time), "key_ring.add", Actor, Instants.Now(time), async scope =>
        {
            await store.InsertAsync(scope.Session, id, friendlyName, xml, scope.Now);
            return true;
        });
        var stored = Task.Run(() => database.WriteAsync(unit, CancellationToken.None)).GetAwaiter().GetResult();
        if (!stored.IsOk) throw new InvalidOperationException(stored.Error!.Detail);
    }
}

/// <summary>Registers the key ring, wrapped by the configured certificate.</summary>
public static partial class KeyRingHosting
{
    /// <summary>After the preparation of the store: the platform reads the ring when it starts.</summary>
    internal static void AddKeyRing(this IServiceCollection services)
    {
        // Every node must use the same name, whatever folder it runs in.
        var protection = services.AddDataProtection().SetApplicationName("provisioning");
        services.AddOptions<KeyManagementOptions>().Configure<IDatabase, IKeyRingStore, TimeProvider>(
            static (options, database, store, time) => options.XmlRepository = new KeyRing(database, store, time));
        var settings = services.Select(service => service.ImplementationInstance).OfType<ServiceSettings>().Single();
        if (Certificate(settings.Keys) is not { } certificate) return;
        protection.ProtectKeysWithCertificate(certificate).UnprotectKeysWithAnyCertificate(certificate);
    }

    internal static void WarnOfOpenKeys(this WebApplication app)
    {
        if (app.Environment.IsProduction() && app.Services.GetRequiredService<ServiceSettings>().Keys.CertificatePath is null)
            KeysAreOpen(app.Logger);
    }

    private static X509Certificate2? Certificate(KeySettings settings)
    {
        const string name = "Keys:CertificatePath (Keys__CertificatePath)";
        if (settings.CertificatePath is not { } path) return null;
        X509Certificate2 certificate;
        try
        {
            certificate = !IsPem(path) ? X509CertificateLoader.LoadPkcs12FromFile(path, settings.CertificatePassword)
                : settings.CertificatePassword is { } password ? X509Certificate2.CreateFromEncryptedPemFile(path, password)
                : X509Certificate2.CreateFromPemFile(path);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"{name} cannot be read, or Keys:CertificatePassword is not its password: {exception.Message}");
        }
        using var key = certificate.GetRSAPrivateKey();
        return key is not null ? certificate : throw new SettingsException($"{name} holds no RSA certificate with its private key.");
    }

    private static bool IsPem(string path) => File.ReadLines(path).Take(50).Any(static line => line.StartsWith("-----BEGIN", StringComparison.Ordinal));

    [LoggerMessage(LogLevel.Warning, "The data protection keys in the database are not wrapped; set Keys:CertificatePath (Keys__CertificatePath)")]
    private static partial void KeysAreOpen(ILogger logger);
}
