using Provisioning.Core.Common;

namespace Provisioning.Api.Hosting;

/// <summary>What a SAML identity provider says about itself in its metadata.</summary>
/// <param name="SsoUrl">Of the HTTP-Redirect binding.</param>
/// <param name="SloUrl">Of the HTTP-Redirect binding; null: no single logout.</param>
/// <param name="Certificates">For signing, base64 DER, in order.</param>
public sealed record ProviderMetadata(string EntityId, string SsoUrl, string? SloUrl, IReadOnlyList<string> Certificates, bool WantsSignedRequests);

/// <summary>Reads metadata of identity providers; the SAML door registers itself, for the doors do not know each other.</summary>
public interface IProviderMetadata
{
    /// <returns>Or <see cref="InvalidValue"/>, which says what is wrong with it.</returns>
    Outcome<ProviderMetadata> Read(string xml);

    /// <returns>Or <see cref="InvalidValue"/>, or what <see cref="OutboundHttp"/> refuses.</returns>
    Task<Outcome<ProviderMetadata>> FetchAsync(Uri address, CancellationToken cancel);
}
