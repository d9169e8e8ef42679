using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Provisioning.Api.Configuration;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Api.Hosting;

/// <summary>Who may call a REST route (rules ROLE-1, ROLE-2, ROLE-5; domain.md section 8).</summary>
public enum Access
{
    /// <summary>An admin token with role admin or owner; the operator too.</summary>
    Admin,

    /// <summary>An admin token with role owner; the operator too.</summary>
    Owner,

    /// <summary>A gateway token.</summary>
    Gateway,

    /// <summary>An application token; whoever may read members, too.</summary>
    Application,

    /// <summary>An application token: the product, which meters usage. Nobody else reports it.</summary>
    Meter,

    /// <summary>Whoever may do what owners may, and a member in person about himself; the route asks which.</summary>
    OwnerOrSelf,

    /// <summary>The operator only.</summary>
    Operator,

    /// <summary>The member who owns the organisation, in person: a personal token or a session (rule ROLE-3).</summary>
    PrimaryOwner,

    /// <summary>A member in person, whatever the role.</summary>
    Member,

    /// <summary>Nobody is asked for credentials.</summary>
    Anyone,
}

/// <summary>A REST request whose caller is known and allowed.</summary>
public sealed class RestRequest(HttpContext context, Caller caller, Organization? organization, Channel channel)
{
    public HttpContext Context { get; } = context;

    public Caller Caller { get; } = caller;

    /// <summary>The organisation of the path; routes without one never ask.</summary>
    public Organization Organization => organization ?? throw new InvalidOperationException("This route has no organisation.");

    public Actor Actor { get; } = Authentication.Actor(caller, channel, context);

    /// <summary>What the caller may do to other people.</summary>
    public Authority Authority => Caller.Authority;

    public CancellationToken Cancel => Context.RequestAborted;

    public string Id => (string)Context.Request.RouteValues["id"]!;

    public T Service<T>() where T : notnull => Context.RequestServices.GetRequiredService<T>();

    /// <summary>A query parameter; null when absent or empty.</summary>
    public string? Query(string name) =>
        Context.Request.Query.TryGetValue(name, out var values) && values.ToString() is { Length: > 0 } value ? value : null;

    /// <summary>A word of an enumeration in the query.</summary>
    public Outcome<T?> QueryWord<T>(string name) where T : struct, Enum
    {
        if (Query(name) is not { } word) return (T?)null;
        return Words.TryParse<T>(word, out var value) ? (T?)value : new InvalidValue($"'{name}' must be one of {Words.All<T>()}.");
    }

    /// <summary>Page size: 1 to 500, 100 when not said.</summary>
    public Outcome<int> Limit()
    {
        if (Query("limit") is not { } text) return 100;
        return int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= 500
            ? limit : new InvalidValue("'limit' must be an integer from 1 to 500.");
    }

    /// <summary>If-Match, which changes of versioned objects demand (428, 412).</summary>
    public Outcome<IfMatch> Condition() => IfMatch.Parse(Context.Request.Headers.IfMatch) is { } condition
        ? condition : new PreconditionMissing("Send the version you have seen in If-Match, for example If-Match: \"3\", or If-Match: *.");

    /// <summary>The body as fields, and the Idempotency-Key that came with it.</summary>
    public async Task<Outcome<RestBody>> BodyAsync(bool mayBeEmpty = false)
    {
        if (!(await BytesAsync("application/json")).Try(out var body, out var error)) return error;
        var parsed = body.Bytes.Length == 0 && mayBeEmpty ? new JsonObject() : JsonText.Parse(body.Bytes, Service<ServiceSettings>().Limits.JsonDepth);
        return parsed.Select(json => new RestBody(new JsonFields(json), body.Idempotency));
    }

