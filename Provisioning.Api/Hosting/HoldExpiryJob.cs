using Provisioning.Core.Journal;
using Provisioning.Core.Spend;

namespace Provisioning.Api.Hosting;

/// <summary>Gives back what authorisations set aside that are over; their money is free already before it comes by (rules TIME-3, TIME-4). Idempotent.</summary>
public sealed class HoldExpiryJob(HoldExpiry expiry, Leases leases, TimeProvider time, JobServices services)
    : LeasedJob("usage_hold_expiry", TimeSpan.FromSeconds(15), services.LeaseLife, leases, time, services.Logger)
{
    protected override async Task RunAsync(CancellationToken cancel)
    {
        var round = Round(cancel);
        await round.EachAsync(await expiry.DueAsync(cancel), async (organization, first) =>
        {
            for (var turn = first; turn is not null; turn = await round.MineAsync())
                if (!(await expiry.ExpireAsync(organization, turn.Actor, turn.Lease, cancel)).Try(out var ended, out _) || ended < HoldExpiry.Most) break;
        });
    }
}
