using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Sso.Saml;

/// <summary>Sends the browser to a SAML identity provider with an AuthnRequest whose ID is the flow's; no RelayState, nothing there could be trusted.</summary>
internal sealed class SamlSignInStart(SamlParties parties, TimeProvider time) : ISignInStart
{
    public ConnectionKind Kind => ConnectionKind.Saml;

    public async Task RedirectAsync(HttpContext context, Organization organization, Connection connection, FlowSecrets flow, string? loginHint, string again)
    {
        using var party = parties.Of(context, organization, connection);
        if (party is null || party.Settings.SsoUrl.Length == 0)
        {
            await SsoPages.ErrorAsync(context, StatusCodes.Status422UnprocessableEntity, "Sign-in is not set up yet",
                "Your organisation has not finished this way of signing in. Ask one of its administrators.", again);
            return;
        }
        var settings = party.Settings;
        var request = SamlMessages.AuthnRequest(
            flow.RequestId, Instants.Now(time), settings.SsoUrl, party.Service, party.Consumer, settings.NameIdFormat);
        using var key = settings.SignAuthnRequests ? party.OwnKey : null;
        Page.Redirect(context, RedirectBinding.Url(settings.SsoUrl, "SAMLRequest", request, null, key));
    }
}
