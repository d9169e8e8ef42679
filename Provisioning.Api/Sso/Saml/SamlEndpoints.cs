using Provisioning.Api.Hosting;

namespace Provisioning.Api.Sso.Saml;

/// <summary>The addresses of SAML, one set per connection.</summary>
internal static class SamlEndpoints
{
    public static void AddSaml(this IServiceCollection services)
    {
        services.AddSingleton<SamlParties>();
        services.AddSingleton<SamlPages>();
        services.AddSingleton<SamlConsumer>();
        services.AddSingleton<SamlContinuation>();
        services.AddSingleton<SamlLogout>();
        services.AddSingleton<ISignInStart, SamlSignInStart>();
        services.AddSingleton<IProviderSignOut, SamlSignOut>();
        services.AddSingleton<IProviderMetadata, ProviderMetadataReader>();
        services.AddSingleton<IConnectionProbe, SamlProbe>();
    }

    /// <summary>Below <c>/sso</c>.</summary>
    public static void MapSaml(this IEndpointRouteBuilder pages)
    {
        var saml = pages.MapGroup("/saml/{connection}");
        saml.MapGet("/metadata", MetadataAsync);
        saml.MapPost("/acs", (HttpContext context, SamlConsumer consumer) => consumer.ConsumeAsync(context));
        saml.MapGet("/continue", (HttpContext context, SamlContinuation continuation) => continuation.ContinueAsync(context));
        saml.MapGet("/confirm", (HttpContext context, SamlContinuation continuation) => continuation.AskAsync(context));
        saml.MapPost("/confirm", (HttpContext context, SamlContinuation continuation) => continuation.ConfirmAsync(context));
        saml.MapMethods("/slo", ["GET", "POST"], (HttpContext context, SamlLogout logout) => logout.ReceiveAsync(context));
    }

    /// <summary>Also of a connection that is off: the identity provider is given it first.</summary>
    private static async Task MetadataAsync(HttpContext context, SamlParties parties)
    {
        using var party = await parties.FindAsync(context);
        if (party is null)
        {
            await SsoEndpoints.NothingHereAsync(context);
            return;
        }
        context.Response.ContentType = "application/samlmetadata+xml; charset=utf-8";
        JsonAnswer.Protect(context.Response);
        await context.Response.WriteAsync(
            SamlMessages.Metadata(party.Service, party.Consumer, party.Logout, ConnectionCertificates.Text(party.Own), party.Settings.SignAuthnRequests),
            context.RequestAborted);
    }
}
