using System.Globalization;
using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Sso;

/// <summary>
/// Where a one-time link leads: what is wrong with the connections, and the repairs that need no identity provider. Everything else of the
/// administration is REST, for which the page shows a token that ends with the session.
/// </summary>
public static class AdministrationPages
{
    public const string Path = SsoEndpoints.Root + "/administration";

    private const int LongestMetadata = 600 * 1024, MostConnections = 100;

    public static void MapAdministration(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/administration", static context => ShowAsync(context));
        pages.MapPost("/administration/token", TokenAsync);
        pages.MapPost("/administration/connections/{id}/test", TestAsync);
        pages.MapPost("/administration/connections/{id}/repair", RepairAsync);
    }

    private static async Task ShowAsync(HttpContext context, string? notice = null, int status = StatusCodes.Status200OK)
    {
        if (await PersonAsync(context) is not { } visit) return;
        var (organization, view) = visit;
        var connections = view.Member.Member.Role > Role.Owner ? null : (await context.RequestServices.GetRequiredService<ConnectionDirectory>()
            .ListAsync(organization, null, MostConnections, context.RequestAborted)).Items;
        await Page.WriteAsync(context, status, $"Administration of {organization.Name}",
            $"""
            {notice}
            <p>You are <strong>{Page.Text(view.Member.Member.UserName)}</strong> ({Page.Text(Words.Text(view.Member.Member.Role).Replace('_', ' '))}), until {Until(view)}.</p>
            <h2>Connections</h2>
            {(connections is null ? "<p>Connections are repaired by owners.</p>" : connections.Count == 0 ? "<p>There are none.</p>" : string.Concat(connections.Select(item => Connection(item.Connection))))}
            <h2>Everything else</h2>
            <p>Members, seats, invitations and settings are administered over REST at <code>/v1/organizations/{Page.Text(organization.Slug)}</code>.</p>
            <form method="post" action="{Path}/token"><button class="button">Show a token for REST</button></form>
            <form method="post" action="/sso/sign-out"><button class="button quiet">Sign out</button></form>
            """);
    }

    private static string Connection(Connection connection) =>
        $"""
        <section>
        <h3>{Page.Text(connection.Name)}</h3>
        <p class="small">{(connection.Kind switch { ConnectionKind.Oidc => "OpenID Connect", ConnectionKind.Saml => "SAML 2.0", _ => "Gateway" })}, {(connection.Enabled ? "on" : "off")}</p>
        {(connection.Kind == ConnectionKind.Gateway ? "" : $"""<form method="post" action="{Path}/connections/{connection.Id}/test"><button class="button quiet">What is wrong?</button></form>""")}
        {Repair(connection)}
        </section>
        """;

    private static string Repair(Connection connection) => connection.Kind switch
    {
        ConnectionKind.Saml => Form(connection, $"""
            <label for="m-{connection.Id}">New metadata of the identity provider (XML), with its present certificates</label>
            <textarea id="m-{connection.Id}" name="metadata" rows="4" required spellcheck="false"></textarea>
            """),
        ConnectionKind.Oidc when HasSecret(connection) => Form(connection, $"""
            <label for="s-{connection.Id}">New client secret</label>
            <input id="s-{connection.Id}" name="secret" type="password" autocomplete="off" required maxlength="1000">
            """),
        _ => "",
    };

    private static bool HasSecret(Connection connection) =>
        connection.Settings is OidcSettings { TokenEndpointAuthMethod: ClientAuthentication.ClientSecretBasic or ClientAuthentication.ClientSecretPost };

    private static string Form(Connection connection, string fields) =>
        $"""
        <form method="post" action="{Path}/connections/{connection.Id}/repair">
        <input type="hidden" name="version" value="{connection.Version}">
        {fields}
        <button class="button">Save</button>
        </form>
        """;

    private static async Task TestAsync(HttpContext context)
    {
        if (await ConnectionAsync(context) is not { } found) return;
        var services = context.RequestServices;
        var checks = await services.GetRequiredService<ConnectionChecks>().CheckAsync(
            found.Connection.Connection, services.GetRequiredService<PublicUrl>().Root(context.Request), context.RequestAborted);
        await ShowAsync(context, string.Concat(checks.Select(check => Notice(check.Ok, $"{found.Connection.Connection.Name}, {check.Name.Replace('_', ' ')}: {check.Detail}"))));
    }

    /// <summary>The two things that expire: certificates of SAML, the secret of OpenID Connect. A connection that is on is tried before it is kept.</summary>
    private static async Task RepairAsync(HttpContext context)
    {
        if (await ConnectionAsync(context) is not { } found || await SsoEndpoints.FormAsync(context, LongestMetadata) is not { } form) return;
        var (services, connection) = (context.RequestServices, found.Connection.Connection);
        if (!Repaired(services, connection, form).Try(out var repaired, out var error)
            || (connection.Enabled && (error = await services.GetRequiredService<ConnectionChecks>().FindProblemAsync(
                repaired, services.GetRequiredService<PublicUrl>().Root(context.Request), context.RequestAborted)) is not null))
        {
            await ShowAsync(context, Notice(false, error.Detail), StatusCodes.Status422UnprocessableEntity);
            return;
        }
        var wanted = new NewConnection(repaired.Name, repaired.Kind, repaired.TrustEmail, repaired.ExternalIdClaim)
        {
            Enabled = repaired.Enabled, IsDefault = repaired.IsDefault, Settings = repaired.Settings, ProtectedSecret = repaired.ProtectedSecret,
            Domains = found.Connection.Domains,
        };
        var actor = Authentication.Actor(found.Person, Channel.AdminApi, context);
        var changed = await services.GetRequiredService<ConnectionDirectory>().ChangeAsync(
            found.Person.Organization, actor, connection.Id, IfMatch.Parse($"\"{form["version"]}\"") ?? new IfMatch([-1]), wanted, context.RequestAborted);
        if (changed.Error is { } refused) await ShowAsync(context, Notice(false, refused.Detail), StatusCodes.Status409Conflict);
        else await ShowAsync(context, Notice(true, $"{connection.Name} was changed. Try to sign in with it now, in another browser."));
    }

