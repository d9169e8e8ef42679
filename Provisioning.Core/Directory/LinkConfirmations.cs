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
}

/// <summary>Confirmations, at most one per member.</summary>
public interface ILinkConfirmationStore
{
    /// <summary>Takes the place of the one that was there.</summary>
    Task SaveAsync(ISession session, OrganizationId organization, LinkConfirmation confirmation, DateTimeOffset now);

    /// <summary>Whether the member has one for the address that has not run out.</summary>
    Task<bool> IsOpenAsync(ISession session, MemberId member, string email, DateTimeOffset now);

    /// <summary>Ends the member's confirmation; false when there is none, so the second of two who use it learns of the first.</summary>
    Task<bool> EndAsync(ISession session, MemberId member);
}

/// <summary>Who vouches that the next sign-in with an address is the member: the person who accepted by a link, or an owner.</summary>
public sealed class LinkConfirmations(
    IDatabase database, IMemberStore members, IOrganizationStore organizations, ILinkConfirmationStore store, TimeProvider time)
{
    /// <summary>The person has shown that the mailbox is theirs, by the link that was sent there.</summary>
    public Task LeaveAsync(UnitScope scope, Organization organization, MemberId member, string email) =>
        SaveAsync(scope, organization, new LinkConfirmation(member, email, scope.Now + LinkConfirmation.Life), "invitation");

    /// <summary>An owner's word, with the address typed, because a directory may have changed it. Answers when it runs out.</summary>
    public Task<Outcome<DateTimeOffset>> GrantAsync(
        Organization organization, Actor actor, Authority authority, MemberId id, string confirmEmail, Idempotency? idempotency, CancellationToken cancel) =>
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
            var confirmation = new LinkConfirmation(id, email.Normalized, scope.Now + LinkConfirmation.Life);
            await SaveAsync(scope, organization, confirmation, null);
            return confirmation.ExpiresAt;
        }) { Organization = organization.Id, RequestHash = idempotency?.RequestHash }, cancel);

    private async Task SaveAsync(UnitScope scope, Organization organization, LinkConfirmation confirmation, string? reason)
    {
        await store.SaveAsync(scope.Session, organization.Id, confirmation, scope.Now);
        scope.Note(organization.Id, "identity.link_confirmed", Target.Member(confirmation.Member), new JsonObject
        {
            ["email"] = confirmation.Email, ["expiresAt"] = Instants.Text(confirmation.ExpiresAt),
        }, reason);
    }
}
