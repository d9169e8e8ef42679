using Provisioning.Core.Common;

namespace Provisioning.Core.Journal;

/// <summary>Under what an item of a job is worked on.</summary>
public sealed record JobTurn(Lease Lease, Actor Actor);

/// <summary>
/// A round of a job over many items, most often one per organisation: each asks for the lease first (rule TIME-3), and one that fails is
/// reported and leaves the others their turn.
/// </summary>
/// <param name="mine">The lease for the next unit; null when another node took the job.</param>
/// <param name="failed">Told of each item that threw.</param>
public sealed class JobRound(Func<Task<JobTurn?>> mine, Action<Exception> failed, CancellationToken cancel)
{
    public Task<JobTurn?> MineAsync() => mine();

    /// <summary>False when another node took the job. A lost lease and a database out of reach end the round: they are nobody's in particular.</summary>
    public async Task<bool> EachAsync<T>(IEnumerable<T> items, Func<T, JobTurn, Task> act)
    {
        foreach (var item in items)
        {
            if (await mine() is not { } turn) return false;
            try
            {
                await act(item, turn);
            }
            catch (Exception exception) when (exception is not LeaseLostException and not StoreUnavailableException && !cancel.IsCancellationRequested)
            {
                failed(exception);
            }
        }
        return true;
    }
}
