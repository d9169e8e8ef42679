using Provisioning.Api.Hosting;
using Provisioning.Api.Sso.Oidc;
using Provisioning.Api.Sso.Saml;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Sso;

/// <summary>The door for people: sign in, come back, sign out. Answers are pages and redirects, never JSON.</summary>
public static class SsoEndpoints
{
    public const string Root = "/sso";

    private const int LongestForm = RequestBody.AnonymousBytes;

    public static void AddSso(this IServiceCollection services)
    {
        services.AddSingleton<SignInStart>();
        services.AddSingleton<SignInFinish>();
        services.AddSingleton<SignOut>();
        services.AddOidc();
        services.AddSaml();
        services.AddErrorFormat("/invitations", static (context, status, detail) => SsoPages.ErrorAsync(context, status, "This did not work", detail));
        services.AddErrorFormat(Root, static (context, status, detail) => SsoPages.ErrorAsync(context, status, "This did not work", detail));
    }

    public static void MapSso(this IEndpointRouteBuilder routes)
    {
        var texts = routes.MapGroup(Root).ExcludeFromDescription().WithMetadata(new RoutePolicy("anyone"));
        texts.MapGet("/style.css", StyleAsync);
        texts.MapGet("", static context => SsoPages.AskAsync(context, Root, null));
        texts.MapGet("/sign-out", SsoPages.AskSignOutAsync);
        texts.MapGet("/signed-out", SsoPages.SignedOutAsync);
        var pages = texts.MapGroup("").CountedByClient();
        pages.MapPost("", Limited(FindHomeAsync));
        pages.MapGet("/{org}/start", Limited(StartAsync));
        pages.MapPost("/{org}/start", Limited(StartWithAddressAsync));
        pages.MapPost("/sign-out", static context => context.RequestServices.GetRequiredService<SignOut>().AnswerAsync(context));
        pages.MapRecovery();
        pages.MapAdministration();
        pages.MapOidc();
        pages.MapSaml();
        routes.MapInvitationPages();
    }

    /// <summary>What reads or writes rows for a stranger is counted per client.</summary>
    internal static RouteGroupBuilder CountedByClient(this RouteGroupBuilder pages)
    {
        pages.AddEndpointFilter(static async (call, next) =>
        {
            if (call.HttpContext.RequestServices.GetRequiredService<ClientLimits>().TakeRequest(call.HttpContext) is not { } limited) return await next(call);
            await SsoPages.ErrorAsync(call.HttpContext, limited);
            return Results.Empty;
        });
        return pages.WithMetadata(CountedRoute.Mark);
    }

    /// <summary>Each of these writes a row for a stranger.</summary>
    private static RequestDelegate Limited(RequestDelegate answer) => context =>
        context.RequestServices.GetRequiredService<ClientLimits>().TakeStart(context) is { } limited ? SsoPages.ErrorAsync(context, limited) : answer(context);

    private static Task StyleAsync(HttpContext context)
    {
        context.Response.ContentType = "text/css; charset=utf-8";
        context.Response.Headers.CacheControl = "public, max-age=3600";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return context.Response.WriteAsync(Page.Style, context.RequestAborted);
    }

    /// <summary>The domain of the address leads to the organisation and its connection; the address itself is asked of nobody here.</summary>
    private static async Task FindHomeAsync(HttpContext context)
    {
        if (await FormAsync(context) is not { } form) return;
        if (!EmailAddress.TryParse(form["email"], out var email))
        {
            await SsoPages.AskAsync(context, Root, null, "This is not an e-mail address.");
            return;
        }
        var realm = await context.RequestServices.GetRequiredService<ConnectionDirectory>().RouteAsync(email.Domain, context.RequestAborted);
        if (realm is null)
            await SsoPages.AskAsync(context, Root, null, $"No organisation signs people of {email.Domain} in here. Check the address, or ask your administrator.");
        else
            await BeginAsync(context, realm.Organization, realm.Connection, null, email.Text);
    }

    /// <summary>An application sends its people here. Without a connection in the address, the organisation's routing decides, or the person is asked.</summary>
    private static async Task StartAsync(HttpContext context)
    {
        if (await OrganizationAsync(context) is not { } organization) return;
        var (connections, query) = (context.RequestServices.GetRequiredService<ConnectionDirectory>(), context.Request.Query);
        string? returnTo = Given(query["return_to"]), named = Given(query["connection"]), hint = Given(query["login_hint"]);
        if (hint is { Length: > TextKey.MaxLength }) hint = null;
        var connection = named is not null
            ? await connections.FindAsync(organization, named, context.RequestAborted)
            : await connections.RouteAsync(organization, EmailAddress.TryParse(hint, out var email) ? email.Domain : null, context.RequestAborted);
        if (connection is not null) await BeginAsync(context, organization, connection, returnTo, hint);
        else if (named is not null) await NothingHereAsync(context);
        else await SsoPages.AskAsync(context, context.Request.Path, returnTo);
    }

    private static async Task StartWithAddressAsync(HttpContext context)
    {
        if (await FormAsync(context) is not { } form || await OrganizationAsync(context) is not { } organization) return;
        var (returnTo, path) = (Given(form["return_to"]), context.Request.Path);
        if (!EmailAddress.TryParse(form["email"], out var email))
        {
            await SsoPages.AskAsync(context, path, returnTo, "This is not an e-mail address.");
            return;
        }
        var connection = await context.RequestServices.GetRequiredService<ConnectionDirectory>().RouteAsync(organization, email.Domain, context.RequestAborted);
        if (connection is null) await SsoPages.AskAsync(context, path, returnTo, $"{organization.Name} does not sign people of {email.Domain} in here.");
        else await BeginAsync(context, organization, connection, returnTo, email.Text);
    }

    private static Task BeginAsync(HttpContext context, Organization organization, Connection connection, string? returnTo, string? loginHint) =>
        context.RequestServices.GetRequiredService<SignInStart>().AnswerAsync(context, organization, connection, returnTo, loginHint);

    internal static async Task<Organization?> OrganizationAsync(HttpContext context)
    {
        var organizations = context.RequestServices.GetRequiredService<IOrganizationStore>();
        var found = await context.RequestServices.GetRequiredService<IDatabase>().ReadAsync(
            session => organizations.FindAsync(session, (string)context.Request.RouteValues["org"]!), context.RequestAborted);
        if (found is null) await NothingHereAsync(context);
        return found;
    }

    internal static Task NothingHereAsync(HttpContext context) =>
        SsoPages.ErrorAsync(context, StatusCodes.Status404NotFound, "There is nothing here", "Check the link, or ask an administrator of your organisation for the right one.");

    /// <summary>The fields of a form within a limit; null after a refusal was written.</summary>
    internal static async Task<IFormCollection?> FormAsync(HttpContext context, int limitBytes = LongestForm)
    {
        var read = await RequestBody.ReadAsync(context, limitBytes, "application/x-www-form-urlencoded");
        if (read.Try(out var bytes, out var error))
        {
            using var reader = new Microsoft.AspNetCore.WebUtilities.FormReader(System.Text.Encoding.UTF8.GetString(bytes.Span));
            try
            {
                return new FormCollection(reader.ReadForm());
            }
            catch (InvalidDataException)
            {
                error = new InvalidValue("The form cannot be read.");
            }
        }
        await SsoPages.ErrorAsync(context, error);
        return null;
    }

    private static string? Given(Microsoft.Extensions.Primitives.StringValues values) => values is [{ Length: > 0 } value] ? value : null;
}
