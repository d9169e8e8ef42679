using Provisioning.Core.Organizations;

namespace Provisioning.Api.Sso.Saml;

/// <summary>Who an assertion is about, in the words of the service.</summary>
/// <param name="Subject">The NameID; one of format emailAddress normalised (rule DOM-4), every other exact.</param>
internal sealed record SamlPerson(string Subject, string? Email, string? Name, IReadOnlyList<string> Groups, string? ExternalId)
{
    /// <summary>Entra sends this instead of the groups of somebody who is in more than 150.</summary>
    private const string GroupsLink = "http://schemas.microsoft.com/claims/groups.link";

    /// <summary>The provider has groups that it did not name; none here means nothing then.</summary>
    public bool GroupsHidden { get; init; }

    private static readonly string[] EmailNames =
    [
        "email", "mail", "emailAddress", "user.email", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
        "urn:oid:0.9.2342.19200300.100.1.3", "urn:oid:1.2.840.113549.1.9.1",
    ];

    private static readonly string[] DisplayNames =
        ["displayName", "http://schemas.microsoft.com/identity/claims/displayname", "urn:oid:2.16.840.1.113730.3.1.241", "cn", "urn:oid:2.5.4.3"];

    private static readonly string[] GivenNames =
        ["firstName", "givenName", "first_name", "user.firstName", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname", "urn:oid:2.5.4.42"];

    private static readonly string[] FamilyNames =
        ["lastName", "surname", "sn", "last_name", "user.lastName", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname", "urn:oid:2.5.4.4"];

    private static readonly string[] GroupNames =
    [
        "groups", "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups", "http://schemas.xmlsoap.org/claims/Group", "memberOf",
        "urn:oid:1.3.6.1.4.1.5923.1.5.1.1",
    ];

    /// <summary>
    /// By the connection's attribute names; where it has none, by those that Entra, Okta, Google, AD FS and Shibboleth use. An externalId is
    /// taken only from an attribute that the connection names, for it links people (rule JIT-1).
    /// </summary>
    public static SamlPerson Of(SamlAssertion assertion, SamlAttributes names)
    {
        var isAddress = assertion.NameIdFormat == SamlNames.EmailFormat;
        var email = First(assertion, names.Email, EmailNames) ?? (names.Email is null && isAddress ? assertion.NameId : null);
        var name = First(assertion, names.Name, DisplayNames) ?? (names.Name is null ? FullName(assertion) : null);
        return new SamlPerson(SubjectOf(assertion.NameId, assertion.NameIdFormat), email, name, Values(assertion, names.Groups, GroupNames) ?? [], names.ExternalId is { } claim ? First(assertion, claim, []) : null)
        {
            GroupsHidden = assertion.Attributes.ContainsKey(GroupsLink),
        };
    }

    /// <summary>By what a person is recognised at the connection.</summary>
    public static string SubjectOf(string nameId, string? format) =>
        format == SamlNames.EmailFormat && EmailAddress.TryParse(nameId, out var address) ? address.Normalized : nameId;

    private static string? FullName(SamlAssertion assertion)
    {
        var parts = new[] { First(assertion, null, GivenNames), First(assertion, null, FamilyNames) }.OfType<string>().ToList();
        return parts.Count == 0 ? null : string.Join(' ', parts);
    }

    private static string? First(SamlAssertion assertion, string? named, string[] usual) => Values(assertion, named, usual) is [var first, ..] ? first : null;

    private static IReadOnlyList<string>? Values(SamlAssertion assertion, string? named, string[] usual)
    {
        if (named is not null) return assertion.Attributes.GetValueOrDefault(named);
        return usual.Select(name => assertion.Attributes.FirstOrDefault(pair => pair.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value)
            .FirstOrDefault(values => values is { Count: > 0 });
    }
}
