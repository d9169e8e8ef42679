using Provisioning.Core.Common;

namespace Provisioning.Core.Seats;

/// <summary>The seat side of a member: one row per member, written by the engine only.</summary>
/// <param name="Tier">The tier held, when assigned.</param>
/// <param name="DesiredTier">The tier the rules or an administrator want; someone waiting with it is served from it only (rule SEAT-12).</param>
/// <param name="LastTier">The tier held last, tried first when the member comes back (rule SEAT-10).</param>
public sealed record MemberSeat(
    MemberId Member, SeatStatus Status, string? Tier, string? DesiredTier, string? LastTier, DateTimeOffset? WaitingSince)
{
    /// <summary>Moves with every change of the seat side.</summary>
    public long Version { get; init; }

    /// <summary>No row yet.</summary>
    public bool IsNew { get; init; }

    /// <summary>The seat side of a member that is not there yet.</summary>
    public static MemberSeat NewFor(MemberId member) => new(member, SeatStatus.None, null, null, null, null) { IsNew = true };
}

/// <summary>What a member who comes in or comes back may sit on, in order of the rules SEAT-4 and SEAT-10.</summary>
/// <param name="Only">A mapped tier: that one or none.</param>
/// <param name="First">The tier held last: tried before the others.</param>
public sealed record SeatWish(string? Only, string? First)
{
    /// <summary>The highest tier with an available seat.</summary>
    public static readonly SeatWish Highest = new(null, null);

    /// <summary>The lowest tier first instead of the highest (rule GRP-3, <c>lowest_available</c>).</summary>
    public bool LowestFirst { get; init; }

    /// <summary>The pushed entry of a person who is no member yet: its groups may have seats reserved (rule SEAT-15).</summary>
    public ResourceId? Entry { get; init; }

    /// <summary>With the mapped tier full, the next lower one that is free, and the mapped one stays wished for (rule GRP-6).</summary>
    public bool FallsBack { get; init; }
}

/// <summary>A seat reserved for somebody who is not a member yet (rule SEAT-2).</summary>
public sealed record SeatHold(SeatHoldId Id, string Tier, DateTimeOffset ExpiresAt);

/// <summary>One change of an exchange: this member gets that tier, or none.</summary>
public sealed record SeatChange(MemberId Member, string? Tier);

/// <summary>A seat that was handed out.</summary>
public sealed record SeatGrant(MemberId Member, string Tier)
{
    /// <summary>A better tier that stays wished for.</summary>
    public string? Desired { get; init; }
}
