using NUnit.Framework;

namespace Provisioning.Tests.Http;

/// <summary>One service for every HTTP fixture that needs no settings of its own: each test takes an organisation of its own.</summary>
[SetUpFixture]
public sealed class SharedService
{
    private static readonly SemaphoreSlim Gate = new(1, 1);
    private static TestService? service;

    /// <summary>The service, started by the first fixture that asks.</summary>
    public static async Task<TestService> GetAsync()
    {
        await Gate.WaitAsync();
        try
        {
            return service ??= await TestService.StartAsync();
        }
        finally
        {
            Gate.Release();
        }
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (service is not null) await service.DisposeAsync();
        service = null;
    }
}
