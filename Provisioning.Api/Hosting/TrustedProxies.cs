using Microsoft.AspNetCore.HttpOverrides;
using Provisioning.Api.Configuration;

namespace Provisioning.Api.Hosting;

/// <summary>
/// Behind a proxy the sender of a request is the proxy, and the client's address stands in X-Forwarded-For. Only a listed proxy is believed
/// (design D6): anybody can write the header. X-Forwarded-Host is never read; absolute URLs come from Public:BaseUrl.
/// </summary>
internal static class TrustedProxies
{
    public static void UseTrustedProxies(this WebApplication app)
    {
        var proxies = app.Services.GetRequiredService<ServiceSettings>().Public.TrustedProxies;
        if (proxies.Count == 0) return; // the platform takes an empty list for "everybody"
        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
            ForwardLimit = null, // from the right, through listed proxies, up to the first that is none
        };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var proxy in proxies) options.KnownIPNetworks.Add(proxy);
        app.UseForwardedHeaders(options);
    }
}
