using System.Xml.Linq;
using Provisioning.Core.Common;

namespace Provisioning.Api.Sso.Saml;

/// <summary>Reads an assertion (SAML Core 2.3.3) from verified bytes.</summary>
internal static class AssertionReader
{
    private const int MostValues = 5_000;

    /// <summary>Conditions that are understood; an unknown one makes an assertion worth nothing (SAML Core 2.5.1).</summary>
    private static readonly XName[] KnownConditions =
        [SamlNames.Saml + "AudienceRestriction", SamlNames.Saml + "OneTimeUse", SamlNames.Saml + "ProxyRestriction"];

    public static Outcome<SamlAssertion> Read(XElement assertion)
    {
        if (assertion.Name != SamlNames.Saml + "Assertion" || (string?)assertion.Attribute("Version") != "2.0") return Malformed("is no SAML 2.0 assertion");
        if ((string?)assertion.Attribute("ID") is not { Length: > 0 } id || !TextKey.Fits(id)) return Malformed("has no ID of at most 256 characters");
        if (Single(assertion, "Issuer")?.OnlyText() is not { Length: > 0 } issuer) return Malformed("has no issuer");
        if (Single(assertion, "Subject") is not { } subject) return Malformed("has no subject");
        if (!Name(subject).Try(out var name, out var error)) return error;
        if (!Conditions(assertion).Try(out var conditions, out error)) return error;
        if (!Confirmations(subject).Try(out var confirmations, out error)) return error;
        if (assertion.Elements(SamlNames.Saml + "AuthnStatement").FirstOrDefault() is not { } statement
            || !Time(statement, "AuthnInstant").Try(out var authenticated, out error) || authenticated is not { } at)
            return Malformed("does not say when the person authenticated");
        if (!Time(statement, "SessionNotOnOrAfter").Try(out var ends, out error)) return error;
        if (!Attributes(assertion).Try(out var attributes, out error)) return error;
        return new SamlAssertion(
            id, issuer, name.Text, name.Format, conditions.NotBefore, conditions.NotOnOrAfter, conditions.Audiences, confirmations, at,
            (string?)statement.Attribute("SessionIndex"), ends, attributes);
    }

    private sealed record NameId(string Text, string? Format);

    private sealed record Window(DateTimeOffset? NotBefore, DateTimeOffset? NotOnOrAfter, IReadOnlyList<IReadOnlyList<string>> Audiences);

    private static Outcome<NameId> Name(XElement subject)
    {
        if (subject.Element(SamlNames.Saml + "EncryptedID") is not null)
            return SamlFault.Of(SamlFault.Subject, "The NameID is encrypted by itself; encrypt the whole assertion instead.");
        if (Single(subject, "NameID") is not { } name || name.OnlyText() is not { Length: > 0 } text)
            return SamlFault.Of(SamlFault.Subject, "The assertion has no NameID.");
        return TextKey.Fits(text) && TextKey.IsStorable(text)
            ? new NameId(text, (string?)name.Attribute("Format"))
            : SamlFault.Of(SamlFault.Subject, "The NameID is longer than 256 characters or 1,000 bytes.");
    }

    private static Outcome<Window> Conditions(XElement assertion)
    {
        if (Single(assertion, "Conditions") is not { } conditions) return SamlFault.Of(SamlFault.Condition, "The assertion has no conditions.");
        if (conditions.Elements().Any(condition => !KnownConditions.Contains(condition.Name)))
            return SamlFault.Of(SamlFault.Condition, "The assertion has a condition that is not known here.");
        if (!Time(conditions, "NotBefore").Try(out var from, out var error)) return error;
        if (!Time(conditions, "NotOnOrAfter").Try(out var until, out error)) return error;
        var audiences = conditions.Elements(SamlNames.Saml + "AudienceRestriction")
            .Select(restriction => (IReadOnlyList<string>)[.. restriction.Elements(SamlNames.Saml + "Audience").Select(audience => audience.OnlyText() ?? "")]);
        return new Window(from, until, [.. audiences]);
    }

    private static Outcome<IReadOnlyList<BearerConfirmation>> Confirmations(XElement subject)
    {
        var found = new List<BearerConfirmation>();
        foreach (var confirmation in subject.Elements(SamlNames.Saml + "SubjectConfirmation"))
        {
            if ((string?)confirmation.Attribute("Method") != SamlNames.Bearer || Single(confirmation, "SubjectConfirmationData") is not { } data) continue;
            if (!Time(data, "NotBefore").Try(out var from, out var error)) return error;
            if (!Time(data, "NotOnOrAfter").Try(out var until, out error)) return error;
            found.Add(new BearerConfirmation((string?)data.Attribute("Recipient"), (string?)data.Attribute("InResponseTo"), from, until));
        }
        return found;
    }

    private static Outcome<IReadOnlyDictionary<string, IReadOnlyList<string>>> Attributes(XElement assertion)
    {
        var found = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        var values = 0;
        foreach (var attribute in assertion.Elements(SamlNames.Saml + "AttributeStatement").Elements(SamlNames.Saml + "Attribute"))
        {
            if ((string?)attribute.Attribute("Name") is not { Length: > 0 } name) return Malformed("has an attribute without a name");
            // A value that is no text (a NameID in eduPersonTargetedID) is nothing that could be mapped.
            string[] texts = [.. attribute.Elements(SamlNames.Saml + "AttributeValue").Select(value => value.OnlyText()).OfType<string>().Where(text => text.Length > 0)];
            if ((values += texts.Length) > MostValues) return Malformed($"has more than {MostValues} attribute values");
            found[name] = found.TryGetValue(name, out var before) ? [.. before, .. texts] : texts;
        }
        return Outcome.Of<IReadOnlyDictionary<string, IReadOnlyList<string>>>(found);
    }

    /// <summary>The one child of this name in the assertion's namespace; null when there is none or more.</summary>
    private static XElement? Single(XElement parent, string name) => parent.Elements(SamlNames.Saml + name).ToList() is [var only] ? only : null;

    private static Outcome<DateTimeOffset?> Time(XElement element, string name)
    {
        if ((string?)element.Attribute(name) is not { } text) return (DateTimeOffset?)null;
        return XsdDateTime.TryParse(text, out var time) ? (DateTimeOffset?)time : Malformed($"has a {name} that is no time");
    }

    private static Unprocessable Malformed(string what) => SamlFault.MalformedBecause($"The assertion {what}.");
}
