using System.Security.Cryptography;
using System.Text;
using Provisioning.Api.Sso.Saml;

namespace Provisioning.Tests.Sso.Saml;

/// <summary>Encrypts assertions as identity providers do.</summary>
internal static class Encryption
{
    public static string Encrypt(string assertion, RSA key, string cipher, string transport)
    {
        var secret = RandomNumberGenerator.GetBytes(cipher.Contains("128", StringComparison.Ordinal) ? 16 : cipher.Contains("192", StringComparison.Ordinal) ? 24 : 32);
        var content = Encoding.UTF8.GetBytes(assertion);
        var (padding, method) = transport switch
        {
            "oaep-sha1" => (RSAEncryptionPadding.OaepSHA1, $"<xenc:EncryptionMethod Algorithm=\"{SamlNames.Encryption}rsa-oaep-mgf1p\"><ds:DigestMethod xmlns:ds=\"{SamlNames.Signature}\" Algorithm=\"{SamlNames.Signature}sha1\"/></xenc:EncryptionMethod>"),
            "oaep-sha256" => (RSAEncryptionPadding.OaepSHA256, $"<xenc:EncryptionMethod Algorithm=\"{SamlNames.Encryption11}rsa-oaep\"><ds:DigestMethod xmlns:ds=\"{SamlNames.Signature}\" Algorithm=\"{SigningKey.Sha256}\"/><e:MGF xmlns:e=\"{SamlNames.Encryption11}\" Algorithm=\"{SamlNames.Encryption11}mgf1sha256\"/></xenc:EncryptionMethod>"),
            _ => (RSAEncryptionPadding.Pkcs1, $"<xenc:EncryptionMethod Algorithm=\"{SamlNames.Encryption}rsa-1_5\"/>"),
        };
        return $"""
            <saml:EncryptedAssertion xmlns:saml="{SamlNames.Assertion}"><xenc:EncryptedData xmlns:xenc="{SamlNames.Encryption}" Type="{SamlNames.Encryption}Element"><xenc:EncryptionMethod Algorithm="{cipher}"/><ds:KeyInfo xmlns:ds="{SamlNames.Signature}"><xenc:EncryptedKey>{method}<xenc:CipherData><xenc:CipherValue>{Convert.ToBase64String(key.Encrypt(secret, padding))}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue>{Convert.ToBase64String(Seal(cipher, secret, content))}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></saml:EncryptedAssertion>
            """;
    }

    private static byte[] Seal(string cipher, byte[] secret, byte[] content)
    {
        if (cipher.EndsWith("gcm", StringComparison.Ordinal))
        {
            var nonce = RandomNumberGenerator.GetBytes(12);
            var (sealedContent, tag) = (new byte[content.Length], new byte[16]);
            using var gcm = new AesGcm(secret, 16);
            gcm.Encrypt(nonce, content, sealedContent, tag);
            return [.. nonce, .. sealedContent, .. tag];
        }
        using var aes = Aes.Create();
        aes.Key = secret;
        var start = RandomNumberGenerator.GetBytes(16);
        return [.. start, .. aes.EncryptCbc(content, start, PaddingMode.ISO10126)];
    }
}
