using System.Text.Json.Nodes;
using Provisioning.Core.Common;

namespace Provisioning.Core.Organizations;

/// <summary>A customer: one tenant. <see cref="AccessUntil"/> is all that seats and sign-in know of contracts.</summary>
/// <param name="Slug">The name in URLs: 1 to 64 of a-z, 0-9 and hyphen.</param>
/// <param name="BillingZone">IANA time zone name.</param>
/// <param name="AccessUntil">Null or in the future: people have access (rule SEAT-16).</param>
/// <param name="SuspendedAt">The operator ended access, whatever <paramref name="AccessUntil"/> says.</param>
public sealed record Organization(
    OrganizationId Id, string Slug, string Name, string BillingZone, ProvisioningMode Mode, NoSeatPolicy OnNoSeatScim,
    bool RequireVerifiedDomainScim, DateTimeOffset? AccessUntil, DateTimeOffset CreatedAt, long Version,
    DateTimeOffset? SuspendedAt = null)
{
    /// <summary>Whether and how groups give roles and tiers (rules GRP-1 to GRP-9).</summary>
    public MappingPolicy Mapping { get; init; } = MappingPolicy.Off;

    /// <summary>Whether seats are reserved for groups (rule SEAT-15).</summary>
    public bool HasReservations { get; init; }

    public bool HasAccess(DateTimeOffset now) => SuspendedAt is null && (AccessUntil is null || now < AccessUntil);

    /// <summary>Whether members follow directory entries; in the other modes a push is staged (rule SCIM-1).</summary>
    public bool FollowsDirectory => Mode is ProvisioningMode.Scim or ProvisioningMode.ScimAndJit;

    /// <summary>What an audit record says of the settings.</summary>
    public JsonObject Describe() => new()
    {
        ["slug"] = Slug, ["name"] = Name, ["billingZone"] = BillingZone, ["mode"] = Words.Text(Mode),
        ["onNoSeatScim"] = Words.Text(OnNoSeatScim), ["requireVerifiedDomainScim"] = RequireVerifiedDomainScim,
        ["mappingEnabled"] = Mapping.Enabled, ["unmappedTier"] = Words.Text(Mapping.UnmappedTier),
        ["mappedTierExhausted"] = Words.Text(Mapping.WhenExhausted),
        ["accessUntil"] = AccessUntil is { } until ? Instants.Text(until) : null,
        ["suspendedAt"] = SuspendedAt is { } since ? Instants.Text(since) : null,
    };

    /// <summary>Whether a person not known yet may be created at the first sign-in (rule JIT-2).</summary>
    public bool CreatesAtSignIn => Mode is ProvisioningMode.Jit or ProvisioningMode.ScimAndJit;
}

/// <summary>How people come in (domain.md section 2). Written invite_only, jit, scim, scim_and_jit.</summary>
public enum ProvisioningMode { InviteOnly, Jit, Scim, ScimAndJit }

/// <summary>What a SCIM push of an active user does when no seat is free (rule SCIM-5).</summary>
public enum NoSeatPolicy { Waiting, Reject }

/// <summary>Order of power: as listed (domain.md section 2).</summary>
public enum Role { PrimaryOwner, Owner, Admin, User }

/// <summary>Which door a token opens.</summary>
public enum Door { Scim, Admin, Gateway, Application }
