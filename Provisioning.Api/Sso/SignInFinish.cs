using Provisioning.Api.Configuration;
using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Sso;

/// <summary>The end of every sign-in, OIDC and SAML: a session and a code for the application, or a page that says why not.</summary>
public sealed class SignInFinish(
    SignInCompletion completion, SignInSettingsChanges settings, SignInCookies cookies, SecretProtection secrets, ServiceSettings service)
{
    /// <summary>Decides and answers the browser.</summary>
    /// <param name="assertion">Checked; <see cref="LoginAssertion.LogoutHint"/> not yet encrypted.</param>
    /// <param name="returnTo">Of the flow; looked up again, because the list may have changed since.</param>
    public async Task AnswerAsync(HttpContext context, Organization organization, LoginAssertion assertion, string? returnTo)
    {
        var cancel = context.RequestAborted;
        if (returnTo is not null && !(await settings.FindAsync(organization, cancel)).Allows(returnTo)) returnTo = null;
        var kept = assertion with
        {
            LogoutHint = assertion.LogoutHint is { } hint ? secrets.Protect(SecretProtection.LogoutHint, hint) : null,
        };
        var again = Start(organization, assertion.Connection, returnTo);
        var completed = await completion.CompleteAsync(
            organization, kept, context.CorrelationId(), service.Sso.SessionLife, withCode: returnTo is not null, cancel);
        if (!completed.Try(out var signIn, out var error))
        {
            Instruments.Refused(Instruments.SignInDoor, Problems.From(error).Code);
            await SsoPages.ErrorAsync(context, error, again);
            return;
        }
        if (signIn.Started is not { } started)
        {
            Instruments.Refused(Instruments.SignInDoor, signIn.Answer.Reason);
            await SsoPages.RefusedAsync(context, organization, signIn.Answer, again);
            return;
        }
        cookies.SetSession(context, started.Cookie, service.Sso.SessionLife);
        if (returnTo is null) await SsoPages.SignedInAsync(context, organization);
        else Page.Redirect(context, WithCode(SignInSettings.Parse(returnTo)!.AbsoluteUri, started.Code!)); // as it was compared
    }

    /// <summary>Where a new attempt through the same connection begins.</summary>
    public static string Start(Organization organization, Connection connection, string? returnTo) =>
        $"/sso/{organization.Slug}/start?connection={connection.Id}" + (returnTo is null ? "" : "&return_to=" + Uri.EscapeDataString(returnTo));

    private static string WithCode(string returnTo, string code) =>
        returnTo + (returnTo.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "code=" + code;
}
