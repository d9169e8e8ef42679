using System.Security.Cryptography;
using System.Xml;
using System.Xml.Linq;
using Provisioning.Core.Common;

namespace Provisioning.Api.Sso.Saml;

/// <summary>
/// An enveloped XML signature (SAML Core 5.4), read strictly: one reference, to the element the signature stands in; enveloped and
/// exclusive canonicalization and nothing else; algorithms of a list; pinned keys. What comes out are the very bytes whose digest was
/// signed, and only they are read afterwards.
/// </summary>
internal static class XmlSignature
{
    /// <summary>The canonical bytes of <paramref name="signed"/> without its signature, once the signature over them is verified.</summary>
    /// <param name="signature">A child of <paramref name="signed"/>.</param>
    public static Outcome<byte[]> Verify(XmlElement signed, XmlElement signature, PinnedKeys keys)
    {
        if (signature.SelectSingleNode(".//comment()") is not null) return Malformed("holds a comment");
        if (!Parts(signature).Try(out var parts, out var error)) return error;
        var (signedInfo, signatureValue) = parts;
        if (Method(signedInfo, "CanonicalizationMethod") is not { } way) return Refused("canonicalization");
        var signedBytes = SamlXml.Canonical(signedInfo, way.WithComments, way.Prefixes);

        // From here on the signature's own words come from the bytes that it signs.
        if (!SamlXml.ParseValues(signedBytes).Try(out var info, out error)) return error;
        if (!ReadInfo(info).Try(out var claim, out error)) return error;
        if (claim.Uri != "#" + signed.GetAttribute("ID")) return Malformed("does not refer to the element it stands in");
        if (keys.Verify(claim.Algorithm, signedBytes, signatureValue).Error is { } unverified) return unverified;

        var content = SamlXml.Canonical(signed, claim.Way.WithComments, claim.Way.Prefixes, without: signature);
        return CryptographicOperations.FixedTimeEquals(CryptographicOperations.HashData(claim.Digest, content), claim.DigestValue)
            ? content
            : SamlFault.Of(SamlFault.SignatureInvalid, "The content was changed after it was signed.");
    }

    private sealed record Canonicalization(bool WithComments, string? Prefixes);

    private sealed record Claim(SignatureAlgorithm Algorithm, string Uri, Canonicalization Way, HashAlgorithmName Digest, byte[] DigestValue);

    /// <summary>SignedInfo, SignatureValue and perhaps KeyInfo, which nobody reads; no Object.</summary>
    private static Outcome<(XmlElement Info, byte[] Value)> Parts(XmlElement signature)
    {
        var children = signature.ChildNodes.OfType<XmlElement>().ToList();
        if (children.Any(child => child.NamespaceURI != SamlNames.Signature)
            || children.Select(child => child.LocalName).ToList() is not (["SignedInfo", "SignatureValue"] or ["SignedInfo", "SignatureValue", "KeyInfo"]))
            return Malformed("must consist of SignedInfo, SignatureValue and at most a KeyInfo");
        return Base64(children[1].InnerText) is { } value ? (children[0], value) : Malformed("has a value that is no base64");
    }

    private static Canonicalization? Method(XmlElement info, string name) =>
        info.ChildNodes.OfType<XmlElement>().FirstOrDefault(child => child.LocalName == name && child.NamespaceURI == SamlNames.Signature) is { } method
            ? Way(XElement.Parse(method.OuterXml)) : null;

    /// <summary>CanonicalizationMethod, SignatureMethod, one Reference: in this order, nothing else.</summary>
    private static Outcome<Claim> ReadInfo(XElement info)
    {
        if (info.OnlyElements() is not [var method, var signing, var reference]
            || method.Name != SamlNames.Ds + "CanonicalizationMethod" || signing.Name != SamlNames.Ds + "SignatureMethod"
            || reference.Name != SamlNames.Ds + "Reference")
            return Malformed("must have exactly one reference");
        if (Way(method) is null) return Refused("canonicalization");
        if (signing.HasElements || SignatureAlgorithm.Find((string?)signing.Attribute("Algorithm")) is not { } algorithm) return Refused("signature");
        if (reference.OnlyElements() is not [var transforms, var digesting, var digest]
            || transforms.Name != SamlNames.Ds + "Transforms" || digesting.Name != SamlNames.Ds + "DigestMethod" || digest.Name != SamlNames.Ds + "DigestValue")
            return Malformed("has a reference without transforms, digest method or digest");
        if (transforms.OnlyElements() is not [var enveloped, var canonical]
            || enveloped.Name != SamlNames.Ds + "Transform" || enveloped.HasElements || (string?)enveloped.Attribute("Algorithm") != SamlNames.Enveloped
            || canonical.Name != SamlNames.Ds + "Transform" || Way(canonical) is not { } way)
            return Refused("transform");
        if (digesting.HasElements || SignatureAlgorithm.FindDigest((string?)digesting.Attribute("Algorithm")) is not { } hash) return Refused("digest");
        return digest.OnlyText() is { } text && Base64(text) is { } value
            ? new Claim(algorithm, (string?)reference.Attribute("URI") ?? "", way, hash, value)
            : Malformed("has a digest that is no base64");
    }

    /// <summary>Exclusive canonicalization, with or without comments, with or without a list of prefixes; null for anything else.</summary>
    private static Canonicalization? Way(XElement method)
    {
        var algorithm = (string?)method.Attribute("Algorithm");
        if (algorithm is not (SamlNames.ExclusiveC14N or SamlNames.ExclusiveC14NWithComments)) return null;
        var withComments = algorithm == SamlNames.ExclusiveC14NWithComments;
        return method.OnlyElements() switch
        {
            [] => new Canonicalization(withComments, null),
            [var list] when list.Name == XName.Get("InclusiveNamespaces", SamlNames.ExclusiveC14N) && !list.HasElements =>
                new Canonicalization(withComments, (string?)list.Attribute("PrefixList")),
            _ => null,
        };
    }

    private static byte[]? Base64(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var written) ? bytes[..written] : null;
    }

    private static Unprocessable Malformed(string what) => SamlFault.MalformedBecause($"The signature {what}.");

    private static Unprocessable Refused(string what) => SamlFault.Of(SamlFault.AlgorithmRefused,
        $"The {what} algorithm of the signature is not accepted; use RSA or ECDSA with SHA-256, SHA-384 or SHA-512 and exclusive canonicalization.");
}
