using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Provisioning.Api.Sso.Saml;

/// <summary>The signature algorithms that are believed (RFC 9231, W3C xmldsig-core1): RSA and ECDSA with SHA-2. No SHA-1, no HMAC.</summary>
internal sealed record SignatureAlgorithm(string Uri, HashAlgorithmName Hash, bool IsRsa)
{
    private const string More = "http://www.w3.org/2001/04/xmldsig-more#";

    public static readonly SignatureAlgorithm RsaSha256 = new(More + "rsa-sha256", HashAlgorithmName.SHA256, IsRsa: true);

    private static readonly SignatureAlgorithm[] All =
    [
        RsaSha256,
        new(More + "rsa-sha384", HashAlgorithmName.SHA384, IsRsa: true),
        new(More + "rsa-sha512", HashAlgorithmName.SHA512, IsRsa: true),
        new(More + "ecdsa-sha256", HashAlgorithmName.SHA256, IsRsa: false),
        new(More + "ecdsa-sha384", HashAlgorithmName.SHA384, IsRsa: false),
        new(More + "ecdsa-sha512", HashAlgorithmName.SHA512, IsRsa: false),
    ];

    private static readonly Dictionary<string, HashAlgorithmName> Digests = new()
    {
        [SamlNames.Encryption + "sha256"] = HashAlgorithmName.SHA256,
        [More + "sha384"] = HashAlgorithmName.SHA384,
        [SamlNames.Encryption + "sha512"] = HashAlgorithmName.SHA512,
    };

    public static SignatureAlgorithm? Find(string? uri) => All.FirstOrDefault(algorithm => algorithm.Uri == uri);

    public static HashAlgorithmName? FindDigest(string? uri) => uri is not null && Digests.TryGetValue(uri, out var hash) ? hash : null;

    /// <summary>Whether the key of the certificate made this signature; false also when the key is of another type.</summary>
    public bool Verifies(X509Certificate2 certificate, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        try
        {
            if (IsRsa)
            {
                using var rsa = certificate.GetRSAPublicKey();
                return rsa is not null && rsa.VerifyData(data, signature, Hash, RSASignaturePadding.Pkcs1);
            }
            using var ecdsa = certificate.GetECDsaPublicKey();
            return ecdsa is not null && ecdsa.VerifyData(data, signature, Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        catch (CryptographicException) // a signature of a length that the key cannot make
        {
            return false;
        }
    }
}
