using Microsoft.Extensions.Configuration;
using NUnit.Framework;
using Provisioning.Api.Configuration;

namespace Provisioning.Tests.Hosting;

public sealed class SettingsTests
{
    [Test]
    public void Nothing_given_means_the_documented_defaults()
    {
        var settings = Read();
        Assert.Multiple(() =>
        {
            Assert.That(settings.Storage, Is.EqualTo(new StorageSettings { Engine = StorageEngine.Sqlite, ConnectionString = "Data Source=data/provisioning.db" }));
            Assert.That(settings.Demo.Enabled, Is.False);
            Assert.That(settings.Demo.ScimToken, Is.Null);
            Assert.That(settings.Demo.Seats, Is.EquivalentTo(new Dictionary<string, int> { ["standard"] = 1, ["premium"] = 2 }));
            Assert.That(settings.Limits.BodyBytes, Is.EqualTo(4194304));
            Assert.That(settings.Limits.JsonDepth, Is.EqualTo(32));
            Assert.That(settings.Limits.FilterLength, Is.EqualTo(8192));
            Assert.That(settings.Limits.FilterDepth, Is.EqualTo(32));
            Assert.That(settings.Limits.PageSize, Is.EqualTo(1000));
            Assert.That(settings.Limits.FilterScan, Is.EqualTo(100000));
            Assert.That(settings.Limits.PatchOperations, Is.EqualTo(2000));
            Assert.That(settings.Scim.GroupPatchBodyLimit, Is.EqualTo(100));
            Assert.That(settings.Operator.Token, Is.Null);
            Assert.That(settings.Public.BaseUrl, Is.Null);
        });
    }

    [Test]
    public void Every_given_value_is_taken()
    {
        var settings = Read(
            ("storage:engine", "SQLite"), ("Storage:ConnectionString", "Filename=/x/y.db;Pooling=false"), ("Demo:Enabled", "true"),
            ("Demo:ScimToken", "scim-token"), ("Demo:OwnerToken", "owner-token"), ("Demo:GatewayToken", "gateway-token"),
            ("Demo:Seats:PREMIUM", "7"), ("Demo:Seats:gold", "0"), ("Limits:BodyBytes", "1000"), ("Limits:JsonDepth", "8"),
            ("Limits:FilterLength", "100"), ("Limits:FilterDepth", "3"), ("Limits:PageSize", "5"), ("Limits:FilterScan", "10"),
            ("Limits:PatchOperations", "4"), ("Scim:GroupPatchBodyLimit", "0"), ("Operator:Token", "0123456789abcdef"),
            ("Public:BaseUrl", "https://Seats.example/base/"));
        Assert.Multiple(() =>
        {
            Assert.That(settings.Storage.ConnectionString, Is.EqualTo("Filename=/x/y.db;Pooling=false"));
            Assert.That(settings.Demo.Enabled, Is.True);
            Assert.That(new[] { settings.Demo.ScimToken, settings.Demo.OwnerToken, settings.Demo.GatewayToken },
                Is.EqualTo(new[] { "scim-token", "owner-token", "gateway-token" }));
            Assert.That(settings.Demo.Seats, Is.EquivalentTo(new Dictionary<string, int> { ["standard"] = 1, ["premium"] = 7, ["gold"] = 0 }));
            Assert.That(settings.Limits, Is.EqualTo(new LimitSettings
            {
                BodyBytes = 1000, JsonDepth = 8, FilterLength = 100, FilterDepth = 3, PageSize = 5, FilterScan = 10, PatchOperations = 4,
            }));
            Assert.That(settings.Scim.GroupPatchBodyLimit, Is.Zero);
            Assert.That(settings.Operator.Token, Is.EqualTo("0123456789abcdef"));
            Assert.That(settings.Public.BaseUrl, Is.EqualTo("https://seats.example/base"));
        });
    }

    [TestCase("Development", null, ExpectedResult = true)]
    [TestCase("Development", "false", ExpectedResult = false)]
    [TestCase("Staging", "true", ExpectedResult = true)]
    [TestCase("Staging", null, ExpectedResult = false)]
    public bool The_demo_is_on_by_itself_only_in_development(string environment, string? given) =>
        ServiceSettings.Read(Configuration(("Demo:Enabled", given)), environment).Demo.Enabled;

