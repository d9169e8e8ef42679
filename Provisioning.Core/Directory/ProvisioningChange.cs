using Provisioning.Core.Common;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Directory;

/// <summary>What an owner wants the mode, the policies and the mapping to be; null: stays as it is.</summary>
/// <param name="Mappings">All of them, roles and tiers.</param>
public sealed record ProvisioningChange(
    ProvisioningMode? Mode, NoSeatPolicy? OnNoSeat, bool? RequireVerifiedDomain, bool? MappingEnabled, UnmappedTier? UnmappedTier,
    MappedTierExhausted? MappedTierExhausted, IReadOnlyList<WantedMapping>? Mappings)
{
    public Organization ApplyTo(Organization before) => before with
    {
        Mode = Mode ?? before.Mode, OnNoSeatScim = OnNoSeat ?? before.OnNoSeatScim,
        RequireVerifiedDomainScim = RequireVerifiedDomain ?? before.RequireVerifiedDomainScim,
        Mapping = new MappingPolicy(
            MappingEnabled ?? before.Mapping.Enabled, UnmappedTier ?? before.Mapping.UnmappedTier,
            MappedTierExhausted ?? before.Mapping.WhenExhausted),
    };

    /// <summary>
    /// Whether the change makes the directory rule over people it did not rule over before: that is shown first (rule SCIM-12). A changed
    /// mapping is none: it waits for a sync (rule GRP-8).
    /// </summary>
    public bool NeedsPreview(Organization before)
    {
        var after = ApplyTo(before);
        return after.FollowsDirectory
            && (!before.FollowsDirectory || (after.Mode == ProvisioningMode.Scim && before.Mode != ProvisioningMode.Scim)
                || (after.Mapping.Enabled && !before.Mapping.Enabled));
    }
}

/// <summary>A group and the role or tier it gives; exactly one of them.</summary>
/// <param name="Group">Name, externalId or id of a pushed group, or what a groups claim says.</param>
public sealed record WantedMapping(string Group, Role? Role, string? Tier);

/// <summary>Mode, policies and mapping as they are.</summary>
public sealed record ProvisioningState(Organization Organization, IReadOnlyList<GroupMapping> Mappings);
