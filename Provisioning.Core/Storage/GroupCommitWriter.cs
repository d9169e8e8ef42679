using System.Data.Common;
using System.Threading.Channels;
using Provisioning.Core.Journal;
using Provisioning.Core.Storage.Dialects;

namespace Provisioning.Core.Storage;

/// <summary>
/// The one writer of the embedded engine (design D2): waiting units share a transaction and one sync to disk, each behind its own
/// savepoint, so that a failing unit does not hurt its neighbours. Nothing is answered before the commit. When the whole
/// transaction is lost, or its outcome is unknown, every unit of the batch runs again alone and meets its receipt if it had happened.
/// </summary>
internal sealed class GroupCommitWriter : IAsyncDisposable
{
    private const int BatchSize = 64;
    private const int AttemptsOnConflict = 8;

    private readonly IDialect dialect;
    private readonly Channel<PendingUnit> queue = Channel.CreateBounded<PendingUnit>(new BoundedChannelOptions(4096) { SingleReader = true });
    private readonly Task loop;
    private DbConnection? connection;

    public GroupCommitWriter(IDialect dialect)
    {
        this.dialect = dialect;
        loop = Task.Factory.StartNew(LoopAsync, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
    }

    public ValueTask EnqueueAsync(PendingUnit unit, CancellationToken cancel) => queue.Writer.WriteAsync(unit, cancel);

    /// <summary>Finishes what was accepted, then closes.</summary>
    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await loop;
        connection?.Dispose();
    }

    private async Task LoopAsync()
    {
        var batch = new List<PendingUnit>(BatchSize);
        while (await queue.Reader.WaitToReadAsync())
        {
            batch.Clear();
            while (batch.Count < BatchSize && queue.Reader.TryRead(out var unit))
                if (unit.IsCancelled) unit.Fail(new OperationCanceledException());
                else batch.Add(unit);
            if (batch.Count > 0) await RunAsync(batch);
        }
    }

    private async Task RunAsync(List<PendingUnit> batch)
    {
        if (await TryCommitAsync(batch) is not { } lost) return;
        foreach (var unit in batch.Where(unit => !unit.IsAnswered))
        {
            unit.MayHaveHappened = true;
            var failure = batch.Count == 1 ? lost : await TryCommitAsync([unit]);
            if (failure is not null) unit.Fail(failure);
        }
    }

    /// <summary>Null when committed and answered; otherwise why nothing is known to have happened.</summary>
    private async Task<Exception?> TryCommitAsync(List<PendingUnit> units)
    {
        var done = new List<PendingUnit>(units.Count);
        try
        {
            connection ??= Open();
            await using (var transaction = connection.BeginTransaction(dialect.WriteIsolation))
            {
                var session = new SqlSession(connection, transaction, dialect);
                foreach (var unit in units)
                    if (await RunOneAsync(session, unit)) done.Add(unit);
                transaction.Commit();
            }
        }
        catch (Exception exception)
        {
            connection?.Dispose();
            connection = null;
            return exception;
        }
        foreach (var unit in done) unit.Complete();
        return null;
    }

    /// <summary>False when the unit failed by itself and was told so; an exception means that the transaction is lost.</summary>
    private async Task<bool> RunOneAsync(SqlSession session, PendingUnit unit)
    {
        for (var attempt = 1; ; attempt++)
        {
            await session.ExecuteAsync("SAVEPOINT unit");
            try
            {
                if (!await unit.RunAsync(session))
                {
                    await RollBackAsync(session);
                    await session.ExecuteAsync("SAVEPOINT unit");
                    await unit.KeepRefusalAsync(session);
                }
                await session.ExecuteAsync("RELEASE unit");
                return true;
            }
            catch (Exception exception)
            {
                var fault = dialect.Classify(exception);
                if (fault is Fault.Lost or Fault.Transient) throw;
                await RollBackAsync(session); // fails when the engine rolled the whole transaction back
                if ((exception is UnitConflictException || fault == Fault.KeyConflict) && attempt < AttemptsOnConflict)
                {
                    unit.MayHaveHappened = true;
                    continue;
                }
                unit.Fail(exception);
                return false;
            }
        }
    }

    private static async Task RollBackAsync(SqlSession session)
    {
        await session.ExecuteAsync("ROLLBACK TO unit");
        await session.ExecuteAsync("RELEASE unit");
    }

    private DbConnection Open()
    {
        var opened = dialect.Create();
        opened.Open();
        dialect.AfterOpen(opened);
        return opened;
    }
}