    /// <summary>A body of another type as it came, and the Idempotency-Key.</summary>
    public async Task<Outcome<RestBytes>> BytesAsync(string mediaType)
    {
        var most = Service<ServiceSettings>().Limits.BodyBytes;
        var read = await RequestBody.ReadAsync(Context, Caller is Caller.Nobody ? Math.Min(most, RequestBody.AnonymousBytes) : most, mediaType);
        if (!read.Try(out var bytes, out var error)) return error;
        var key = Context.Request.Headers["Idempotency-Key"].ToString();
        if (key.Length == 0) return new RestBytes(bytes, null);
        if (key.Length > 255 || key.Any(letter => letter is < ' ' or > '~'))
            return new InvalidValue("Idempotency-Key must be 1 to 255 visible ASCII characters.");
        var caller = $"{Actor.Id} {Context.Request.Method} {Context.Request.Path}";
        return new RestBytes(bytes, Idempotency.Of(caller, key, bytes.Span));
    }
}

/// <summary>A body as it came, and its Idempotency-Key.</summary>
public sealed record RestBytes(ReadOnlyMemory<byte> Bytes, Idempotency? Idempotency);

/// <summary>A body and its Idempotency-Key.</summary>
public sealed record RestBody(JsonFields Fields, Idempotency? Idempotency);

/// <summary>An answer of a REST route.</summary>
/// <param name="Body">Serialised with camelCase names and explicit nulls; null for none.</param>
/// <param name="Write">Writes another body than JSON, or one that is too large to be kept at once.</param>
public sealed record RestReply(int Status, object? Body, long? Version = null, string? Location = null, Func<HttpResponse, Task>? Write = null)
{
    public static RestReply Ok(object body) => new(200, body);

    public static readonly RestReply NoContent = new(204, null);

    /// <summary>The media type of <see cref="Lines"/>.</summary>
    public const string JsonLines = "application/x-ndjson";

    /// <summary>Written one by one, each on a line of its own, as they come.</summary>
    public IAsyncEnumerable<object>? Lines { get; private init; }

    public static RestReply OfLines(IAsyncEnumerable<object> lines) => new(200, null) { Lines = lines };
}

