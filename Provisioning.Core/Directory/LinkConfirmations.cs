using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Directory;

/// <summary>
/// Lets one sign-in be linked to a member although the member administers, which an address or a directory's word alone never does (rule
/// JIT-1). It counts for a verified sign-in with this address, once, and not for ever.
/// </summary>
/// <param name="Email">Normalised; a later change of the member's address moves nothing.</param>
public sealed record LinkConfirmation(MemberId Member, string Email, DateTimeOffset ExpiresAt)
{
    /// <summary>As long as an invitation is open (rule INV-2).</summary>
    public static readonly TimeSpan Life = Invitation.Lifetime;

    /// <summary>
    /// The connections it is for, as they were when it was given; null: any. One of the primary owner always names them: an owner decides
    /// which identity providers are believed, and would otherwise make himself the primary owner by one of his own.
    /// </summary>
    public IReadOnlyList<ConfirmedConnection>? Connections { get; init; }

    public bool Admits(Role role, Connection connection) =>
        Connections is { } named ? named.Contains(new ConfirmedConnection(connection.Id, connection.Version)) : role != Role.PrimaryOwner;
}

/// <summary>A connection in one state: any change of it ends what was confirmed for it.</summary>
public readonly record struct ConfirmedConnection(ConnectionId Id, long Version);

/// <summary>Confirmations, at most one per member.</summary>
public interface ILinkConfirmationStore
{
    /// <summary>Takes the place of the one that was there.</summary>
    Task SaveAsync(ISession session, OrganizationId organization, LinkConfirmation confirmation, DateTimeOffset now);

    /// <summary>The member's one for the address, if it has not run out.</summary>
    Task<LinkConfirmation?> FindOpenAsync(ISession session, MemberId member, string email, DateTimeOffset now);

    /// <summary>Ends the member's confirmation; false when there is none, so the second of two who use it learns of the first.</summary>
    Task<bool> EndAsync(ISession session, MemberId member);
}

/// <summary>Who vouches that the next sign-in with an address is the member: the person who accepted by a link, or an owner.</summary>
public sealed class LinkConfirmations(
    IDatabase database, IMemberStore members, IOrganizationStore organizations, IConnectionStore connections, ILinkConfirmationStore store,
    TimeProvider time)
{
    /// <summary>Connections that an accepted invitation can name.</summary>
    private const int MostConnections = 100;

    /// <summary>
    /// The person has shown that the mailbox is theirs, by the link that was sent there. That of a primary owner is for the connections of
    /// this moment.
    /// </summary>
    public async Task LeaveAsync(UnitScope scope, Organization organization, MemberId member, Role role, string email)
    {
        await members.ProveEmailAsync(scope.Session, member, email);
        var present = role != Role.PrimaryOwner ? null : (await connections.ListAsync(scope.Session, organization.Id, null, MostConnections)).Items
            .Select(static connection => new ConfirmedConnection(connection.Id, connection.Version)).ToList();
        await SaveAsync(
            scope, organization, new LinkConfirmation(member, email, scope.Now + LinkConfirmation.Life) { Connections = present }, "invitation");
    }

    /// <summary>An owner's word, with the address typed, because a directory may have changed it. Answers when it runs out.</summary>
    /// <param name="named">The connection it is for, as it is now; null: any, but for the primary owner.</param>
    public Task<Outcome<DateTimeOffset>> GrantAsync(
        Organization organization, Actor actor, Authority authority, MemberId id, string confirmEmail, ConnectionId? named, Idempotency? idempotency,
        CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<DateTimeOffset>(idempotency?.Id ?? Ids.New<UnitId>(time), "member.confirm_link", actor, Instants.Now(time), async scope =>
        {
            if (await members.FindAsync(scope.Session, organization.Id, id) is not { Member: { State: not MemberState.Removed } member })
                return new NotFound($"There is no member {id}.");
            if (RoleRules.Check(authority, PersonAct.ConfirmLink, member.Role, id) is { } forbidden) return forbidden;
            if (member.State != MemberState.Active) return new InvalidValue("The member is suspended; restore the member first.");
            if (!EmailAddress.TryParse(confirmEmail, out var email) || email.Normalized != member.MatchEmail)
                return new InvalidValue("'confirmEmail' is not the address of the member.");
            if (!await organizations.IsVerifiedDomainAsync(scope.Session, organization.Id, email.Domain))
                return new Unprocessable("domain_not_verified", $"{email.Domain} is no verified domain of the organisation; nobody is recognised by an address there.");
            if (named is null && member.Role == Role.PrimaryOwner)
                return new InvalidValue("'connection' must name the connection that the primary owner will sign in through; look at its settings first.");
            IReadOnlyList<ConfirmedConnection>? only = null;
            if (named is { } wanted)
            {
                if (await connections.FindAsync(scope.Session, organization.Id, wanted.ToString()) is not { } connection)
                    return new InvalidValue("'connection' is the id of no connection of the organisation.");
                only = [new ConfirmedConnection(connection.Id, connection.Version)];
            }
            var confirmation = new LinkConfirmation(id, email.Normalized, scope.Now + LinkConfirmation.Life) { Connections = only };
            await SaveAsync(scope, organization, confirmation, null);
            return confirmation.ExpiresAt;
        }) { Organization = organization.Id, RequestHash = idempotency?.RequestHash }, cancel);

    private async Task SaveAsync(UnitScope scope, Organization organization, LinkConfirmation confirmation, string? reason)
    {
        await store.SaveAsync(scope.Session, organization.Id, confirmation, scope.Now);
        scope.Note(organization.Id, "identity.link_confirmed", Target.Member(confirmation.Member), new JsonObject
        {
            ["email"] = confirmation.Email, ["expiresAt"] = Instants.Text(confirmation.ExpiresAt),
            ["connections"] = confirmation.Connections is { } named ? new JsonArray([.. named.Select(static one => JsonValue.Create(one.Id.ToString()))]) : null,
        }, reason);
    }
}
