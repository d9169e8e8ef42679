using System.Security.Cryptography;
using System.Xml.Linq;
using Provisioning.Core.Common;

namespace Provisioning.Api.Sso.Saml;

/// <summary>
/// Opens an EncryptedAssertion (W3C xmlenc-core1): AES-CBC or AES-GCM under a key that RSA-OAEP carries. Every failure is one and the same
/// answer, so that nobody learns from it whether padding or key was wrong.
/// </summary>
internal static class EncryptedAssertion
{
    private const int MostKeys = 4, TagBytes = 16, NonceBytes = 12, BlockBytes = 16;

    /// <summary>The one answer to whatever is wrong inside, also to what is wrong with the content.</summary>
    public static Unprocessable Failed => SamlFault.Of(SamlFault.NotDecrypted,
        "The encrypted assertion cannot be opened or is not as expected: encrypt it with AES-GCM or AES-CBC and RSA-OAEP for the certificate of this service's metadata.");

    /// <returns>The plain bytes, or <see cref="SamlFault.NotDecrypted"/>.</returns>
    public static Outcome<byte[]> Open(XElement encrypted, RSA key)
    {
        if (encrypted.Elements(SamlNames.Xenc + "EncryptedData").ToList() is not [var data]
            || Cipher.Find(Algorithm(data)) is not { } cipher || Value(data) is not { } content)
            return Failed;
        var carriers = encrypted.Descendants(SamlNames.Xenc + "EncryptedKey").ToList();
        if (carriers.Count > MostKeys) return Failed;
        foreach (var carrier in carriers)
            if (Unwrap(carrier, key) is { } secret && secret.Length == cipher.KeyBytes && Open(cipher, secret, content) is { } plain)
                return plain;
        return Failed;
    }

    private sealed record Cipher(string Uri, int KeyBytes, bool IsGcm)
    {
        private static readonly Cipher[] All =
        [
            new(SamlNames.Encryption + "aes128-cbc", 16, false), new(SamlNames.Encryption + "aes192-cbc", 24, false),
            new(SamlNames.Encryption + "aes256-cbc", 32, false), new(SamlNames.Encryption11 + "aes128-gcm", 16, true),
            new(SamlNames.Encryption11 + "aes192-gcm", 24, true), new(SamlNames.Encryption11 + "aes256-gcm", 32, true),
        ];

        public static Cipher? Find(string? uri) => All.FirstOrDefault(cipher => cipher.Uri == uri);
    }

    private static byte[]? Open(Cipher cipher, byte[] secret, byte[] content)
    {
        try
        {
            if (cipher.IsGcm)
            {
                if (content.Length < NonceBytes + TagBytes) return null;
                var plain = new byte[content.Length - NonceBytes - TagBytes];
                using var gcm = new AesGcm(secret, TagBytes);
                gcm.Decrypt(content.AsSpan(0, NonceBytes), content.AsSpan(NonceBytes, plain.Length), content.AsSpan(NonceBytes + plain.Length), plain);
                return plain;
            }
            if (content.Length < 2 * BlockBytes || content.Length % BlockBytes != 0) return null;
            using var aes = Aes.Create();
            aes.Key = secret;
            var padded = aes.DecryptCbc(content.AsSpan(BlockBytes), content.AsSpan(0, BlockBytes), PaddingMode.None);
            // xmlenc-core1 5.2.2: the last byte says how many were added, the others may be anything.
            return padded[^1] is >= 1 and <= BlockBytes ? padded[..^padded[^1]] : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static byte[]? Unwrap(XElement carrier, RSA key)
    {
        if (Padding(carrier.Element(SamlNames.Xenc + "EncryptionMethod")) is not { } padding || Value(carrier) is not { } wrapped) return null;
        try
        {
            return key.Decrypt(wrapped, padding);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>
    /// RSA-OAEP: the older identifier means SHA-1 in the mask (and, unless it says otherwise, in the digest: there it is no signature), the
    /// newer one names both; the platform wants them equal. PKCS #1 1.5 is refused.
    /// </summary>
    private static RSAEncryptionPadding? Padding(XElement? method)
    {
        if (method?.Element(SamlNames.Xenc + "OAEPparams") is not null) return null;
        var digest = (string?)method?.Element(SamlNames.Ds + "DigestMethod")?.Attribute("Algorithm") ?? SamlNames.Signature + "sha1";
        var mask = (string?)method?.Element(SamlNames.Xenc11 + "MGF")?.Attribute("Algorithm") ?? SamlNames.Encryption11 + "mgf1sha1";
        return (string?)method?.Attribute("Algorithm") switch
        {
            SamlNames.Encryption + "rsa-oaep-mgf1p" when digest == SamlNames.Signature + "sha1" => RSAEncryptionPadding.OaepSHA1,
            SamlNames.Encryption11 + "rsa-oaep" => (digest, mask) switch
            {
                (SamlNames.Signature + "sha1", SamlNames.Encryption11 + "mgf1sha1") => RSAEncryptionPadding.OaepSHA1,
                (SamlNames.Encryption + "sha256", SamlNames.Encryption11 + "mgf1sha256") => RSAEncryptionPadding.OaepSHA256,
                ("http://www.w3.org/2001/04/xmldsig-more#sha384", SamlNames.Encryption11 + "mgf1sha384") => RSAEncryptionPadding.OaepSHA384,
                (SamlNames.Encryption + "sha512", SamlNames.Encryption11 + "mgf1sha512") => RSAEncryptionPadding.OaepSHA512,
                _ => null,
            },
            _ => null,
        };
    }

    private static string? Algorithm(XElement data) => (string?)data.Element(SamlNames.Xenc + "EncryptionMethod")?.Attribute("Algorithm");

    private static byte[]? Value(XElement data)
    {
        if (data.Element(SamlNames.Xenc + "CipherData")?.Element(SamlNames.Xenc + "CipherValue")?.OnlyText() is not { } text) return null;
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var written) ? bytes[..written] : null;
    }
}
