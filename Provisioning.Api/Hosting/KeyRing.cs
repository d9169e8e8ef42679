using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
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
        [.. Task.Run(() => database.ReadAsync(store.ListAsync, CancellationToken.None)).GetAwaiter().GetResult().Select(key => XElement.Parse(key.Xml))];

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
        var settings = services.Select(service => service.ImplementationInstance).OfType<ServiceSettings>().Single();
        var certificates = KeyCertificates.Read(settings.Keys);
        services.AddSingleton(certificates);
        services.AddSingleton<KeyWrapping>();
        services.AddHostedService(static provider => provider.GetRequiredService<KeyWrapping>());
        // Every node must use the same name, whatever folder it runs in.
        var protection = services.AddDataProtection().SetApplicationName("provisioning");
        services.AddOptions<KeyManagementOptions>().Configure<IDatabase, IKeyRingStore, TimeProvider>(
            static (options, database, store, time) => options.XmlRepository = new KeyRing(database, store, time));
        if (certificates.All is { Count: > 0 } known) protection.UnprotectKeysWithAnyCertificate([.. known]);
        if (certificates.Current is { } certificate) protection.ProtectKeysWithCertificate(certificate);
        // To leave keys as they are is a choice here, not an oversight that the platform would have to warn of: WarnOfOpenKeys says it where it matters.
        else services.Configure<KeyManagementOptions>(static options => options.XmlEncryptor = new NullXmlEncryptor());
    }

    /// <summary>Production does not come this far without a certificate; in Development the keys protect nothing worth it.</summary>
    internal static void WarnOfOpenKeys(this WebApplication app)
    {
        if (!app.Environment.IsDevelopment() && app.Services.GetRequiredService<KeyCertificates>().Current is null) KeysAreOpen(app.Logger);
    }

    [LoggerMessage(LogLevel.Warning, "The data protection keys in the database are not wrapped; set Keys:CertificatePath (Keys__CertificatePath)")]
    private static partial void KeysAreOpen(ILogger logger);
}
