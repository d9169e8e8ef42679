using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Provisioning.Tests.Sso.Saml;

/// <summary>A service that the identity provider knows.</summary>
internal sealed record KnownService(string EntityId, string Consumer, string Logout, string Certificate, bool Encrypts);

/// <summary>A person who can sign in there; the password is the name.</summary>
internal sealed record KnownPerson(string Name, string NameId, string Email);

/// <summary>
/// SimpleSAMLphp, an identity provider that others wrote, in PHP's own server, with a configuration of the test. Where PHP or
/// SimpleSAMLphp (Debian: simplesamlphp, php-cli) is missing, the test is a visible Ignore.
/// </summary>
internal sealed class SimpleSamlPhp : IDisposable
{
    public const string EntityId = "https://simplesamlphp.test/entity";
    private const string Code = "/usr/share/simplesamlphp", Php = "/usr/bin/php";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("provisioning-idp-");
    private readonly Process process;
    private readonly CookieContainer cookies = new();
    private readonly HttpClient http;

    private SimpleSamlPhp(int port, SigningKey key)
    {
        Root = $"http://127.0.0.1:{port}/";
        http = new HttpClient(new SocketsHttpHandler { CookieContainer = cookies });
        foreach (var name in new[] { "cert", "metadata", "sessions", "data", "log", "temp" }) folder.CreateSubdirectory(name);
        Write("cert/idp.crt", key.Certificate.ExportCertificatePem());
        Write("cert/idp.pem", key.Rsa.ExportPkcs8PrivateKeyPem());
        Write("config.php", Config(Root));
        Write("metadata/saml20-idp-hosted.php", $$"""
            <?php
            $metadata['{{EntityId}}'] = [
              'host' => '__DEFAULT__', 'privatekey' => 'idp.pem', 'certificate' => 'idp.crt', 'auth' => 'people',
              'signature.algorithm' => '{{SigningKey.RsaSha256}}', 'saml20.sign.assertion' => true, 'sign.logout' => true, 'redirect.sign' => true, 'redirect.validate' => true,
              'authproc' => [3 => ['class' => 'saml:AttributeNameID', 'attribute' => 'uid', 'Format' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent']],
            ];
            """);
        process = new Process
        {
            StartInfo = new ProcessStartInfo(Php, ["-d", $"session.save_path={folder.FullName}/sessions", "-d", "display_errors=0", "-S", $"127.0.0.1:{port}", "-t", Code + "/www"])
            {
                RedirectStandardError = true, RedirectStandardOutput = true,
                Environment = { ["SIMPLESAMLPHP_CONFIG_DIR"] = folder.FullName },
            },
        };
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Root { get; }

    public string MetadataUrl => Root + "saml2/idp/metadata.php";

    public static async Task<SimpleSamlPhp> StartAsync(SigningKey key)
    {
        if (!File.Exists(Php) || !Directory.Exists(Code)) Assert.Ignore("PHP or SimpleSAMLphp is not on this machine (Debian: apt-get install simplesamlphp php-cli).");
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        var port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        var started = new SimpleSamlPhp(port, key);
        for (var left = 200; ; left--)
        {
            try
            {
                if ((await started.http.GetAsync(new Uri(started.MetadataUrl))).IsSuccessStatusCode) return started;
            }
            catch (HttpRequestException) when (left > 0)
            {
            }
            if (left == 0) throw new InvalidOperationException($"SimpleSAMLphp gives no metadata: {await started.LogAsync()}");
            await Task.Delay(50);
        }
    }

    public void Know(IEnumerable<KnownService> services, IEnumerable<KnownPerson> people)
    {
        Write("metadata/saml20-sp-remote.php", "<?php\n" + string.Concat(services.Select(service => $"""
            $metadata['{service.EntityId}'] = ['AssertionConsumerService' => '{service.Consumer}', 'SingleLogoutService' => '{service.Logout}', 'certData' => '{service.Certificate}',
              'validate.authnrequest' => true, 'assertion.encryption' => {(service.Encrypts ? "true" : "false")}, 'redirect.sign' => true, 'redirect.validate' => true];

            """)));
        Write("authsources.php", "<?php\n$config = ['people' => ['exampleauth:UserPass',\n" + string.Concat(people.Select(person =>
            $"'{person.Name}:{person.Name}' => ['uid' => ['{person.NameId}'], 'mail' => ['{person.Email}'], 'displayName' => ['{person.Name}'], 'groups' => ['eng', 'ops']],\n")) + "]];\n");
    }

    /// <summary>A person's browser at the identity provider: follows the request, types name and password, gives the form that is to be posted.</summary>
    public async Task<string> LogInAsync(Uri request, string person)
    {
        var page = await http.GetStringAsync(request);
        if (!page.Contains("SAMLResponse", StringComparison.Ordinal)) // else signed in there already
        {
            using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["username"] = person, ["password"] = person, ["AuthState"] = Field(page, "AuthState") });
            var posted = await http.PostAsync(new Uri(Root + "module.php/core/loginuserpass.php"), form);
            page = await posted.Content.ReadAsStringAsync();
        }
        var response = Field(page, "SAMLResponse");
        if (response.Length == 0) Assert.Fail($"The identity provider gave no response: {page}\n{await LogAsync()}");
        return response;
    }

    /// <summary>Follows a logout request; the address at which the identity provider hands over its answer.</summary>
    public async Task<Uri> LogOutAsync(Uri request, Uri until)
    {
        using var browser = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = cookies });
        var next = request;
        for (var steps = 0; steps < 5; steps++)
        {
            using var answer = await browser.GetAsync(next);
            if (answer.Headers.Location is not { } location) break;
            next = new Uri(next, location);
            if (next.GetLeftPart(UriPartial.Path) == until.GetLeftPart(UriPartial.Path)) return next;
        }
        throw new InvalidOperationException($"The identity provider did not answer the logout request: {await LogAsync()}");
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        process.WaitForExit();
        process.Dispose();
        http.Dispose();
        folder.Delete(recursive: true);
    }

    private async Task<string> LogAsync() => string.Join('\n', await Task.WhenAll(Directory.GetFiles(Path.Combine(folder.FullName, "log")).Select(file => File.ReadAllTextAsync(file))));

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(folder.FullName, name), text);

    private static string Field(string page, string name) => WebUtility.HtmlDecode(
        (Regex.Match(page, $"name=\"{name}\"[^>]*value=\"([^\"]*)\"") is { Success: true } match ? match : Regex.Match(page, $"value=\"([^\"]*)\"[^>]*name=\"{name}\"")).Groups[1].Value);

    private string Config(string root) => $$"""
        <?php
        $config = [
          'baseurlpath' => '{{root}}', 'certdir' => '{{folder.FullName}}/cert/', 'loggingdir' => '{{folder.FullName}}/log/', 'datadir' => '{{folder.FullName}}/data/',
          'tempdir' => '{{folder.FullName}}/temp', 'metadatadir' => '{{folder.FullName}}/metadata/', 'secretsalt' => 'salt-of-the-tests', 'auth.adminpassword' => 'password-of-the-tests',
          'technicalcontact_name' => 'Tests', 'technicalcontact_email' => 'tests@idp.example', 'timezone' => 'UTC', 'logging.handler' => 'file', 'logging.level' => 7,
          'enable.saml20-idp' => true, 'store.type' => 'phpsession', 'session.phpsession.savepath' => '{{folder.FullName}}/sessions', 'session.cookie.secure' => false,
          'session.phpsession.cookiename' => 'idp', 'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true], 'admin.protectmetadata' => false,
          'metadata.sources' => [['type' => 'flatfile', 'directory' => '{{folder.FullName}}/metadata']], 'language.default' => 'en', 'theme.use' => 'default',
        ];
        """;
}
