using System.Collections.Concurrent;
using System.Threading.Channels;
using Provisioning.Core.Storage.Dialects;

namespace Provisioning.Core.Storage;

/// <summary>Accepts units and runs them; what was accepted is finished before it closes.</summary>
internal interface IUnitWriter : IAsyncDisposable
{
    ValueTask EnqueueAsync(PendingUnit unit, CancellationToken cancel);
}

/// <summary>The one writer of the embedded engine: a thread of its own, all waiting units together.</summary>
internal sealed class SingleWriter : IUnitWriter
{
    private readonly Channel<PendingUnit> queue = Channel.CreateBounded<PendingUnit>(new BoundedChannelOptions(4096) { SingleReader = true });
    private readonly UnitBatch batch;
    private readonly Task loop;

    public SingleWriter(IDialect dialect)
    {
        batch = new UnitBatch(dialect);
        loop = Task.Factory.StartNew(LoopAsync, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
    }

    public ValueTask EnqueueAsync(PendingUnit unit, CancellationToken cancel) => queue.Writer.WriteAsync(unit, cancel);

    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await loop;
        batch.Dispose();
    }

    private async Task LoopAsync()
    {
        var units = new List<PendingUnit>(UnitBatch.Size);
        while (await queue.Reader.WaitToReadAsync())
        {
            units.Clear();
            while (units.Count < UnitBatch.Size && queue.Reader.TryRead(out var unit))
                if (!unit.FailIfCancelled()) units.Add(unit);
            if (units.Count > 0) await batch.RunAsync(units);
        }
    }
}

/// <summary>
/// Writers of an engine that takes many: units of one organisation run together and one batch after the other, because they contend
/// for the same pools anyway; organisations run side by side, as far as connections allow.
/// </summary>
internal sealed class OrganizationWriters(IDialect dialect, int connections) : IUnitWriter
{
    private readonly ConcurrentDictionary<Guid, Lane> lanes = new();
    private readonly ConcurrentBag<UnitBatch> idle = [];
    private readonly SemaphoreSlim free = new(connections);
    private int running;

    public ValueTask EnqueueAsync(PendingUnit unit, CancellationToken cancel)
    {
        // Units about no organisation meet nobody: each has a lane of its own.
        var key = unit.Organization?.Value ?? unit.LaneOfItsOwn;
        while (true)
        {
            var lane = lanes.GetOrAdd(key, static _ => new Lane());
            lock (lane)
            {
                if (lane.IsClosed) continue; // emptied and taken away meanwhile
                lane.Waiting.Enqueue(unit);
                if (lane.IsRunning) return ValueTask.CompletedTask;
                lane.IsRunning = true;
            }
            Interlocked.Increment(ref running);
            _ = Task.Run(() => RunAsync(key, lane), CancellationToken.None);
            return ValueTask.CompletedTask;
        }
    }

    public async ValueTask DisposeAsync()
    {
        while (Volatile.Read(ref running) > 0) await Task.Delay(10);
        while (idle.TryTake(out var batch)) batch.Dispose();
        free.Dispose();
    }

    private async Task RunAsync(Guid key, Lane lane)
    {
        await free.WaitAsync();
        var batch = idle.TryTake(out var kept) ? kept : new UnitBatch(dialect);
        try
        {
            while (Next(key, lane) is { Count: > 0 } units)
            {
                if (await batch.RunAsync(units)) continue;
                // What cut this connection has cut the idle ones too: otherwise each retry would meet another dead one.
                while (idle.TryTake(out var dead)) dead.Dispose();
            }
        }
        finally
        {
            idle.Add(batch);
            free.Release();
            Interlocked.Decrement(ref running);
        }
    }

    private List<PendingUnit> Next(Guid key, Lane lane)
    {
        var units = new List<PendingUnit>();
        lock (lane)
        {
            while (units.Count < UnitBatch.Size && lane.Waiting.TryDequeue(out var unit))
                if (!unit.FailIfCancelled()) units.Add(unit);
            if (units.Count > 0) return units;
            lane.IsClosed = true;
            lanes.TryRemove(key, out _);
        }
        return units;
    }

    private sealed class Lane
    {
        public Queue<PendingUnit> Waiting { get; } = new();

        public bool IsRunning { get; set; }

        public bool IsClosed { get; set; }
    }
}
