using System.Text;
using Microsoft.Extensions.Primitives;
using Provisioning.Core.Common;

namespace Provisioning.Api.Hosting;

/// <summary>
/// The secret a caller presents. Identity providers send it in three ways: <c>Bearer x</c> (RFC 6750 2.1), <c>x</c> alone (Okta's
/// "HTTP Header" mode), and Basic with the token as the password (Okta's "Basic Auth" mode, RFC 7617).
/// </summary>
public static class Bearer
{
    /// <summary>Longest header value that is looked at, in characters.</summary>
    public const int LongestHeader = 4096;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The secret: one or more visible ASCII characters. Everything else is <see cref="Unauthenticated"/>.</summary>
    public static Outcome<string> Secret(IHeaderDictionary headers) => Secret(headers.Authorization);

    /// <inheritdoc cref="Secret(IHeaderDictionary)"/>
    public static Outcome<string> Secret(StringValues authorization)
    {
        if (authorization.Count == 0) return new Unauthenticated("No credentials were sent; send Authorization: Bearer <token>.");
        if (authorization is not [{ Length: <= LongestHeader } header] || header.Any(static c => c is (< ' ' and not '\t') or > '~'))
            return Malformed;

        var given = header.AsSpan().Trim(" \t");
        var end = given.IndexOfAny(' ', '\t');
        if (end < 0) return Is(given, "Bearer") || Is(given, "Basic") ? Malformed : Visible(given.ToString());

        var scheme = given[..end];
        var credentials = given[end..].Trim(" \t").ToString();
        if (Is(scheme, "Bearer")) return Visible(credentials);
        return Is(scheme, "Basic") ? Visible(Password(credentials))
            : new Unauthenticated("This Authorization scheme is not supported; send Authorization: Bearer <token>.");
    }

    private static Unauthenticated Malformed => new("The Authorization header is malformed; send Authorization: Bearer <token> once.");

    private static Outcome<string> Visible(string secret) =>
        secret.Length > 0 && secret.All(static c => c is > ' ' and <= '~') ? secret : Malformed;

    /// <summary>What follows the first colon; empty when there is none or the text is no base64 of UTF-8.</summary>
    private static string Password(string credentials)
    {
        try
        {
            var pair = StrictUtf8.GetString(Convert.FromBase64String(credentials));
            var colon = pair.IndexOf(':', StringComparison.Ordinal);
            return colon < 0 ? "" : pair[(colon + 1)..];
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException)
        {
            return "";
        }
    }

    private static bool Is(ReadOnlySpan<char> given, string scheme) => given.Equals(scheme, StringComparison.OrdinalIgnoreCase);
}
