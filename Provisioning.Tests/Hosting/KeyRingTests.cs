using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
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
        await one.StopAsync();
        await two.StopAsync();
        Assert.That(keys, certificate == "none" ? Has.All.Contains("<masterKey") : Has.All.Contains("EncryptedData").And.All.Not.Contain("<masterKey"));
    }

    [Test]
    public async Task D6_another_certificate_reads_the_keys_of_the_one_before_and_after_wrap_keys_alone()
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        var (first, second) = (Pem("first"), Pem("second"));
        string secret;
        await using (var before = await StartAsync(database, [$"--Keys:CertificatePath={first}"]))
        {
            secret = Protector(before).Protect("of last year");
            await before.StopAsync();
        }
        await using (var rolled = await StartAsync(database, [$"--Keys:CertificatePath={second}", $"--Keys:PreviousCertificatePaths={first}"]))
        {
            Assert.That(Protector(rolled).Unprotect(secret), Is.EqualTo("of last year"));
            await rolled.StopAsync();
        }
        Assert.That(await KeysAsync(database), Has.All.Contains(Body(first)), "nothing was wrapped anew without the command");
        await using (var alone = await StartAsync(database, [$"--Keys:CertificatePath={second}"]))
        {
            Assert.That(() => Protector(alone).Unprotect(secret), Throws.InstanceOf<CryptographicException>());
            await alone.StopAsync();
        }

        string[] settings = [.. TestService.Settings(database, "http://127.0.0.1:0", 1, 1, []), $"--Keys:CertificatePath={second}"];
        Assert.That(await Program.Main(["wrap-keys", .. settings]), Is.EqualTo(1), "the earlier certificate is not named");
        Assert.That(await Program.Main(["wrap-keys", .. settings, $"--Keys:PreviousCertificatePaths={first}"]), Is.Zero);
        Assert.That(await KeysAsync(database), Has.All.Contains(Body(second)).And.All.Not.Contain(Body(first)).And.All.Not.Contain("<masterKey"));
        await using var after = await StartAsync(database, [$"--Keys:CertificatePath={second}"]);
        Assert.That(Protector(after).Unprotect(secret), Is.EqualTo("of last year"));
        await after.StopAsync();
    }

    [Test]
    public async Task D6_keys_that_lay_open_are_wrapped_at_the_first_start_with_a_certificate()
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        string secret;
        await using (var open = await StartAsync(database, []))
        {
            secret = Protector(open).Protect("hello");
            await open.StopAsync();
        }
        Assert.That(await KeysAsync(database), Has.All.Contains("<masterKey"));
        await using var wrapped = await StartAsync(database, Pem());
        Assert.That(await KeysAsync(database), Has.All.Contains("EncryptedData").And.All.Not.Contain("<masterKey"));
        Assert.That(Protector(wrapped).Unprotect(secret), Is.EqualTo("hello"));
        await wrapped.StopAsync();
    }

    [Test]
    public async Task Development_starts_without_a_warning()
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        var log = new RecordedLog();
        await using var app = Program.Build([.. TestService.Settings(database, "http://127.0.0.1:0", 1, 1, [])], builder => builder.Services.AddSingleton<ILoggerProvider>(log));
        await app.StartAsync();
        Protector(app).Protect("the ring is made now at the latest");
        await app.StopAsync();
        Assert.That(log.Lines.Where(line => line.Level >= LogLevel.Warning), Is.Empty);
    }

    [Test]
    public void A_certificate_with_another_password_is_refused_without_showing_it()
    {
        var settings = Pfx("secret");
        settings[1] = "--Keys:CertificatePassword=another-word";
        Assert.That(() => Program.Build(["--environment=Staging", .. settings]), Throws.InstanceOf<SettingsException>()
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
        await using var connection = database.Connection();
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

    private string[] Pem() => [$"--Keys:CertificatePath={Pem("keys")}"];

    /// <summary>A part of the certificate's base64 that is its own; a wrapped key names the certificate.</summary>
    private static string Body(string pem) => Convert.ToBase64String(X509Certificate2.CreateFromPemFile(pem).RawData)[300..360];

    private string Pem(string name)
    {
        var file = Path.Combine(folder, name + ".pem");
        using var certificate = Certificate();
        using var key = certificate.GetRSAPrivateKey()!;
        File.WriteAllText(file, certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem());
        return file;
    }

    private static X509Certificate2 Certificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=keys", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return request.CreateSelfSigned(new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2060, 1, 1, 0, 0, 0, TimeSpan.Zero));
    }
}
