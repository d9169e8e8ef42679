using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.SignIn;

/// <summary>
/// Makes one-time links for owners and admins when sign-in itself is broken. What a stranger is answered does not depend on whether the
/// address is anybody's: the link goes by mail, or there is none.
/// </summary>
public sealed class RecoveryLinks(
    IDatabase database, IRecoveryStore links, IMemberStore members, ISignInSettingsStore settings, ISessionStore sessions, RecoveryTokens tokens,
    TimeProvider time)
{
    /// <summary>People who may share a mailbox and are all written to.</summary>
    private const int MostAtOnce = 3;

    /// <summary>Whether the organisation lets its owners and admins ask.</summary>
    public async Task<bool> AreAllowedAsync(Organization organization, CancellationToken cancel) =>
        (await database.ReadAsync(session => settings.FindAsync(session, organization.Id), cancel)).RecoveryLinks;

    /// <summary>Somebody asks with an address; the mail follows from the event. Refused only when the organisation does not offer links.</summary>
    public async Task<Outcome<Done>> AskAsync(Organization organization, EmailAddress email, string correlationId, CancellationToken cancel)
    {
        var seeds = new List<RecoverySeed>();
        while (seeds.Count < MostAtOnce) seeds.Add(await tokens.SeedAsync(cancel));
        var actor = new Actor(ActorKind.Member, "nobody", Channel.Jit, correlationId);
        return await database.WriteAsync(new WriteUnit<Done>(Ids.New<UnitId>(time), "recovery.ask", actor, Instants.Now(time), async scope =>
        {
            if (!(await settings.FindAsync(scope.Session, organization.Id)).RecoveryLinks)
                return new Forbidden("The organisation does not let its administrators in by a link.");
            var found = await members.FindByEmailAsync(scope.Session, organization.Id, email.Normalized, 20);
            // A directory may have written the address: the link goes only to a mailbox that the person has shown to be theirs.
            var proven = await members.ProvenByEmailAsync(scope.Session, organization.Id, email.Normalized);
            foreach (var (member, seed) in found.Where(one => MayHaveOne(one) && proven.Contains(one.Member.Id)).Zip(seeds))
            {
                // The lock lets one ask at a time, so the count holds.
                await sessions.LockMemberAsync(scope.Session, organization.Id, member.Member.Id);
                if (await links.CountAskedAsync(scope.Session, member.Member.Id, scope.Now - TimeSpan.FromHours(1)) >= RecoveryLink.MostAnHour) continue;
                var link = Link(scope, organization, member.Member.Id, RecoveryOrigin.Person, seed);
                await links.InsertAsync(scope.Session, link, SignInSecret.Hash(seed.Token));
                scope.Record(organization.Id, "recovery_link.requested", Target.Member(link.Member), null, Describe(link));
            }
            return default(Done);
        }) { Organization = organization.Id }, cancel);
    }

    /// <summary>The operator has one made, whatever the setting of the organisation; the token exists only here and in the answer.</summary>
    /// <returns>The token is null in the answer to a repeated request: nobody knows it any more.</returns>
    public async Task<Outcome<(RecoveryLink Link, string? Token)>> IssueAsync(
        Organization organization, Actor actor, MemberId member, Idempotency? idempotency, CancellationToken cancel)
    {
        var seed = await tokens.SeedAsync(cancel);
        var issued = await database.WriteAsync(new WriteUnit<RecoveryLink>(idempotency?.Id ?? Ids.New<UnitId>(time), "recovery.issue", actor, Instants.Now(time), async scope =>
        {
            if (await members.FindAsync(scope.Session, organization.Id, member) is not { } found) return new NotFound($"There is no member {member}.");
            if (!MayHaveOne(found)) return new Unprocessable("not_an_administrator", "The link opens the administration; it is for active owners and admins.");
            var link = Link(scope, organization, member, RecoveryOrigin.Operator, seed);
            await links.InsertAsync(scope.Session, link, SignInSecret.Hash(seed.Token));
            scope.Note(organization.Id, "recovery_link.issued", Target.Member(member), Describe(link));
            return link;
        })
        {
            Organization = organization.Id, RequestHash = idempotency?.RequestHash, Remember = static link => link.Id.ToString(),
            Recall = async (session, id) => Ids.TryParse<RecoveryLinkId>(id, out var known) && await links.FindAsync(session, organization.Id, known) is { } found
                ? found : new NotFound("The link that this request made is long over."),
        }, cancel);
        return issued.Select(link => (link, link.Id == seed.Id ? seed.Token : null));
    }

    /// <summary>Active owners and admins: administering needs no seat (rule ROLE-4).</summary>
    internal static bool MayHaveOne(SeatedMember member) => member.Member is { State: MemberState.Active, Administers: true };

    private static RecoveryLink Link(UnitScope scope, Organization organization, MemberId member, RecoveryOrigin origin, RecoverySeed seed) =>
        new(seed.Id, organization.Id, member, origin, scope.Now, scope.Now + RecoveryLink.Life, null);

    private static JsonObject Describe(RecoveryLink link) => new()
    {
        ["link"] = link.Id.ToString(), ["origin"] = Words.Text(link.Origin), ["expiresAt"] = Instants.Text(link.ExpiresAt),
    };
}
