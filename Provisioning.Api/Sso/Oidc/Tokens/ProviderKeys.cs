using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;

namespace Provisioning.Api.Sso.Oidc.Tokens;

/// <summary>What became of a verification.</summary>
public enum KeyVerdict
{
    Good,

    /// <summary>No published key fits the header: perhaps it is new, and the keys are worth fetching again.</summary>
    NoSuchKey,

    /// <summary>The key is there, and the signature is not its own.</summary>
    BadSignature,
}

/// <summary>The signing keys an identity provider publishes (RFC 7517). Keys that are not for signatures, too weak or unreadable do not count.</summary>
public sealed class ProviderKeys
{
    /// <summary>Keys of one provider; more are no key set but an attack on our time.</summary>
    private const int Most = 100;

    private const int WeakestRsaBits = 2048, LongestRsaBits = 8192, Depth = 8;

    private readonly List<PublicKey> keys;

    private ProviderKeys(List<PublicKey> keys) => this.keys = keys;

    public int Count => keys.Count;

    /// <summary>Reads a JWK set.</summary>
    public static Outcome<ProviderKeys> Read(ReadOnlyMemory<byte> json)
    {
        if (!JsonText.Parse(json, Depth).Try(out var set, out _) || set["keys"] is not JsonArray { Count: <= Most } array)
            return SignedToken.Refused("The provider's keys are no JSON Web Key Set.");
        return new ProviderKeys([.. array.OfType<JsonObject>().Select(PublicKey.Of).OfType<PublicKey>()]);
    }

    /// <summary>
    /// Looks for the key by id, type, use and algorithm. A token without key id is verified only where a single key fits (OpenID Connect
    /// Core 10.1).
    /// </summary>
    public KeyVerdict Verify(SignedToken token)
    {
        var fitting = keys.FindAll(key => key.Fits(token.Algorithm) && (token.KeyId is null || key.Id == token.KeyId));
        if (fitting.Count == 0 || (token.KeyId is null && fitting.Count > 1)) return KeyVerdict.NoSuchKey;
        return fitting.Exists(key => key.Verifies(token)) ? KeyVerdict.Good : KeyVerdict.BadSignature;
    }

    private sealed record PublicKey(string Type, string? Id, string? Algorithm, string? Curve, RSAParameters Rsa, ECParameters Ec)
    {
        public static PublicKey? Of(JsonObject key)
        {
            if (ClaimText.Of(key, "use") is not (null or "sig")) return null;
            if (key["key_ops"] is JsonArray && !ClaimText.Many(key, "key_ops").Contains("verify")) return null;
            var (id, algorithm) = (ClaimText.Of(key, "kid"), ClaimText.Of(key, "alg"));
            switch (ClaimText.Of(key, "kty"))
            {
                case "RSA" when Number(key, "n") is { } modulus && Number(key, "e") is { } exponent && exponent.Length <= 8:
                    var bits = modulus.AsSpan().TrimStart((byte)0).Length * 8;
                    return bits is < WeakestRsaBits or > LongestRsaBits ? null
                        : new PublicKey("RSA", id, algorithm, null, new RSAParameters { Modulus = modulus, Exponent = exponent }, default);
                case "EC" when Number(key, "x") is { } x && Number(key, "y") is { } y && CurveOf(ClaimText.Of(key, "crv")) is { } curve:
                    return new PublicKey("EC", id, algorithm, ClaimText.Of(key, "crv"), default, new ECParameters { Curve = curve, Q = new ECPoint { X = x, Y = y } });
                default:
                    return null; // symmetric, or of a kind we do not take: no key
            }
        }

        public bool Fits(SigningAlgorithm algorithm) =>
            Type == algorithm.KeyType && Curve == algorithm.Curve && (Algorithm is null || Algorithm == algorithm.Name);

        public bool Verifies(SignedToken token)
        {
            try
            {
                if (Type == "RSA")
                {
                    using var rsa = RSA.Create(Rsa);
                    return rsa.VerifyData(token.SignedPart, token.Signature, token.Algorithm.Hash, token.Algorithm.Padding);
                }
                using var ec = ECDsa.Create(Ec);
                return ec.VerifyData(token.SignedPart, token.Signature, token.Algorithm.Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
            }
            catch (CryptographicException)
            {
                return false; // a point off the curve, a modulus that is none
            }
        }

        private static byte[]? Number(JsonObject key, string name) => SignedToken.Bytes(ClaimText.Of(key, name));

        private static ECCurve? CurveOf(string? name) => name switch
        {
            "P-256" => ECCurve.NamedCurves.nistP256,
            "P-384" => ECCurve.NamedCurves.nistP384,
            "P-521" => ECCurve.NamedCurves.nistP521,
            _ => null,
        };
    }
}
