using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Admin;

/// <summary>Connections to gateways and identity providers, and where people may be sent after a sign-in.</summary>
public static class ConnectionEndpoints
{
    private const string Body =
        """
        Body: {"name":"okta","kind":"gateway"|"oidc"|"saml","enabled":true?,"isDefault":false?,"trustEmail":false?,"externalIdClaim":"sub"|null,"domains":["acme.example"]?,
        "oidc":{"issuer":"https://...","clientId":"...","clientSecret":"..."?,"tokenEndpointAuthMethod":"client_secret_basic"|"client_secret_post"|"private_key_jwt"|"none"?,"scopes":["email","profile"]?,"claims":{"email","emailVerified","name","groups","externalId"}?},
        "saml":{"idpEntityId":"...","ssoUrl":"https://...","sloUrl"?,"certificates":["PEM"],"attributes":{"email","name","groups","externalId"}?,"signAuthnRequests":false?,"allowIdpInitiated":false?,"nameIdFormat"?,"metadataXml"?,"metadataUrl"?}}.
        Metadata takes the place of idpEntityId, ssoUrl, sloUrl and certificates; a connection that is not enabled may lack them.
        An enabled connection is tried before it is kept (422 connection_not_usable). A PUT without clientSecret keeps the secret.
        With private_key_jwt there is no secret: the service makes a key, whose public side oidc.jwksUri (or oidc.certificateUri) gives to the provider.
        """;

    public static void MapConnections(this IEndpointRouteBuilder organization)
    {
        organization.MapRest("GET", "/connections", Access.Owner, ListAsync).WithSummary("Connections, oldest first").WithDescription("Query: limit (1-500), cursor.").Produces<ConnectionsForm>();
        organization.MapRest("POST", "/connections", Access.Owner, CreateAsync).WithSummary("Add a gateway or an identity provider").WithDescription(Body)
            .Accepts<ConnectionBody>("application/json").Produces<ConnectionForm>(201).Refuses("connection_exists", "domain_routed", "domain_not_verified", "connection_not_usable", "outbound_refused", "outbound_failed");
        organization.MapRest("GET", "/connections/{id}", Access.Owner, GetAsync).WithSummary("Read a connection; the ETag is its version").Produces<ConnectionForm>();
        organization.MapRest("PUT", "/connections/{id}", Access.Owner, ChangeAsync).WithSummary("Replace the settings of a connection").WithDescription(Body)
            .Accepts<ConnectionBody>("application/json").Produces<ConnectionForm>().NeedsVersion().Refuses("connection_exists", "domain_routed", "domain_not_verified", "connection_not_usable", "outbound_refused", "outbound_failed", "client_secret_required");
        organization.MapRest("DELETE", "/connections/{id}", Access.Owner, RemoveAsync).WithSummary("Remove a connection; its sessions end")
            .Produces(204).NeedsVersion();
        organization.MapRest("POST", "/connections/{id}/test", Access.Owner, TestAsync).WithSummary("Try a connection and say what is wrong").Produces<ConnectionTestForm>().WithMetadata(new TakesNoKey());
        organization.MapRest("PUT", "/connections/{id}/key", Access.Owner, SetKeyAsync)
            .WithSummary("Replace the key of private_key_jwt in two steps: publish the next one, then sign with it")
            .WithDescription("""Body: {"next":"publish"}: a next key stands beside the one that signs at oidc.jwksUri; let the provider read it, or upload the certificate of oidc.certificateUri. {"next":"sign"}: it takes the place of the one that signs; an enabled connection is tried with it before that is kept.""")
            .Accepts<ConnectionKeyBody>("application/json").Produces<ConnectionKeysForm>().NeedsVersion().Refuses("connection_not_usable", "outbound_refused", "outbound_failed");
        organization.MapRest("GET", "/sign-in-settings", Access.Owner, SettingsAsync).WithSummary("Where people may be sent after a sign-in, and whether administrators may ask for a one-time link").Produces<SignInSettingsForm>();
        organization.MapRest("PUT", "/sign-in-settings", Access.Owner, SetSettingsAsync).WithSummary("Set where people may be sent after a sign-in, and whether administrators may ask for a one-time link")
            .WithDescription("""Body: {"returnTo":["https://app.acme.example/signed-in"],"recoveryLinks":false?}. returnTo: https (http on this machine only); the query is free, the rest counts exactly. recoveryLinks: owners and admins may have a link to the administration sent to their address, for when sign-in is broken; absent: as it is.""")
            .Accepts<SignInSettingsBody>("application/json").Produces<SignInSettingsForm>().NeedsVersion();
    }

