using Provisioning.Api.Hosting;

namespace Provisioning.Api.Sso.Oidc;

/// <summary>OpenID Connect of the sign-in door.</summary>
public static class OidcRoutes
{
    public static void AddOidc(this IServiceCollection services)
    {
        services.AddSingleton<OidcProviders>();
        services.AddSingleton<ClientKeys>();
        services.AddSingleton<OidcClient>();
        services.AddSingleton<OidcKeyPages>();
        services.AddSingleton<OidcStart>();
        services.AddSingleton<ISignInStart>(static provider => provider.GetRequiredService<OidcStart>());
        services.AddSingleton<OidcCallback>();
        services.AddSingleton<OidcLogout>();
        services.AddSingleton<IProviderSignOut>(static provider => provider.GetRequiredService<OidcLogout>());
        services.AddSingleton<IConnectionProbe, OidcProbe>();
    }

    public static void MapOidc(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/oidc/{connection}/callback", static context => context.RequestServices.GetRequiredService<OidcCallback>().AnswerAsync(context));
        pages.MapGet("/oidc/{connection}/keys", static context => context.RequestServices.GetRequiredService<OidcKeyPages>().KeysAsync(context));
        pages.MapGet("/oidc/{connection}/certificate", static context => context.RequestServices.GetRequiredService<OidcKeyPages>().CertificateAsync(context));
        pages.MapPost("/oidc/{connection}/back-channel-logout", static context => context.RequestServices.GetRequiredService<OidcLogout>().ReceiveAsync(context));
    }
}
