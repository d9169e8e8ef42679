using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Net.Http.Headers;
using Provisioning.Api.Configuration;
using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;
using Provisioning.Core.Scim.Operations;

namespace Provisioning.Api.Scim;

/// <summary>The SCIM door: routes, credentials, bodies and headers; everything else is decided in the core (RFC 7644 3).</summary>
public static partial class ScimEndpoints
{
    private static readonly string[] MediaTypes = [ScimErrors.ContentType, "application/json"];

    private static readonly JsonWriterOptions Written = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Whatever answers GET answers HEAD (RFC 9110 9.3.2): the server sends the same head and no body.</summary>
    private static readonly string[] ReadMethods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Served at /scim/v2, and without the version segment (checklist H10).</summary>
    public static void MapScim(this IEndpointRouteBuilder routes)
    {
        foreach (var prefix in (string[])["/scim/v2", "/scim"])
        {
            var scim = routes.MapGroup(prefix);
            MapUsers(scim);
            MapGroups(scim);
            MapDiscovery(scim);
            MapRoot(scim);
            MapMe(scim);
        }
    }

    /// <summary>For credentials of persons too; each answer names the permanent location (RFC 7644 3.11).</summary>
    private static void MapMe(RouteGroupBuilder scim)
    {
        Map(scim, "GET", "/Me", async (request, cancel) =>
        {
            var answered = await request.Me.GetAsync(request.Caller, request.Person, request.Attributes, request.Excluded, cancel);
            if (answered.Try(out var reply, out _)) request.Context.Response.Headers.Location = reply.Location;
            return answered;
        }, Asks.Person);
        foreach (var method in (string[])["POST", "PUT", "PATCH", "DELETE"])
            Map(scim, method, "/Me", (request, _) => Task.FromResult<Outcome<ScimReply>>(MeOperations.Refuse(request.Person)), Asks.Person);
    }

    private static void MapRoot(RouteGroupBuilder scim)
    {
        Map(scim, "GET", "/", (request, cancel) => request.Root.ListAsync(request.Caller, request.List, cancel));
        MapSearch(scim, "", (request, asked, cancel) => request.Root.ListAsync(request.Caller, asked, cancel));
        MapSearch(scim, "/Users", (request, asked, cancel) => request.Users.ListAsync(request.Caller, asked, cancel));
        MapSearch(scim, "/Groups", (request, asked, cancel) => request.Groups.ListAsync(request.Caller, asked, cancel));
        Map(scim, "POST", "/Bulk", async (request, cancel) =>
        {
            var limits = request.Settings.Limits;
            var read = await RequestBody.ReadAsync(request.Context, limits.BulkBytes, MediaTypes);
            if (!read.Try(out var bytes, out var error)) return error is BodyTooLarge ? BulkTooLarge(limits.BulkBytes) : error;
            if (!JsonText.Parse(bytes, limits.JsonDepth).Try(out var body, out error)) return error;
            return await request.Bulk.RunAsync(request.Caller, body, cancel);
        });
    }

    /// <summary>POST /.search: the parameters of a GET in a body, where no log and no proxy sees them (RFC 7644 3.4.3).</summary>
    private static void MapSearch(
        RouteGroupBuilder scim, string path, Func<ScimRequest, ListParameters, CancellationToken, Task<Outcome<ScimReply>>> list) =>
        MapWithBody(scim, "POST", path + "/.search", async (request, body, cancel) =>
            SearchRequest.Read(body).Try(out var asked, out var error) ? await list(request, asked, cancel) : error);

    private static BodyTooLarge BulkTooLarge(int limit) => new(string.Create(System.Globalization.CultureInfo.InvariantCulture,
        $"The request is larger than maxPayloadSize, which is {limit} bytes (setting Limits:BulkBytes); nothing was done."));

    private static void MapUsers(RouteGroupBuilder scim)
    {
        Map(scim, "GET", "/Users", (request, cancel) => request.Users.ListAsync(request.Caller, request.List, cancel));
        Map(scim, "GET", "/Users/{id}", (request, cancel) => request.Users.GetAsync(request.Caller, request.Id, request.Attributes, request.Excluded, cancel));
        MapWithBody(scim, "POST", "/Users", (request, body, cancel) => request.Users.CreateAsync(request.Caller, body, request.Attributes, request.Excluded, cancel));
        MapWithBody(scim, "PUT", "/Users/{id}", (request, body, cancel) =>
            request.Users.ReplaceAsync(request.Caller, request.Id, request.Condition, body, request.Attributes, request.Excluded, cancel));
        MapWithBody(scim, "PATCH", "/Users/{id}", (request, body, cancel) =>
            request.Users.PatchAsync(request.Caller, request.Id, request.Condition, body, request.Attributes, request.Excluded, cancel));
        Map(scim, "DELETE", "/Users/{id}", (request, cancel) => request.Users.DeleteAsync(request.Caller, request.Id, request.Condition, cancel));
    }

