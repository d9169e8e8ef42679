using Microsoft.AspNetCore.WebUtilities;
using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Sso.Oidc;

/// <summary>Sends a browser to an OpenID provider: code flow with PKCE (RFC 7636), state and nonce bound to the browser.</summary>
public sealed partial class OidcStart(OidcProviders providers, PublicUrl url, ILogger<OidcStart> logger) : ISignInStart
{
    public ConnectionKind Kind => ConnectionKind.Oidc;

    public async Task RedirectAsync(
        HttpContext context, Organization organization, Connection connection, FlowSecrets flow, string? loginHint, string again)
    {
        var settings = (OidcSettings)connection.Settings!;
        if (!(await providers.MetadataAsync(settings.Issuer, context.RequestAborted)).Try(out var metadata, out var error))
        {
            Unreachable(connection.Id.ToString(), error.Detail);
            await SsoPages.ErrorAsync(context, StatusCodes.Status502BadGateway, "Your organisation's sign-in does not answer",
                "We could not reach the sign-in of your organisation. Try again in a moment; if it stays so, tell the people who run it.", again);
            return;
        }
        var query = new Dictionary<string, string?>
        {
            ["response_type"] = "code", ["client_id"] = settings.ClientId, ["redirect_uri"] = RedirectUri(context, connection.Id),
            ["scope"] = string.Join(' ', settings.Scopes.Prepend("openid")), ["state"] = flow.State, ["nonce"] = flow.Nonce,
            ["code_challenge"] = flow.CodeChallenge, ["code_challenge_method"] = "S256", ["login_hint"] = loginHint,
            ["prompt"] = context.Request.Query["prompt"] == "login" ? "login" : null, // the only one every provider knows (Core 15.1)
        };
        Page.Redirect(context, QueryHelpers.AddQueryString(metadata.AuthorizationEndpoint.AbsoluteUri, query));
    }

    /// <summary>One per connection, so that an answer of one provider is never taken for another's (RFC 9700 4.4.2).</summary>
    public string RedirectUri(HttpContext context, ConnectionId connection) => $"{url.Root(context.Request)}/sso/oidc/{connection}/callback";

    [LoggerMessage(LogLevel.Warning, "The identity provider of connection {Connection} cannot be used: {Why}")]
    private partial void Unreachable(string connection, string why);
}