    [TestCase("Storage:Engine", "oracle", "sqlite")]
    [TestCase("Storage:Engine", "mysql", "sqlite, sqlserver or postgresql")]
    [TestCase("Demo:Enabled", "yes", "true or false")]
    [TestCase("Demo:Seats:standard", "-1", "0 to 1000000")]
    [TestCase("Demo:Seats:premium", "1000001", "0 to 1000000")]
    [TestCase("Demo:Seats:standard", "two", "0 to 1000000")]
    [TestCase("Limits:BodyBytes", "0", "1 to 1073741824")]
    [TestCase("Limits:BodyBytes", "4 MB", "1 to 1073741824")]
    [TestCase("Limits:BodyBytes", "99999999999999999999", "1 to 1073741824")]
    [TestCase("Limits:JsonDepth", "3", "4 to 512")]
    [TestCase("Limits:FilterLength", "0", "1 to 65536")]
    [TestCase("Limits:FilterDepth", "1.5", "1 to 512")]
    [TestCase("Limits:PageSize", "0", "1 to 100000")]
    [TestCase("Limits:FilterScan", " ", "1 to 100000000")]
    [TestCase("Limits:PatchOperations", "1e3", "1 to 100000")]
    [TestCase("Scim:GroupPatchBodyLimit", "-1", "0 to 1000000")]
    [TestCase("Public:BaseUrl", "seats.example", "absolute http or https URL")]
    [TestCase("Public:BaseUrl", "ftp://seats.example", "absolute http or https URL")]
    [TestCase("Public:BaseUrl", "https://seats.example/?a=b", "absolute http or https URL")]
    [TestCase("urls", "localhost", "http://127.0.0.1:5080")]
    [TestCase("urls", "http://127.0.0.1:80;http://x/path", "http://127.0.0.1:5080")]
    public void A_bad_value_is_refused_with_its_name_itself_and_what_is_accepted(string name, string value, string accepted)
    {
        var problem = Problems((name, value)).Single();
        var shown = name == "urls" ? value.Split(';')[^1] : value;
        Assert.That(problem, Does.StartWith(name).And.Contain($"\"{shown}\"").And.Contain(accepted));
        if (name != "urls") Assert.That(problem, Does.Contain(name.Replace(":", "__", StringComparison.Ordinal)));
    }

    [TestCase("Demo:ScimToken", "short", "8 to 200 visible ASCII")]
    [TestCase("Demo:OwnerToken", "with a blank", "8 to 200 visible ASCII")]
    [TestCase("Demo:GatewayToken", "tokén-not-ascii", "8 to 200 visible ASCII")]
    [TestCase("Operator:Token", "fifteen-chars-x", "16 to 1000 visible ASCII")]
    [TestCase("Public:BaseUrl", "https://user:hunter2@seats.example", "without user name")]
    [TestCase("Storage:ConnectionString", "Data Source=x.db;Password=hunter2", "keyword \"password\"")]
    [TestCase("Storage:ConnectionString", "hunter2", "cannot be read")]
    [TestCase("Storage:ConnectionString", "Mode=Memory", "has no Data Source")]
    [TestCase("Storage:ConnectionString", "Data Source=x;Mode=hunter2", "Mode other than")]
    [TestCase("Storage:ConnectionString", "Data Source=x;Cache=hunter2", "Cache other than")]
    [TestCase("Storage:ConnectionString", "Data Source=x;Pooling=hunter2", "Pooling other than")]
    [TestCase("Storage:ConnectionString", "Data Source=x;Default Timeout=hunter2", "not a number of seconds")]
    public void A_bad_value_that_can_be_secret_is_refused_without_being_shown(string name, string value, string accepted)
    {
        var problem = Problems((name, value)).Single();
        Assert.That(problem, Does.StartWith($"{name} (environment: {name.Replace(":", "__", StringComparison.Ordinal)})").And.Contain(accepted));
        Assert.That(problem, Does.Not.Contain(value).And.Not.Contain("hunter2"));
    }

    [TestCase("Storage:Engin", "did you mean Storage:Engine?")]
    [TestCase("Limits:BodyByte", "did you mean Limits:BodyBytes?")]
    [TestCase("limits:pagesizes", "did you mean Limits:PageSize?")]
    [TestCase("Demo:SeatsX:standard", "Demo:Seats:<tier>")]
    [TestCase("Operator:SecretPassphrase", "under Operator there are Operator:Token.")]
    [TestCase("Scim:GroupPatchBodyLimit:Deep", "did you mean Scim:GroupPatchBodyLimit?")]
    [TestCase("Demo:Seats:standard:x", "Demo:Seats:<tier>")]
    public void An_unknown_name_is_refused_with_the_nearest_one_and_without_its_value(string name, string told)
    {
        var problem = Problems((name, "hunter2")).Single();
        Assert.That(problem, Does.StartWith($"{char.ToUpperInvariant(name[0])}{name[1..]} is not a setting").Or.StartWith(name + " is not a setting"));
        Assert.That(problem, Does.Contain(told).IgnoreCase.And.Not.Contain("hunter2"));
    }

    [TestCase("a b")]
    [TestCase("größe")]
    [TestCase("12345678901234567890123456789012345678901234567890123456789012345")]
    public void A_name_that_no_tier_can_have_is_refused(string tier) =>
        Assert.That(Problems(($"Demo:Seats:{tier}", "1")).Single(), Does.Contain("names no tier").And.Contain("a-z, 0-9, - and _"));

    [Test]
    public void One_token_for_two_doors_is_refused_without_being_shown()
    {
        var problem = Problems(("Demo:ScimToken", "the-same-token-twice"), ("Operator:Token", "the-same-token-twice")).Single();
        Assert.That(problem, Does.Contain("Demo:ScimToken").And.Contain("Operator:Token").And.Not.Contain("the-same-token-twice"));
    }

