using Provisioning.Api.Hosting;
using Provisioning.Core.Organizations;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Sso;

/// <summary>Sends a browser to an identity provider of one kind.</summary>
public interface ISignInStart
{
    ConnectionKind Kind { get; }

    /// <summary>Answers with the redirect, or with an error page.</summary>
    /// <param name="flow">Its secrets; bound to this browser already.</param>
    /// <param name="loginHint">The address the person typed, if any.</param>
    Task RedirectAsync(HttpContext context, Organization organization, Connection connection, FlowSecrets flow, string? loginHint, string again);
}

/// <summary>The beginning of every sign-in: checks where the person wants to go afterwards, binds the flow to the browser, goes.</summary>
public sealed class SignInStart(
    IEnumerable<ISignInStart> kinds, SignInFlows flows, SignInSettingsChanges settings, SignInCookies cookies, PublicUrl url)
{
    public async Task AnswerAsync(HttpContext context, Organization organization, Connection connection, string? returnTo, string? loginHint)
    {
        var cancel = context.RequestAborted;
        if (!url.IsKnown)
        {
            await SsoPages.ErrorAsync(context, StatusCodes.Status503ServiceUnavailable, "Sign-in is not set up",
                "This service does not know its own address yet (setting Public:BaseUrl). Tell the people who run it.");
            return;
        }
        if (returnTo is not null && !(await settings.FindAsync(organization, cancel)).Allows(returnTo))
        {
            // Never a link to it: the address is somebody else's word.
            await SsoPages.ErrorAsync(context, StatusCodes.Status400BadRequest, "This link does not work",
                "The application you came from asked to send you to an address that your organisation has not allowed. Tell the people who run it.");
            return;
        }
        var again = SignInFinish.Start(organization, connection, returnTo);
        if (!connection.SignsPeopleIn || kinds.FirstOrDefault(kind => kind.Kind == connection.Kind) is not { } start)
        {
            await SsoPages.ErrorAsync(context, StatusCodes.Status422UnprocessableEntity, "Sign-in is switched off",
                "Your organisation has switched this way of signing in off. Ask one of its administrators.", again);
            return;
        }
        var actor = SignInCompletion.ActorOf(connection, context.CorrelationId());
        var begun = await flows.BeginAsync(connection, actor, cookies.EnsureBrowser(context), returnTo, cancel);
        if (!begun.Try(out var flow, out var error)) await SsoPages.ErrorAsync(context, error, again);
        else await start.RedirectAsync(context, organization, connection, flow, loginHint, again);
    }
}
