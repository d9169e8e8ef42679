using System.Text.Json;
using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Sso.Saml;

/// <summary>A person who signed out here is sent on to sign out at the identity provider: a signed LogoutRequest by Redirect.</summary>
internal sealed class SamlSignOut(SamlParties parties, TimeProvider time) : IProviderSignOut
{
    public ConnectionKind Kind => ConnectionKind.Saml;

    public async Task<string?> AddressAsync(HttpContext context, Connection connection, MemberSession session, string? hint)
    {
        using var party = await parties.FindAsync(context, connection.Id);
        if (party?.Settings.SloUrl is not { Length: > 0 } address || hint is null || JsonSerializer.Deserialize<LogoutName>(hint) is not { } name)
            return null;
        using var key = party.OwnKey;
        var request = SamlMessages.LogoutRequest(SamlMessages.NewId(), Instants.Now(time), address, party.Service, name);
        return RedirectBinding.Url(address, "SAMLRequest", request, null, key);
    }
}