    [Test]
    public void All_problems_are_told_at_once() =>
        Assert.That(Problems(("Storage:Engine", "db2"), ("Limits:BodyBytes", "x"), ("Demo:ScimToken", "x"), ("Public:Url", "x")),
            Has.Count.EqualTo(4));

    [Test]
    public void Sections_and_variables_of_others_are_none_of_our_business() =>
        Assert.That(() => Read(("PUBLIC", @"C:\Users\Public"), ("Logging:LogLevel:Default", "x"), ("Storages:Engine", "x")), Throws.Nothing);

    [Test]
    public void An_empty_value_counts_as_absent() =>
        Assert.That(Read(("Operator:Token", ""), ("Limits:BodyBytes", "")).Limits.BodyBytes, Is.EqualTo(4194304));

    [Test]
    public void A_value_is_shown_on_one_line_and_bounded()
    {
        var problem = Problems(("Storage:Engine", "a\nb" + new string('x', 5000))).Single();
        Assert.That(problem, Does.Not.Contain("\n"));
        Assert.That(problem, Has.Length.LessThan(400));
    }

    [Test]
    public void Printing_the_settings_prints_no_secret()
    {
        var text = Read(("Demo:ScimToken", "hunter2-scim"), ("Operator:Token", "hunter2-operator")).ToString();
        Assert.That(text, Does.Not.Contain("hunter2"));
    }

    [Test]
    public void The_database_is_found_from_the_content_root()
    {
        var storage = new StorageSettings();
        var path = Path.GetFullPath(Path.Combine("data", "provisioning.db"), Path.GetTempPath());
        Assert.That(storage.DatabasePath(Path.GetTempPath()), Is.EqualTo(path));
        Assert.That(storage.ConnectionStringUnder(Path.GetTempPath()), Is.EqualTo($"data source={path}").IgnoreCase);
    }

    [TestCase("Data Source=:memory:")]
    [TestCase("Data Source=shared;Mode=Memory;Cache=Shared")]
    [TestCase("Data Source=file:x.db")]
    public void A_database_without_a_file_of_ours_keeps_its_connection_string(string given)
    {
        var storage = new StorageSettings { ConnectionString = given };
        Assert.That(storage.DatabasePath("/"), Is.Null);
        Assert.That(storage.ConnectionStringUnder("/"), Is.EqualTo(given));
    }

    [Test]
    public void D6_production_is_refused_without_its_address_and_a_certificate_naming_both_settings()
    {
        var refused = Assert.Throws<SettingsException>(() => ServiceSettings.Read(Configuration(), "Production"))!.Problems;
        Assert.That(refused, Has.Count.EqualTo(2));
        Assert.That(refused[0], Does.Contain("Public:BaseUrl (environment: Public__BaseUrl) is required in Production"));
        Assert.That(refused[1], Does.Contain("Keys:CertificatePath (environment: Keys__CertificatePath) is required in Production"));
        var complete = ServiceSettings.Read(
            Configuration(("Public:BaseUrl", "https://seats.example"), ("Keys:CertificatePath", typeof(SettingsTests).Assembly.Location)), "Production");
        Assert.That((complete.Demo.Enabled, complete.Sso.StartsPerMinute), Is.EqualTo((false, 300)));
    }

    [Test]
    public void D6_trusted_proxies_are_addresses_and_networks_and_nobody_by_default()
    {
        Assert.That(Read().Public.TrustedProxies, Is.Empty);
        Assert.That(Read(("Public:TrustedProxies", "10.0.0.7, 10.20.0.0/16,::1")).Public.TrustedProxies.Select(static proxy => proxy.ToString()),
            Is.EqualTo(new[] { "10.0.0.7/32", "10.20.0.0/16", "::1/128" }));
        Assert.That(Problems(("Public:TrustedProxies", "10.0.0.7,proxy.example")).Single(), Does.Contain("Public:TrustedProxies").And.Contain("\"proxy.example\""));
    }

    [Test]
    public void D6_the_switch_that_believes_every_sender_is_refused() =>
        Assert.That(Problems(("ForwardedHeaders_Enabled", "true")).Single(), Does.Contain("ASPNETCORE_FORWARDEDHEADERS_ENABLED").And.Contain("Public:TrustedProxies"));

    private static ServiceSettings Read(params (string Name, string? Value)[] given) => ServiceSettings.Read(Configuration(given), "Staging"); // Production asks for more, see below

    private static IReadOnlyList<string> Problems(params (string Name, string? Value)[] given) =>
        Assert.Throws<SettingsException>(() => Read(given))!.Problems;

    private static IConfiguration Configuration(params (string Name, string? Value)[] given) =>
        new ConfigurationBuilder().AddInMemoryCollection(given.ToDictionary(static pair => pair.Name, static pair => pair.Value)).Build();
}
