using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Directory;

/// <summary>Which member a pushed person already is (rules SCIM-3, SCIM-10). Every link is audited by the caller.</summary>
public sealed class EntryLinks(IMemberStore members, IEntryStore entries, IOrganizationStore organizations)
{
    /// <summary>
    /// The member an entry without a link belongs to: one with the same userName and no entry of its own; the one that the only old
    /// entry with the same externalId led to; the one that a deleted entry with the same userName led to; the only one with the same
    /// address, if it lies in a verified domain and is no owner or admin. Null: nobody yet. A member who has the userName and another
    /// entry keeps both: <see cref="NotUnique"/>, where members follow (invariant I-2).
    /// </summary>
    public async Task<Outcome<SeatedMember?>> FindAsync(ISession session, Organization organization, EntryContent content)
    {
        var byName = await members.FindByUserNameAsync(session, organization.Id, content.UserName);
        if (byName is { Entry: null }) return byName;
        if (byName is not null) return organization.FollowsDirectory ? NameTaken(content.UserName) : (SeatedMember?)null;

        // Templates of identity providers fill in nothing as empty text; it names nobody, least of all somebody else.
        var former = string.IsNullOrWhiteSpace(content.ExternalId)
            ? []
            : await entries.FormerMembersByExternalIdAsync(session, organization.Id, content.ExternalId);
        if (former.Count != 1) former = await entries.FormerMembersByUserNameAsync(session, organization.Id, content.UserName);
        if (former.Count == 1 && await members.FindAsync(session, organization.Id, former[0]) is { } old)
        {
            var live = old.Entry is { } entry ? await entries.FindAsync(session, organization.Id, entry) : null;
            if (live is not { Active: true }) return old;
        }
        return await FindByEmailAsync(session, organization, MatchEmail.Of(content));
    }

    /// <summary>
    /// SCIM-1: an entry that was pushed before a person came in another way is linked to the new member, although the directory does not
    /// rule yet. Null: there is none.
    /// </summary>
    public async Task<ResourceId?> LinkStagedAsync(UnitScope scope, Organization organization, Member member)
    {
        if (organization.FollowsDirectory
            || await entries.FindByUserNameAsync(scope.Session, organization.Id, member.UserName) is not { Member: null } staged)
            return null;
        await entries.LinkAsync(scope.Session, staged.Id, member.Id);
        scope.Note(organization.Id, "member.linked", Target.Member(member.Id), new JsonObject { ["user"] = staged.Id.ToString() });
        return staged.Id;
    }

    internal static NotUnique NameTaken(string userName) =>
        new($"Another member of the organisation already uses the userName \"{userName}\".");

    private async Task<SeatedMember?> FindByEmailAsync(ISession session, Organization organization, string? email)
    {
        if (!EmailAddress.TryParse(email, out var address)
            || !await organizations.IsVerifiedDomainAsync(session, organization.Id, address.Domain))
            return null;
        var found = (await members.FindByEmailAsync(session, organization.Id, address.Normalized, 50))
            .Where(candidate => candidate.Member.State != MemberState.Removed).ToList();
        return found is [{ Entry: null, Member.Administers: false } only] ? only : null;
    }
}
