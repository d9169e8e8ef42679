using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Provisioning.Api.Hosting;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Sso.Oidc.Tokens;

/// <summary>What the service says of itself at a token endpoint instead of a secret (RFC 7523 2.2 and 3, OpenID Connect Core 9).</summary>
internal static class ClientAssertion
{
    public const string Type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    private const string Algorithm = "RS256"; // every provider that takes keys takes this one

    private static readonly TimeSpan Life = TimeSpan.FromMinutes(1);

    /// <param name="audience">The token endpoint, exactly where the assertion is sent: it is worth nothing elsewhere.</param>
    public static string Of(X509Certificate2 own, string clientId, Uri audience, DateTimeOffset now)
    {
        var (id, at) = (ClientKeys.IdOf(own), now.ToUnixTimeSeconds());
        var header = new JsonObject { ["alg"] = Algorithm, ["typ"] = "JWT", ["kid"] = id, ["x5t"] = id };
        var claims = new JsonObject
        {
            ["iss"] = clientId, ["sub"] = clientId, ["aud"] = audience.AbsoluteUri, ["jti"] = SignInSecret.New(), ["iat"] = at, ["nbf"] = at,
            ["exp"] = at + (long)Life.TotalSeconds,
        };
        var signed = $"{Part(header)}.{Part(claims)}";
        using var key = own.GetRSAPrivateKey()!;
        return $"{signed}.{SignInSecret.Text(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    /// <summary>The public side as a JSON Web Key Set (RFC 7517), for the provider.</summary>
    public static JsonObject KeySet(IEnumerable<X509Certificate2> keys) => new()
    {
        ["keys"] = new JsonArray([.. keys.Select(static certificate =>
        {
            using var rsa = certificate.GetRSAPublicKey()!;
            var key = rsa.ExportParameters(includePrivateParameters: false);
            return new JsonObject
            {
                ["kty"] = "RSA", ["use"] = "sig", ["alg"] = Algorithm, ["kid"] = ClientKeys.IdOf(certificate),
                ["n"] = SignInSecret.Text(key.Modulus!), ["e"] = SignInSecret.Text(key.Exponent!),
                ["x5c"] = new JsonArray(Convert.ToBase64String(certificate.RawData)), ["x5t"] = ClientKeys.IdOf(certificate),
            };
        })]),
    };

    private static string Part(JsonObject json) => SignInSecret.Text(Encoding.UTF8.GetBytes(json.ToJsonString()));
}
