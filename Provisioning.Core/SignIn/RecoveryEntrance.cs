using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.SignIn;

/// <summary>A link that would let somebody in now.</summary>
public sealed record OpenRecovery(RecoveryLink Link, Organization Organization, SeatedMember Member);

/// <summary>
/// Lets the bearer of a link into the administration, once. The link is asked again what it is worth at that moment: whoever was suspended,
/// removed or demoted meanwhile stays outside.
/// </summary>
public sealed class RecoveryEntrance(
    IDatabase database, IRecoveryStore links, IMemberStore members, IOrganizationStore organizations, ISignInSettingsStore settings, ISessionStore sessions,
    TimeProvider time)
{
    private static readonly Gone Over = new("recovery_link_over", "The link is unknown, was used, or is older than 15 minutes; ask for another one.");

    /// <summary>What a link would open; nothing is changed, because mail scanners look too.</summary>
    public Task<Outcome<OpenRecovery>> LookAsync(string token, CancellationToken cancel) =>
        database.ReadAsync(session => FindAsync(session, token, Instants.Now(time)), cancel);

    /// <summary>Uses the link and begins a session for the administration only. No application is told, and no seat is asked for.</summary>
    public Task<Outcome<(OpenRecovery Opened, StartedSession Started)>> EnterAsync(string token, string correlationId, CancellationToken cancel)
    {
        var (id, cookie) = (Ids.New<SessionId>(time), SignInSecret.New());
        var actor = new Actor(ActorKind.Member, "recovery_link", Channel.Jit, correlationId);
        return database.WriteAsync(new WriteUnit<(OpenRecovery Opened, StartedSession Started)>(Ids.New<UnitId>(time), "recovery.enter", actor, Instants.Now(time), async scope =>
        {
            if (!(await FindAsync(scope.Session, token, scope.Now)).Try(out var found, out var refused)) return refused;
            await sessions.LockMemberAsync(scope.Session, found.Organization.Id, found.Link.Member);
            if (!await links.UseAsync(scope.Session, found.Link.Id, scope.Now)) return Over;
            // Again under the lock.
            if (await members.FindAsync(scope.Session, found.Organization.Id, found.Link.Member) is not { } member || !RecoveryLinks.MayHaveOne(member)) return Over;
            var session = new MemberSession(
                id, found.Organization.Id, found.Link.Member, null, null, null, scope.Now, scope.Now + RecoveryLink.SessionLife, null, null) { Recovery = found.Link.Id };
            await sessions.InsertAsync(scope.Session, session, "", SignInSecret.Hash(cookie));
            scope.Note(found.Organization.Id, "session.started", Target.Member(session.Member), new JsonObject
            {
                ["session"] = session.Id.ToString(), ["recoveryLink"] = found.Link.Id.ToString(),
            });
            return (found, new StartedSession(session, cookie, null));
        })
        {
            // The receipt keeps no secret; an attempt after an unknown outcome finds its session by the id that was made before.
            Remember = static _ => "",
            Recall = async (session, _) => await links.FindAsync(session, SignInSecret.Hash(token)) is { } link
                && await organizations.FindAsync(session, link.Organization.ToString()) is { } organization
                && await members.FindAsync(session, organization.Id, link.Member) is { } member
                && await sessions.FindAsync(session, organization.Id, id) is { } started
                    ? (new OpenRecovery(link, organization, member), new StartedSession(started, cookie, null)) : Over,
        }, cancel);
    }

    private async Task<Outcome<OpenRecovery>> FindAsync(ISession session, string token, DateTimeOffset now)
    {
        if (await links.FindAsync(session, SignInSecret.Hash(token)) is not { } link || !link.IsOpen(now)) return Over;
        if (await organizations.FindAsync(session, link.Organization.ToString()) is not { } organization) return Over;
        if (link.Origin == RecoveryOrigin.Person && !(await settings.FindAsync(session, organization.Id)).RecoveryLinks) return Over;
        return await members.FindAsync(session, organization.Id, link.Member) is { } member && RecoveryLinks.MayHaveOne(member)
            ? new OpenRecovery(link, organization, member) : Over;
    }
}
