using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Api.Hosting;

/// <summary>Gives audit records and events their place, organisation by organisation, a batch each in turn.</summary>
public sealed class JournalSealJob(Sealer sealer, Leases leases, TimeProvider time, JobServices services)
    : LeasedJob("journal_seal", TimeSpan.FromMilliseconds(500), services.LeaseLife, leases, time, services.Logger)
{
    protected override async Task RunAsync(CancellationToken cancel)
    {
        // A batch of each organisation, then round again, so that one with much to seal does not keep the others waiting.
        var (round, sealedNow) = (Round(cancel), true);
        while (sealedNow)
        {
            sealedNow = false;
            OrganizationId? organization = null;
            while ((organization = await sealer.NextAsync(organization, cancel)) is { } next)
            {
                if (!await round.EachAsync([next], async (one, turn) => sealedNow |= await sealer.SealAsync(one, turn.Actor, turn.Lease, cancel) == Sealer.Batch)) return;
            }
        }
    }
}
