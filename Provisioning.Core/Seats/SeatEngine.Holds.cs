using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Seats;

/// <summary>Seats held for people who are no members yet (rules SEAT-2, SEAT-11, INV-4).</summary>
public sealed partial class SeatEngine
{
    /// <summary>Reserves a seat for somebody who is not a member yet (rule SEAT-2).</summary>
    /// <param name="tier">Null: the highest with a free seat.</param>
    public async Task<Outcome<SeatHold>> HoldAsync(
        UnitScope scope, OrganizationId organization, SeatHoldId id, string? tier, DateTimeOffset expiresAt)
    {
        var pools = await store.PoolsAsync(scope.Session, organization);
        if (tier is not null && pools.All(pool => pool.Tier != tier)) return UnknownTier(tier, pools);
        var wish = new SeatWish(tier, null);
        var held = pools.Any(pool => pool.Reserved > 0)
            ? null : await ClaimAsync(scope, organization, pools, wish, book: null, new PoolChange(Held: 1));
        if (held is null)
        {
            pools = await queue.LockAndRepairAsync(scope, organization);
            held = await ClaimAsync(scope, organization, pools, wish, await ledger.BookAsync(scope, organization, pools, []), new PoolChange(Held: 1));
        }
        if (held is null) return Refuse(scope, organization, pools, tier, Target.Organization(organization));
        var hold = new SeatHold(id, held, expiresAt);
        await store.InsertHoldAsync(scope.Session, organization, hold);
        return hold;
    }

    /// <summary>Keeps a hold for longer; false when it is gone or over.</summary>
    public Task<bool> ExtendHoldAsync(UnitScope scope, OrganizationId organization, SeatHoldId id, DateTimeOffset expiresAt) =>
        store.ExtendHoldAsync(scope.Session, organization, id, scope.Now, expiresAt);

    /// <summary>Gives a hold back; the seat goes to whoever waits (rule SEAT-11). False when it was gone already.</summary>
    public async Task<bool> ReleaseHoldAsync(UnitScope scope, OrganizationId organization, SeatHoldId id)
    {
        await store.LockPoolsAsync(scope.Session, organization);
        if (await store.TakeHoldAsync(scope.Session, organization, id) is not { } hold) return false;
        await ledger.MustChangeAsync(scope, organization, hold.Tier, new PoolChange(Held: -1));
        await queue.DrainLockedAsync(scope, organization);
        return true;
    }

    /// <summary>The held seat becomes the member's: never counted twice, never free in between (rules SEAT-2, INV-4, TIME-4).</summary>
    public async Task<Outcome<MemberSeat>> ConvertHoldAsync(UnitScope scope, OrganizationId organization, SeatHoldId id, MemberSeat seat)
    {
        var hold = await store.TakeHoldAsync(scope.Session, organization, id);
        if (hold is not null && (hold.ExpiresAt <= scope.Now || seat.Tier is not null))
        {
            // Its row is gone now: what it held is free, whatever becomes of the caller.
            await store.LockPoolsAsync(scope.Session, organization);
            await ledger.MustChangeAsync(scope, organization, hold.Tier, new PoolChange(Held: -1));
            await queue.DrainLockedAsync(scope, organization);
        }
        if (hold is null || hold.ExpiresAt <= scope.Now) return new NotFound("The seat held for this person is gone: the hold ended or was given back.");
        if (seat.Tier is not null) return new InvalidValue("The member already sits on a seat.");
        await ledger.MustChangeAsync(scope, organization, hold.Tier, new PoolChange(Assigned: 1, Held: -1));
        return await ledger.SitAsync(scope, organization, seat, hold.Tier, "seat.assigned");
    }
}
