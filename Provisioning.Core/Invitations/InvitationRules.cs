using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Invitations;

/// <summary>Whether an address may be invited, and may still accept (rules INV-1, INV-8, DOM-1).</summary>
public sealed class InvitationRules(IMemberStore members, IOrganizationStore organizations, InvitationMeeting meeting)
{
    /// <summary>Members with one address that are looked at.</summary>
    private const int EmailLimit = 50;

    /// <summary>Checked at create, resend and accept.</summary>
    public async Task<Error?> RefuseAsync(ISession session, Organization organization, NewInvitation wanted) =>
        await RefuseAddressAsync(session, organization, wanted)
        ?? (await FindMemberAsync(session, organization, wanted.Email) is { } member ? Exists(member) : null);

    /// <summary>DOM-1 (the operator's invitation of the primary owner is exempt) and INV-8.</summary>
    public async Task<Error?> RefuseAddressAsync(ISession session, Organization organization, NewInvitation wanted)
    {
        if (wanted.Role != Role.PrimaryOwner && !await organizations.IsVerifiedDomainAsync(session, organization.Id, wanted.Email.Domain))
            return new Unprocessable("domain_not_verified", $"{wanted.Email.Domain} is no verified domain of the organisation.");
        return await meeting.IsSentAwayAsync(session, organization, wanted.Email.Normalized)
            ? new Conflict("managed_by_directory", "The directory sent the person with this address away; only the directory brings the person back.")
            : null;
    }

    /// <summary>The member who has the address and is not removed, as userName or as match address.</summary>
    public async Task<SeatedMember?> FindMemberAsync(ISession session, Organization organization, EmailAddress email) =>
        await members.FindByUserNameAsync(session, organization.Id, email.Normalized)
        ?? (await members.FindByEmailAsync(session, organization.Id, email.Normalized, EmailLimit)).FirstOrDefault(found => found.Member.State != MemberState.Removed);

    /// <summary>Why an invitation in this state cannot be used any more; null while it is pending.</summary>
    public static Error? RefuseEnded(InvitationState state) => state switch
    {
        InvitationState.Pending => null,
        InvitationState.Expired => new Gone("invitation_expired", "The invitation has expired; ask for a new one."),
        InvitationState.Accepted => new Conflict("member_exists", "The invitation was accepted; the person is a member."),
        InvitationState.Superseded => new Gone("invitation_revoked", "Another invitation, or the directory, has taken the place of this one."),
        _ => new Gone("invitation_revoked", "The invitation was revoked."),
    };

    /// <summary>What was kept is an address.</summary>
    internal static EmailAddress Address(Invitation invitation) =>
        EmailAddress.TryParse(invitation.Email, out var address) ? address : throw new InvalidOperationException($"{invitation.Id} has no address.");

    private static Conflict Exists(SeatedMember member) => new("member_exists", member.Member.State == MemberState.Active
        ? "Somebody with this address is a member already."
        : "Somebody with this address is a member already, and suspended; restore the member.");
}
