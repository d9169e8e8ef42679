namespace Provisioning.Api.Hosting;

/// <summary>Builds the service; tests and Program start the same one.</summary>
public static class ProvisioningHost
{
    public static WebApplication Build(string[] args) => WebApplication.CreateBuilder(args).Build();
}
