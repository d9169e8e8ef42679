using NUnit.Framework;

namespace Provisioning.Tests.Http;

/// <summary>Bad settings: the service refuses to start, naming the setting and what it accepts.</summary>
public sealed class StartUpTests
{
    [TestCase("Storage:Engine", "oracle", "sqlite, sqlserver or postgresql")]
    [TestCase("Demo:Seats:premium", "-1", "1000000")]
    [TestCase("Demo:Seats:standard", "many", "1000000")]
    [TestCase("Limits:BodyBytes", "big", "Limits:BodyBytes")]
    [TestCase("Limits:PageSize", "0", "Limits:PageSize")]
    [TestCase("Scim:GroupPatchBodyLimit", "-1", "Scim:GroupPatchBodyLimit")]
    [TestCase("Public:BaseUrl", "not a url", "Public:BaseUrl")]
    public async Task A_bad_setting_is_refused_with_its_name_its_value_and_what_is_accepted(string setting, string value, string accepts)
    {
        var (code, output) = await ServiceProcess.RefusedAsync($"{setting}={value}");
        Assert.That(code, Is.EqualTo(2), output);
        Assert.That(output, Does.Contain(setting).And.Contain(value).And.Contain(accepts).And.Not.Contain("   at "));
    }

    [TestCase("postgresql")]
    [TestCase("sqlserver")]
    public async Task A_connection_string_the_engine_cannot_read_is_refused_without_showing_it(string engine)
    {
        var (code, output) = await ServiceProcess.RefusedAsync($"Storage:Engine={engine}", "Storage:ConnectionString=Colour=blue;Password=hush");
        Assert.That(code, Is.EqualTo(2), output);
        Assert.That(output, Does.Contain("Storage:ConnectionString").And.Not.Contain("hush").And.Not.Contain("   at "));
    }

    [TestCase("Operator:Token", "tooshort")]
    [TestCase("Demo:ScimToken", "bad\u00e9token")]
    public async Task A_bad_secret_is_refused_without_showing_it(string setting, string value)
    {
        var (code, output) = await ServiceProcess.RefusedAsync($"{setting}={value}");
        Assert.That(code, Is.EqualTo(2), output);
        Assert.That(output, Does.Contain(setting).And.Not.Contain(value).And.Not.Contain("   at "));
    }

    [Test]
    public async Task D6_production_does_not_start_without_its_address_and_wrapped_keys()
    {
        var (code, output) = await ServiceProcess.RefusedAsync("environment=Production");
        Assert.That(code, Is.EqualTo(2), output);
        Assert.That(output.Trim().Split('\n'), Has.Length.EqualTo(2));
        Assert.That(output, Does.Contain("Public__BaseUrl").And.Contain("Keys__CertificatePath").And.Not.Contain("   at "));
    }

    [Test]
    public async Task Every_bad_setting_is_named_in_one_go()
    {
        var (code, output) = await ServiceProcess.RefusedAsync("Storage:Engine=oracle", "Limits:JsonDepth=none");
        Assert.That(code, Is.EqualTo(2), output);
        Assert.That(output, Does.Contain("Storage:Engine").And.Contain("Limits:JsonDepth"));
    }
}
