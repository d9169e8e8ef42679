using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Spend;

/// <summary>Which of the two admission rules of USE-10 decides.</summary>
public enum CreditRule
{
    /// <summary>An estimate was given: what is available must cover it.</summary>
    Estimate,

    /// <summary>None was given: something must be available, so one request at the edge overshoots.</summary>
    Overshoot,
}

/// <summary>
/// The prepaid credits of organisations as a double-entry ledger (rules CRED-1 to CRED-6). Everything here is part of the caller's unit; the
/// guarded row of the account decides, and is the lock under which lots are drawn. Last but for the invoice counter in the order of locks
/// (rule TIME-2). Not for organisations that pay in arrears.
/// </summary>
public sealed class CreditLedger(ICreditStore store, TimeProvider time)
{
    /// <summary>Owners are told that credits are low at this part of what there was after the last purchase: a tenth (choice).</summary>
    private const int LowPart = 10;

    /// <summary>Most that may be owed: balances stay within 64 bits.</summary>
    public static readonly UsageCost MostOwed = CreditDesk.Most;

    /// <summary>
    /// Sets an amount aside for a request: credits to holds. False, and nothing is placed, when credits do not allow it (rules USE-4, USE-10).
    /// Credits past their time are ended first, whether or not the job came by (rule TIME-4).
    /// </summary>
    /// <param name="hold">The authorisation.</param>
    public async Task<bool> HoldAsync(UnitScope scope, OrganizationId organization, Guid hold, UsageCost amount, CreditRule rule)
    {
        var least = rule == CreditRule.Estimate ? amount : new UsageCost(1);
        if (!await store.HoldAsync(scope.Session, organization, amount, least, scope.Now)
            && (!await ExpireAsync(scope, organization) || !await store.HoldAsync(scope.Session, organization, amount, least, scope.Now))) return false;
        await WriteAsync(scope, organization, CreditKind.Hold, hold, [new(Free, Held, amount)]);
        return true;
    }

    /// <summary>
    /// Replaces a hold by what was really used, or records usage that has none (<paramref name="held"/> zero); never refused, the balance may
    /// fall below zero (rules USE-11, USE-12, CRED-4). Many recorded events may be settled as one sum. Only what the account cannot count any
    /// more is refused: usage of <see cref="MostOwed"/> beyond all credits.
    /// </summary>
    /// <param name="hold">The authorisation, if there is one.</param>
    /// <param name="held">What <see cref="HoldAsync"/> set aside for it and still is; zero once released.</param>
    public async Task<Outcome<Done>> SettleAsync(UnitScope scope, OrganizationId organization, Guid? hold, UsageCost held, UsageCost actual)
    {
        if (held.IsZero && actual.IsZero) return default(Done);
        if (actual > MostOwed || !await store.SettleAsync(scope.Session, organization, held, actual, actual - MostOwed))
            return new Conflict("credit_limit", $"Usage is recorded until {MostOwed} more is used than there are credits; buy credits first.");
        var ground = await store.GroundAsync(scope.Session, organization);
        var drawn = ground.Drawn(actual);
        await TakeAsync(scope, drawn);
        await WriteAsync(scope, organization, CreditKind.Settle, hold,
        [
            new(Held, Used, UsageCost.Min(held, actual)), new(Held, Free, held - UsageCost.Min(held, actual)),
            new(Free, Used, actual - UsageCost.Min(held, actual)), .. drawn.Select(part => new CreditTransfer(In(part.Lot), Free, part.Amount)),
        ]);
        await LevelAsync(scope, ground.Account);
        return default(Done);
    }

    /// <summary>Gives a hold back: holds to credits.</summary>
    /// <param name="held">What was set aside and still is.</param>
    public async Task ReleaseAsync(UnitScope scope, OrganizationId organization, Guid hold, UsageCost held)
    {
        if (held.IsZero) return;
        await store.SettleAsync(scope.Session, organization, held, UsageCost.Zero, new UsageCost(long.MinValue));
        await WriteAsync(scope, organization, CreditKind.Release, hold, [new(Held, Free, held)]);
    }

    /// <summary>Makes the credits of a lot usable. They fill what was used beyond the last lot first (rule CRED-4); usage resumes.</summary>
    /// <param name="lot">Not opened yet.</param>
    /// <param name="reason">Why it was given.</param>
    public async Task OpenAsync(UnitScope scope, CreditLot lot, string? reason = null)
    {
        var account = await store.LockAsync(scope.Session, lot.Organization);
        var owed = UsageCost.Max(UsageCost.Zero - account.Balance, UsageCost.Zero);
        var filled = UsageCost.Min(owed, lot.Amount);
        var after = account with
        {
            Available = account.Available + lot.Amount, NextExpiry = Earlier(account.NextExpiry, lot.ExpiresAt),
            LowAt = new UsageCost(Int128.Max(0, (account.Balance + lot.Amount).Units / LowPart)),
        };
        await store.OpenLotAsync(scope.Session, lot with { Remaining = lot.Amount - filled, OpenedAt = scope.Now });
        var (from, kind, subject) = lot.Source == CreditSource.Purchase
            ? (new CreditPocket(CreditPlace.External), CreditKind.Purchase, lot.Invoice?.Value) : (new CreditPocket(CreditPlace.Adjustments), CreditKind.Grant, lot.Id.Value);
        await WriteAsync(scope, lot.Organization, kind, subject, [new(from, In(lot), lot.Amount), new(In(lot), Free, filled)], reason);
        await SaveAsync(scope, account, after);
    }

