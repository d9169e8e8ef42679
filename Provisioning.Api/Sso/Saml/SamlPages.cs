using Provisioning.Api.Hosting;
using Provisioning.Core.Common;

namespace Provisioning.Api.Sso.Saml;

/// <summary>Pages that only SAML has, and the log line of what was refused.</summary>
internal sealed partial class SamlPages(ILogger<SamlPages> logger)
{
    /// <summary>A message of the identity provider that is not believed: the reason is for the people who run it.</summary>
    public Task RefusedAsync(HttpContext context, SamlParty party, Error error)
    {
        if (error is not Unprocessable fault) return SsoPages.ErrorAsync(context, error, SignInFinish.Start(party.Organization, party.Connection, null));
        Refused(party.Connection.Id.ToString(), fault.Code, context.CorrelationId());
        Instruments.Refused(Instruments.SignInDoor, fault.Code);
        return Page.WriteAsync(context, fault.Code == SamlFault.Malformed ? StatusCodes.Status400BadRequest : StatusCodes.Status403Forbidden,
            "Your organisation's sign-in did not work",
            $"""
            <p class="problem">What your organisation's sign-in said about you was not accepted.</p>
            <p>Try again. If it stays so, tell the people who run your company's sign-in: {Page.Text(fault.Detail)}</p>
            <a class="button" href="{Page.Text(SignInFinish.Start(party.Organization, party.Connection, null))}">Try again</a>
            <p class="small">Organisation: {Page.Text(party.Organization.Name)}<br>Reason: {Page.Text(fault.Code)}<br>When you ask for help, give this reference: {Page.Text(context.CorrelationId())}</p>
            """);
    }

    public static Task ConfirmAsync(HttpContext context, SamlParty party, SamlAnswer answer, string ticket, string proof) =>
        Page.WriteAsync(context, StatusCodes.Status200OK, "Sign in?",
            $"""
            <p>Your company's sign-in sent you here as <strong>{Page.Text(answer.Person.Name ?? answer.Person.Email ?? answer.Person.Subject)}</strong>{(answer.Person is { Name: not null, Email: { } email } ? $" ({Page.Text(email)})" : "")}.</p>
            <form method="post" action="/sso/saml/{party.Connection.Id}/confirm">
            <input type="hidden" name="ticket" value="{Page.Text(ticket)}">
            <input type="hidden" name="proof" value="{Page.Text(proof)}">
            <button class="button">Sign in to {Page.Text(party.Organization.Name)}</button>
            </form>
            <p class="small">If this is not you, close this page.</p>
            """, hasForm: true);

    public static Task SignedInAlreadyAsync(HttpContext context) =>
        Page.WriteAsync(context, StatusCodes.Status409Conflict, "You are signed in already",
            """
            <p>Somebody is signed in in this browser, and a link from outside never changes that.</p>
            <form method="post" action="/sso/sign-out"><button class="button">Sign out</button></form>
            <p class="small">Then begin again.</p>
            """, hasForm: true);

    public static Task SignedOutHereOnlyAsync(HttpContext context) =>
        Page.WriteAsync(context, StatusCodes.Status200OK, "You are signed out here",
            """
            <p>Your company's sign-in did not confirm that it signed you out too. On a shared computer, close the browser.</p>
            <a class="button" href="/sso">Sign in again</a>
            """);

    [LoggerMessage(LogLevel.Warning, "A SAML message at {Connection} was refused: {Code} ({CorrelationId})")]
    private partial void Refused(string connection, string code, string correlationId);
}
