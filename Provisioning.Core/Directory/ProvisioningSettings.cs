using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Directory;

/// <summary>Provisioning mode and policies of an organisation.</summary>
public sealed class ProvisioningSettings(OrganizationChanges changes, IDatabase database, IEntryStore entries)
{
    /// <summary>Null: stays as it is.</summary>
    public async Task<Outcome<Organization>> ChangeAsync(
        Organization organization, Actor actor, ProvisioningMode? mode, NoSeatPolicy? onNoSeat, bool? requireVerifiedDomain, CancellationToken cancel)
    {
        // Entries pushed before are staged; letting the directory rule over them changes members, which SCIM-12 previews first.
        if (mode is ProvisioningMode.Scim or ProvisioningMode.ScimAndJit && !organization.FollowsDirectory && await HasEntriesAsync(organization, cancel))
            return new Conflict("preview_outdated",
                "The directory has pushed entries that are staged; a switch to a mode with SCIM needs a preview, which this version does not offer yet.");
        return await changes.ChangeAsync(organization.Id, actor, "directory.mode_changed", before => before with
        {
            Mode = mode ?? before.Mode, OnNoSeatScim = onNoSeat ?? before.OnNoSeatScim,
            RequireVerifiedDomainScim = requireVerifiedDomain ?? before.RequireVerifiedDomainScim,
        }, cancel);
    }

    private async Task<bool> HasEntriesAsync(Organization organization, CancellationToken cancel)
    {
        var all = await database.ReadAsync(
            session => entries.ListAsync(session, organization.Id, new ResourceQuery(null, 1, 0, 0, ""), withGroups: false), cancel);
        return all.Value.Total > 0;
    }
}
