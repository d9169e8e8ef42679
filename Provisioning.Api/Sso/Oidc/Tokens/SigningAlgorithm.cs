using System.Security.Cryptography;

namespace Provisioning.Api.Sso.Oidc.Tokens;

/// <summary>An accepted algorithm of RFC 7518 3.1: asymmetric ones only.</summary>
/// <param name="KeyType">The only <c>kty</c> its keys have: a public RSA key never serves as anything else.</param>
public sealed record SigningAlgorithm(string Name, string KeyType, HashAlgorithmName Hash, string? Curve)
{
    private static readonly Dictionary<string, SigningAlgorithm> All = new[]
    {
        new SigningAlgorithm("RS256", "RSA", HashAlgorithmName.SHA256, null), new("RS384", "RSA", HashAlgorithmName.SHA384, null),
        new("RS512", "RSA", HashAlgorithmName.SHA512, null), new("PS256", "RSA", HashAlgorithmName.SHA256, null),
        new("PS384", "RSA", HashAlgorithmName.SHA384, null), new("PS512", "RSA", HashAlgorithmName.SHA512, null),
        new("ES256", "EC", HashAlgorithmName.SHA256, "P-256"), new("ES384", "EC", HashAlgorithmName.SHA384, "P-384"),
        new("ES512", "EC", HashAlgorithmName.SHA512, "P-521"),
    }.ToDictionary(algorithm => algorithm.Name);

    public RSASignaturePadding Padding => Name.StartsWith('P') ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;

    /// <summary>Names are compared exactly; <c>none</c> and HMAC are not among them.</summary>
    public static SigningAlgorithm? Find(string name) => All.GetValueOrDefault(name);

    public byte[] HashData(byte[] data) => Hash.Name switch
    {
        "SHA384" => SHA384.HashData(data),
        "SHA512" => SHA512.HashData(data),
        _ => SHA256.HashData(data),
    };
}
