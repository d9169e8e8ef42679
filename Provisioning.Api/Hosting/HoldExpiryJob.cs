using Provisioning.Core.Journal;
using Provisioning.Core.Spend;

namespace Provisioning.Api.Hosting;

/// <summary>Gives back what authorisations set aside that are over; their money is free already before it comes by (rules TIME-3, TIME-4). Idempotent.</summary>
public sealed class HoldExpiryJob(HoldExpiry expiry, Leases leases, TimeProvider time, JobServices services)
    : LeasedJob("usage_hold_expiry", TimeSpan.FromSeconds(15), services.LeaseLife, leases, time, services.Logger)
{
    protected override async Task RunAsync(CancellationToken cancel)
    {
        foreach (var organization in await expiry.DueAsync(cancel))
            while (await StillMineAsync(cancel) is { } lease)
                if (!(await expiry.ExpireAsync(organization, ActorOf(lease), lease, cancel)).Try(out var ended, out _) || ended < HoldExpiry.Most) break;
    }
}
