using System.Xml;
using System.Xml.Linq;
using Provisioning.Core.Common;

namespace Provisioning.Api.Sso.Saml;

/// <summary>A LogoutRequest of the identity provider, verified.</summary>
/// <param name="SessionIndexes">The sessions meant; empty: all of the person's.</param>
internal sealed record LogoutOrder(string Id, string NameId, string? NameIdFormat, IReadOnlyList<string> SessionIndexes, DateTimeOffset Forgettable);

/// <summary>Reads single-logout messages (SAML Core 3.7) from verified bytes.</summary>
internal static class LogoutReader
{
    /// <summary>How old a message may be that does not say when it ends.</summary>
    private static readonly TimeSpan Freshness = TimeSpan.FromMinutes(5);

    /// <summary>The bytes that an enveloped signature (HTTP-POST) covers.</summary>
    public static Outcome<byte[]> VerifyPosted(ReadOnlySpan<byte> utf8, PinnedKeys keys)
    {
        if (!SamlXml.Parse(utf8).Try(out var document, out var error)) return error;
        var root = document.DocumentElement!;
        var signatures = root.SelectNodes("descendant::*")!.Cast<XmlElement>()
            .Where(element => element.NamespaceURI == SamlNames.Signature && element.LocalName == "Signature").ToList();
        return signatures switch
        {
            [] => SamlFault.Of(SamlFault.NotSigned, "The message is not signed."),
            [var only] when only.ParentNode == root => XmlSignature.Verify(root, only, keys),
            _ => SamlFault.MalformedBecause("The message has more than one signature, or one where none may be."),
        };
    }

    public static Outcome<LogoutOrder> ReadRequest(byte[] verified, ExpectedResponse expected, DateTimeOffset now)
    {
        if (!Open(verified, "LogoutRequest", expected, now).Try(out var root, out var error)) return error;
        if (root.Elements(SamlNames.Saml + "NameID").ToList() is not [var name] || name.OnlyText() is not { Length: > 0 } text || !TextKey.Fits(text) || !TextKey.IsStorable(text))
            return SamlFault.Of(SamlFault.Subject, "The logout request has no NameID.");
        var ends = XsdDateTime.TryParse((string?)root.Attribute("NotOnOrAfter") ?? "", out var until) ? until : now + Freshness;
        if (now - AssertionRules.ClockSkew >= ends) return SamlFault.Of(SamlFault.Expired, "The logout request has ended.");
        return new LogoutOrder((string)root.Attribute("ID")!, text, (string?)name.Attribute("Format"),
            [.. root.Elements(SamlNames.Samlp + "SessionIndex").Select(index => index.OnlyText() ?? "").Where(index => index.Length > 0)],
            ends + Freshness + AssertionRules.ClockSkew);
    }

    /// <summary>The answer to a request of ours.</summary>
    /// <returns>The id of that request.</returns>
    public static Outcome<string> ReadResponse(byte[] verified, ExpectedResponse expected, DateTimeOffset now)
    {
        if (!Open(verified, "LogoutResponse", expected, now).Try(out var root, out var error)) return error;
        return (string?)root.Attribute("InResponseTo") is { Length: > 0 } request
            ? request : SamlFault.Of(SamlFault.WrongRequest, "The logout response answers no request.");
    }

    private static Outcome<XElement> Open(byte[] verified, string name, ExpectedResponse expected, DateTimeOffset now)
    {
        if (!SamlXml.ParseValues(verified).Try(out var root, out var error)) return error;
        if (root.Name != SamlNames.Samlp + name || (string?)root.Attribute("Version") != "2.0"
            || (string?)root.Attribute("ID") is not { Length: > 0 } id || !TextKey.Fits(id))
            return SamlFault.MalformedBecause($"The message is no SAML 2.0 {name}.");
        if (root.Element(SamlNames.Saml + "Issuer")?.OnlyText() != expected.Identity)
            return SamlFault.Of(SamlFault.Issuer, "The issuer is not the entity id of the connection's identity provider.");
        if ((string?)root.Attribute("Destination") != expected.Consumer)
            return SamlFault.Of(SamlFault.Destination, $"The destination is not {expected.Consumer}.");
        if (!XsdDateTime.TryParse((string?)root.Attribute("IssueInstant") ?? "", out var issued)) return SamlFault.MalformedBecause("The message does not say when it was issued.");
        if (issued > now + AssertionRules.ClockSkew) return SamlFault.Of(SamlFault.NotYetValid, "The message comes from the future. Compare the clocks.");
        return issued < now - Freshness - AssertionRules.ClockSkew
            ? SamlFault.Of(SamlFault.Expired, "The message is too old.") : root;
    }
}
