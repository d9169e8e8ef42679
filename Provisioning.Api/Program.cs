using Provisioning.Api.Hosting;
using Provisioning.Api.Scim;

namespace Provisioning.Api;

/// <summary>The composition root: one Add and one Map line per feature.</summary>
public static class Program
{
    public static Task<int> Main(string[] args) => ProvisioningHost.RunAsync(args, static given => Build(given));

    /// <summary>The whole service, not yet started; tests change it with <paramref name="configure"/>.</summary>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var app = ProvisioningHost.Build(args, builder =>
        {
            Add(builder.Services);
            configure?.Invoke(builder);
        });
        Map(app);
        return app;
    }

    private static void Add(IServiceCollection services) => services.AddScimErrors();

    private static void Map(WebApplication app)
    {
        // Doors are mapped here.
        _ = app;
    }
}
