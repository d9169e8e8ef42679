namespace Provisioning.Core.Notifications;

/// <summary>When few seats of a tier are left (rule NOTI-2).</summary>
public static class LowSeats
{
    /// <summary>The greatest number of free seats that counts as few.</summary>
    public static int Threshold(int purchased) => purchased switch
    {
        <= 15 => 1,
        <= 25 => 2,
        <= 99 => purchased * 10 / 100,
        <= 999 => purchased * 8 / 100,
        _ => (int)(purchased * 5L / 100),
    };

    public static SeatAlert Of(TierLevel tier) => tier.Purchased == 0 ? SeatAlert.None
        : tier.Free <= 0 ? SeatAlert.Exhausted
        : tier.Free <= Threshold(tier.Purchased) ? SeatAlert.Low : SeatAlert.None;

    /// <summary>
    /// Whether owners are told: once when a tier falls to few or to none. A tier that rises from none to few is not told again; above
    /// the threshold it is armed again.
    /// </summary>
    public static bool IsTold(SeatAlert before, SeatAlert after) => after > before;
}