    private static void MapGroups(RouteGroupBuilder scim)
    {
        Map(scim, "GET", "/Groups", (request, cancel) => request.Groups.ListAsync(request.Caller, request.List, cancel));
        Map(scim, "GET", "/Groups/{id}", (request, cancel) => request.Groups.GetAsync(request.Caller, request.Id, request.Attributes, request.Excluded, cancel));
        MapWithBody(scim, "POST", "/Groups", (request, body, cancel) => request.Groups.CreateAsync(request.Caller, body, request.Attributes, request.Excluded, cancel));
        MapWithBody(scim, "PUT", "/Groups/{id}", (request, body, cancel) =>
            request.Groups.ReplaceAsync(request.Caller, request.Id, request.Condition, body, request.Attributes, request.Excluded, cancel));
        MapWithBody(scim, "PATCH", "/Groups/{id}", (request, body, cancel) =>
            request.Groups.PatchAsync(request.Caller, request.Id, request.Condition, body, request.Attributes, request.Excluded, cancel));
        Map(scim, "DELETE", "/Groups/{id}", (request, cancel) => request.Groups.DeleteAsync(request.Caller, request.Id, request.Condition, cancel));
    }

    private static void MapDiscovery(RouteGroupBuilder scim)
    {
        foreach (var path in (string[])["/ServiceProviderConfig", "/ServiceProviderConfigs"])
            Map(scim, "GET", path, (request, _) => Answer(request.Discovery.ServiceProviderConfig(request.BaseUrl)), Asks.Nobody);
        Map(scim, "GET", "/ResourceTypes", (request, _) => Answer(request.Discovery.ResourceTypes(request.BaseUrl)));
        Map(scim, "GET", "/ResourceTypes/{id}", (request, _) => Task.FromResult(request.Discovery.ResourceType(request.Id, request.BaseUrl)));
        Map(scim, "GET", "/Schemas", (request, _) => Answer(request.Discovery.Schemas(request.BaseUrl)));
        Map(scim, "GET", "/Schemas/{id}", (request, _) => Task.FromResult(request.Discovery.Schema(request.Id, request.BaseUrl)));
    }

    private static Task<Outcome<ScimReply>> Answer(ScimReply reply) => Task.FromResult<Outcome<ScimReply>>(reply);

    private static void MapWithBody(
        RouteGroupBuilder scim, string method, string path, Func<ScimRequest, JsonObject, CancellationToken, Task<Outcome<ScimReply>>> handle) =>
        Map(scim, method, path, async (request, cancel) =>
        {
            var limits = request.Settings.Limits;
            var read = await RequestBody.ReadAsync(request.Context, limits.BodyBytes, MediaTypes);
            if (!read.Then(bytes => JsonText.Parse(bytes, limits.JsonDepth)).Try(out var body, out var error)) return error;
            return await handle(request, body, cancel);
        });

    private static void Map(
        RouteGroupBuilder scim, string method, string path, Func<ScimRequest, CancellationToken, Task<Outcome<ScimReply>>> handle,
        Asks asks = Asks.ScimToken) =>
        scim.MapMethods(path, method == HttpMethods.Get ? ReadMethods : [method], (RequestDelegate)(async context =>
        {
            var request = await ScimRequest.OfAsync(context, asks);
            var outcome = request.Try(out var accepted, out var refused) ? await handle(accepted, context.RequestAborted) : refused;
            if (outcome.Try(out var reply, out var error))
            {
                await WriteAsync(context, reply);
                return;
            }
            Instruments.Refused(Instruments.ScimDoor, ScimErrors.Reason(error));
            await ScimErrors.WriteAsync(context, error);
        })).WithMetadata(new RoutePolicy(asks switch { Asks.Nobody => "anyone", Asks.Person => "any token of the organisation, or a signed-in browser", _ => "scim token" }));

