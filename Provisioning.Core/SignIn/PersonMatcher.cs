using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.SignIn;

/// <summary>Who signs in: a member and how the person was recognised, nobody yet, or a reason to refuse.</summary>
/// <param name="NeedsLink">Recognised by something else than the identity: the link is to be stored.</param>
/// <param name="ByConfirmation">Only because the link was confirmed: the confirmation is used up by it.</param>
public sealed record PersonMatch(SeatedMember? Member, bool NeedsLink, DenyReason? Denied, bool ByConfirmation = false)
{
    public static readonly PersonMatch Nobody = new(null, false, null);

    public static PersonMatch Deny(DenyReason reason) => new(null, false, reason);
}

/// <summary>Recognises a person at sign-in, in the order of rule JIT-1. A changeable or unverified address never takes over an account.</summary>
public sealed class PersonMatcher(
    IMemberStore members, IEntryStore entries, IOrganizationStore organizations, ILinkConfirmationStore confirmations, InvitationMeeting meeting)
{
    /// <summary>Members with one address that are looked at; more than two are ambiguous anyway.</summary>
    private const int EmailLimit = 50;

    /// <summary>Entries with one externalId that are looked at; nobody has been renamed that often.</summary>
    private const int ExternalIdLimit = 50;

    public async Task<PersonMatch> MatchAsync(ISession session, Organization organization, SignInRequest request, DateTimeOffset now)
    {
        if (await members.FindByIdentityAsync(session, organization.Id, request.Connection.Id, request.Subject) is { } known)
            return new PersonMatch(known, NeedsLink: false, null);
        if (await FindByExternalIdAsync(session, organization, request) is { } pushed)
            return await MatchPushedAsync(session, organization, request, pushed, now);
        return await MatchEmailAsync(session, organization, request, now);
    }

    /// <summary>
    /// An externalId is the directory's word. Of somebody who administers it counts for who was pushed and never signed in; anybody else's
    /// account would be handed to whoever may push.
    /// </summary>
    private async Task<PersonMatch> MatchPushedAsync(
        ISession session, Organization organization, SignInRequest request, SeatedMember pushed, DateTimeOffset now)
    {
        if (!pushed.Member.Administers || pushed.Member.State == MemberState.Removed
            || (pushed.Member.IsOfDirectory && (await members.ConnectionsOfAsync(session, pushed.Member.Id)).Count == 0))
            return new PersonMatch(pushed, NeedsLink: true, null);
        return request.VerifiedEmail is { } email && await organizations.IsVerifiedDomainAsync(session, organization.Id, email.Domain)
            ? await MatchConfirmedAsync(session, request, pushed, email, now) : PersonMatch.Deny(DenyReason.IdentityConflict);
    }

    private async Task<PersonMatch> MatchConfirmedAsync(
        ISession session, SignInRequest request, SeatedMember member, EmailAddress email, DateTimeOffset now) =>
        !(await members.ConnectionsOfAsync(session, member.Member.Id)).Contains(request.Connection.Id)
        && await confirmations.FindOpenAsync(session, member.Member.Id, email.Normalized, now) is { } confirmed
        && confirmed.Admits(member.Member.Role, request.Connection)
            ? new PersonMatch(member, NeedsLink: true, null, ByConfirmation: true) : PersonMatch.Deny(DenyReason.IdentityConflict);

    private async Task<SeatedMember?> FindByExternalIdAsync(ISession session, Organization organization, SignInRequest request)
    {
        if (request.MatchedExternalId is not { Length: > 0 } externalId || !TextKey.Fits(externalId)) return null;
        var found = await entries.FindByExternalIdAsync(session, organization.Id, externalId, ExternalIdLimit);
        // Okta renames by pushing a second entry: the inactive one left behind leads to nobody and makes nothing ambiguous.
        var people = found.Where(entry => entry.Active || entry.Member is not null).ToList();
        return found.Count < ExternalIdLimit && people is [{ Member: { } member }] ? await members.FindAsync(session, organization.Id, member) : null;
    }

    private async Task<PersonMatch> MatchEmailAsync(
        ISession session, Organization organization, SignInRequest request, DateTimeOffset now)
    {
        if (request.VerifiedEmail is not { } email || !await organizations.IsVerifiedDomainAsync(session, organization.Id, email.Domain))
            return PersonMatch.Nobody;
        var found = await members.FindByEmailAsync(session, organization.Id, email.Normalized, EmailLimit);
        var active = found.Where(candidate => candidate.Member.State == MemberState.Active).ToList();
        if (active.Count > 1) return PersonMatch.Deny(DenyReason.AmbiguousEmail);
        if (active.Count == 0)
        {
            // A suspended person is refused in every mode; a removed one only where a directory decides, until invited (rule JIT-6).
            if (found is [{ Member.SuspendedBy: SuspensionCause.NoMappedGroup }]) return PersonMatch.Deny(DenyReason.NoMappedGroup);
            var stopped = found.Any(candidate => candidate.Member.State == MemberState.Suspended)
                || (found.Count > 0 && organization.FollowsDirectory && await meeting.FindAsync(session, organization, email, now) is null);
            return stopped ? PersonMatch.Deny(DenyReason.Deprovisioned) : PersonMatch.Nobody;
        }
        var only = active[0];
        if (only.Member.Administers) return await MatchConfirmedAsync(session, request, only, email, now);
        return (await members.ConnectionsOfAsync(session, only.Member.Id)).Contains(request.Connection.Id)
            ? PersonMatch.Deny(DenyReason.IdentityConflict) : new PersonMatch(only, NeedsLink: true, null);
    }
}
