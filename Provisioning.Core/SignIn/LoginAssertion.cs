using Provisioning.Core.Organizations;

namespace Provisioning.Core.SignIn;

/// <summary>
/// What an identity provider said about a person, checked: signature, issuer, audience, time, one-time use. OIDC and SAML end here;
/// everything after it is shared with the hook (design D6).
/// </summary>
/// <param name="Subject">The person at the connection; compared exactly.</param>
/// <param name="EmailVerified">The provider's word about the address; null: it said nothing, and the connection's trustEmail decides.</param>
/// <param name="ExternalId">The claim that equals a directory entry's externalId, when the connection maps one.</param>
/// <param name="SessionIndex">The provider's own session (OIDC <c>sid</c>, SAML SessionIndex), by which it can end ours.</param>
/// <param name="AuthenticatedAt">When the provider authenticated the person; null when it did not say.</param>
/// <param name="LogoutHint">What the provider wants back at sign-out; encrypted by the caller.</param>
public sealed record LoginAssertion(
    Connection Connection, string Subject, string? Email, bool? EmailVerified, string? Name, IReadOnlyList<string> Groups, string? ExternalId,
    string? SessionIndex, DateTimeOffset? AuthenticatedAt, string? LogoutHint)
{
    /// <inheritdoc cref="SignInRequest.GroupsHidden"/>
    public bool GroupsHidden { get; init; }

    /// <summary>When the provider's word ends (SAML SessionNotOnOrAfter): a session of ours lasts no longer; null: it did not say.</summary>
    public DateTimeOffset? SessionEndsAt { get; init; }

    public SignInRequest ToRequest() => new(Connection, Subject, Email, EmailVerified, Name, Groups, ExternalId) { GroupsHidden = GroupsHidden };
}
