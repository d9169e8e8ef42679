using System.Diagnostics;
using System.Text.Json;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Storage;

/// <summary>A unit waiting for the writer: run inside a transaction, answered only after its commit.</summary>
internal abstract class PendingUnit(CancellationToken cancel)
{
    /// <summary>Set once an attempt's outcome is unknown or may repeat: the receipt is looked up first.</summary>
    public bool MayHaveHappened { get; set; }

    /// <summary>Told its outcome already: not to be run again.</summary>
    public abstract bool IsAnswered { get; }

    /// <summary>When the unit was asked for, as a timestamp of the clock; attempts before this one count.</summary>
    public long Started { get; init; }

    /// <summary>The span its statements belong to: units of many requests share one thread and one transaction.</summary>
    public Activity? Span { get; init; }

    /// <summary>The organisation that is written.</summary>
    public abstract OrganizationId? Organization { get; }

    /// <summary>A key that no other unit has, for units about no organisation.</summary>
    public abstract Guid LaneOfItsOwn { get; }

    /// <summary>A caller who went away before the unit started: nothing is done.</summary>
    public bool FailIfCancelled()
    {
        if (!cancel.IsCancellationRequested) return false;
        Fail(new OperationCanceledException(cancel));
        return true;
    }

    /// <summary>Runs the unit. True: its changes stand. False: they are to be rolled back, then <see cref="KeepRefusalAsync"/> runs.</summary>
    public abstract Task<bool> RunAsync(SqlSession session);

    /// <summary>After the rollback of a refused unit: the rows that are kept.</summary>
    public abstract Task KeepRefusalAsync(SqlSession session);

    /// <summary>The commit is done.</summary>
    public abstract void Complete();

    public abstract void Fail(Exception exception);
}

/// <summary>A unit of one result type, its receipt and its journal (design D2, rule I-13).</summary>
internal sealed class PendingUnit<T>(WriteUnit<T> unit, TimeProvider time, CancellationToken cancel) : PendingUnit(cancel)
{
    private readonly TaskCompletionSource<Outcome<T>> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Outcome<T> outcome;
    private UnitScope? scope;

    public Task<Outcome<T>> Answer => answer.Task;

    public override OrganizationId? Organization => unit.Organization;

    public override Guid LaneOfItsOwn => unit.Id.Value;

    public override bool IsAnswered => answer.Task.IsCompleted;

    public override async Task<bool> RunAsync(SqlSession session)
    {
        scope = null;
        // An id that was made for this unit and is used for the first time is nobody else's: its receipt is written once, with the reply.
        // One that finds its own earlier attempt in what it writes needs none.
        var needsReceipt = !unit.IsRepeatable || unit.RequestHash is not null;
        var isKnown = needsReceipt && (MayHaveHappened || unit.RequestHash is not null);
        if (isKnown && await Receipts.FindAsync(session, unit.Id) is { } receipt)
        {
            outcome = await AnswerFromAsync(session, receipt);
            return true;
        }
        scope = new UnitScope(session, unit.Actor, unit.Now);
        if (unit.Lease is { } lease && !await LeaseStore.GuardAsync(session, lease)) throw new LeaseLostException(lease);
        if (isKnown) await Receipts.InsertAsync(session, unit.Id, unit.Kind, unit.RequestHash, null, unit.Now);
        outcome = await unit.Run(scope);
        if (!outcome.IsOk) return false;
        await JournalWriter.WriteAsync(session, scope, scope.Rows, time);
        if (!needsReceipt) return true;
        var reply = Receipts.Write(unit.Remember is null ? JsonSerializer.Serialize(outcome.Value, Receipts.Json) : unit.Remember(outcome.Value));
        if (isKnown) await Receipts.SetReplyAsync(session, unit.Id, reply);
        else await Receipts.InsertAsync(session, unit.Id, unit.Kind, null, reply, unit.Now);
        return true;
    }

    public override async Task KeepRefusalAsync(SqlSession session)
    {
        var refusals = scope!.Rows.Where(row => row.IsRefusal).ToList();
        if (refusals.Count == 0 && scope.KeptOnRefusal.Count == 0) return;
        await Receipts.InsertAsync(session, unit.Id, unit.Kind, unit.RequestHash, Receipts.Write(outcome.Error!), unit.Now);
        foreach (var write in scope.KeptOnRefusal) await write();
        await JournalWriter.WriteAsync(session, scope, refusals, time);
    }

    public override void Complete()
    {
        if (Instruments.ClaimDuration.Enabled && outcome.IsOk && scope is { } ran && ran.Rows.Any(static row => row.Action == "seat.assigned"))
            Instruments.ClaimDuration.Record(time.GetElapsedTime(Started).TotalSeconds, new KeyValuePair<string, object?>("unit", unit.Kind));
        answer.TrySetResult(outcome);
    }

    public override void Fail(Exception exception) => answer.TrySetException(exception);

    private async Task<Outcome<T>> AnswerFromAsync(SqlSession session, ReceiptRow receipt)
    {
        if (unit.RequestHash is not null && receipt.Request_Hash is not null && !unit.RequestHash.AsSpan().SequenceEqual(receipt.Request_Hash))
            return new Unprocessable("idempotency_key_reused", "This Idempotency-Key was used for another request.");
        var (reply, error) = Receipts.Read(receipt.Reply!);
        if (error is not null) return error;
        return unit.Recall is null ? JsonSerializer.Deserialize<T>(reply!, Receipts.Json)! : await unit.Recall(session, reply!);
    }
}