    private static Outcome<Connection> Repaired(IServiceProvider services, Connection connection, IFormCollection form)
    {
        if (HasSecret(connection))
            return form["secret"] is [{ Length: > 0 and <= 1000 } secret]
                ? connection with { ProtectedSecret = services.GetRequiredService<SecretProtection>().Protect(SecretProtection.ConnectionSecret, secret) }
                : new InvalidValue("The client secret must have 1 to 1000 characters.");
        if (connection.Settings is not SamlSettings settings) return new InvalidValue("There is nothing to repair here.");
        if (!services.GetRequiredService<IProviderMetadata>().Read(form["metadata"].ToString()).Try(out var provider, out var error)) return error;
        var addresses = services.GetRequiredService<OutboundAddress>();
        if (!addresses.IsAddress(provider.SsoUrl) || (provider.SloUrl is { } slo && !addresses.IsAddress(slo)))
            return new InvalidValue("The metadata has an address that is no https address without user name.");
        return connection with
        {
            Settings = settings with { IdpEntityId = provider.EntityId, SsoUrl = provider.SsoUrl, SloUrl = provider.SloUrl, Certificates = provider.Certificates },
        };
    }

    /// <summary>A personal token, shown once: it acts with the person's role of the moment, and ends when the session would.</summary>
    private static async Task TokenAsync(HttpContext context)
    {
        if (await PersonAsync(context) is not { } visit) return;
        var (organization, view) = visit;
        var now = context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        var ends = view.Session.ExpiresAt < now + RecoveryLink.SessionLife ? view.Session.ExpiresAt : now + RecoveryLink.SessionLife;
        var (secret, member) = (TokenSecret.New(Door.Admin), view.Member.Member.Id);
        var issued = await context.RequestServices.GetRequiredService<Credentials>().IssueAsync(
            organization, new Actor(ActorKind.Member, member.ToString(), Channel.AdminApi, context.CorrelationId()),
            new NewToken(Door.Admin, null, "From the administration page", ends, secret, member), null, context.RequestAborted);
        if (issued.Error is { } error) await SsoPages.ErrorAsync(context, error, Path);
        else
            await ShowAsync(context,
                $"""<p class="done" role="status">Your token, shown this once, until {Time(ends)}:<br><code>{Page.Text(secret)}</code><br>Send it as <code>Authorization: Bearer ...</code></p>""");
    }

    /// <summary>An owner or admin who is signed in, in whatever way; otherwise a page is written, and null is the answer.</summary>
    private static async Task<(Organization Organization, SessionView View)?> PersonAsync(HttpContext context)
    {
        if (await CallerAsync(context) is null) return null;
        var cookies = context.RequestServices.GetRequiredService<SignInCookies>();
        return await context.RequestServices.GetRequiredService<SessionDirectory>().FindByCookieAsync(cookies.SessionOf(context)!, context.RequestAborted);
    }

    /// <summary>Asked as REST asks: what changes something must come from a page of this service.</summary>
    private static async Task<Caller.Person?> CallerAsync(HttpContext context)
    {
        var services = context.RequestServices;
        if (services.GetRequiredService<SignInCookies>().SessionOf(context) is null)
        {
            await SsoPages.ErrorAsync(context, StatusCodes.Status401Unauthorized, "You are not signed in", "Sign in, or ask for a link again.", SsoEndpoints.Root);
            return null;
        }
        if (!(await services.GetRequiredService<Authentication>().AuthenticateAsync(context)).Try(out var caller, out var error))
            await SsoPages.ErrorAsync(context, error, error is Unauthenticated ? SsoEndpoints.Root : null);
        else if (caller is Caller.Person { Role: <= Role.Admin } person) return person;
        else await SsoPages.ErrorAsync(context, StatusCodes.Status403Forbidden, "This is for administrators", "Owners and admins of your organisation administer it.");
        return null;
    }

    private static async Task<(Caller.Person Person, RoutedConnection Connection)?> ConnectionAsync(HttpContext context)
    {
        if (await CallerAsync(context) is not { } person) return null;
        if (person.Role > Role.Owner)
            await SsoPages.ErrorAsync(context, StatusCodes.Status403Forbidden, "This is for owners", "An owner of your organisation repairs connections.");
        else if (!Ids.TryParse<ConnectionId>((string?)context.Request.RouteValues["id"], out var id)
            || await context.RequestServices.GetRequiredService<ConnectionDirectory>().FindRoutedAsync(person.Organization, id, context.RequestAborted) is not { } found)
            await SsoEndpoints.NothingHereAsync(context);
        else return (person, found);
        return null;
    }

    private static string Notice(bool ok, string text) => $"""<p class="{(ok ? "done" : "problem")}" role="status">{Page.Text(text)}</p>""";

    private static string Until(SessionView view) => Time(view.Session.ExpiresAt);

    private static string Time(DateTimeOffset instant) => instant.UtcDateTime.ToString("HH:mm 'UTC'", CultureInfo.InvariantCulture);
}
