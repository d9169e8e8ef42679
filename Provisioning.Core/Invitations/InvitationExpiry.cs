using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Invitations;

/// <summary>Writes down which invitations are over; they hold no seat and cannot be accepted already before it comes by (rules INV-2, TIME-3, TIME-4).</summary>
public sealed class InvitationExpiry(IDatabase database, IInvitationStore invitations, InvitationDesk desk, TimeProvider time)
{
    /// <summary>
    /// Every overdue one, the longest overdue first, some at a time. What failed is passed and stays overdue for the next round: the many
    /// of one organisation that cannot be ended stand before those of the others, and must not fill the look.
    /// </summary>
    /// <param name="atOnce">How many are looked up together.</param>
    public async Task RunAsync(JobRound round, CancellationToken cancel, int atOnce = 200)
    {
        var now = Instants.Now(time);
        Invitation? last = null;
        IReadOnlyList<Invitation> found;
        do
        {
            found = await database.ReadAsync(session => invitations.OverdueAsync(session, now, last, atOnce), cancel);
            var mine = await round.EachAsync(found, (overdue, turn) =>
                desk.ExpireUnderAsync(turn.Lease, overdue.Organization, turn.Actor, overdue.Id, WriteStamp.Of(time), cancel));
            if (!mine) return;
            if (found is [.., var end]) last = end;
        }
        while (found.Count == atOnce);
    }
}