    private static async Task WriteAsync(HttpContext context, ScimReply reply)
    {
        if (reply.Ignored.Count > 0) IgnoredPaths(context.RequestServices.GetRequiredService<ILogger<ScimRequest>>(), ShownPaths(reply.Ignored));
        var response = context.Response;
        JsonAnswer.Protect(response);
        if (reply.Tag is not null)
        {
            response.Headers.ETag = reply.Tag;
            if (ReadMethods.Contains(context.Request.Method) && IfMatch.Parse(context.Request.Headers.IfMatch) is { } demanded
                && !demanded.Accepts(IfMatch.Parse(reply.Tag)!.Versions![0]))
            {
                await ScimErrors.WriteAsync(context, new VersionConflict($"The version of the resource is {reply.Tag} now."));
                return;
            }
            if (ReadMethods.Contains(context.Request.Method) && IfMatch.Parse(context.Request.Headers.IfNoneMatch) is { } known
                && known.Accepts(IfMatch.Parse(reply.Tag)!.Versions![0]))
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                return;
            }
        }
        response.StatusCode = reply.Status;
        if (reply.Location is not null) response.Headers[reply.Status == 201 ? HeaderNames.Location : HeaderNames.ContentLocation] = reply.Location;
        if (reply.Stream is not null)
        {
            response.ContentType = ScimErrors.ContentType;
            if (HttpMethods.IsHead(context.Request.Method)) return;
            // Not disposed when it fails: that would send what is half written.
            var stream = new Utf8JsonWriter(response.Body, Written);
            await reply.Stream(stream, context.RequestAborted);
            await stream.DisposeAsync();
            return;
        }
        if (reply.Body is null && reply.Write is null) return;
        using var buffer = new AnswerBuffer();
        using (var writer = new Utf8JsonWriter(buffer, Written))
        {
            if (reply.Write is not null) reply.Write(writer);
            else reply.Body!.WriteTo(writer);
        }
        response.ContentType = ScimErrors.ContentType;
        response.ContentLength = buffer.Written.Length;
        await response.Body.WriteAsync(buffer.Written, context.RequestAborted);
    }

    /// <summary>
    /// What reads like the name of an attribute, cut short; anything else could be an address of a person or a forged line of the log.
    /// </summary>
    internal static string ShownPaths(IReadOnlyList<string> paths) =>
        string.Join(", ", paths.Take(10).Select(static path => path.All(static c => char.IsAsciiLetterOrDigit(c) || c is ':' or '.' or '_' or '-' or '$')
            ? path.Length <= 120 ? path : path[..120] + "..." : "(not a name)"));

    [LoggerMessage(LogLevel.Information, "A PATCH named paths that no schema has; they were left out: {Paths}")]
    private static partial void IgnoredPaths(ILogger logger, string paths);

    /// <summary>Whose credentials a route asks for.</summary>
    internal enum Asks { ScimToken, Nobody, Person }

    /// <summary>A request at this door, its caller known.</summary>
    internal sealed class ScimRequest
    {
        private readonly ScimCaller? caller;

        private ScimRequest(HttpContext context, ScimCaller? caller, MemberId? person, string baseUrl)
        {
            Context = context;
            this.caller = caller;
            Person = person;
            BaseUrl = baseUrl;
        }

        /// <summary>Whom the credentials stand for; null for a token of an identity provider.</summary>
        public MemberId? Person { get; }

        public HttpContext Context { get; }

        public string BaseUrl { get; }

        public ScimCaller Caller => caller ?? throw new InvalidOperationException("This route needs no credentials, so it has no caller.");

        public ServiceSettings Settings => Service<ServiceSettings>();

        public UserOperations Users => Service<UserOperations>();

        public GroupOperations Groups => Service<GroupOperations>();

        public MeOperations Me => Service<MeOperations>();

        public RootOperations Root => Service<RootOperations>();

        public BulkOperations Bulk => Service<BulkOperations>();

        public DiscoveryOperations Discovery => Service<DiscoveryOperations>();

        public string Id => (string)Context.Request.RouteValues["id"]!;

        public string? Attributes => Query("attributes");

        public string? Excluded => Query("excludedAttributes");

        public ListParameters List => new(Query("filter"), Query("startIndex"), Query("count"), Attributes, Excluded)
        {
            SortBy = Query("sortBy"), SortOrder = Query("sortOrder"), Cursor = Query("cursor"),
        };

        public IfMatch? Condition => IfMatch.Parse(Context.Request.Headers.IfMatch, Context.Request.Headers.IfNoneMatch);

        /// <summary>Credentials decide the organisation; where none are needed, wrong ones are refused all the same (checklist Z3).</summary>
        public static async Task<Outcome<ScimRequest>> OfAsync(HttpContext context, Asks asks)
        {
            var services = context.RequestServices;
            var baseUrl = services.GetRequiredService<PublicUrl>().Root(context.Request) + "/scim/v2";
            if (asks == Asks.Nobody && context.Request.Headers.Authorization.Count == 0) return new ScimRequest(context, null, null, baseUrl);
            if (!(await services.GetRequiredService<Authentication>().AuthenticateAsync(context)).Try(out var who, out var error)) return error;
            var organization = who switch
            {
                Caller.Bearer { Grant: { Token.Door: Door.Scim } grant } => grant.Organization,
                Caller.Bearer { Grant: { } grant } when asks == Asks.Person => grant.Organization,
                Caller.Person { ByLink: false } person when asks == Asks.Person => person.Organization,
                _ => null,
            };
            if (organization is null) return new Forbidden("This token does not open the SCIM door; use a SCIM token of the organisation.");
            var actor = Authentication.Actor(who, Channel.Scim, context);
            return new ScimRequest(context, new ScimCaller(organization, actor, baseUrl), who.Authority.Member, baseUrl);
        }

        private string? Query(string name) => Context.Request.Query.TryGetValue(name, out var values) ? values.ToString() : null;

        private T Service<T>() where T : notnull => Context.RequestServices.GetRequiredService<T>();
    }
}
