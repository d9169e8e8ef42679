using NUnit.Framework;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>One service for every HTTP fixture that needs no settings of its own: each test takes an organisation of its own.</summary>
[SetUpFixture]
public sealed class SharedService
{
    private static readonly SemaphoreSlim Gate = new(1, 1);
    private static readonly Dictionary<string, TestService> Services = [];

    /// <summary>The service on this engine, started by the first fixture that asks.</summary>
    public static async Task<TestService> GetAsync(string engine = TestDatabase.Sqlite)
    {
        await Gate.WaitAsync();
        try
        {
            return Services.TryGetValue(engine, out var running) ? running : Services[engine] = await TestService.StartOnAsync(engine);
        }
        finally
        {
            Gate.Release();
        }
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        foreach (var service in Services.Values) await service.DisposeAsync();
        Services.Clear();
    }
}
