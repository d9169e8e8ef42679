using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Directory;

/// <summary>An entry and the member that follows it; the member is null while the push is staged.</summary>
public sealed record LinkedEntry(DirectoryEntry Entry, SeatedMember? Member);

/// <summary>
/// Makes the member follow the entry in the unit of the entry's change (rule SCIM-0). In modes without SCIM the push is staged:
/// entries are linked, members stay as they are (rule SCIM-1).
/// </summary>
public sealed class EntryFollower(
    IMemberStore members, IEntryStore entries, IOrganizationStore organizations, MemberLifecycle lifecycle, EntryLinks links, EntryPlacing placing)
{
    /// <summary>After the entry was changed: finds its member, or the one it belongs to now, and lets it follow.</summary>
    /// <param name="member">The linked one, if it was read in this unit.</param>
    public async Task<Outcome<LinkedEntry>> FollowChangeAsync(
        UnitScope scope, Organization organization, DirectoryEntry before, DirectoryEntry after, SeatedMember? member, MemberId newMember, bool pushedAgain)
    {
        member ??= after.Member is { } linked ? await members.FindAsync(scope.Session, organization.Id, linked) : null;
        if (member is null)
        {
            var found = await links.FindAsync(scope.Session, organization, EntryContent.Of(after.Attributes));
            return found.Try(out var known, out var taken) ? await FollowAsync(scope, organization, after, known, newMember, pushedAgain) : taken;
        }
        pushedAgain |= !before.Active && after.Active;
        if (await HolderOfNameAsync(scope.Session, organization, member.Member, after, pushedAgain) is not { } holder)
            return await FollowAsync(scope, organization, after, member, newMember, pushedAgain);
        // Entra's soft delete renames a person; a sign-in meanwhile made a second member under the old name. Renaming back joins
        // the entry to the living one (rule SCIM-3); two living members are two people, which only a human can judge.
        if (holder.Entry is not null || member.Member.State == MemberState.Active) return EntryLinks.NameTaken(after.UserName);
        await lifecycle.RemoveAsync(scope, organization, member, SuspensionCause.Directory, "joined_with_another_member");
        return await FollowAsync(scope, organization, after with { Member = null }, holder, newMember, pushedAgain: true);
    }

    /// <summary>Links the entry to the member (or to a new one) and brings that member to the state the entry asks for.</summary>
    /// <param name="known">The member the person already is; null for nobody yet.</param>
    /// <param name="newMember">The id of the member to make, if one has to be made.</param>
    /// <param name="pushedAgain">A create or a re-activation: it brings back a removed member.</param>
    public async Task<Outcome<LinkedEntry>> FollowAsync(
        UnitScope scope, Organization organization, DirectoryEntry entry, SeatedMember? known, MemberId newMember, bool pushedAgain)
    {
        if (known is null)
        {
            if (!organization.FollowsDirectory) return new LinkedEntry(entry, null);
            var content = EntryContent.Of(entry.Attributes);
            var place = await placing.PlaceOfAsync(scope, organization, entry);
            SuspensionCause? cause = !entry.Active ? SuspensionCause.Directory : place.InEffect ? null : SuspensionCause.NoMappedGroup;
            var member = new Member(
                // With its address also when pushed inactive: a sign-in by that address must meet the person who is switched off (JIT-6).
                newMember, organization.Id, entry.UserName, MatchEmail.Of(content), content.DisplayName, place.Role ?? Role.User,
                cause is null ? MemberState.Active : MemberState.Suspended, false, cause, MemberSource.Scim, null, scope.Now, 1);
            var created = await lifecycle.CreateAsync(scope, organization, member, entry.Id, organization.OnNoSeatScim, Target.User(entry.Id), place.Wish with { Entry = entry.Id });
            if (!created.Try(out var seated, out var error)) return error;
            await entries.LinkAsync(scope.Session, entry.Id, newMember);
            return new LinkedEntry(entry with { Member = newMember }, seated);
        }
        if (entry.Member != known.Member.Id) await LinkAsync(scope, organization, entry, known);
        entry = entry with { Member = known.Member.Id };
        known = known with { Entry = entry.Id };
        if (!organization.FollowsDirectory) return new LinkedEntry(entry, known);
        var followed = await FollowStateAsync(scope, organization, entry, known, pushedAgain);
        return followed.Select(member => new LinkedEntry(entry, member));
    }

    /// <summary>The member of a deleted entry is removed; the protected one stays (rules SCIM-10, SCIM-11).</summary>
    public async Task FollowDeletionAsync(UnitScope scope, Organization organization, DirectoryEntry entry)
    {
        if (!organization.FollowsDirectory || entry.Member is not { } linked) return;
        if (await members.FindAsync(scope.Session, organization.Id, linked) is not { } member) return;
        if (await lifecycle.IsProtectedAsync(scope.Session, member.Member)) Ignore(scope, organization, member.Member, "delete");
        else await lifecycle.RemoveAsync(scope, organization, member, SuspensionCause.Directory, "directory");
    }

    public async Task<bool> IsInVerifiedDomainAsync(ISession session, Organization organization, string? email) =>
        EmailAddress.TryParse(email, out var address) && await organizations.IsVerifiedDomainAsync(session, organization.Id, address.Domain);

    /// <summary>Another member who has the name that this one is about to take (invariant I-2); only a member who follows takes one.</summary>
    private async Task<SeatedMember?> HolderOfNameAsync(
        ISession session, Organization organization, Member member, DirectoryEntry entry, bool pushedAgain)
    {
        var takesName = organization.FollowsDirectory
            && (member.State == MemberState.Removed ? pushedAgain && entry.Active : member.UserName != entry.UserName);
        var holder = takesName ? await members.FindByUserNameAsync(session, organization.Id, entry.UserName) : null;
        return holder?.Member.Id == member.Id ? null : holder;
    }

    private async Task<Outcome<SeatedMember>> FollowStateAsync(
        UnitScope scope, Organization organization, DirectoryEntry entry, SeatedMember known, bool pushedAgain)
    {
        if (known.Member.State == MemberState.Removed && !(pushedAgain && entry.Active)) return known;
        var member = known with { Member = await FollowProfileAsync(scope, known.Member, entry) };
        switch (member.Member.State)
        {
            case MemberState.Active when !entry.Active:
                if (!await lifecycle.IsProtectedAsync(scope.Session, member.Member))
                    return await lifecycle.SuspendAsync(scope, organization, member, SuspensionCause.Directory);
                Ignore(scope, organization, member.Member, "deactivate");
                return member;
            case MemberState.Suspended when !entry.Active && member.Member.SuspendedBy == SuspensionCause.NoMappedGroup:
                return member with { Member = await lifecycle.SuspendForAsync(scope, member.Member, member.Member, SuspensionCause.Directory) };
            case MemberState.Active when pushedAgain:
            case MemberState.Suspended when entry.Active && !member.Member.AdminSuspended:
            case MemberState.Removed:
                return await placing.PlaceAsync(scope, organization, entry, member);
            default:
                return member;
        }
    }

    private async Task<Member> FollowProfileAsync(UnitScope scope, Member member, DirectoryEntry entry)
    {
        var content = EntryContent.Of(entry.Attributes);
        var after = member with
        {
            UserName = entry.UserName, DisplayName = content.DisplayName,
            MatchEmail = member.IsOfDirectory && MatchEmail.Follows(member.UserName, content, entry.Active) ? MatchEmail.Of(content) : member.MatchEmail,
        };
        return after == member ? member : await members.UpdateAsync(scope.Session, after);
    }

    internal async Task LinkAsync(UnitScope scope, Organization organization, DirectoryEntry entry, SeatedMember known)
    {
        if (known.Entry is { } old && old != entry.Id) await entries.LinkAsync(scope.Session, old, null);
        await entries.LinkAsync(scope.Session, entry.Id, known.Member.Id);
        scope.Note(organization.Id, "member.linked", Target.Member(known.Member.Id), new JsonObject { ["user"] = entry.Id.ToString() });
    }

    internal static void Ignore(UnitScope scope, Organization organization, Member member, string asked) =>
        scope.Note(organization.Id, "ignored_primary_owner", Target.Member(member.Id), new JsonObject { ["asked"] = asked },
            "The primary owner, and the last member who can administer, keep membership and seat.");
}
