using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Provisioning.Core.Common;

namespace Provisioning.Core.Notifications;

/// <summary>
/// How a receiver knows that a request is from here and is fresh: <c>t=1767225600,v1=5257a8...</c>, where v1 is HMAC-SHA-256 under the
/// webhook's secret over the seconds since 1970, a dot and the body as sent. While secrets are rotated there is a v1 for each.
/// </summary>
public static class WebhookSignature
{
    public const string Header = "Provisioning-Signature";

    /// <summary>How old a request a receiver should accept: longer than any sensible difference of clocks.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    private const string SecretPrefix = "whsec_";

    /// <summary>A new secret: 256 random bits.</summary>
    public static string NewSecret() => SecretPrefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).Replace('+', '-').Replace('/', '_').TrimEnd('=');

    /// <summary>The value of the header.</summary>
    public static string Of(IEnumerable<string> secrets, DateTimeOffset now, ReadOnlySpan<byte> body)
    {
        var seconds = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var text = new StringBuilder("t=").Append(seconds);
        foreach (var secret in secrets) text.Append(",v1=").Append(Convert.ToHexStringLower(Mac(secret, seconds, body)));
        return text.ToString();
    }

    private static byte[] Mac(string secret, string seconds, ReadOnlySpan<byte> body) =>
        HMACSHA256.HashData(TextKey.Exact(secret), (byte[])[.. TextKey.Exact(seconds), (byte)'.', .. body]);
}
