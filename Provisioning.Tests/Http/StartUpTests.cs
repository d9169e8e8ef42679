using NUnit.Framework;

namespace Provisioning.Tests.Http;

/// <summary>Bad settings: the service refuses to start, naming the setting and what it accepts.</summary>
public sealed class StartUpTests
{
    [TestCase("Storage:Engine", "oracle", "sqlite")]
    [TestCase("Storage:Engine", "postgresql", "sqlite")]
    [TestCase("Storage:Engine", "sqlserver", "sqlite")]
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

    [TestCase("Operator:Token", "tooshort")]
    [TestCase("Demo:ScimToken", "bad\u00e9token")]
    public async Task A_bad_secret_is_refused_without_showing_it(string setting, string value)
    {
        var (code, output) = await ServiceProcess.RefusedAsync($"{setting}={value}");
        Assert.That(code, Is.EqualTo(2), output);
        Assert.That(output, Does.Contain(setting).And.Not.Contain(value).And.Not.Contain("   at "));
    }

    [Test]
    public async Task Every_bad_setting_is_named_in_one_go()
    {
        var (code, output) = await ServiceProcess.RefusedAsync("Storage:Engine=oracle", "Limits:JsonDepth=none");
        Assert.That(code, Is.EqualTo(2), output);
        Assert.That(output, Does.Contain("Storage:Engine").And.Contain("Limits:JsonDepth"));
    }
}
