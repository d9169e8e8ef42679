using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Provisioning.Api.Configuration;

namespace Provisioning.Api.Hosting;

/// <summary>
/// The root of absolute URLs in answers. The Host header is believed in Development only (design D6); elsewhere it is Public:BaseUrl,
/// or the address the server is bound to.
/// </summary>
public sealed class PublicUrl(ServiceSettings settings, IHostEnvironment environment, IServer server)
{
    /// <summary>Whether addresses may be given to others, who send people back to them: not when they are only guessed.</summary>
    public bool IsKnown => settings.Public.BaseUrl is not null || environment.IsDevelopment();

    /// <summary>For what is written without a request at hand, such as a mail. Without trailing slash.</summary>
    public string Root() => settings.Public.BaseUrl ?? Bound();

    /// <summary>Without trailing slash.</summary>
    public string Root(HttpRequest request) =>
        settings.Public.BaseUrl
        ?? (environment.IsDevelopment() && request.Host.HasValue ? $"{request.Scheme}://{request.Host.ToUriComponent()}" : Bound());

    private string Bound() =>
        server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault()?.TrimEnd('/') ?? ProvisioningHost.DefaultUrl;
}
