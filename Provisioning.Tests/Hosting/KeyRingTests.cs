using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;
using Provisioning.Api;
using Provisioning.Api.Configuration;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Hosting;

/// <summary>The key ring is in the database (design D6): what one node protects another reads, and a certificate wraps it.</summary>
[TestFixture(TestDatabase.Sqlite)]
[TestFixture(TestDatabase.PostgreSql)]
public sealed class KeyRingTests(string engine)
{
    private string folder = null!;

    [SetUp]
    public void MakeFolder() => folder = Directory.CreateTempSubdirectory("keys-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(folder, recursive: true);

    [Test]
    public async Task Two_nodes_read_what_the_other_protected([Values("none", "pfx", "pem")] string certificate)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        var settings = certificate switch { "pfx" => Pfx("secret"), "pem" => Pem(), _ => [] };
        await using var one = await StartAsync(database, settings);
        await using var two = await StartAsync(database, settings);
        var secret = Protector(one).Protect("hello");
        Assert.That(Protector(two).Unprotect(secret), Is.EqualTo("hello"));
        Assert.That(Protector(one).Unprotect(Protector(two).Protect("back")), Is.EqualTo("back"));
        var keys = await KeysAsync(database);
        Assert.That(keys, Has.Count.GreaterThan(0));
        Assert.That(keys, certificate == "none" ? Has.All.Contains("<masterKey") : Has.All.Contains("EncryptedData").And.All.Not.Contain("<masterKey"));
        await one.StopAsync();
        await two.StopAsync();
    }

    [Test]
    public void A_certificate_with_another_password_is_refused_without_showing_it()
    {
        var settings = Pfx("secret");
        settings[1] = "--Keys:CertificatePassword=another-word";
        Assert.That(() => Program.Build(settings), Throws.InstanceOf<SettingsException>()
            .With.Message.Contains("Keys:CertificatePath").And.Message.Not.Contains("another-word"));
    }

    [Test]
    public void A_file_that_is_not_there_is_refused() => Assert.That(() => Program.Build(["--Keys:CertificatePath=/no/such/file.pfx"]),
        Throws.InstanceOf<SettingsException>().With.Message.Contains("Keys:CertificatePath"));

    private static async Task<WebApplication> StartAsync(TestDatabase database, string[] settings)
    {
        var app = Program.Build([.. TestService.Settings(database, "http://127.0.0.1:0", 1, 1, []), .. settings]);
        await app.StartAsync();
        return app;
    }

    private static IDataProtector Protector(WebApplication app) => app.Services.GetRequiredService<IDataProtectionProvider>().CreateProtector("test");

    private static async Task<List<string>> KeysAsync(TestDatabase database)
    {
        await using var connection = database.Dialect().Create();
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT xml FROM data_protection_keys";
        await using var reader = await command.ExecuteReaderAsync();
        var keys = new List<string>();
        while (await reader.ReadAsync()) keys.Add(reader.GetString(0));
        return keys;
    }

    private string[] Pfx(string password)
    {
        var file = Path.Combine(folder, "keys.pfx");
        using var certificate = Certificate();
        File.WriteAllBytes(file, certificate.Export(X509ContentType.Pfx, password));
        return [$"--Keys:CertificatePath={file}", $"--Keys:CertificatePassword={password}"];
    }

    private string[] Pem()
    {
        var file = Path.Combine(folder, "keys.pem");
        using var certificate = Certificate();
        using var key = certificate.GetRSAPrivateKey()!;
        File.WriteAllText(file, certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem());
        return [$"--Keys:CertificatePath={file}"];
    }

    private static X509Certificate2 Certificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=keys", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return request.CreateSelfSigned(new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2060, 1, 1, 0, 0, 0, TimeSpan.Zero));
    }
}
