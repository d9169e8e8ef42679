using Provisioning.Core.Common;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.SignIn;

/// <summary>What became of a sign-in.</summary>
/// <param name="Started">Null when refused.</param>
public sealed record CompletedSignIn(SignInAnswer Answer, StartedSession? Started);

/// <summary>The end of every built-in sign-in, OIDC and SAML: the decision shared with the hook, then a session.</summary>
public sealed class SignInCompletion(SignInDecision decision, SessionDirectory sessions)
{
    /// <summary>Who vouches for the person acts in the audit trail.</summary>
    public static Actor ActorOf(Connection connection, string correlationId) =>
        new(ActorKind.Connection, connection.Id.ToString(), Channel.Jit, correlationId);

    /// <param name="life">Of the session.</param>
    /// <param name="withCode">Whether an application is to be told.</param>
    public async Task<Outcome<CompletedSignIn>> CompleteAsync(
        Organization organization, LoginAssertion assertion, string correlationId, TimeSpan life, bool withCode, CancellationToken cancel)
    {
        var actor = ActorOf(assertion.Connection, correlationId);
        if (!(await decision.DecideAsync(organization, actor, assertion.ToRequest(), cancel)).Try(out var answer, out var error)) return error;
        if (!answer.Allowed || answer.Member is not { } member) return new CompletedSignIn(answer, null);
        var started = await sessions.StartAsync(organization, actor, assertion, member, life, withCode, cancel);
        var refused = started.Error is Forbidden ? DenyReason.Deprovisioned
            : started.Error is Unprocessable { Code: var code } && code == DenyReason.ConnectionDisabled.Code ? DenyReason.ConnectionDisabled : null;
        if (refused is not null) return new CompletedSignIn(new SignInAnswer(false, refused.Code, member, null, null, false, []), null);
        return started.Select(session => new CompletedSignIn(answer, session));
    }
}
