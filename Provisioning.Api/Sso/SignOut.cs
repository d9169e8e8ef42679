using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Sso;

/// <summary>Sign-out at an identity provider of one kind.</summary>
public interface IProviderSignOut
{
    ConnectionKind Kind { get; }

    /// <summary>Where the browser goes to end the provider's session too; null when the provider offers nothing.</summary>
    /// <param name="hint">What the sign-in kept for this moment (<see cref="LoginAssertion.LogoutHint"/>), decrypted.</param>
    Task<string?> AddressAsync(HttpContext context, Connection connection, MemberSession session, string? hint);
}

/// <summary>A person signs out: the session ends here, then at the identity provider.</summary>
public sealed class SignOut(
    SessionDirectory sessions, ConnectionDirectory connections, SignInCookies cookies, SecretProtection secrets, IEnumerable<IProviderSignOut> kinds)
{
    /// <summary>Asked by a form of our own page: another site's form brings no cookie (SameSite=Lax) and ends nothing.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        var cancel = context.RequestAborted;
        var known = cookies.SessionOf(context) is { } secret ? await sessions.FindByCookieAsync(secret, cancel) : null;
        if (known is not { } found)
        {
            Page.Redirect(context, SsoEndpoints.Root + "/signed-out");
            return;
        }
        var session = found.View.Session;
        var actor = new Actor(ActorKind.Member, session.Member.ToString(), Channel.Jit, context.CorrelationId());
        var ended = await sessions.EndAsync(found.Organization, actor, null, session.Id, SessionEnd.SignedOut, cancel);
        if (ended.Error is { } error)
        {
            await SsoPages.ErrorAsync(context, error, SsoEndpoints.Root + "/sign-out");
            return;
        }
        cookies.ClearSession(context);
        var connection = session.Connection is { } id ? await connections.FindAsync(found.Organization, id.ToString(), cancel) : null;
        var address = connection is { SignsPeopleIn: true } && kinds.FirstOrDefault(kind => kind.Kind == connection.Kind) is { } provider
            ? await provider.AddressAsync(context, connection, session, secrets.Unprotect(SecretProtection.LogoutHint, session.LogoutHint)) : null;
        Page.Redirect(context, address ?? SsoEndpoints.Root + "/signed-out");
    }
}
