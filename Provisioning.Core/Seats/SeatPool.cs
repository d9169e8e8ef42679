using System.Text.Json.Nodes;
using Provisioning.Core.Common;

namespace Provisioning.Core.Seats;

/// <summary>The seats of one tier in one organisation: free of terms. Invariant I-4: no part is negative, and what is in use never exceeds what was bought.</summary>
/// <param name="Rank">Higher is better.</param>
/// <param name="Features">Feature flags the tier gives (rule SEAT-16).</param>
/// <param name="Purchased">Seats bought.</param>
/// <param name="Assigned">Seats members sit on.</param>
/// <param name="Held">Seats reserved by pending invitations.</param>
/// <param name="Queued">Seats set aside for people already waiting (rule SEAT-12).</param>
public sealed record SeatPool(string Tier, int Rank, JsonObject Features, int Purchased, int Assigned, int Held, int Queued)
{
    /// <summary>Unclaimed seats.</summary>
    public int Free => Purchased - Assigned - Held - Queued;

    /// <summary>Seats reserved for groups, whether their members sit on them or not (rule SEAT-15).</summary>
    public int Reserved { get; init; }

    /// <summary>The numbers without the features, for an explanation.</summary>
    public TierUse Use => new(Tier, Rank, Purchased, Assigned, Held, Queued);
}

/// <summary>A tier as the operator sets it: what it is called, how good it is, how many seats were bought.</summary>
public sealed record TierSeats(string Tier, int Rank, int Purchased, JsonObject Features);

/// <summary>A member's relation to a seat (domain.md section 2).</summary>
public enum SeatStatus
{
    /// <summary>Suspended or removed, or never active.</summary>
    None,

    /// <summary>Sits on a seat.</summary>
    Assigned,

    /// <summary>Wants one, none is free.</summary>
    Waiting,

    /// <summary>An administrator took it away.</summary>
    Unassigned,
}
