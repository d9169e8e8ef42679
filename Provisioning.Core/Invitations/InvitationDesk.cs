using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Invitations;

/// <summary>An invitation to be made.</summary>
/// <param name="Tier">Null: the highest with a free seat (rule INV-1).</param>
public sealed record NewInvitation(EmailAddress Email, Role Role, string? Tier);

/// <summary>Makes, repeats, takes back and ends invitations, each together with the seat it holds (rules INV-1 to INV-9).</summary>
public sealed class InvitationDesk(
    IDatabase database, IInvitationStore invitations, IMemberStore members, InvitationRules rules, InvitationTokens tokens, SeatEngine seats)
{
    public Task<Invitation?> FindAsync(Organization organization, InvitationId id, CancellationToken cancel) =>
        database.ReadAsync(session => invitations.FindAsync(session, organization.Id, id), cancel);

    public Task<Page<Invitation>> ListAsync(
        Organization organization, InvitationState? state, DateTimeOffset now, byte[]? after, int limit, CancellationToken cancel) =>
        database.ReadAsync(session => invitations.ListAsync(session, organization.Id, state, now, after, limit), cancel);

    /// <summary>INV-1, INV-3: holds a seat from now on; the mail is an event.</summary>
    public async Task<Outcome<Invitation>> InviteAsync(
        Organization organization, Actor actor, Authority authority, NewInvitation wanted, WriteStamp stamp, CancellationToken cancel)
    {
        var seed = await tokens.SeedAsync(cancel);
        return await WriteAsync("invitation.create", organization, actor, stamp,
            scope => InviteAsync(scope, organization, authority, wanted, seed), cancel);
    }

    /// <summary>
    /// Ties a key to the whole of a bulk, whose addresses are units of their own: null, or why the key cannot be used (422
    /// <c>idempotency_key_reused</c>).
    /// </summary>
    public async Task<Error?> ClaimKeyAsync(Organization organization, Actor actor, Idempotency key, DateTimeOffset now, CancellationToken cancel) =>
        (await database.WriteAsync(new WriteUnit<Done>(key.Id, "invitations.bulk", actor, now, static _ => Task.FromResult<Outcome<Done>>(default(Done)))
        {
            Organization = organization.Id, RequestHash = key.RequestHash,
        }, cancel)).Error;

    /// <summary>INV-6, in the unit that makes the organisation or appoints: the operator's invitation of the primary owner.</summary>
    public Task<Outcome<Invitation>> InviteOwnerAsync(UnitScope scope, Organization organization, EmailAddress email, InvitationSeed seed) =>
        InviteAsync(scope, organization, Authority.Operator, new NewInvitation(email, Role.PrimaryOwner, null), seed);

    /// <summary>The operator invites the primary owner (again): as long as there is none, the newest invitation counts.</summary>
    public async Task<Outcome<Invitation>> ReplaceOwnerInvitationAsync(
        Organization organization, Actor actor, EmailAddress email, WriteStamp stamp, CancellationToken cancel)
    {
        var seed = await tokens.SeedAsync(cancel);
        return await WriteAsync("invitation.create", organization, actor, stamp, async scope =>
        {
            if (await members.PrimaryOwnerAsync(scope.Session, organization.Id) is not null)
                return new Conflict("member_exists", "There is a primary owner; name the member who is to follow: {\"memberId\":\"mem_...\"}.");
            await WithdrawOwnerInvitationsAsync(scope, organization);
            return await InviteOwnerAsync(scope, organization, email, seed);
        }, cancel);
    }

    /// <summary>When the operator appoints a member, what was offered to others is off.</summary>
    public async Task WithdrawOwnerInvitationsAsync(UnitScope scope, Organization organization)
    {
        foreach (var pending in await invitations.PendingOwnersAsync(scope.Session, organization.Id))
            await EndAsync(scope, pending, pending.IsOpen(scope.Now) ? InvitationState.Superseded : InvitationState.Expired);
    }

    /// <summary>INV-5: a new invitation with a new token and a new term; a pending one is superseded and its hold goes on.</summary>
    public async Task<Outcome<Invitation>> ResendAsync(
        Organization organization, Actor actor, Authority authority, InvitationId id, WriteStamp stamp, CancellationToken cancel)
    {
        var seed = await tokens.SeedAsync(cancel);
        return await WriteAsync("invitation.resend", organization, actor, stamp, async scope =>
        {
            if (await invitations.FindAsync(scope.Session, organization.Id, id) is not { } before) return NoSuchInvitation(id);
            if (RoleRules.Check(authority, PersonAct.Invite, before.Role, null) is { } forbidden) return forbidden;
            if (InvitationRules.RefuseEnded(before.StateAt(scope.Now)) is { } ended && before.StateAt(scope.Now) != InvitationState.Expired) return ended;
            var wanted = new NewInvitation(InvitationRules.Address(before), before.Role, before.Tier);
            if (!before.IsOpen(scope.Now)) return await InviteAsync(scope, organization, authority, wanted, seed);
            if (await rules.RefuseAsync(scope.Session, organization, wanted) is { } refused) return refused;
            await invitations.EndAsync(scope.Session, before.Id, InvitationState.Superseded, null, scope.Now);
            Record(scope, before, InvitationState.Superseded);
            var again = Draft(scope, organization, wanted, seed) with { Tier = before.Tier, Hold = before.Hold };
            if (again.Hold is { } hold && !await seats.ExtendHoldAsync(scope, organization.Id, hold, again.ExpiresAt))
                throw new UnitConflictException("The hold ended meanwhile.");
            return await InsertAsync(scope, organization, again, seed);
        }, cancel);
    }

    /// <summary>Takes an invitation back; the seat goes to whoever waits (rule SEAT-11). Repeating is harmless.</summary>
    public Task<Outcome<Done>> RevokeAsync(
        Organization organization, Actor actor, Authority authority, InvitationId id, WriteStamp stamp, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<Done>(stamp.Unit, "invitation.revoke", actor, stamp.Now, async scope =>
        {
            if (await invitations.FindAsync(scope.Session, organization.Id, id) is not { } found) return NoSuchInvitation(id);
            if (RoleRules.Check(authority, PersonAct.Invite, found.Role, null) is { } forbidden) return forbidden;
            if (found.State == InvitationState.Revoked) return default(Done);
            if (InvitationRules.RefuseEnded(found.StateAt(scope.Now)) is { } ended) return ended;
            await EndAsync(scope, found, InvitationState.Revoked);
            return default(Done);
        }) { Organization = organization.Id }, cancel);

    /// <summary>What the sweeper finds: it is over already; now it is written down, and told. Nothing when somebody was faster.</summary>
    public Task<Outcome<Done>> ExpireUnderAsync(
        Lease? lease, OrganizationId organization, Actor actor, InvitationId id, WriteStamp stamp, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<Done>(stamp.Unit, "invitation.expire", actor, stamp.Now, async scope =>
        {
            if (await invitations.FindAsync(scope.Session, organization, id) is { State: InvitationState.Pending } found && !found.IsOpen(scope.Now))
                await EndAsync(scope, found, InvitationState.Expired);
            return default(Done);
        }) { Organization = organization, Lease = lease }, cancel);

    private async Task<Outcome<Invitation>> InviteAsync(
        UnitScope scope, Organization organization, Authority authority, NewInvitation wanted, InvitationSeed seed)
    {
        if (RoleRules.Check(authority, PersonAct.Invite, wanted.Role, null) is { } forbidden) return forbidden;
        if (await rules.RefuseAsync(scope.Session, organization, wanted) is { } refused) return refused;
        if (await invitations.FindPendingAsync(scope.Session, organization.Id, wanted.Email.Normalized) is { } pending)
        {
            if (pending.IsOpen(scope.Now))
                return new Conflict("invitation_exists", $"This address is invited already, until {Instants.Text(pending.ExpiresAt)}; resend that invitation, or revoke it.");
            await EndAsync(scope, pending, InvitationState.Expired);
        }
        var drafted = Draft(scope, organization, wanted, seed);
        var held = await seats.HoldAsync(scope, organization.Id, seed.Hold, wanted.Tier, drafted.ExpiresAt);
        if (held.Try(out var hold, out var full)) drafted = drafted with { Tier = hold.Tier, Hold = hold.Id };
        else if (wanted.Role != Role.PrimaryOwner || full is not SeatDenied) return full; // administering needs no seat (ROLE-4)
        return await InsertAsync(scope, organization, drafted, seed);
    }

    private static Invitation Draft(UnitScope scope, Organization organization, NewInvitation wanted, InvitationSeed seed) => new(
        seed.Id, organization.Id, wanted.Email.Normalized, wanted.Role, null, null, InvitationState.Pending, seed.Nonce, scope.Actor.Id, scope.Now,
        scope.Now + Invitation.Lifetime, null, null);

    private async Task<Outcome<Invitation>> InsertAsync(UnitScope scope, Organization organization, Invitation invitation, InvitationSeed seed)
    {
        await invitations.InsertAsync(scope.Session, invitation, seed.TokenHash);
        scope.Record(organization.Id, "invitation.created", Target.Invitation(invitation.Id), null, invitation.Describe());
        return invitation;
    }

    private async Task EndAsync(UnitScope scope, Invitation invitation, InvitationState state)
    {
        await invitations.EndAsync(scope.Session, invitation.Id, state, null, scope.Now);
        Record(scope, invitation, state);
        if (invitation.Hold is { } hold) await seats.ReleaseHoldAsync(scope, invitation.Organization, hold); // or a repair was faster (TIME-4)
    }

    private static void Record(UnitScope scope, Invitation invitation, InvitationState state) =>
        scope.Record(invitation.Organization, "invitation." + Words.Text(state), Target.Invitation(invitation.Id), invitation.Describe(),
            (invitation with { State = state }).Describe());

    private Task<Outcome<Invitation>> WriteAsync(
        string kind, Organization organization, Actor actor, WriteStamp stamp, Func<UnitScope, Task<Outcome<Invitation>>> run, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<Invitation>(stamp.Unit, kind, actor, stamp.Now, run)
        {
            Organization = organization.Id, RequestHash = stamp.RequestHash,
            Remember = invitation => invitation.Id.ToString(),
            Recall = async (session, id) => Ids.TryParse<InvitationId>(id, out var known)
                && await invitations.FindAsync(session, organization.Id, known) is { } found ? found : new NotFound($"There is no invitation {id}."),
        }, cancel);

    internal static NotFound NoSuchInvitation(InvitationId id) => new($"There is no invitation {id}.");
}
