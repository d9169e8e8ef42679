using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Invitations;
using Provisioning.Core.Organizations;

namespace Provisioning.Api.Sso;

/// <summary>
/// What the link of an invitation's mail opens. Looking changes nothing, because mail scanners look too: the person presses a button,
/// and what counts is the token, so the form needs no other proof.
/// </summary>
public static class InvitationPages
{
    private const int LongestToken = 256;

    public static void MapInvitationPages(this IEndpointRouteBuilder routes)
    {
        var pages = routes.MapGroup(InvitationLinks.Path).ExcludeFromDescription().WithMetadata(new RoutePolicy("anyone")).CountedByClient();
        pages.MapGet("", OpenAsync);
        pages.MapPost("", AcceptAsync);
    }

    private static async Task OpenAsync(HttpContext context)
    {
        var opened = await context.RequestServices.GetRequiredService<InvitationAcceptance>().OpenAsync(
            Token(context.Request.Query["token"]), context.RequestAborted);
        if (!opened.Try(out var found, out var error)) await RefusedAsync(context, error);
        else if (found.Invitation.State == InvitationState.Accepted) await JoinedAsync(context, found.Organization, found.Invitation);
        else await AskAsync(context, found);
    }

    private static async Task AcceptAsync(HttpContext context)
    {
        if (await SsoEndpoints.FormAsync(context) is not { } form) return;
        var accepted = await context.RequestServices.GetRequiredService<InvitationAcceptance>().AcceptAsync(
            Token(form["token"]), context.CorrelationId(), context.RequestAborted);
        if (accepted.Try(out var joined, out var error)) await JoinedAsync(context, joined.Organization, joined.Invitation);
        else await RefusedAsync(context, error);
    }

    private static Task AskAsync(HttpContext context, OpenedInvitation opened) =>
        Page.WriteAsync(context, StatusCodes.Status200OK, $"Join {opened.Organization.Name}",
            $"""
            <p>{Page.Text(opened.Organization.Name)} invites <strong>{Page.Text(opened.Invitation.Email)}</strong>{Page.Text(RoleOf(opened.Invitation.Role))}.</p>
            <form method="post" action="{InvitationLinks.Path}">
            <input type="hidden" name="token" value="{Page.Text(Token(context.Request.Query["token"]))}">
            <button class="button">Accept the invitation</button>
            </form>
            <p class="small">The invitation is open until {opened.Invitation.ExpiresAt.UtcDateTime:d MMMM yyyy, HH:mm} UTC. If you did not expect it, close this page.</p>
            """);

    /// <summary>The way in from here, where the organisation signs people of this address in.</summary>
    private static async Task JoinedAsync(HttpContext context, Organization organization, Invitation invitation)
    {
        var domain = EmailAddress.TryParse(invitation.Email, out var email) ? email.Domain : null;
        var route = await context.RequestServices.GetRequiredService<ConnectionDirectory>().RouteAsync(organization, domain, context.RequestAborted);
        var next = route is null
            ? "<p>From now on you can sign in the way your organisation has told you.</p>"
            : $"""<a class="button" href="/sso/{Page.Text(organization.Slug)}/start?login_hint={Page.Text(Uri.EscapeDataString(invitation.Email))}">Sign in</a>""";
        await Page.WriteAsync(context, StatusCodes.Status200OK, $"Welcome to {organization.Name}",
            $"""
            <p>You are a member now{Page.Text(RoleOf(invitation.Role))}.</p>
            {next}
            """);
    }

    private static Task RefusedAsync(HttpContext context, Error error)
    {
        var (status, code, _) = Problems.From(error);
        var (title, ask) = code switch
        {
            "invitation_expired" => ("This invitation has expired", "Ask the person who invited you to send it again."),
            "invitation_revoked" => ("This invitation is no longer valid", "Perhaps a newer one is in your mailbox. Otherwise ask the person who invited you."),
            "member_exists" => ("You are a member already", "Sign in the way your organisation has told you."),
            "managed_by_directory" => ("Your company decides about your access", "Ask the people who run your company's sign-in to assign this product to you, then sign in."),
            "not_found" => ("We do not know this invitation", "Open the whole link of the mail; some mail programs break it into two lines."),
            _ => ("You cannot join now", "Ask an administrator of your organisation."),
        };
        Problems.SetHeaders(context.Response, status);
        return SsoPages.ErrorAsync(context, status, title, ask);
    }

    private static string RoleOf(Role role) => role switch
    {
        Role.PrimaryOwner => " as its primary owner",
        Role.Owner => " as an owner",
        Role.Admin => " as an administrator",
        _ => "",
    };

    private static string Token(Microsoft.Extensions.Primitives.StringValues given) => given is [{ Length: <= LongestToken } token] ? token : "";
}
