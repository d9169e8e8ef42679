using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Sso;

/// <summary>The pages of sign-in, in words a person understands.</summary>
public static class SsoPages
{
    /// <summary>Whom the refused person can do something about, in words for the person, not for the administrator.</summary>
    private static readonly Dictionary<string, (string Title, string Ask)> Refusals = new()
    {
        ["seat_unavailable"] = ("No seat is free", "Ask an administrator of your organisation for a seat. As soon as there is one, press Try again and you are in."),
        ["seat_unassigned"] = ("You have no seat", "Ask an administrator of your organisation to give you a seat again. Then press Try again."),
        ["not_invited"] = ("You are not invited yet", "Ask an administrator of your organisation for an invitation. Then press Try again."),
        ["not_provisioned"] = ("You are not assigned yet", "Ask the people who run your company's sign-in to assign this product to you. Then press Try again."),
        ["no_mapped_group"] = ("You are in no group that has access", "Ask the people who run your company's sign-in to add you to one. Then press Try again."),
        ["groups_hidden"] = ("Your groups are not known", "Ask the people who run your company's sign-in: it has to send the groups of this application. Then press Try again."),
        ["deprovisioned"] = ("Your access was withdrawn", "If you think this is a mistake, ask an administrator of your organisation."),
        ["ambiguous_email"] = ("We cannot tell who you are", "Ask an administrator of your organisation: two members have your e-mail address."),
        ["identity_conflict"] = ("This account is not linked", "Sign in with the account you used before, or ask an administrator of your organisation."),
        ["connection_disabled"] = ("Sign-in is switched off", "Ask an administrator of your organisation which way to sign in."),
        ["term_inactive"] = ("The subscription has ended", "Ask an owner of your organisation to renew it. Then press Try again."),
        ["email_not_verified"] = ("Your address is not confirmed", "Ask the people who run your company's sign-in: it has to confirm your e-mail address."),
        ["domain_not_verified"] = ("Your domain is not known", "Ask an administrator of your organisation: the domain of your e-mail address has to be verified first."),
    };

    /// <summary>Refusals that another account could help with.</summary>
    private static readonly string[] OtherAccount =
        ["not_invited", "not_provisioned", "no_mapped_group", "deprovisioned", "ambiguous_email", "identity_conflict", "email_not_verified", "domain_not_verified"];

    /// <summary>Why somebody stays outside, whom to ask, and a way to try again.</summary>
    /// <param name="again">Where a new attempt begins; null when there is none.</param>
    public static Task RefusedAsync(HttpContext context, Organization organization, SignInAnswer answer, string? again)
    {
        var reason = DenyReason.All.GetValueOrDefault(answer.Reason);
        var (title, ask) = Refusals.GetValueOrDefault(answer.Reason, ("You cannot come in", "Ask an administrator of your organisation."));
        return Page.WriteAsync(context, StatusCodes.Status403Forbidden, title,
            $"""
            <p class="problem">{Page.Text(reason?.Message ?? "Your organisation does not let you in.")}</p>
            <p>{Page.Text(ask)}</p>
            {Again(again)}
            {(again is not null && OtherAccount.Contains(answer.Reason) ? $"""<p><a href="{Page.Text(again)}&amp;prompt=login">Use another account</a></p>""" : "")}
            <p class="small">Organisation: {Page.Text(organization.Name)}<br>Reason: {Page.Text(answer.Reason)}<br>{Reference(context)}</p>
            """);
    }

    /// <summary>Something went wrong that the person cannot be blamed for.</summary>
    /// <param name="what">For the person; no word of the inside.</param>
    public static Task ErrorAsync(HttpContext context, int status, string title, string what, string? again = null) =>
        Page.WriteAsync(context, status, title,
            $"""
            <p class="problem">{Page.Text(what)}</p>
            {(again == SsoEndpoints.Root ? $"""<a class="button" href="{again}">Sign in</a>""" : Again(again))}
            {Recovery(again)}
            <p class="small">{Reference(context)}</p>
            """);

    /// <summary>An expected refusal of a room as a page.</summary>
    public static Task ErrorAsync(HttpContext context, Error error, string? again = null)
    {
        var (status, _, title) = Problems.From(error);
        Problems.SetHeaders(context.Response, status);
        Problems.SetWait(context.Response, error);
        return ErrorAsync(context, status, title, error.Detail, again);
    }

    public static Task SignedInAsync(HttpContext context, Organization organization) =>
        Page.WriteAsync(context, StatusCodes.Status200OK, "You are signed in",
            $"""
            <p>You are signed in to {Page.Text(organization.Name)}. You can close this page.</p>
            <form method="post" action="/sso/sign-out"><button class="button">Sign out</button></form>
            """, hasForm: true);

    public static Task AskSignOutAsync(HttpContext context) =>
        Page.WriteAsync(context, StatusCodes.Status200OK, "Sign out",
            """
            <p>This ends your session here, and at your organisation's sign-in if it offers that.</p>
            <form method="post" action="/sso/sign-out"><button class="button">Sign out</button></form>
            """, hasForm: true);

    public static Task SignedOutAsync(HttpContext context) =>
        Page.WriteAsync(context, StatusCodes.Status200OK, "You are signed out",
            """
            <p>You can close this page.</p>
            <a class="button" href="/sso">Sign in again</a>
            """);

    /// <summary>Asks for the address; what it answers depends on the domain only.</summary>
    public static Task AskAsync(HttpContext context, string action, string? returnTo, string? problem = null) =>
        Page.WriteAsync(context, problem is null ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity, "Sign in",
            $"""
            {(problem is null ? "" : $"""<p class="problem" role="alert">{Page.Text(problem)}</p>""")}
            <form method="post" action="{Page.Text(action)}">
            <label for="email">Your work e-mail address</label>
            <input id="email" name="email" type="email" inputmode="email" autocomplete="username" required maxlength="256" autofocus>
            {(returnTo is null ? "" : $"""<input type="hidden" name="return_to" value="{Page.Text(returnTo)}">""")}
            <button class="button">Continue</button>
            </form>
            <p class="small">You sign in at your organisation; this page never asks for a password.</p>
            """, hasForm: true);

    /// <summary>When a sign-in failed: the people who could repair it may be outside too.</summary>
    /// <param name="again">As <see cref="SignInFinish.Start"/> writes it; nothing for another address.</param>
    private static string Recovery(string? again) =>
        again?.Split('/') is ["", "sso", var slug, var start, ..] && start.StartsWith("start", StringComparison.Ordinal)
            ? $"""<p class="small">Administrators: <a href="{RecoveryPages.AddressOf(Page.Text(slug))}">sign-in itself is broken</a></p>""" : "";

    private static string Again(string? address) => address is null ? "" : $"""<a class="button" href="{Page.Text(address)}">Try again</a>""";

    private static string Reference(HttpContext context) => $"When you ask for help, give this reference: {Page.Text(context.CorrelationId())}";
}
