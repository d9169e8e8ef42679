using System.Security.Cryptography;
using System.Text;
using Provisioning.Api.Configuration;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Hosting;

/// <summary>Whose credentials a request carries.</summary>
public abstract record Caller
{
    /// <summary>What the caller may do to other people; who has no role may do nothing.</summary>
    public virtual Authority Authority => new(Role.User);

    /// <summary>A token of an organisation.</summary>
    public sealed record Bearer(TokenGrant Grant) : Caller
    {
        public override Authority Authority => new(Grant.Role ?? Role.User, Grant.Token.Member);
    }

    /// <summary>The operator's token from configuration.</summary>
    public sealed record Operator : Caller
    {
        public override Authority Authority => Core.Organizations.Authority.Operator;
    }

    /// <summary>A member whose browser is signed in.</summary>
    /// <param name="ByLink">By a one-time link, so to the administration only.</param>
    public sealed record Person(Organization Organization, MemberId Member, Role Role, bool ByLink) : Caller
    {
        public override Authority Authority => new(Role, Member);
    }

    /// <summary>At a route that asks for no credentials.</summary>
    public sealed record Nobody : Caller;
}

/// <summary>
/// Turns the Authorization header, or else the session of the browser, into a caller. Both are looked up at every request, so what was
/// revoked or ended is over at once.
/// </summary>
public sealed class Authentication(
    Credentials credentials, SessionDirectory sessions, SignInCookies cookies, PublicUrl url, RateLimits limits, ServiceSettings settings)
{
    private readonly byte[]? operatorHash = settings.Operator.Token is { } token ? SHA256.HashData(Encoding.UTF8.GetBytes(token)) : null;

    /// <summary>Who calls; each token is counted here, whatever the door.</summary>
    public async Task<Outcome<Caller>> AuthenticateAsync(HttpContext context)
    {
        var known = await RecognizeAsync(context);
        return known.Try(out var caller, out _) && limits.Take(caller) is { } limited ? limited : known;
    }

    private async Task<Outcome<Caller>> RecognizeAsync(HttpContext context)
    {
        if (context.Request.Headers.Authorization.Count == 0 && cookies.SessionOf(context) is { } cookie)
            return await PersonAsync(context, cookie);
        if (!Hosting.Bearer.Secret(context.Request.Headers).Try(out var secret, out var error)) return error;
        if (operatorHash is not null && TokenSecret.Matches(secret, operatorHash)) return new Caller.Operator();
        return await credentials.AuthenticateAsync(secret, context.RequestAborted) is { } grant
            ? new Caller.Bearer(grant)
            : new Unauthenticated("The bearer token is unknown, revoked or expired.");
    }

    private async Task<Outcome<Caller>> PersonAsync(HttpContext context, string cookie)
    {
        // A browser sends the cookie whoever asks it to: what changes something must come from a page of this service.
        if (!HttpMethods.IsGet(context.Request.Method) && !IsOurPage(context.Request))
            return new Forbidden("A signed-in browser may change something from a page of this service only; programs send Authorization: Bearer <token>.");
        return await sessions.FindByCookieAsync(cookie, context.RequestAborted) is ({ } organization, { Active: true } view)
            ? new Caller.Person(organization, view.Member.Member.Id, view.Member.Member.Role, view.Session.Recovery is not null)
            : new Unauthenticated("You are not signed in any more; sign in again.");
    }

    /// <summary>By what the browser says of the page that asks, which no page can choose (Fetch Metadata; Origin, RFC 6454 7).</summary>
    public bool IsOurPage(HttpRequest request) => request.Headers["Sec-Fetch-Site"] is [{ } site]
        ? site == "same-origin" : request.Headers.Origin is [{ } origin] && origin == url.Root(request);

    /// <summary>The actor of an audit record.</summary>
    public static Actor Actor(Caller caller, Channel channel, HttpContext context) => caller switch
    {
        Caller.Bearer { Grant.Token.Member: { } member } => new Actor(ActorKind.Member, member.ToString(), channel, context.CorrelationId()),
        Caller.Person person => new Actor(ActorKind.Member, person.Member.ToString(), channel, context.CorrelationId()),
        Caller.Bearer bearer => new Actor(Kind(bearer.Grant.Token.Door), bearer.Grant.Token.Id.ToString(), channel, context.CorrelationId()),
        Caller.Nobody => new Actor(ActorKind.Member, "nobody", channel, context.CorrelationId()),
        _ => new Actor(ActorKind.Operator, "operator", Channel.Operator, context.CorrelationId()),
    };

    private static ActorKind Kind(Door door) => door switch
    {
        Door.Scim => ActorKind.ScimToken,
        Door.Admin => ActorKind.AdminToken,
        Door.Gateway => ActorKind.GatewayToken,
        _ => ActorKind.ApplicationToken,
    };
}
