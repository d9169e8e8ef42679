using System.Security.Cryptography;
using System.Text;
using Provisioning.Core.Common;

namespace Provisioning.Core.SignIn;

/// <summary>A sign-in under way: bound to one browser and one connection, good for one answer of the identity provider.</summary>
/// <param name="ReturnTo">Where the person goes afterwards; on the organisation's list when the flow began.</param>
/// <param name="Answer">What a cross-site POST brought, encrypted; null until then.</param>
public sealed record SignInFlow(
    byte[] StateHash, OrganizationId Organization, ConnectionId Connection, byte[] BrowserHash, string? ReturnTo, string? Answer, DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt, DateTimeOffset? TakenAt)
{
    /// <summary>Whether this is the browser that began it; compared in fixed time.</summary>
    public bool IsOf(string? browserSecret) =>
        browserSecret is not null && CryptographicOperations.FixedTimeEquals(SignInSecret.Hash(browserSecret), BrowserHash);
}

/// <summary>
/// The secrets of one flow. State is random; nonce and code verifier are derived from it and the browser's secret, so that neither the
/// database nor an address holds what would finish the flow in another browser.
/// </summary>
/// <param name="RequestId">For SAML: the ID of the AuthnRequest, an NCName; <c>InResponseTo</c> names it.</param>
public sealed record FlowSecrets(string State, string Nonce, string CodeVerifier, string RequestId)
{
    private static readonly System.Buffers.SearchValues<char> Hexadecimal = System.Buffers.SearchValues.Create("0123456789abcdef");

    /// <summary>RFC 7636 4.2, method S256.</summary>
    public string CodeChallenge => SignInSecret.Text(SHA256.HashData(Encoding.ASCII.GetBytes(CodeVerifier)));

    public static FlowSecrets Of(string state, string browserSecret) =>
        new(state, Derive("nonce"u8, state, browserSecret), Derive("verifier"u8, state, browserSecret), RequestIdOf(SignInSecret.Hash(state)));

    /// <summary>Reads what <see cref="RequestId"/> writes; null for anything else.</summary>
    public static byte[]? StateHashOf(string? requestId) =>
        requestId is { Length: 65 } && requestId[0] == '_' && requestId.AsSpan(1).IndexOfAnyExcept(Hexadecimal) < 0
            ? Convert.FromHexString(requestId.AsSpan(1)) : null;

    public static string RequestIdOf(byte[] stateHash) => "_" + Convert.ToHexStringLower(stateHash);

    private static string Derive(ReadOnlySpan<byte> purpose, string state, string browserSecret)
    {
        byte[] message = [.. purpose, 0, .. Encoding.UTF8.GetBytes(state)];
        return SignInSecret.Text(HMACSHA256.HashData(Encoding.UTF8.GetBytes(browserSecret), message));
    }
}
