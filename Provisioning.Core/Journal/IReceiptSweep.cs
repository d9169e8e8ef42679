using Provisioning.Core.Common;

namespace Provisioning.Core.Journal;

/// <summary>Receipts nobody can ask for any more.</summary>
public interface IReceiptSweep
{
    /// <summary>Deletes some that are past their time, as one unit under the lease; answers how many.</summary>
    Task<int> DeleteOldReceiptsAsync(Actor actor, Lease? lease, CancellationToken cancel);
}
