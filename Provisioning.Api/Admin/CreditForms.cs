using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Spend;

namespace Provisioning.Api.Admin;

/// <summary>GET /credits; amounts with six decimals.</summary>
/// <param name="Currency">Null before the first contract.</param>
/// <param name="Balance">Negative: used beyond what was bought; usage is stopped.</param>
/// <param name="Held">Set aside for requests under way.</param>
/// <param name="Available">Balance minus held.</param>
/// <param name="LowAt">At this balance owners are told.</param>
public sealed record CreditsForm(string? Currency, string Balance, string Held, string Available, string Level, string LowAt, string? NextExpiry)
{
    public static CreditsForm ToApi(CreditAccount account, Currency? currency) => new(
        currency?.Code, account.Balance.Text(), account.Held.Text(), account.Available.Text(), Words.Text(account.LevelNow), account.LowAt.Text(),
        MemberForm.Optional(account.NextExpiry));
}

/// <param name="State">awaiting_payment: usable once the invoice is paid.</param>
public sealed record CreditPurchaseForm(string Id, string State, MoneyForm Amount, InvoiceNameForm Invoice, string? ExpiresAt, int Priority);

/// <summary>A purchase or a grant.</summary>
/// <param name="State">awaiting_payment, cancelled (the invoice was credited before it was paid), open, used, or expired.</param>
/// <param name="Invoice">Of a purchase.</param>
public sealed record CreditLotForm(
    string Id, string Source, string State, string Amount, string Remaining, int Priority, string? ExpiresAt, InvoiceNameForm? Invoice, string CreatedAt,
    string? UsableSince)
{
    public static CreditLotForm ToApi(CreditLotReport report, DateTimeOffset now)
    {
        var lot = report.Lot;
        var state = lot.OpenedAt is null ? report.InvoiceState == InvoiceState.Void ? "cancelled" : "awaiting_payment"
            : lot.IsOver(now) ? "expired" : lot.Remaining.IsZero ? "used" : "open";
        return new CreditLotForm(
            lot.Id.ToString(), Words.Text(lot.Source), state, lot.Amount.Text(), lot.Remaining.Text(), lot.Priority, MemberForm.Optional(lot.ExpiresAt),
            lot.Invoice is { } invoice ? new InvoiceNameForm(invoice.ToString(), report.Number) : null, Instants.Text(lot.CreatedAt),
            MemberForm.Optional(lot.OpenedAt));
    }
}

public sealed record CreditLotsForm(IReadOnlyList<CreditLotForm> Lots, string? NextCursor);

/// <summary>An entry; the entries of a journal sum to zero.</summary>
/// <param name="Account">external, credits, holds, usage, expired or adjustments.</param>
/// <param name="Lot">Where the credits lie or lay; null in credits for what is held or used before a lot is chosen.</param>
public sealed record CreditEntryForm(string Account, string? Lot, string Amount);

/// <param name="Subject">The authorisation, invoice or lot it is about.</param>
public sealed record CreditJournalForm(string Id, string Kind, string At, string? Subject, string? Reason, IReadOnlyList<CreditEntryForm> Entries)
{
    public static CreditJournalForm ToApi(CreditJournal journal) => new(
        journal.Id.ToString(), Words.Text(journal.Kind), Instants.Text(journal.At), SubjectOf(journal), journal.Reason,
        [
            .. journal.Transfers.SelectMany(transfer => (CreditEntryForm[])
            [
                Entry(transfer.From, UsageCost.Zero - transfer.Amount), Entry(transfer.To, transfer.Amount),
            ]),
        ]);

    private static CreditEntryForm Entry(CreditPocket pocket, UsageCost amount) => new(Words.Text(pocket.Place), pocket.Lot?.ToString(), amount.Text());

    private static string? SubjectOf(CreditJournal journal) => journal.Subject is not { } subject ? null : journal.Kind switch
    {
        CreditKind.Purchase => new InvoiceId(subject).ToString(),
        CreditKind.Hold or CreditKind.Settle or CreditKind.Release => "aut_" + subject.ToString("D"),
        _ => new CreditLotId(subject).ToString(),
    };
}

public sealed record CreditJournalsForm(IReadOnlyList<CreditJournalForm> Journals, string? NextCursor);

/// <param name="Lot">The credits that were given.</param>
public sealed record AdjustmentForm(string Kind, MoneyForm Amount, string Reason, string? Lot);