    private static async Task<Outcome<RestReply>> ListAsync(RestRequest request)
    {
        if (!request.Limit().Try(out var limit, out var error)) return error;
        if (!Cursor.Read(request.Query("cursor"), 16).Try(out var after, out error)) return error;
        var page = await request.Service<ConnectionDirectory>().ListAsync(request.Organization, after, limit, request.Cancel);
        return RestReply.Ok(new ConnectionsForm([.. page.Items.Select(item => Form(request, item))], page.Next));
    }

    private static async Task<Outcome<RestReply>> GetAsync(RestRequest request) =>
        (await FindAsync(request)).Select(found => Reply(request, 200, found));

    private static async Task<Outcome<RestReply>> CreateAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        if (!(await Fields(request).ReadAsync(body.Fields, null, request.Cancel)).Try(out var wanted, out error)) return error;
        if (await ProblemAsync(request, wanted) is { } problem) return problem;
        var made = await request.Service<ConnectionDirectory>().ConnectAsync(request.Organization, request.Actor, wanted, body.Idempotency, request.Cancel);
        return made.Select(connection => Reply(request, 201, connection));
    }

    private static async Task<Outcome<RestReply>> ChangeAsync(RestRequest request)
    {
        if (!(await FindAsync(request)).Try(out var before, out var error)) return error;
        if (!request.Condition().Try(out var condition, out error)) return error;
        // Before anything is fetched or tried; the unit looks again.
        if (ConnectionDirectory.RefuseVersion(before.Connection, condition) is { } changedMeanwhile) return changedMeanwhile;
        if (!(await request.BodyAsync()).Try(out var body, out error)) return error;
        if (!(await Fields(request).ReadAsync(body.Fields, before.Connection, request.Cancel)).Try(out var wanted, out error)) return error;
        if (await ProblemAsync(request, wanted, before.Connection.Id) is { } problem) return problem;
        var changed = await request.Service<ConnectionDirectory>().ChangeAsync(
            request.Organization, request.Actor, before.Connection.Id, condition, wanted, request.Cancel);
        return changed.Select(connection => Reply(request, 200, connection));
    }

    private static async Task<Outcome<RestReply>> RemoveAsync(RestRequest request)
    {
        if (!Parse(request.Id).Try(out var id, out var error)) return error;
        if (!request.Condition().Try(out var condition, out error)) return error;
        var removed = await request.Service<ConnectionDirectory>().DisconnectAsync(request.Organization, request.Actor, id, condition, request.Cancel);
        return removed.Select(_ => RestReply.NoContent);
    }

    private static async Task<Outcome<RestReply>> TestAsync(RestRequest request)
    {
        if (!(await FindAsync(request)).Try(out var found, out var error)) return error;
        var checks = await request.Service<ConnectionChecks>().CheckAsync(found.Connection, Root(request), request.Cancel);
        return RestReply.Ok(new ConnectionTestForm(checks.All(check => check.Ok), checks));
    }

    private static async Task<Outcome<RestReply>> SetKeyAsync(RestRequest request)
    {
        if (!(await FindAsync(request)).Try(out var found, out var error)) return error;
        if (!request.Condition().Try(out var condition, out error)) return error;
        var (before, keys) = (found.Connection, request.Service<ClientKeys>());
        if (ConnectionDirectory.RefuseVersion(before, condition) is { } changedMeanwhile) return changedMeanwhile;
        if (!(await request.BodyAsync()).Try(out var body, out error)) return error;
        var step = body.Fields.OptionalWord<KeyStep>("next");
        if (step is null) body.Fields.Refuse("'next' is required: publish or sign.");
        if (body.Fields.Problem is { } wrong) return wrong;
        if ((step == KeyStep.Publish ? keys.WithNext(before) : keys.NextOnly(before)) is not { } rotated)
            return new InvalidValue("The connection does not use private_key_jwt, or no next key was published yet.");
        var wanted = new NewConnection(before.Name, before.Kind, before.TrustEmail, before.ExternalIdClaim)
        {
            Enabled = before.Enabled, IsDefault = before.IsDefault, Settings = before.Settings, ProtectedSecret = rotated, Domains = found.Domains,
        };
        // Tried as this connection: the provider knows its address, not that of a new one.
        if (before.Enabled && await request.Service<ConnectionChecks>().FindProblemAsync(before with { ProtectedSecret = rotated }, Root(request), request.Cancel) is { } problem) return problem;
        var changed = await request.Service<ConnectionDirectory>().ChangeAsync(request.Organization, request.Actor, before.Id, condition, wanted, request.Cancel);
        if (!changed.Try(out var after, out error)) return error;
        var certificates = keys.Read(after.Connection);
        var form = new ConnectionKeysForm(
            [.. certificates.Select((certificate, at) => new ConnectionKeyForm(ClientKeys.IdOf(certificate), at == 0 ? "signing" : "next", certificate.ExportCertificatePem()))],
            after.Connection.Version);
        foreach (var certificate in certificates) certificate.Dispose();
        return new RestReply(200, form, after.Connection.Version);
    }

    private static async Task<Outcome<RestReply>> SettingsAsync(RestRequest request)
    {
        var settings = await request.Service<SignInSettingsChanges>().FindAsync(request.Organization, request.Cancel);
        return new RestReply(200, SignInSettingsForm.ToApi(settings), settings.Version);
    }

    private static async Task<Outcome<RestReply>> SetSettingsAsync(RestRequest request)
    {
        if (!request.Condition().Try(out var condition, out var error)) return error;
        if (!(await request.BodyAsync()).Try(out var body, out error)) return error;
        var wanted = body.Fields.Texts("returnTo", SignInSettings.MostAddresses);
        if (!body.Fields.Has("returnTo")) body.Fields.Refuse("'returnTo' is required: an array of addresses.");
        if (wanted.Any(address => SignInSettings.Parse(address) is not { Query: "" }))
            body.Fields.Refuse("'returnTo' takes https addresses without user name, query and fragment (http on this machine only).");
        var recovery = body.Fields.OptionalFlag("recoveryLinks");
        if (body.Fields.Problem is { } problem) return problem;
        var set = await request.Service<SignInSettingsChanges>().SetAsync(
            request.Organization, request.Actor, condition, [.. wanted.Distinct()], recovery, request.Cancel);
        return set.Select(settings => new RestReply(200, SignInSettingsForm.ToApi(settings), settings.Version));
    }

    /// <summary>An enabled connection is tried before it is kept: people would meet the mistake otherwise.</summary>
    /// <param name="id">Of the connection that is changed: the provider knows its addresses, not those of a new one.</param>
    private static async Task<Error?> ProblemAsync(RestRequest request, NewConnection wanted, ConnectionId? id = null)
    {
        if (!wanted.Enabled) return null;
        var tried = wanted.For(request.Organization.Id, request.Service<TimeProvider>());
        return await request.Service<ConnectionChecks>().FindProblemAsync(tried with { Id = id ?? tried.Id }, Root(request), request.Cancel);
    }

    private static async Task<Outcome<RoutedConnection>> FindAsync(RestRequest request)
    {
        if (!Parse(request.Id).Try(out var id, out var error)) return error;
        return await request.Service<ConnectionDirectory>().FindRoutedAsync(request.Organization, id, request.Cancel) is { } found
            ? found : NoSuchConnection();
    }

    private static ConnectionFields Fields(RestRequest request) => new(
        request.Service<SecretProtection>(), request.Service<OutboundAddress>(), request.Service<IProviderMetadata>(), request.Service<TimeProvider>());

    private static RestReply Reply(RestRequest request, int status, RoutedConnection connection) =>
        new(status, Form(request, connection), connection.Connection.Version);

    private static ConnectionForm Form(RestRequest request, RoutedConnection connection) =>
        ConnectionForm.ToApi(connection, Root(request), request.Organization.Slug);

    private static string Root(RestRequest request) => request.Service<PublicUrl>().Root(request.Context.Request);

    private static Outcome<ConnectionId> Parse(string text) => Ids.TryParse<ConnectionId>(text, out var id) ? id : NoSuchConnection();

    private static NotFound NoSuchConnection() => new("There is no such connection.");
}
