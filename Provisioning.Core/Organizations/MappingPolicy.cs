namespace Provisioning.Core.Organizations;

/// <summary>Whether groups decide roles and tiers, and what happens at the edges of that.</summary>
/// <param name="UnmappedTier">For a person in a role group and in no tier group (rule GRP-3).</param>
/// <param name="WhenExhausted">When no seat of the mapped tier is free (rule GRP-6).</param>
public sealed record MappingPolicy(bool Enabled, UnmappedTier UnmappedTier, MappedTierExhausted WhenExhausted)
{
    public static readonly MappingPolicy Off = new(false, UnmappedTier.HighestAvailable, MappedTierExhausted.Wait);
}

/// <summary>The seat of a person in no tier group; <see cref="Remove"/>: none, the person is suspended like one in no role group.</summary>
public enum UnmappedTier { HighestAvailable, LowestAvailable, Remove }

/// <summary>Who comes in while the mapped tier is full waits for it, or takes the next lower one that is free.</summary>
public enum MappedTierExhausted { Wait, FallbackLower }
