using System.Diagnostics;
using Polly;
using Polly.Retry;
using Polly.Timeout;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Storage.Dialects;

namespace Provisioning.Core.Storage;

/// <summary>The database: reads on pooled snapshots, writes as units through the writer, retries with a deadline (design D2).</summary>
public sealed class SqlDatabase : IDatabase, IReceiptSweep, IAsyncDisposable
{
    /// <summary>Readers and writers of <see cref="SessionPool"/> and <see cref="OrganizationWriters"/> together, and some to go on with.</summary>
    private const int ThreadsForOutages = 64;

    private readonly IDialect dialect;
    private readonly TimeProvider time;
    private readonly SessionPool pool;
    private readonly IUnitWriter writer;
    private readonly ResiliencePipeline retries;

    /// <param name="deadline">How long a read or a unit is tried again while the database fails.</param>
    public SqlDatabase(IDialect dialect, TimeProvider time, TimeSpan deadline)
    {
        this.dialect = dialect;
        this.time = time;
        // Reading the embedded engine never waits for anything but the processor; each connection has a cache of its own.
        pool = new SessionPool(dialect, dialect.HasOneWriter ? Math.Max(4, Environment.ProcessorCount * 2) : 32);
        writer = dialect.HasOneWriter ? new SingleWriter(dialect) : new OrganizationWriters(dialect, 24);
        if (!dialect.HasOneWriter) KeepThreadsForOutages();
        retries = new ResiliencePipelineBuilder()
            .AddTimeout(deadline)
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<Exception>(exception => IsInfrastructure(dialect.Classify(exception))),
                MaxRetryAttempts = 6,
                Delay = TimeSpan.FromMilliseconds(20),
                MaxDelay = TimeSpan.FromSeconds(1),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
            })
            .Build();
    }

    public async Task<T> ReadAsync<T>(Func<ISession, Task<T>> query, CancellationToken cancel)
    {
        try
        {
            if (dialect.HasOneWriter && pool.TryRunAsync(query, cancel) is { } running) return await running;
        }
        catch (Exception exception) when (IsInfrastructure(dialect.Classify(exception)))
        {
            // Once more, and now with patience.
        }
        try
        {
            return await retries.ExecuteAsync(
                static async (state, token) => await state.pool.RunAsync(session => state.query(session), token).WaitAsync(token), (pool, query), cancel);
        }
        catch (Exception exception) when (exception is TimeoutRejectedException || IsInfrastructure(dialect.Classify(exception)))
        {
            throw new StoreUnavailableException(exception);
        }
    }

    public async Task<Common.Outcome<T>> WriteAsync<T>(WriteUnit<T> unit, CancellationToken cancel)
    {
        var mayHaveHappened = false;
        var started = time.GetTimestamp();
        using var span = StartSpan(unit.Kind);
        try
        {
            return await retries.ExecuteAsync(async token =>
            {
                var pending = new PendingUnit<T>(unit, time, token) { MayHaveHappened = mayHaveHappened, Started = started, Span = span };
                mayHaveHappened = true;
                await writer.EnqueueAsync(pending, token);
                return await pending.Answer.WaitAsync(token);
            }, cancel);
        }
        // A key conflict that survives every attempt is none of these: it means that a check is missing, and is reported as the bug it is.
        catch (Exception exception) when (exception is TimeoutRejectedException or UnitConflictException || IsInfrastructure(dialect.Classify(exception)))
        {
            span?.Fail(exception.GetType().Name);
            return new StoreUnavailable("The database did not answer in time; nothing is lost, and the request can be repeated.");
        }
    }

    /// <summary>Whether the database answers.</summary>
    public async Task<bool> IsReadyAsync(CancellationToken cancel) =>
        await pool.RunAsync(session => session.ScalarAsync<long>("SELECT COUNT(*) FROM service_facts"), cancel) > 0;

    /// <summary>Deletes receipts that are past their time, in small units; answers how many.</summary>
    public async Task<int> DeleteOldReceiptsAsync(Actor actor, Lease? lease, CancellationToken cancel)
    {
        var deleted = await WriteAsync(new WriteUnit<int>(Ids.New<UnitId>(time), "receipts.delete", actor, Instants.Now(time), async scope =>
            await Receipts.DeleteOldAsync(SqlSession.Of(scope.Session), scope.Now - Receipts.KeptFor, 500)) { Lease = lease }, cancel);
        return deleted.IsOk ? deleted.Value : 0;
    }

    public async ValueTask DisposeAsync()
    {
        await writer.DisposeAsync();
        pool.Dispose();
    }

    /// <summary>
    /// A driver gives a command up by asking the server over a connection of its own, and a thread of the pool waits for it. When a server
    /// hangs there is one such thread for each command, and the pool, which grows by one or two in a second, would run the timers of
    /// all requests late: the deadline would not hold.
    /// </summary>
    private static void KeepThreadsForOutages()
    {
        ThreadPool.GetMinThreads(out var workers, out var completions);
        if (workers < ThreadsForOutages) ThreadPool.SetMinThreads(ThreadsForOutages, completions);
    }

    /// <summary>Kinds are a closed set; the text is put together only for somebody who listens.</summary>
    private static Activity? StartSpan(string kind) =>
        Instruments.Source.HasListeners() ? Instruments.Source.StartActivity("unit " + kind) : null;

    private static bool IsInfrastructure(Fault fault) => fault is Fault.Lost or Fault.Transient;
}
