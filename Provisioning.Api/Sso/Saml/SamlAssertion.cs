namespace Provisioning.Api.Sso.Saml;

/// <summary>What an identity provider says about a person, as read from verified bytes only.</summary>
/// <param name="Audiences">One list per AudienceRestriction; each must name the service (SAML Core 2.5.1.4).</param>
/// <param name="Confirmations">The bearer confirmations; one that holds is enough.</param>
/// <param name="SessionIndex">The identity provider's name for the session, for single logout.</param>
/// <param name="Attributes">By Name; a Name that comes twice has the values of both.</param>
internal sealed record SamlAssertion(
    string Id, string Issuer, string NameId, string? NameIdFormat, DateTimeOffset? NotBefore, DateTimeOffset? NotOnOrAfter,
    IReadOnlyList<IReadOnlyList<string>> Audiences, IReadOnlyList<BearerConfirmation> Confirmations,
    DateTimeOffset AuthenticatedAt, string? SessionIndex, DateTimeOffset? SessionEnds, IReadOnlyDictionary<string, IReadOnlyList<string>> Attributes);

/// <summary>SubjectConfirmationData of a bearer (SAML Profiles 4.1.4.2): to whom, for which request, until when.</summary>
internal sealed record BearerConfirmation(string? Recipient, string? InResponseTo, DateTimeOffset? NotBefore, DateTimeOffset? NotOnOrAfter);

/// <summary>A response whose response or assertion was signed by the connection's identity provider.</summary>
/// <param name="IsSigned">The response as a whole; else only the assertion is, and the other values are hints that may refuse but never allow.</param>
internal sealed record SamlResponse(string? Issuer, string? Destination, string? InResponseTo, bool IsSigned, SamlAssertion Assertion);
