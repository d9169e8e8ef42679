using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Directory;

/// <summary>An offer of membership to an address; it holds a seat while it is pending (rule SEAT-2).</summary>
/// <param name="Email">Normalised (rule DOM-4).</param>
/// <param name="Tier">Of the seat held.</param>
/// <param name="Hold">Null: the first primary owner was invited while no seat was free, or got the seat already.</param>
/// <param name="Nonce">With the id and the service's key it makes the token (rule INV-9).</param>
/// <param name="InvitedBy">Who invited: a member, a token, or the operator.</param>
/// <param name="Member">Who came of it.</param>
public sealed record Invitation(
    InvitationId Id, OrganizationId Organization, string Email, Role Role, string? Tier, SeatHoldId? Hold, InvitationState State, byte[] Nonce,
    string InvitedBy, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? EndedAt, MemberId? Member)
{
    /// <summary>Exactly 21 times 24 hours (rule INV-2).</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(21);

    /// <summary>The state at an instant: time decides, not the sweeper (rules INV-2, TIME-4).</summary>
    public InvitationState StateAt(DateTimeOffset now) => State == InvitationState.Pending && now >= ExpiresAt ? InvitationState.Expired : State;

    public bool IsOpen(DateTimeOffset now) => StateAt(now) == InvitationState.Pending;

    /// <summary>What audit and events say of it; never the token.</summary>
    public JsonObject Describe() => new()
    {
        ["email"] = Email, ["role"] = Words.Text(Role), ["tier"] = Tier, ["state"] = Words.Text(State), ["expiresAt"] = Instants.Text(ExpiresAt),
    };
}

/// <summary>All but pending are final (domain.md section 5).</summary>
public enum InvitationState { Pending, Accepted, Expired, Revoked, Superseded }

/// <summary>Invitations; at most one is pending per address (invariant I-6).</summary>
public interface IInvitationStore
{
    Task<Invitation?> FindAsync(ISession session, OrganizationId organization, InvitationId id);

    /// <summary>By the hash of its token, in whatever organisation and state.</summary>
    Task<Invitation?> FindByTokenAsync(ISession session, byte[] hash);

    /// <summary>The one whose state is pending, which may have expired by now.</summary>
    Task<Invitation?> FindPendingAsync(ISession session, OrganizationId organization, string email);

    /// <summary>The pending ones that offer the ownership.</summary>
    Task<IReadOnlyList<Invitation>> PendingOwnersAsync(ISession session, OrganizationId organization);

    /// <summary>Pending ones whose time is over, of all organisations, the longest overdue first; those behind <paramref name="after"/>.</summary>
    Task<IReadOnlyList<Invitation>> OverdueAsync(ISession session, DateTimeOffset now, Invitation? after, int limit);

    /// <summary>By id; <paramref name="state"/> as of <paramref name="now"/>.</summary>
    Task<Page<Invitation>> ListAsync(
        ISession session, OrganizationId organization, InvitationState? state, DateTimeOffset now, byte[]? after, int limit);

    /// <summary>A second pending one to the address is a key conflict.</summary>
    Task InsertAsync(ISession session, Invitation invitation, byte[] tokenHash);

    /// <summary>Ends a pending one; throws <see cref="UnitConflictException"/> when it is not pending any more.</summary>
    Task EndAsync(ISession session, InvitationId id, InvitationState state, MemberId? member, DateTimeOffset now);

    /// <summary>The seat went to the person another way; the offer of the role stands.</summary>
    Task DropHoldAsync(ISession session, InvitationId id);

    /// <summary>Pending invitations offer this tier from now on; their held seats moved already (rule REN-5).</summary>
    Task MoveTiersAsync(ISession session, OrganizationId organization, string tier);

    /// <summary>
    /// Whether the directory sent a person with this address away: a member who is not active, whose entries are deleted or inactive
    /// (rule INV-8).
    /// </summary>
    Task<bool> WasSentAwayAsync(ISession session, OrganizationId organization, string email);
}
