using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Directory;

/// <summary>Puts the member of a pushed entry where the groups of that entry want it (rule GRP-1); without a mapping, simply in.</summary>
public sealed class EntryPlacing(Placements placements, MemberPlacing placing, SeatEngine seats)
{
    /// <summary>With the pools locked first, as a change of a group has them: one of the two sees the other.</summary>
    public async Task<Placement> PlaceOfAsync(UnitScope scope, Organization organization, DirectoryEntry entry)
    {
        if (!organization.Mapping.Enabled) return Placement.Unmapped;
        await seats.LockAsync(scope, organization.Id);
        return await placements.OfEntryAsync(scope.Session, organization, entry.Id);
    }

    /// <summary>The seat for a member whom an administrator gives one back: the mapped tier, if there is one.</summary>
    public async Task<SeatWish> WishAsync(UnitScope scope, Organization organization, SeatedMember member) =>
        organization.Mapping.Enabled && organization.FollowsDirectory && member.Entry is { } entry
            ? (await placements.OfEntryAsync(scope.Session, organization, entry)).Wish : SeatWish.Highest;

    /// <summary>A member whose entry is active, or comes back.</summary>
    public async Task<Outcome<SeatedMember>> PlaceAsync(UnitScope scope, Organization organization, DirectoryEntry entry, SeatedMember member)
    {
        var place = await PlaceOfAsync(scope, organization, entry);
        return await placing.PlaceAsync(scope, organization, member, place, organization.OnNoSeatScim, "push of users");
    }
}