    /// <summary>Takes credits away on the operator's word, as if they were used; false when there are not as many (rule CRED-5).</summary>
    public async Task<bool> TakeBackAsync(UnitScope scope, OrganizationId organization, UsageCost amount, string reason)
    {
        await ExpireAsync(scope, organization);
        await store.LockAsync(scope.Session, organization);
        var ground = await store.GroundAsync(scope.Session, organization);
        if (ground.Account.Available < amount) return false;
        var drawn = ground.Drawn(amount);
        await TakeAsync(scope, drawn);
        await WriteAsync(scope, organization, CreditKind.Adjustment, null,
            [.. drawn.Select(part => new CreditTransfer(In(part.Lot), new CreditPocket(CreditPlace.Adjustments), part.Amount))], reason);
        await SaveAsync(scope, ground.Account, ground.Account with { Available = ground.Account.Available - amount });
        return true;
    }

    /// <summary>Takes credits of one purchase back whose money is given back: credits to external. False when not as many of them are left and not held.</summary>
    public async Task<bool> ReturnAsync(UnitScope scope, CreditLot lot, UsageCost amount, string reason)
    {
        await ExpireAsync(scope, lot.Organization);
        await store.LockAsync(scope.Session, lot.Organization);
        var ground = await store.GroundAsync(scope.Session, lot.Organization);
        if (ground.Account.Available < amount || ground.Lots.FirstOrDefault(open => open.Id == lot.Id) is not { } left || left.Remaining < amount) return false;
        await store.TakeAsync(scope.Session, lot.Id, amount);
        await WriteAsync(scope, lot.Organization, CreditKind.Adjustment, lot.Invoice?.Value, [new(In(lot), new CreditPocket(CreditPlace.External), amount)], reason);
        await SaveAsync(scope, ground.Account, ground.Account with { Available = ground.Account.Available - amount });
        return true;
    }

    /// <summary>Ends credits past their time; false when there was nothing to do.</summary>
    public async Task<bool> ExpireAsync(UnitScope scope, OrganizationId organization)
    {
        if (await store.FindAsync(scope.Session, organization) is not { NextExpiry: { } due } || due > scope.Now) return false;
        await store.LockAsync(scope.Session, organization);
        var ground = await store.GroundAsync(scope.Session, organization);
        var ending = ground.Ending(scope.Now);
        var left = ground.Lots.Where(lot => ending.All(part => part.Lot.Id != lot.Id || part.Amount < lot.Remaining)).Select(lot => lot.ExpiresAt).Min();
        if (ending.Count == 0 && left == ground.Account.NextExpiry) return false;
        await TakeAsync(scope, ending);
        foreach (var (lot, amount) in ending)
        {
            await WriteAsync(scope, organization, CreditKind.Expiry, lot.Id.Value, [new(In(lot), new CreditPocket(CreditPlace.Expired), amount)]);
            scope.Record(organization, "credits.expired", ground.Account.Subject, null, new JsonObject { ["lot"] = lot.Id.ToString(), ["amount"] = amount.Text() });
        }
        var gone = ending.Aggregate(UsageCost.Zero, (sum, part) => sum + part.Amount);
        await SaveAsync(scope, ground.Account, ground.Account with { Available = ground.Account.Available - gone, NextExpiry = left });
        return true;
    }

    private static readonly CreditPocket Free = new(CreditPlace.Credits), Held = new(CreditPlace.Holds), Used = new(CreditPlace.Usage);

    private static CreditPocket In(CreditLot lot) => new(CreditPlace.Credits, lot.Id);

    private static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) => one is null || other < one ? other ?? one : one;

    private async Task TakeAsync(UnitScope scope, IReadOnlyList<(CreditLot Lot, UsageCost Amount)> parts)
    {
        foreach (var (lot, amount) in parts) await store.TakeAsync(scope.Session, lot.Id, amount);
    }

    /// <summary>Transfers of nothing are left out.</summary>
    private Task WriteAsync(
        UnitScope scope, OrganizationId organization, CreditKind kind, Guid? subject, IReadOnlyList<CreditTransfer> transfers, string? reason = null) =>
        store.InsertJournalAsync(scope.Session, organization, new CreditJournal(
            Ids.New<CreditJournalId>(time), kind, scope.Now, subject, reason, [.. transfers.Where(transfer => !transfer.Amount.IsZero)]));

    private async Task SaveAsync(UnitScope scope, CreditAccount before, CreditAccount after)
    {
        await store.UpdateAsync(scope.Session, before, after);
        await LevelAsync(scope, after);
    }

    /// <summary>Tells once when the balance crosses a level (rule NOTI-5); usage stops at nothing and resumes above (rule USE-4).</summary>
    private async Task LevelAsync(UnitScope scope, CreditAccount account)
    {
        var (before, now) = (account.Level, account.LevelNow);
        if (before == now) return;
        await store.SetLevelAsync(scope.Session, account.Organization, now);
        if (now == CreditLevel.Low && before == CreditLevel.Funded) Tell("credits.low");
        if (now == CreditLevel.Exhausted)
        {
            Tell("credits.exhausted");
            Tell("usage.stopped", "credits_exhausted");
        }
        if (before == CreditLevel.Exhausted) Tell("usage.resumed", "credits_exhausted");

        void Tell(string action, string? reason = null) => scope.Record(account.Organization, action, account.Subject, null, account.Describe(), reason);
    }
}
