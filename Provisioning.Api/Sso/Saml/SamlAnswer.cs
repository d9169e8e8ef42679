using System.Text.Json;
using Provisioning.Api.Hosting;
using Provisioning.Core.Organizations;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Sso.Saml;

/// <summary>A checked assertion on its way from the cross-site POST, which carries no cookie, to the browser's own GET; encrypted in between.</summary>
/// <param name="Unsolicited">The identity provider began; the person is asked before anything happens.</param>
/// <param name="ConnectionVersion">Of the connection whose settings it was checked with.</param>
internal sealed record SamlAnswer(bool Unsolicited, long ConnectionVersion, SamlPerson Person, DateTimeOffset AuthenticatedAt, DateTimeOffset? SessionEnds, LogoutName Logout)
{
    public static SamlAnswer Of(Connection connection, SamlAssertion assertion, SamlAttributes names, bool unsolicited) => new(
        unsolicited, connection.Version, SamlPerson.Of(assertion, names), assertion.AuthenticatedAt, assertion.SessionEnds,
        new LogoutName(assertion.NameId, assertion.NameIdFormat, assertion.SessionIndex));

    public string Seal(SecretProtection secrets) => secrets.Protect(SecretProtection.FlowAnswer, JsonSerializer.Serialize(this));

    public static SamlAnswer? Open(SecretProtection secrets, string? kept) =>
        secrets.Unprotect(SecretProtection.FlowAnswer, kept) is { } text ? JsonSerializer.Deserialize<SamlAnswer>(text) : null;

    /// <summary>SAML has no word for a verified address: the connection's trustEmail decides (rule JIT-1).</summary>
    public LoginAssertion For(Connection connection) => new(
        connection with { Version = ConnectionVersion }, Person.Subject, Person.Email, null, Person.Name, Person.Groups, Person.ExternalId, Logout.SessionIndex, AuthenticatedAt,
        JsonSerializer.Serialize(Logout)) { SessionEndsAt = SessionEnds, GroupsHidden = Person.GroupsHidden };
}
