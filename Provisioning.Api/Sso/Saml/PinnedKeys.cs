using System.Security.Cryptography.X509Certificates;
using Provisioning.Core.Common;

namespace Provisioning.Api.Sso.Saml;

/// <summary>
/// The certificates of an identity provider that its connection names. A certificate inside a message is never looked at; who issued one
/// does not matter; its dates do.
/// </summary>
internal sealed record PinnedKeys(IReadOnlyList<X509Certificate2> Certificates, DateTimeOffset Now)
{
    /// <returns>Or <see cref="SamlFault.SignatureInvalid"/>, <see cref="SamlFault.CertificateDates"/>.</returns>
    public Outcome<Done> Verify(SignatureAlgorithm algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        var outdated = false;
        foreach (var certificate in Certificates)
        {
            if (!algorithm.Verifies(certificate, data, signature)) continue;
            if (Now >= certificate.NotBefore && Now <= certificate.NotAfter) return new Done();
            outdated = true;
        }
        return outdated
            ? SamlFault.Of(SamlFault.CertificateDates, "The certificate that signed this is outside its validity dates; renew it in the identity provider and here.")
            : SamlFault.Of(SamlFault.SignatureInvalid, "No certificate of the connection made this signature.");
    }
}
