using System.Text.Json.Nodes;
using Provisioning.Api.Hosting;
using Provisioning.Api.Sso.Oidc.Tokens;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Sso.Oidc;

/// <summary>
/// The browser comes back from an OpenID provider. In this order: the flow is this browser's and this connection's, it is taken for good,
/// the answer is this provider's, the code is exchanged, the ID token believed or not.
/// </summary>
public sealed partial class OidcCallback(
    SignInFlows flows, ConnectionDirectory connections, SignInCookies cookies, OidcProviders providers, OidcClient client, OidcStart start,
    SignInFinish finish, TimeProvider time, ILogger<OidcCallback> logger)
{
    public async Task AnswerAsync(HttpContext context)
    {
        var cancel = context.RequestAborted;
        var query = context.Request.Query;
        if (!Ids.TryParse<ConnectionId>((string)context.Request.RouteValues["connection"]!, out var id)
            || query.Any(parameter => parameter.Value.Count != 1) // twice the same: what one reader takes another does not (RFC 6749 3.1)
            || query["state"].ToString() is not { Length: 43 } state
            || await flows.FindAsync(SignInSecret.Hash(state), cancel) is not { } flow || flow.Connection != id
            || cookies.BrowserOf(context) is not { } browser || !flow.IsOf(browser))
        {
            await NotOursAsync(context);
            return;
        }
        if (await connections.FindRealmAsync(id, cancel) is not { Connection: { SignsPeopleIn: true, Settings: OidcSettings settings } connection } realm)
        {
            await SsoPages.ErrorAsync(context, StatusCodes.Status422UnprocessableEntity, "Sign-in is switched off",
                "Your organisation has switched this way of signing in off. Ask one of its administrators.");
            return;
        }
        var again = SignInFinish.Start(realm.Organization, connection, flow.ReturnTo);
        var taken = await flows.TakeAsync(flow, SignInCompletion.ActorOf(connection, context.CorrelationId()), cancel);
        if (!taken.Try(out var first, out var error))
        {
            await SsoPages.ErrorAsync(context, error, again);
            return;
        }
        if (!first)
        {
            await SsoPages.ErrorAsync(context, StatusCodes.Status410Gone, "This sign-in is over",
                "It took too long, or was finished already. Start again.", again);
            return;
        }
        if (Given(query["error"]) is { } refused && !IsForeign(query["iss"], settings, sendsIssuer: false))
        {
            await RefusedAsync(context, OidcClient.Word(refused), again);
            return;
        }
        if ((await BelieveAsync(context, realm, settings, FlowSecrets.Of(state, browser))).Try(out var assertion, out error))
            await finish.AnswerAsync(context, realm.Organization, assertion, flow.ReturnTo);
        else
            await UnbelievedAsync(context, connection, error, again);
    }

    private async Task<Outcome<LoginAssertion>> BelieveAsync(HttpContext context, HomeRealm realm, OidcSettings settings, FlowSecrets secrets)
    {
        var (query, cancel, connection) = (context.Request.Query, context.RequestAborted, realm.Connection);
        if (!(await providers.MetadataAsync(settings.Issuer, cancel)).Try(out var metadata, out var error)) return error;
        if (IsForeign(query["iss"], settings, metadata.SendsIssuer)) return SignedToken.Refused("The answer came from another issuer (iss).");
        if (Given(query["code"]) is not { } code) return SignedToken.Refused("The answer brought no code.");
        var exchanged = await client.ExchangeAsync(connection, metadata, code, secrets.CodeVerifier, start.RedirectUri(context, connection.Id), cancel);
        if (!exchanged.Try(out var tokens, out error)) return error;
        if (!SignedToken.Read(tokens.IdToken).Try(out var token, out error)) return error;
        if (await providers.VerifyAsync(settings.Issuer, token, cancel) is { } unverified) return unverified;
        if (TokenRules.CheckIdToken(token, settings.Issuer, settings.ClientId, secrets.Nonce, tokens.AccessToken, time.GetUtcNow()) is { } wrong) return wrong;
        if (!(await MoreAsync(settings, metadata, token.Claims, tokens.AccessToken, realm.Organization.Mapping.Enabled, cancel)).Try(out var more, out error)) return error;
        return OidcClaimsReader.Read(connection, token.Claims, more.Claims, more.Unread, tokens.IdToken!);
    }

    /// <summary>
    /// The userinfo endpoint is asked only when the ID token leaves something out. One that does not answer keeps nobody out who is known
    /// by the subject, unless groups decide; one that speaks of somebody else does.
    /// </summary>
    private async Task<Outcome<More>> MoreAsync(
        OidcSettings settings, OidcMetadata metadata, JsonObject claims, string? accessToken, bool needsGroups, CancellationToken cancel)
    {
        if (metadata.UserInfoEndpoint is not { } endpoint || accessToken is null || !OidcClaimsReader.IsIncomplete(settings, claims, needsGroups))
            return new More(null, Unread: false);
        var asked = await client.UserInfoAsync(endpoint, accessToken, ClaimText.Of(claims, "sub")!, cancel);
        return asked.Try(out var found, out var error) ? new More(found, Unread: false)
            : error is Unprocessable { Code: SignedToken.RefusedCode } ? error : new More(null, Unread: true);
    }

    /// <summary>RFC 9207: an answer that names another issuer, or none although this provider always does.</summary>
    private static bool IsForeign(string? issuer, OidcSettings settings, bool sendsIssuer) =>
        string.IsNullOrEmpty(issuer) ? sendsIssuer : issuer != settings.Issuer;

    /// <summary>A state nobody gave out, of another browser or another connection: told apart for nobody.</summary>
    private static Task NotOursAsync(HttpContext context) =>
        SsoPages.ErrorAsync(context, StatusCodes.Status400BadRequest, "This sign-in did not begin here",
            "Start again from the application, in this browser. If your browser blocks cookies, allow them for this site.", SsoEndpoints.Root);

    private Task RefusedAsync(HttpContext context, string code, string again)
    {
        ProviderRefused(context.CorrelationId(), code);
        return code == "access_denied"
            ? SsoPages.ErrorAsync(context, StatusCodes.Status403Forbidden, "The sign-in was cancelled",
                "You, or your organisation's sign-in, ended it. If you did not, ask the people who run it whether this application is assigned to you.", again)
            : SsoPages.ErrorAsync(context, StatusCodes.Status502BadGateway, "Your organisation's sign-in refused",
                $"It answered: {code}. Try again; if it stays so, tell the people who run it.", again);
    }

    private Task UnbelievedAsync(HttpContext context, Connection connection, Error error, string again)
    {
        Unbelieved(connection.Id.ToString(), error.Detail);
        return error is StoreUnavailable ? SsoPages.ErrorAsync(context, error, again)
            : SsoPages.ErrorAsync(context, StatusCodes.Status502BadGateway, "Your organisation's sign-in sent something we cannot accept",
                $"{error.Detail} Try again; if it stays so, tell the people who run it.", again);
    }

    private static string? Given(Microsoft.Extensions.Primitives.StringValues values) => values is [{ Length: > 0 } value] ? value : null;

    /// <summary>In a record of its own, because an outcome is never null.</summary>
    /// <param name="Unread">It was asked and did not answer.</param>
    private sealed record More(JsonObject? Claims, bool Unread);

    [LoggerMessage(LogLevel.Information, "The identity provider refused a sign-in with {Code} {CorrelationId}")]
    private partial void ProviderRefused(string correlationId, string code);

    [LoggerMessage(LogLevel.Warning, "An answer to connection {Connection} was not accepted: {Why}")]
    private partial void Unbelieved(string connection, string why);
}
