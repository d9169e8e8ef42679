using System.Security.Cryptography.X509Certificates;
using Provisioning.Core.Organizations;

namespace Provisioning.Api.Hosting;

/// <summary>
/// The key pairs by which the service proves itself to one OpenID provider (<c>private_key_jwt</c>, OpenID Connect Core 9): the one that signs,
/// and perhaps the next one, which is published already. Each has a certificate, because some providers (Entra ID) take nothing else.
/// </summary>
public sealed class ClientKeys(SecretProtection secrets, TimeProvider time)
{
    private const string Between = "\n\n";

    /// <summary>A first key, as the connection keeps it.</summary>
    public string Make()
    {
        using var own = ConnectionCertificates.MakeOwn(time.GetUtcNow());
        return Protect([ConnectionCertificates.WriteOwn(own)]);
    }

    /// <summary>With a next key beside the one that signs, which the provider has to learn of first; null when the connection has no key.</summary>
    public string? WithNext(Connection connection)
    {
        if (Texts(connection) is not { } texts) return null;
        if (texts.Length > 1) return connection.ProtectedSecret;
        using var next = ConnectionCertificates.MakeOwn(time.GetUtcNow());
        return Protect([texts[0], ConnectionCertificates.WriteOwn(next)]);
    }

    /// <summary>With the next key alone, which signs from now on; null when there is none.</summary>
    public string? NextOnly(Connection connection) => Texts(connection) is { Length: > 1 } texts ? Protect(texts[1..]) : null;

    /// <summary>Certificates with private keys, the one that signs first; to be disposed of. Empty when there are none that can be decrypted.</summary>
    public IReadOnlyList<X509Certificate2> Read(Connection connection) => [.. (Texts(connection) ?? []).Select(ConnectionCertificates.ReadOwn)];

    /// <summary>
    /// <c>kid</c> and <c>x5t</c> at once (RFC 7515 4.1.4, 4.1.7), as Entra ID wants it. A name: its hash is SHA-1, and nothing rests on that.
    /// </summary>
    public static string IdOf(X509Certificate2 certificate) => Core.SignIn.SignInSecret.Text(certificate.GetCertHash());

    private string[]? Texts(Connection connection) => connection.Settings is OidcSettings { TokenEndpointAuthMethod: ClientAuthentication.PrivateKeyJwt }
        ? secrets.Unprotect(SecretProtection.ConnectionSecret, connection.ProtectedSecret)?.Split(Between) : null;

    private string Protect(IReadOnlyList<string> texts) => secrets.Protect(SecretProtection.ConnectionSecret, string.Join(Between, texts));
}
