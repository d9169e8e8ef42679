using Provisioning.Core.Common;

namespace Provisioning.Api.Sso.Saml;

/// <summary>What a response must say to be for this service, this connection and this request.</summary>
/// <param name="Identity">Entity id of the identity provider.</param>
/// <param name="Service">Entity id of the service, the audience.</param>
/// <param name="Consumer">URL of the assertion consumer, recipient and destination.</param>
internal sealed record ExpectedResponse(string Identity, string Service, string Consumer);

/// <summary>The conditions of SAML Profiles 4.1.4.3 and Bindings 3.5.5.2, apart from the request, which the flow knows.</summary>
internal static class AssertionRules
{
    /// <summary>How far two clocks may differ.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(3);

    /// <summary>Checks everything that needs no memory.</summary>
    /// <returns>The confirmation that holds; its InResponseTo names the request, null: the identity provider began.</returns>
    public static Outcome<BearerConfirmation> Check(SamlResponse response, ExpectedResponse expected, DateTimeOffset now)
    {
        var assertion = response.Assertion;
        if (assertion.Issuer != expected.Identity || (response.Issuer ?? expected.Identity) != expected.Identity)
            return SamlFault.Of(SamlFault.Issuer, "The issuer is not the entity id of the connection's identity provider.");
        if (response.Destination is null ? response.IsSigned : response.Destination != expected.Consumer)
            return SamlFault.Of(SamlFault.Destination, $"The destination is not {expected.Consumer}.");
        if (assertion.Audiences.Count == 0 || assertion.Audiences.Any(audiences => !audiences.Contains(expected.Service)))
            return SamlFault.Of(SamlFault.Audience, $"The audience is not {expected.Service}.");
        if (Lifetime(assertion.NotBefore, assertion.NotOnOrAfter, now) is { } outside) return outside;
        if (assertion.SessionEnds is { } ends && now - ClockSkew >= ends) return Expired("session");
        if (assertion.NameIdFormat == SamlNames.TransientFormat)
            return SamlFault.Of(SamlFault.Subject, "The NameID is transient: it names the person differently each time. Send a persistent one or an e-mail address.");
        return Confirmed(response, expected, now);
    }

    /// <summary>When an assertion can no longer be presented, so that its id need not be remembered longer.</summary>
    public static DateTimeOffset Forgettable(SamlAssertion assertion, BearerConfirmation confirmation)
    {
        var last = confirmation.NotOnOrAfter!.Value;
        return (assertion.NotOnOrAfter is { } ends && ends < last ? ends : last) + ClockSkew;
    }

    private static Outcome<BearerConfirmation> Confirmed(SamlResponse response, ExpectedResponse expected, DateTimeOffset now)
    {
        Error refusal = SamlFault.Of(SamlFault.Subject, "The assertion has no bearer confirmation.");
        foreach (var confirmation in response.Assertion.Confirmations)
        {
            if (confirmation.Recipient != expected.Consumer) refusal = SamlFault.Of(SamlFault.Recipient, $"The recipient is not {expected.Consumer}.");
            else if (confirmation.NotOnOrAfter is null) refusal = SamlFault.Of(SamlFault.Condition, "The bearer confirmation does not end.");
            else if (Lifetime(confirmation.NotBefore, confirmation.NotOnOrAfter, now) is { } outside) refusal = outside;
            else if (response.InResponseTo is { } request && request != confirmation.InResponseTo)
                refusal = SamlFault.Of(SamlFault.WrongRequest, "Response and assertion answer different requests.");
            else return confirmation;
        }
        return Outcome<BearerConfirmation>(refusal);
    }

    private static Outcome<T> Outcome<T>(Error refusal) => refusal;

    private static Unprocessable? Lifetime(DateTimeOffset? from, DateTimeOffset? until, DateTimeOffset now)
    {
        if (from is { } start && now + ClockSkew < start)
            return SamlFault.Of(SamlFault.NotYetValid, $"The assertion is not valid yet: from {Instants.Text(start)} on; here it is {Instants.Text(now)}. Compare the clocks.");
        return until is { } end && now - ClockSkew >= end ? Expired("assertion") : null;
    }

    private static Unprocessable Expired(string what) => SamlFault.Of(SamlFault.Expired, $"The {what} has ended. Sign in again; if it stays so, compare the clocks.");
}
