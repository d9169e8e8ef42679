using System.Security.Cryptography;
using System.Text;
using Provisioning.Api.Configuration;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;

namespace Provisioning.Api.Hosting;

/// <summary>Whose credentials a request carries.</summary>
public abstract record Caller
{
    /// <summary>A token of an organisation.</summary>
    public sealed record Bearer(TokenGrant Grant) : Caller;

    /// <summary>The operator's token from configuration.</summary>
    public sealed record Operator : Caller;
}

/// <summary>Turns the Authorization header into a caller. A token is looked up at every request, so a revoked one ends at once.</summary>
public sealed class Authentication(Credentials credentials, ServiceSettings settings)
{
    private readonly byte[]? operatorHash = settings.Operator.Token is { } token ? SHA256.HashData(Encoding.UTF8.GetBytes(token)) : null;

    public async Task<Outcome<Caller>> AuthenticateAsync(HttpContext context)
    {
        if (!Hosting.Bearer.Secret(context.Request.Headers).Try(out var secret, out var error)) return error;
        if (operatorHash is not null && TokenSecret.Matches(secret, operatorHash)) return new Caller.Operator();
        return await credentials.AuthenticateAsync(secret, context.RequestAborted) is { } grant
            ? new Caller.Bearer(grant)
            : new Unauthenticated("The bearer token is unknown, revoked or expired.");
    }

    /// <summary>The actor of an audit record.</summary>
    public static Actor Actor(Caller caller, Channel channel, HttpContext context) => caller switch
    {
        Caller.Bearer bearer => new Actor(Kind(bearer.Grant.Token.Door), bearer.Grant.Token.Id.ToString(), channel, context.CorrelationId()),
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
