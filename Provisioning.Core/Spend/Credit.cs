using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Spend;

/// <summary>The accounts of an organisation's credit ledger (rule CRED-2).</summary>
public enum CreditPlace { External, Credits, Holds, Usage, Expired, Adjustments }

/// <summary>What a journal is about.</summary>
public enum CreditKind { Purchase, Grant, Hold, Settle, Release, Expiry, Adjustment }

/// <summary>Where credits came from: bought, or given by the operator.</summary>
public enum CreditSource { Purchase, Grant }

/// <summary>Domain.md section 5: funded and exhausted; low is a warning before (rule NOTI-5).</summary>
public enum CreditLevel { Funded, Low, Exhausted }

/// <summary>
/// A side of a transfer. Credits lie in the lot they came in; credits without a lot are what is taken from them before a lot is chosen:
/// minus what is held and what was used beyond the last lot.
/// </summary>
public sealed record CreditPocket(CreditPlace Place, CreditLotId? Lot = null);

/// <summary>
/// A pair of entries: the amount leaves one pocket and arrives in another, so that a journal cannot fail to sum to zero (invariant I-10).
/// </summary>
/// <param name="Amount">More than nothing.</param>
public sealed record CreditTransfer(CreditPocket From, CreditPocket To, UsageCost Amount);

/// <summary>A journal; never changed, corrected only by another one (rule CRED-5).</summary>
/// <param name="Subject">The authorisation of a hold, settle or release, the invoice of a purchase, the lot of an expiry; null for none.</param>
public sealed record CreditJournal(
    CreditJournalId Id, CreditKind Kind, DateTimeOffset At, Guid? Subject, string? Reason, IReadOnlyList<CreditTransfer> Transfers);

/// <summary>Credits that came together. Drawn by priority, then earliest expiry, then oldest (rule CRED-3).</summary>
/// <param name="Invoice">Of a purchase.</param>
/// <param name="Remaining">Not drawn yet; nothing before it is opened.</param>
/// <param name="Priority">The lowest is drawn first.</param>
/// <param name="OpenedAt">When it became usable: paid (rule CRED-1) or given.</param>
public sealed record CreditLot(
    CreditLotId Id, OrganizationId Organization, CreditSource Source, InvoiceId? Invoice, UsageCost Amount, UsageCost Remaining, int Priority,
    DateTimeOffset? ExpiresAt, DateTimeOffset CreatedAt, DateTimeOffset? OpenedAt)
{
    public bool IsOver(DateTimeOffset now) => ExpiresAt is { } end && end <= now;
}

/// <summary>The guarded row of an organisation's credits: what decides, and what the journals add up to (invariant I-10).</summary>
/// <param name="Available">Credits minus holds; below zero only through a settle (rule CRED-4).</param>
/// <param name="NextExpiry">When the next credits end; null: none do.</param>
/// <param name="LowAt">At this balance owners are told that credits are low.</param>
public sealed record CreditAccount(
    OrganizationId Organization, UsageCost Available, UsageCost Held, DateTimeOffset? NextExpiry, UsageCost LowAt, CreditLevel Level)
{
    public UsageCost Balance => Available + Held;

    public static CreditAccount Empty(OrganizationId organization) =>
        new(organization, UsageCost.Zero, UsageCost.Zero, null, UsageCost.Zero, CreditLevel.Exhausted);

    public CreditLevel LevelNow => Balance <= UsageCost.Zero ? CreditLevel.Exhausted : Balance <= LowAt ? CreditLevel.Low : CreditLevel.Funded;

    public Target Subject => new("credits", Organization.ToString());

    public JsonObject Describe() => new() { ["balance"] = Balance.Text(), ["held"] = Held.Text(), ["level"] = Words.Text(LevelNow) };
}

/// <summary>An account and its lots that have something left, in the order in which they are drawn.</summary>
public sealed record CreditGround(CreditAccount Account, IReadOnlyList<CreditLot> Lots)
{
    /// <summary>
    /// What ends at the instant: all that is left of lots past their time, but nothing that is held for requests under way; that follows
    /// when it is released.
    /// </summary>
    public IReadOnlyList<(CreditLot Lot, UsageCost Amount)> Ending(DateTimeOffset now) =>
        Take([.. Lots.Where(lot => lot.IsOver(now))], UsageCost.Max(Account.Available, UsageCost.Zero));

    /// <summary>The account as of an instant, whether or not the job has ended what is past its time (rule TIME-4).</summary>
    public CreditAccount At(DateTimeOffset now) =>
        Account with { Available = Account.Available - Ending(now).Aggregate(UsageCost.Zero, (sum, part) => sum + part.Amount) };

    /// <summary>What is taken from which lot to pay for an amount, as far as there is something.</summary>
    public IReadOnlyList<(CreditLot Lot, UsageCost Amount)> Drawn(UsageCost amount) => Take(Lots, amount);

    private static List<(CreditLot Lot, UsageCost Amount)> Take(IReadOnlyList<CreditLot> lots, UsageCost amount)
    {
        var taken = new List<(CreditLot Lot, UsageCost Amount)>();
        foreach (var lot in lots)
        {
            if (amount <= UsageCost.Zero) break;
            var part = UsageCost.Min(lot.Remaining, amount);
            taken.Add((lot, part));
            amount -= part;
        }
        return taken;
    }
}
