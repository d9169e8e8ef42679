using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.SignIn;

/// <summary>
/// Sessions of signed-in members (design D7). They end in the unit that suspends or removes the member or takes the seat, so every node
/// knows at its next look: nothing of a session is cached.
/// </summary>
public sealed class SessionDirectory(
    IDatabase database, ISessionStore sessions, IMemberStore members, IConnectionStore connections, IOrganizationStore organizations,
    TimeProvider time)
{
    /// <summary>How long an application may take to exchange a code.</summary>
    public static readonly TimeSpan CodeLife = TimeSpan.FromSeconds(60);

    /// <summary>Sessions that one word of an identity provider can end; nobody has more.</summary>
    private const int MostAtOnce = 500;

    /// <summary>
    /// Begins a session for a member who was just allowed in; refuses one who lost access since. Seat and connection are locked: whoever
    /// takes either away comes before, and is seen here, or after, and ends this session too.
    /// </summary>
    /// <param name="life">At most; the provider may have said less.</param>
    /// <param name="withCode">Whether an application will ask for the session.</param>
    public Task<Outcome<StartedSession>> StartAsync(
        Organization organization, Actor actor, LoginAssertion assertion, MemberId member, TimeSpan life, bool withCode, CancellationToken cancel)
    {
        var now = Instants.Now(time);
        var ends = assertion.SessionEndsAt is { } last && last < now + life ? last : now + life;
        var session = new MemberSession(
            Ids.New<SessionId>(time), organization.Id, member, assertion.Connection.Id, SignInSecret.HashIndex(assertion.SessionIndex),
            assertion.LogoutHint, now, ends, null, null);
        var started = new StartedSession(session, SignInSecret.New(), withCode ? SignInSecret.New() : null);
        return database.WriteAsync(new WriteUnit<StartedSession>(Ids.New<UnitId>(time), "session.start", actor, now, async scope =>
        {
            await sessions.LockMemberAsync(scope.Session, organization.Id, member);
            if (await members.FindAsync(scope.Session, organization.Id, member) is not { } found || Inactive(organization, found, now) is not null)
                return new Forbidden("Access was withdrawn while you were signing in.");
            if (!await connections.LockEnabledAsync(scope.Session, assertion.Connection.Id))
                return new Unprocessable(DenyReason.ConnectionDisabled.Code, "This way of signing in was switched off while you were signing in.");
            await sessions.InsertAsync(scope.Session, session, assertion.Subject, SignInSecret.Hash(started.Cookie));
            if (started.Code is { } code)
                await sessions.InsertCodeAsync(scope.Session, organization.Id, session.Id, SignInSecret.Hash(code), now + CodeLife);
            scope.Note(organization.Id, "session.started", Target.Member(member), new JsonObject
            {
                ["session"] = session.Id.ToString(), ["connection"] = assertion.Connection.Id.ToString(),
            });
            return started;
        })
        {
            // The receipt keeps no secret; an attempt after an unknown outcome has them still.
            Organization = organization.Id, Remember = static _ => "", Recall = (_, _) => Task.FromResult<Outcome<StartedSession>>(started),
        }, cancel);
    }

    /// <summary>The application's turn: a code, once, within <see cref="CodeLife"/>.</summary>
    public Task<Outcome<SessionView>> ExchangeAsync(
        Organization organization, Actor actor, string code, Idempotency? idempotency, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<SessionView>(idempotency?.Id ?? Ids.New<UnitId>(time), "session.exchange", actor, Instants.Now(time), async scope =>
            await sessions.UseCodeAsync(scope.Session, organization.Id, SignInSecret.Hash(code), scope.Now) is { } id
            && await sessions.FindAsync(scope.Session, organization.Id, id) is { } session
                ? await ViewAsync(scope.Session, organization, session, scope.Now)
                : new Unprocessable("code_invalid", "The code is unknown, was used, or is older than 60 seconds; start the sign-in again."))
        {
            Organization = organization.Id, RequestHash = idempotency?.RequestHash,
            Remember = static view => view.Session.Id.ToString(),
            Recall = (session, id) => RecallAsync(session, organization, id),
        }, cancel);

    public Task<SessionView?> FindAsync(Organization organization, SessionId id, CancellationToken cancel) =>
        database.ReadAsync(async session => await sessions.FindAsync(session, organization.Id, id) is { } found
            ? await ViewAsync(session, organization, found, Instants.Now(time)) : null, cancel);

    /// <summary>The session of a browser, with its organisation; null for a secret nobody gave out.</summary>
    public Task<(Organization Organization, SessionView View)?> FindByCookieAsync(string secret, CancellationToken cancel) =>
        database.ReadAsync<(Organization, SessionView)?>(async session =>
            await sessions.FindByCookieAsync(session, SignInSecret.Hash(secret)) is { } found
            && await organizations.FindAsync(session, found.Organization.ToString()) is { } organization
                ? (organization, await ViewAsync(session, organization, found, Instants.Now(time))) : null, cancel);

    public Task<Page<MemberSession>> ListAsync(Organization organization, MemberId member, byte[]? after, int limit, CancellationToken cancel) =>
        database.ReadAsync(session => sessions.ListAsync(session, organization.Id, member, after, limit), cancel);

    /// <summary>Ends a session; ending it again is harmless.</summary>
    /// <param name="authority">Of whoever ends somebody else's (rule ROLE-2); null for the person's own sign-out, and for an application.</param>
    public Task<Outcome<Done>> EndAsync(
        Organization organization, Actor actor, Authority? authority, SessionId id, SessionEnd reason, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<Done>(Ids.New<UnitId>(time), "session.end", actor, Instants.Now(time), async scope =>
        {
            if (await sessions.FindAsync(scope.Session, organization.Id, id) is not { } session) return new NotFound("There is no such session.");
            if (authority is not null && authority.Member != session.Member
                && await members.FindAsync(scope.Session, organization.Id, session.Member) is { Member: var member }
                && RoleRules.Check(authority, PersonAct.EndSession, member.Role, member.Id) is { } forbidden) return forbidden;
            await EndAsync(scope, session, reason);
            return default(Done);
        }) { Organization = organization.Id }, cancel);

    /// <summary>The identity provider ends sessions: of a subject, of its own session, or of one within the other. Answers how many.</summary>
    public Task<Outcome<int>> EndAtProviderAsync(
        Organization organization, Actor actor, ConnectionId connection, string? subject, string? index, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<int>(Ids.New<UnitId>(time), "session.provider_logout", actor, Instants.Now(time), async scope =>
        {
            if (subject is null && index is null) return 0;
            var found = await sessions.FindOpenAsync(scope.Session, connection, subject, SignInSecret.HashIndex(index), MostAtOnce);
            foreach (var session in found) await EndAsync(scope, session, SessionEnd.ProviderLogout);
            return found.Count;
        }) { Organization = organization.Id }, cancel);

    /// <summary>Deletes what nobody can ask for any more: a unit of a job.</summary>
    public async Task<int> SweepAsync(Lease lease, Actor actor, CancellationToken cancel)
    {
        var swept = await database.WriteAsync(new WriteUnit<int>(Ids.New<UnitId>(time), "sessions.sweep", actor, Instants.Now(time), async scope =>
            await sessions.DeleteOldAsync(scope.Session, scope.Now, scope.Now - TimeSpan.FromDays(30), 500)) { Lease = lease }, cancel);
        return swept.IsOk ? swept.Value : 0;
    }

    private async Task EndAsync(UnitScope scope, MemberSession session, SessionEnd reason)
    {
        if (!await sessions.EndAsync(scope.Session, session.Organization, session.Id, reason, scope.Now)) return;
        scope.Note(session.Organization, "session.ended", Target.Member(session.Member), new JsonObject { ["session"] = session.Id.ToString() }, Words.Text(reason));
    }

    private async Task<Outcome<SessionView>> RecallAsync(ISession session, Organization organization, string id) =>
        Ids.TryParse<SessionId>(id, out var known) && await sessions.FindAsync(session, organization.Id, known) is { } found
            ? await ViewAsync(session, organization, found, Instants.Now(time)) : new NotFound("There is no such session.");

    private async Task<SessionView> ViewAsync(ISession session, Organization organization, MemberSession found, DateTimeOffset now)
    {
        var member = await members.FindAsync(session, organization.Id, found.Member)
            ?? throw new InvalidOperationException("A session belongs to a member that is there.");
        var reason = found.EndedAt is not null ? "session_ended" : now >= found.ExpiresAt ? "session_expired" : Inactive(organization, member, now)
            ?? (found.Recovery is not null && !member.Member.Administers ? "not_an_administrator" : null);
        return new SessionView(found, member, reason, reason is null && found.Recovery is null && member.Seat.Status == SeatStatus.Assigned && organization.HasAccess(now));
    }

    /// <summary>JIT-4, SEAT-16, as at the sign-in itself.</summary>
    private static string? Inactive(Organization organization, SeatedMember member, DateTimeOffset now) =>
        member.Member.State == MemberState.Removed ? "member_removed"
        : member.Member.State == MemberState.Suspended ? "member_suspended"
        : member.Member.Administers ? null
        : member.Seat.Status != SeatStatus.Assigned ? "seat_required"
        : organization.HasAccess(now) ? null : "term_inactive";
}
