using System.Buffers.Text;
using System.Text;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;

namespace Provisioning.Api.Sso.Oidc.Tokens;

/// <summary>
/// A JSON Web Token in the compact form of RFC 7515 7.1, taken apart but not believed yet: <see cref="ProviderKeys"/> verifies it.
/// </summary>
/// <param name="SignedPart">The bytes the signature covers, as they were sent.</param>
public sealed record SignedToken(SigningAlgorithm Algorithm, string? KeyId, string? Type, JsonObject Claims, byte[] SignedPart, byte[] Signature)
{
    /// <summary>Longest token that is looked at, in characters.</summary>
    public const int Longest = 64 * 1024;

    private const int Depth = 16;

    public const string RefusedCode = "token_refused";

    /// <summary>Refuses what is no signed token, unsecured tokens, symmetric algorithms, and headers that demand what we do not know.</summary>
    public static Outcome<SignedToken> Read(string? text)
    {
        if (text is null || text.Length > Longest) return Refused("There is no token, or it is longer than 64 KiB.");
        var parts = text.Split('.');
        if (parts.Length != 3) return Refused(parts.Length == 5 ? "The token is encrypted; configure signed tokens." : "This is no signed token.");
        if (Bytes(parts[0]) is not { } head || Bytes(parts[1]) is not { } body || Bytes(parts[2]) is not { } signature)
            return Refused("A part of the token is not base64url.");
        if (!JsonText.Parse(head, Depth).Try(out var header, out _) || !JsonText.Parse(body, Depth).Try(out var claims, out _))
            return Refused("A part of the token is not one JSON object.");
        if (header.ContainsKey("crit")) return Refused("The token demands an extension that is not known here (crit).");
        if (ClaimText.Of(header, "alg") is not { } name || SigningAlgorithm.Find(name) is not { } algorithm)
            return Refused("The token is not signed with an accepted algorithm: RS, PS or ES with 256, 384 or 512 bits.");
        if (header.ContainsKey("kid") && ClaimText.Of(header, "kid") is null) return Refused("The key id of the token is no text.");
        return new SignedToken(
            algorithm, ClaimText.Of(header, "kid"), ClaimText.Of(header, "typ"), claims, Encoding.ASCII.GetBytes(parts[0] + "." + parts[1]), signature);
    }

    internal static Unprocessable Refused(string detail) => new(RefusedCode, detail);

    /// <summary>base64url without padding, blanks or anything else (RFC 7515 2); null for other text.</summary>
    internal static byte[]? Bytes(string? text)
    {
        if (string.IsNullOrEmpty(text) || !text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')) return null;
        try
        {
            return Base64Url.DecodeFromChars(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