/// <summary>Maps REST routes: credentials, role, organisation, answer and refusal, in this order (rule ROLE-5).</summary>
public static class RestRoute
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    };

    /// <summary>A route below <c>/v1/organizations/{org}</c>.</summary>
    public static RouteHandlerBuilder MapRest(
        this IEndpointRouteBuilder routes, string method, string path, Access access, Func<RestRequest, Task<Outcome<RestReply>>> handle,
        Channel channel = Channel.AdminApi) =>
        routes.MapMethods(path, [method], (Delegate)(async Task (HttpContext context) =>
        {
            var outcome = !(await AuthorizeAsync(context, access, channel)).Try(out var request, out var refused) ? refused
                : context.Request.Query.Any(static pair => pair.Key != "cursor" && pair.Value.Any(static text => text is not null && !TextKey.IsStorable(text)))
                    ? new InvalidValue("The query holds a character that is none.")
                    : await handle(request);
            if (outcome.Try(out var reply, out var error))
            {
                await WriteAsync(context, reply);
                return;
            }
            Instruments.Refused(channel == Channel.Jit ? Instruments.SignInDoor : Instruments.AdminDoor, Problems.From(error).Code);
            await Problems.WriteAsync(context, error);
        })).WithMetadata(access == Access.Anyone ? [new RoutePolicy(Describe(access)), CountedRoute.Mark] : [new RoutePolicy(Describe(access))]).Refuses(access == Access.Anyone
            ? ["invalid_request", "not_found", "rate_limited", "store_unavailable"]
            : ["invalid_request", "unauthenticated", "forbidden_role", "not_found", "rate_limited", "store_unavailable"]);

    private static async Task<Outcome<RestRequest>> AuthorizeAsync(HttpContext context, Access access, Channel channel)
    {
        var services = context.RequestServices;
        if (access == Access.Anyone)
            return services.GetRequiredService<ClientLimits>().TakeRequest(context) is { } limited ? limited : new RestRequest(context, new Caller.Nobody(), null, channel);
        if (!(await services.GetRequiredService<Authentication>().AuthenticateAsync(context)).Try(out var caller, out var error)) return error;
        if (!IsAllowed(caller, access)) return new Forbidden($"This needs: {Describe(access)}.");
        if (context.Request.RouteValues["org"] is not string named) return new RestRequest(context, caller, null, channel);
        var own = caller switch
        {
            Caller.Bearer { Grant: var grant } => grant.Organization,
            Caller.Person person => person.Organization,
            _ => null,
        };
        if (own is not null)
            return named == own.Slug || named == own.Id.ToString() ? new RestRequest(context, caller, own, channel) : NoSuchOrganization();
        var database = services.GetRequiredService<IDatabase>();
        var organizations = services.GetRequiredService<IOrganizationStore>();
        return await database.ReadAsync(session => organizations.FindAsync(session, named), context.RequestAborted) is { } found
            ? new RestRequest(context, caller, found, channel) : NoSuchOrganization();
    }

    /// <summary>Who opens which route (rules ROLE-1, ROLE-4: a seat is not asked for); what is done to whom is the table of <see cref="RoleRules"/>.</summary>
    private static bool IsAllowed(Caller caller, Access access) => caller switch
    {
        Caller.Operator => access is not (Access.Gateway or Access.PrimaryOwner or Access.Member or Access.Meter),
        Caller.Person { Role: var role, ByLink: var byLink } => access switch
        {
            Access.Admin or Access.Application => role <= Role.Admin,
            Access.Owner => role <= Role.Owner,
            // A mailbox is not enough to give the organisation away.
            Access.PrimaryOwner => role == Role.PrimaryOwner && !byLink,
            Access.Member or Access.OwnerOrSelf => true,
            _ => false,
        },
        Caller.Bearer { Grant: var grant } => access switch
        {
            Access.Admin => grant is { Token.Door: Door.Admin, Role: <= Role.Admin },
            Access.Owner => grant is { Token.Door: Door.Admin, Role: <= Role.Owner },
            Access.PrimaryOwner => grant is { Token: { Door: Door.Admin, Member: not null }, Role: Role.PrimaryOwner },
            Access.Member => grant is { Token: { Door: Door.Admin, Member: not null }, Role: not null },
            Access.OwnerOrSelf => grant is { Token.Door: Door.Admin, Role: <= Role.Owner } or { Token: { Door: Door.Admin, Member: not null }, Role: not null },
            Access.Gateway => grant.Token.Door == Door.Gateway,
            Access.Meter => grant.Token.Door == Door.Application,
            Access.Application => grant.Token.Door == Door.Application || grant is { Token.Door: Door.Admin, Role: <= Role.Admin },
            _ => false,
        },
        _ => false,
    };

    private static string Describe(Access access) => access switch
    {
        Access.Admin => "an admin token with role admin or owner",
        Access.Owner => "an admin token with role owner",
        Access.PrimaryOwner => "the primary owner in person",
        Access.Member => "a member in person",
        Access.Gateway => "a gateway token",
        Access.Application => "an application token",
        Access.Meter => "the product's application token",
        Access.OwnerOrSelf => "an owner, or a member in person about himself",
        Access.Anyone => "anyone",
        _ => "the operator's token",
    };

    private static NotFound NoSuchOrganization() => new("There is no such organisation.");

    private static async Task WriteAsync(HttpContext context, RestReply reply)
    {
        var response = context.Response;
        response.StatusCode = reply.Status;
        JsonAnswer.Protect(response);
        if (reply.Version is { } version) response.Headers.ETag = $"\"{version}\"";
        if (reply.Location is not null) response.Headers.Location = reply.Location;
        if (reply.Lines is not null) await WriteLinesAsync(context, reply.Lines);
        else if (reply.Write is not null) await reply.Write(response);
        else if (reply.Body is RestContent content) await content.WriteAsync(response, context.RequestAborted);
        else if (reply.Body is not null) await response.WriteAsJsonAsync(reply.Body, reply.Body.GetType(), Json, context.RequestAborted);
    }

    private static async Task WriteLinesAsync(HttpContext context, IAsyncEnumerable<object> lines)
    {
        context.Response.ContentType = RestReply.JsonLines;
        var body = context.Response.BodyWriter;
        await foreach (var line in lines.WithCancellation(context.RequestAborted))
        {
            await JsonSerializer.SerializeAsync(body, line, line.GetType(), Json, context.RequestAborted);
            await body.WriteAsync("\n"u8.ToArray(), context.RequestAborted);
        }
    }
}
