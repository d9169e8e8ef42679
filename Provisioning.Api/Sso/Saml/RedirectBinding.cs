using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Provisioning.Core.Common;

namespace Provisioning.Api.Sso.Saml;

/// <summary>A message that came by HTTP-Redirect, its signature not looked at yet.</summary>
/// <param name="RelayState">As it came; not trusted.</param>
internal sealed record RedirectMessage(byte[] Xml, string? RelayState, string SignedText, string? Algorithm, string? Signature)
{
    /// <returns>The XML; or <see cref="SamlFault.NotSigned"/> and what <see cref="PinnedKeys.Verify"/> says.</returns>
    public Outcome<byte[]> Verify(PinnedKeys keys)
    {
        if (Signature is null) return SamlFault.Of(SamlFault.NotSigned, "The message is not signed.");
        if (SignatureAlgorithm.Find(Algorithm) is not { } algorithm)
            return SamlFault.Of(SamlFault.AlgorithmRefused, "The signature algorithm is not accepted; use RSA or ECDSA with SHA-256, SHA-384 or SHA-512.");
        var bytes = new byte[Signature.Length];
        if (!Convert.TryFromBase64String(Signature, bytes, out var written)) return SamlFault.MalformedBecause("The signature is no base64.");
        var verified = keys.Verify(algorithm, Encoding.UTF8.GetBytes(SignedText), bytes.AsSpan(0, written));
        return verified.Select(_ => Xml);
    }
}

/// <summary>The HTTP-Redirect binding with the DEFLATE encoding (SAML Bindings 3.4).</summary>
internal static class RedirectBinding
{
    private const int MostQueryCharacters = 32 * 1024;

    /// <summary>The URL that carries a message.</summary>
    /// <param name="parameter"><c>SAMLRequest</c> or <c>SAMLResponse</c>.</param>
    /// <param name="key">Signs the query (RSA with SHA-256); null: not signed.</param>
    public static string Url(string endpoint, string parameter, string xml, string? relayState, RSA? key)
    {
        var query = $"{parameter}={Uri.EscapeDataString(Deflate(xml))}";
        if (relayState is not null) query += $"&RelayState={Uri.EscapeDataString(relayState)}";
        if (key is not null)
        {
            query += $"&SigAlg={Uri.EscapeDataString(SignatureAlgorithm.RsaSha256.Uri)}";
            var signature = key.SignData(Encoding.UTF8.GetBytes(query), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            query += $"&Signature={Uri.EscapeDataString(Convert.ToBase64String(signature))}";
        }
        return endpoint + (endpoint.Contains('?', StringComparison.Ordinal) ? '&' : '?') + query;
    }

    /// <summary>Reads the raw query string: what is signed is the encoding that the sender chose (3.4.4.1).</summary>
    /// <returns>Null when it carries no such message.</returns>
    public static Outcome<RedirectMessage>? Read(string? query, string parameter)
    {
        if (query is null || query.Length > MostQueryCharacters) return null;
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in query.TrimStart('?').Split('&'))
        {
            var at = part.IndexOf('=', StringComparison.Ordinal);
            if (at > 0 && !found.TryAdd(part[..at], part[(at + 1)..])) return SamlFault.MalformedBecause("A query parameter is there twice.");
        }
        if (!found.TryGetValue(parameter, out var message)) return null;
        if ((found.TryGetValue("SAMLEncoding", out var encoding) && Decoded(encoding) != "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE")
            || Inflate(Decoded(message)) is not { } xml)
            return SamlFault.MalformedBecause("The message is not encoded by DEFLATE and base64.");
        var signed = string.Join('&', new[] { parameter, "RelayState", "SigAlg" }.Where(found.ContainsKey).Select(name => $"{name}={found[name]}"));
        return new RedirectMessage(
            xml, Value("RelayState"), signed, Value("SigAlg"), Value("Signature"));

        string? Value(string name) => found.TryGetValue(name, out var raw) ? Decoded(raw) : null;
    }

    private static string Decoded(string raw) => Uri.UnescapeDataString(raw.Replace('+', ' '));

    private static string Deflate(string xml)
    {
        using var bytes = new MemoryStream();
        using (var deflate = new DeflateStream(bytes, CompressionLevel.Optimal, leaveOpen: true)) deflate.Write(Encoding.UTF8.GetBytes(xml));
        return Convert.ToBase64String(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    /// <summary>Null for no base64, no DEFLATE, or more than <see cref="SamlXml.MostBytes"/> (a bomb).</summary>
    private static byte[]? Inflate(string text)
    {
        var packed = new byte[text.Length];
        if (!Convert.TryFromBase64String(text, packed, out var written)) return null;
        try
        {
            using var inflate = new DeflateStream(new MemoryStream(packed, 0, written), CompressionMode.Decompress);
            var plain = new byte[SamlXml.MostBytes + 1];
            var read = inflate.ReadAtLeast(plain, plain.Length, throwOnEndOfStream: false);
            return read is > 0 and <= SamlXml.MostBytes ? plain[..read] : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
