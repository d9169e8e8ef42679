using System.Data.Common;
using System.Diagnostics;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Storage.Dialects;

namespace Provisioning.Core.Storage;

/// <summary>
/// Runs waiting units in one transaction with one sync to disk, each behind its own savepoint, so that a failing unit does not hurt
/// its neighbours (design D2). Nothing is answered before the commit. A transaction that took long enough is committed, and the units that
/// still wait follow in the next one. When the whole transaction is lost, or its outcome is unknown, every unit runs again alone and meets
/// its receipt if it had happened. Keeps one connection; not for use by two threads at once.
/// </summary>
internal sealed class UnitBatch(IDialect dialect) : IDisposable
{
    public const int Size = 64;
    private const int AttemptsOnConflict = 8;

    /// <summary>
    /// Units wait for the commit they share. Large ones, of a thousand events each, would otherwise wait for all of them together, longer
    /// than the deadline of a request, and be answered 503 although all had happened.
    /// </summary>
    internal static readonly TimeSpan Share = TimeSpan.FromMilliseconds(250);

    private KeptConnection? connection;

    /// <summary>Runs and answers every unit. False: the connection was lost on the way.</summary>
    public async Task<bool> RunAsync(IReadOnlyList<PendingUnit> units)
    {
        while (units.Count > 0)
        {
            if (await TryCommitAsync(units) is { } lost)
            {
                await RunAloneAsync(units, lost);
                return dialect.Classify(lost) != Fault.Lost;
            }
            units = [.. units.Where(unit => !unit.IsAnswered && !unit.FailIfCancelled())];
        }
        return true;
    }

    public void Dispose() => connection?.Dispose();

    private async Task RunAloneAsync(IReadOnlyList<PendingUnit> units, Exception lost)
    {
        foreach (var unit in units.Where(unit => !unit.IsAnswered))
        {
            unit.MayHaveHappened = true;
            var failure = units.Count == 1 ? lost : await TryCommitAsync([unit]);
            if (failure is not null) unit.Fail(failure);
        }
    }

    /// <summary>
    /// Null when committed and answered, all units or, after <see cref="Share"/>, the first of them; otherwise why nothing is known to have happened.
    /// </summary>
    private async Task<Exception?> TryCommitAsync(IReadOnlyList<PendingUnit> units)
    {
        var done = new List<PendingUnit>(units.Count);
        try
        {
            if (connection is { IsOpen: false })
            {
                await connection.DisposeAsync();
                connection = null;
            }
            connection ??= await KeptConnection.OpenAsync(dialect);
            await using var transaction = await connection.Connection.BeginTransactionAsync(dialect.WriteIsolation);
            var session = new SqlSession(connection, transaction, dialect);
            if (!dialect.HasOneWriter) await LatchAsync(session, units[0].Organization);
            var started = Stopwatch.GetTimestamp();
            foreach (var unit in units)
            {
                if (done.Count > 0 && Stopwatch.GetElapsedTime(started) >= Share) break;
                if (await RunOneAsync(session, unit)) done.Add(unit);
            }
            await CommitAsync(transaction, done);
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

    private static async Task CommitAsync(DbTransaction transaction, List<PendingUnit> done)
    {
        using var span = StartCommitSpan(done);
        var started = Stopwatch.GetTimestamp();
        await transaction.CommitAsync();
        Instruments.CommitDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
        Instruments.CommitUnits.Record(done.Count);
    }

    /// <summary>One commit serves many traces: it is part of the first, and linked to the others.</summary>
    private static Activity? StartCommitSpan(List<PendingUnit> done)
    {
        if (!Instruments.Source.HasListeners() || done.Find(static unit => unit.Span is not null)?.Span is not { } first) return null;
        var links = done.Where(unit => unit.Span is not null && unit.Span != first).Select(unit => new ActivityLink(unit.Span!.Context));
        var span = Instruments.Source.StartActivity("commit", ActivityKind.Client, first.Context, links: links);
        span?.SetTag("provisioning.commit.units", done.Count);
        return span;
    }

    /// <summary>
    /// Units that share a transaction hold the locks of all of them, in whatever order they came. The best pool, which every unit that
    /// frees or moves a seat locks first (rule TIME-2), is taken before anything else, so that two nodes' units meet there and nowhere else:
    /// one that came alone, too, or it would hold a key or a count that a batch wants, and wait for the pool that the batch holds.
    /// </summary>
    private static Task LatchAsync(SqlSession session, OrganizationId? organization) => organization is not { } id
        ? Task.CompletedTask
        : session.ExecuteAsync(
            """
            UPDATE seat_pools SET touched = touched + 1 WHERE organization_id = @organization
              AND tier_rank = (SELECT MAX(best.tier_rank) FROM seat_pools best WHERE best.organization_id = @organization)
            """, new { organization = Ids.ToBytes(id) });

    /// <summary>False when the unit failed by itself and was told so; an exception means that the transaction is lost.</summary>
    private async Task<bool> RunOneAsync(SqlSession session, PendingUnit unit)
    {
        // The thread of the writer is in nobody's trace, or in that of whoever woke it.
        if (Activity.Current != unit.Span) Activity.Current = unit.Span;
        for (var attempt = 1; ; attempt++)
        {
            await session.ExecuteAsync(dialect.Savepoint);
            try
            {
                if (!await unit.RunAsync(session))
                {
                    await RollBackAsync(session);
                    await session.ExecuteAsync(dialect.Savepoint);
                    await unit.KeepRefusalAsync(session);
                }
                await ReleaseAsync(session);
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

    private async Task RollBackAsync(SqlSession session)
    {
        await session.ExecuteAsync(dialect.RollBackToSavepoint);
        await ReleaseAsync(session);
    }

    private Task ReleaseAsync(SqlSession session) =>
        dialect.ReleaseSavepoint is { } release ? session.ExecuteAsync(release) : Task.CompletedTask;
}
