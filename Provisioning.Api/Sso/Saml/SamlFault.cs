using Provisioning.Core.Common;

namespace Provisioning.Api.Sso.Saml;

/// <summary>
/// Why a SAML message is refused: stable codes for logs, the audit trail and the error page, each with a sentence for whoever looks after
/// the connection. Nothing of the message itself is repeated but names and times.
/// </summary>
internal static class SamlFault
{
    public const string
        Malformed = "saml_malformed",
        Status = "saml_status",
        NotSigned = "saml_not_signed",
        SignatureInvalid = "saml_signature_invalid",
        AlgorithmRefused = "saml_algorithm_refused",
        CertificateDates = "saml_certificate_dates",
        NotDecrypted = "saml_not_decrypted",
        Issuer = "saml_issuer",
        Audience = "saml_audience",
        Recipient = "saml_recipient",
        Destination = "saml_destination",
        Unsolicited = "saml_unsolicited",
        WrongRequest = "saml_wrong_request",
        Expired = "saml_expired",
        NotYetValid = "saml_not_yet_valid",
        Subject = "saml_subject",
        Condition = "saml_condition",
        Replayed = "saml_replayed";

    public static Unprocessable Of(string code, string detail) => new(code, detail);

    public static Unprocessable MalformedBecause(string detail) => new(Malformed, detail);
}
