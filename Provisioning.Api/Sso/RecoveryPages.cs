using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Sso;

/// <summary>
/// The way to the administration when sign-in itself is broken: an address is asked for, a mail brings a link, and a press of a button
/// opens it. Looking at the link changes nothing, because mail scanners look too.
/// </summary>
public static class RecoveryPages
{
    private const int LongestToken = 100;

    public static void MapRecovery(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/{org}/recovery", ShowAsync);
        pages.MapPost("/{org}/recovery", AskAsync);
        pages.MapGet("/recovery", OpenAsync);
        pages.MapPost("/recovery", EnterAsync);
    }

    /// <summary>Where the administrators of an organisation ask for a link.</summary>
    public static string AddressOf(string slug) => $"{SsoEndpoints.Root}/{slug}/recovery";

    private static async Task ShowAsync(HttpContext context)
    {
        if (await SsoEndpoints.OrganizationAsync(context) is not { } organization) return;
        if (await context.RequestServices.GetRequiredService<RecoveryLinks>().AreAllowedAsync(organization, context.RequestAborted)) await FormAsync(context, organization);
        else await NotOfferedAsync(context);
    }

    private static async Task AskAsync(HttpContext context)
    {
        var services = context.RequestServices;
        if (services.GetRequiredService<ClientLimits>().TakeRecovery(context) is { } limited)
        {
            await SsoPages.ErrorAsync(context, limited);
            return;
        }
        if (await SsoEndpoints.FormAsync(context) is not { } form || await SsoEndpoints.OrganizationAsync(context) is not { } organization) return;
        if (!EmailAddress.TryParse(form["email"], out var email))
        {
            await FormAsync(context, organization, "This is not an e-mail address.");
            return;
        }
        var asked = await services.GetRequiredService<RecoveryLinks>().AskAsync(organization, email, context.CorrelationId(), context.RequestAborted);
        if (asked.Error is Forbidden) await NotOfferedAsync(context);
        else if (asked.Error is { } error) await SsoPages.ErrorAsync(context, error);
        else
            await Page.WriteAsync(context, StatusCodes.Status200OK, "Look into your mailbox",
                $"""
                <p>If this is the address of an owner or admin of {Page.Text(organization.Name)}, a link is on its way there. It is good for 15 minutes, and once.</p>
                <p class="small">Nothing comes? Look into the spam folder. A person gets at most {RecoveryLink.MostAnHour} links an hour.</p>
                """);
    }

    private static async Task OpenAsync(HttpContext context)
    {
        var token = Token(context.Request.Query["token"]);
        var looked = await context.RequestServices.GetRequiredService<RecoveryEntrance>().LookAsync(token, context.RequestAborted);
        if (!looked.Try(out var found, out var error)) await OverAsync(context, error);
        else
            await Page.WriteAsync(context, StatusCodes.Status200OK, $"Administration of {found.Organization.Name}",
                $"""
                <p>You come in as <strong>{Page.Text(found.Member.Member.UserName)}</strong>, for one hour. This opens the administration only, not the product.</p>
                <form method="post" action="{RecoveryAddresses.Path}">
                <input type="hidden" name="token" value="{Page.Text(token)}">
                <button class="button">Open the administration</button>
                </form>
                <p class="small">If you did not ask for this link, close this page and tell an owner of your organisation.</p>
                """);
    }

    /// <summary>From our own page only: a form of another site could put somebody into an administration that is not his own.</summary>
    private static async Task EnterAsync(HttpContext context)
    {
        var services = context.RequestServices;
        if (!services.GetRequiredService<Authentication>().IsOurPage(context.Request))
        {
            await SsoPages.ErrorAsync(context, StatusCodes.Status403Forbidden, "This did not work", "Open the link of the mail again, and press the button there.");
            return;
        }
        if (await SsoEndpoints.FormAsync(context) is not { } form) return;
        var entered = await services.GetRequiredService<RecoveryEntrance>().EnterAsync(Token(form["token"]), context.CorrelationId(), context.RequestAborted);
        if (!entered.Try(out var done, out var error))
        {
            await OverAsync(context, error);
            return;
        }
        services.GetRequiredService<SignInCookies>().SetSession(context, done.Started.Cookie, RecoveryLink.SessionLife);
        Page.Redirect(context, AdministrationPages.Path);
    }

    private static Task FormAsync(HttpContext context, Organization organization, string? problem = null) =>
        Page.WriteAsync(context, problem is null ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity, "Sign-in is broken?",
            $"""
            {(problem is null ? "" : $"""<p class="problem" role="alert">{Page.Text(problem)}</p>""")}
            <p>Owners and admins of {Page.Text(organization.Name)} can have a link to the administration sent to their address, to repair it.</p>
            <form method="post" action="{AddressOf(Page.Text(organization.Slug))}">
            <label for="email">Your e-mail address</label>
            <input id="email" name="email" type="email" inputmode="email" autocomplete="username" required maxlength="256" autofocus>
            <button class="button">Send me a link</button>
            </form>
            <p class="small">Everybody else: ask an administrator of your organisation.</p>
            """);

    private static Task NotOfferedAsync(HttpContext context) => SsoPages.ErrorAsync(context, StatusCodes.Status403Forbidden, "There is no link here",
        "Your organisation has not switched this way in on. The people who run this service can give one of its owners or admins a link.");

    private static Task OverAsync(HttpContext context, Error error)
    {
        var (status, _, _) = Problems.From(error);
        if (error is not Gone) return SsoPages.ErrorAsync(context, error);
        return SsoPages.ErrorAsync(context, status, "This link does not work any more",
            "A link is good for 15 minutes, once, and only while you are an owner or admin. Ask for another one where you asked for this one.");
    }

    private static string Token(Microsoft.Extensions.Primitives.StringValues given) => given is [{ Length: <= LongestToken } token] ? token : "";
}
