using Microsoft.AspNetCore.WebUtilities;
using Provisioning.Api.Hosting;
using Provisioning.Api.Sso.Oidc.Tokens;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Sso.Oidc;

/// <summary>Sign-out at an OpenID provider, from here (RP-Initiated Logout 1.0) and from there (Back-Channel Logout 1.0).</summary>
public sealed partial class OidcLogout(
    OidcProviders providers, ConnectionDirectory connections, SessionDirectory sessions, SignInFlows flows, PublicUrl url, TimeProvider time,
    ILogger<OidcLogout> logger) : IProviderSignOut
{
    public ConnectionKind Kind => ConnectionKind.Oidc;

    public async Task<string?> AddressAsync(HttpContext context, Connection connection, MemberSession session, string? hint)
    {
        var settings = (OidcSettings)connection.Settings!;
        if (!(await providers.MetadataAsync(settings.Issuer, context.RequestAborted)).Try(out var metadata, out _)) return null;
        return metadata.EndSessionEndpoint is not { } endpoint ? null : QueryHelpers.AddQueryString(endpoint.AbsoluteUri, new Dictionary<string, string?>
        {
            ["id_token_hint"] = hint, ["client_id"] = settings.ClientId, ["post_logout_redirect_uri"] = $"{url.Root(context.Request)}/sso/signed-out",
        });
    }

    /// <summary>The provider's own call: no browser, no cookie, a signed token. 200, or 400 with an error (2.8).</summary>
    public async Task ReceiveAsync(HttpContext context)
    {
        if (await SsoEndpoints.FormAsync(context) is not { } form) return;
        var ended = await EndAsync(context, form["logout_token"]);
        JsonAnswer.Protect(context.Response);
        if (ended.Try(out _, out var error)) return;
        Refused((string)context.Request.RouteValues["connection"]!, error.Detail);
        var (status, _, _) = Problems.From(error);
        await JsonAnswer.WriteAsync(context, status >= 500 ? status : 400, "application/json", error.Detail, static (writer, detail) =>
        {
            writer.WriteString("error", "invalid_request");
            writer.WriteString("error_description", JsonAnswer.Utf8(detail));
        });
    }

    private async Task<Outcome<int>> EndAsync(HttpContext context, string? text)
    {
        var cancel = context.RequestAborted;
        if (!Ids.TryParse<ConnectionId>((string)context.Request.RouteValues["connection"]!, out var id)
            || await connections.FindRealmAsync(id, cancel) is not { Connection: { Settings: OidcSettings settings } connection } realm)
            return new NotFound("There is no such connection.");
        if (!SignedToken.Read(text).Try(out var token, out var error)) return error;
        if (TokenRules.CheckLogoutToken(token, settings.Issuer, settings.ClientId, time.GetUtcNow()) is { } wrong) return wrong;
        if (await providers.VerifyAsync(settings.Issuer, token, cancel) is { } unverified) return unverified;
        var actor = SignInCompletion.ActorOf(connection, context.CorrelationId());
        var until = ClaimText.Instant(token.Claims, "exp")!.Value + (2 * TokenRules.Skew);
        var used = await flows.UseOnceAsync(connection, actor, "jti " + ClaimText.Of(token.Claims, "jti"), until, cancel);
        if (!used.Try(out var first, out error)) return error;
        if (!first) return SignedToken.Refused("The logout token was used before (jti).");
        return await sessions.EndAtProviderAsync(
            realm.Organization, actor, id, ClaimText.Of(token.Claims, "sub"), ClaimText.Of(token.Claims, "sid"), cancel);
    }

    [LoggerMessage(LogLevel.Warning, "A logout token for connection {Connection} was refused: {Why}")]
    private partial void Refused(string connection, string why);
}
