namespace Provisioning.Tests.Core;

/// <summary>
/// A clock that stands where it was put and moves one microsecond with each look, so that what happened later is later.
/// </summary>
internal sealed class AdjustableTime : TimeProvider
{
    private long ticks = new DateTimeOffset(2026, 3, 1, 9, 0, 0, TimeSpan.Zero).UtcTicks;

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Add(ref ticks, TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);

    public void Advance(TimeSpan by) => Interlocked.Add(ref ticks, by.Ticks);
}
