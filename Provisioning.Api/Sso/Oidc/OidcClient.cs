using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Provisioning.Api.Hosting;
using Provisioning.Api.Sso.Oidc.Tokens;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;

namespace Provisioning.Api.Sso.Oidc;

/// <summary>What the token endpoint gave.</summary>
public sealed record OidcTokens(string? IdToken, string? AccessToken);

/// <summary>Speaks to the token and userinfo endpoints of a provider.</summary>
public sealed class OidcClient(OutboundHttp http, SecretProtection secrets, ClientKeys keys, TimeProvider time)
{
    private const int MostBytes = 512 * 1024, Depth = 16;

    /// <summary>The error code of RFC 6749 5.2 when the provider refuses: <c>provider_error</c> with the code as the detail's first word.</summary>
    public const string ErrorCode = "provider_error";

    /// <summary>Exchanges a code (OpenID Connect Core 3.1.3). One attempt: codes are good for one.</summary>
    public async Task<Outcome<OidcTokens>> ExchangeAsync(
        Connection connection, OidcMetadata metadata, string code, string verifier, string redirectUri, CancellationToken cancel)
    {
        if (!TokenRequest(connection, metadata, code, verifier, redirectUri).Try(out var make, out var error)) return error;
        if (!(await http.SendAsync(make, cancel, MostBytes)).Try(out var answer, out error)) return error;
        if (!JsonText.Parse(answer.Body, Depth).Try(out var json, out _))
            return new Unprocessable(ErrorCode, FormattableString.Invariant($"The token endpoint answered with status {answer.Status} and no JSON object."));
        if (!answer.IsSuccess) return new Unprocessable(ErrorCode, $"{Word(ClaimText.Of(json, "error"))} (from the token endpoint)");
        return new OidcTokens(ClaimText.Of(json, "id_token"), ClaimText.Of(json, "access_token"));
    }

    /// <summary>The claims of the userinfo endpoint, of the same subject (Core 5.3.2: else they must not be used).</summary>
    public async Task<Outcome<JsonObject>> UserInfoAsync(Uri endpoint, string accessToken, string subject, CancellationToken cancel)
    {
        var asked = await http.GetAsync(endpoint, "application/json", cancel, new AuthenticationHeaderValue("Bearer", accessToken), MostBytes);
        if (!asked.Try(out var answer, out var error)) return error;
        if (!answer.IsSuccess || !JsonText.Parse(answer.Body, Depth).Try(out var claims, out _))
            return new Unprocessable(ErrorCode, FormattableString.Invariant($"The userinfo endpoint answered with status {answer.Status} and no JSON object that could be read."));
        return ClaimText.Of(claims, "sub") == subject ? claims : SignedToken.Refused("The userinfo endpoint speaks of somebody else (sub).");
    }

    /// <summary>Whether the provider knows our client: asked with a code that cannot be good.</summary>
    /// <returns>The provider's error code; <c>invalid_grant</c> is the good answer.</returns>
    public async Task<Outcome<string>> ProbeClientAsync(Connection connection, OidcMetadata metadata, string redirectUri, CancellationToken cancel)
    {
        if (!TokenRequest(connection, metadata, "none", new string('x', 43), redirectUri).Try(out var make, out var error)) return error;
        if (!(await http.SendAsync(make, cancel, MostBytes)).Try(out var answer, out error)) return error;
        return JsonText.Parse(answer.Body, Depth).Try(out var json, out _) ? Word(ClaimText.Of(json, "error")) : "unreadable";
    }

    private Outcome<Func<HttpRequestMessage>> TokenRequest(Connection connection, OidcMetadata metadata, string code, string verifier, string redirectUri)
    {
        var settings = (OidcSettings)connection.Settings!;
        var form = new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code", ["code"] = code, ["redirect_uri"] = redirectUri, ["code_verifier"] = verifier,
        };
        AuthenticationHeaderValue? authorization = null;
        var method = settings.TokenEndpointAuthMethod;
        if (method == ClientAuthentication.None)
        {
            form["client_id"] = settings.ClientId;
        }
        else if (method == ClientAuthentication.PrivateKeyJwt)
        {
            var own = keys.Read(connection);
            if (own.Count == 0) return new Unprocessable("connection_not_usable", "The key of the connection cannot be decrypted; save it with another method and then with private_key_jwt again.");
            (form["client_id"], form["client_assertion_type"]) = (settings.ClientId, ClientAssertion.Type);
            form["client_assertion"] = ClientAssertion.Of(own[0], settings.ClientId, metadata.TokenEndpoint, time.GetUtcNow());
            foreach (var certificate in own) certificate.Dispose();
        }
        else
        {
            if (secrets.Unprotect(SecretProtection.ConnectionSecret, connection.ProtectedSecret) is not { } secret)
                return new Unprocessable("connection_not_usable", "The client secret of the connection cannot be decrypted; give it again.");
            if (method == ClientAuthentication.ClientSecretPost)
                (form["client_id"], form["client_secret"]) = (settings.ClientId, secret);
            else // RFC 6749 2.3.1: form-encoded first, then base64
                authorization = new AuthenticationHeaderValue(
                    "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Encoded(settings.ClientId)}:{Encoded(secret)}")));
        }
        return Outcome.Of<Func<HttpRequestMessage>>(() =>
        {
            var request = new HttpRequestMessage(HttpMethod.Post, metadata.TokenEndpoint) { Content = new FormUrlEncodedContent(form) };
            request.Headers.Accept.ParseAdd("application/json");
            request.Headers.Authorization = authorization;
            return request;
        });
    }

    private static string Encoded(string text) => Uri.EscapeDataString(text).Replace("%20", "+", StringComparison.Ordinal);

    /// <summary>An error code from outside, harmless on a page and in a log.</summary>
    internal static string Word(string? code) =>
        code is { Length: > 0 and <= 64 } && code.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.') ? code : "unknown_error";
}
