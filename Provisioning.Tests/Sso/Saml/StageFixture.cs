using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Sso.Saml;

/// <summary>Each test has an organisation with a SAML identity provider of its own, and a browser, on the shared service of the engine.</summary>
public abstract class StageFixture(string engine)
{
    private protected TestService Service { get; private set; } = null!;

    private protected Stage Stage { get; private set; } = null!;

    private protected Browser Browser { get; private set; } = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => Service = await SharedService.GetAsync(engine);

    [SetUp]
    public async Task SetAsync()
    {
        Stage = await Stage.SetAsync(Service, Change);
        Browser = Stage.Browser();
    }

    [TearDown]
    public void Clear() => Browser?.Dispose();

    /// <summary>What is special about the connection of the fixture.</summary>
    private protected virtual void Change(JsonObject connection)
    {
    }
}
