using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Provisioning.Core.Common;

namespace Provisioning.Api.Hosting;

/// <summary>The certificates of a SAML connection: those of the identity provider, and the service's own key pair.</summary>
internal static class ConnectionCertificates
{
    private const int SmallestRsa = 2048, SmallestCurve = 256, MostCharacters = 16_384;

    /// <summary>Reads PEM or bare base64 DER: a public key that signatures can be checked with.</summary>
    /// <returns>Or <see cref="InvalidValue"/>, which says what is wrong with it.</returns>
    public static Outcome<X509Certificate2> Read(string text)
    {
        if (text.Length > MostCharacters) return new InvalidValue($"A certificate has at most {MostCharacters} characters.");
        var certificate = Parse(text);
        if (certificate is null) return new InvalidValue("A certificate must be X.509, in PEM or as base64 of its DER form.");
        try
        {
            using var rsa = certificate.GetRSAPublicKey();
            using var ecdsa = certificate.GetECDsaPublicKey();
            if (rsa is null && ecdsa is null) return new InvalidValue("The certificate has neither an RSA nor an elliptic-curve key.");
            return rsa?.KeySize < SmallestRsa || ecdsa?.KeySize < SmallestCurve
                ? new InvalidValue($"The key of the certificate is too short; at least {SmallestRsa} bits for RSA, {SmallestCurve} for elliptic curves.")
                : certificate;
        }
        catch (CryptographicException)
        {
            return new InvalidValue("The key of the certificate cannot be read.");
        }
    }

    /// <summary>Base64 of the DER form: how it is kept, and how metadata writes it.</summary>
    public static string Text(X509Certificate2 certificate) => Convert.ToBase64String(certificate.RawData);

    /// <summary>
    /// A key pair of the service for one connection: it signs requests and opens encrypted assertions. Ten years: replacing it means telling
    /// the identity provider.
    /// </summary>
    public static X509Certificate2 MakeOwn(DateTimeOffset now)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=provisioning", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return request.CreateSelfSigned(now.AddDays(-1), now.AddYears(10));
    }

    /// <summary>Certificate and private key as one text, to be encrypted before it is kept.</summary>
    public static string WriteOwn(X509Certificate2 own)
    {
        using var key = own.GetRSAPrivateKey()!;
        return own.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem();
    }

    /// <summary>Reads what <see cref="WriteOwn"/> wrote.</summary>
    public static X509Certificate2 ReadOwn(string text) => X509Certificate2.CreateFromPem(text, text);

    private static X509Certificate2? Parse(string text)
    {
        try
        {
            var der = PemEncoding.TryFind(text, out var pem)
                ? text[pem.Label] == "CERTIFICATE" ? Convert.FromBase64String(text[pem.Base64Data]) : null
                : Convert.FromBase64String(text);
            return der is null ? null : X509CertificateLoader.LoadCertificate(der);
        }
        catch (Exception exception) when (exception is FormatException or CryptographicException)
        {
            return null;
        }
    }
}
