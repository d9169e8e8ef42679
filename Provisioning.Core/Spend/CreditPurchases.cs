using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Spend;

/// <summary>
/// What becomes of bought credits with their invoice, in the same unit: the payment makes them usable (rule CRED-1), a credit note takes them
/// back, as far as they are there (decision 0022). Of an invoice with tax the same part of the credits as of the total.
/// </summary>
public sealed class CreditPurchases(ICreditStore store, CreditLedger ledger) : IInvoicePaid, IInvoiceCredited
{
    public async Task PaidAsync(UnitScope scope, Invoice paid)
    {
        if (paid.Kind != InvoiceKind.CreditPurchase || await store.FindLotAsync(scope.Session, paid.Id) is not { OpenedAt: null } lot) return;
        await ledger.OpenAsync(scope, lot with { Amount = lot.Amount - Part(lot, paid, paid.Credited) });
        scope.Record(paid.Organization, "credits.purchased", CreditDesk.Subject(lot), null, CreditDesk.Describe(lot));
    }

    public async Task<Error?> CreditedAsync(UnitScope scope, Invoice before, long taken, string reason)
    {
        if (before.Kind != InvoiceKind.CreditPurchase || await store.FindLotAsync(scope.Session, before.Id) is not { OpenedAt: not null } lot) return null;
        var amount = Part(lot, before, before.Credited + taken) - Part(lot, before, before.Credited);
        if (!await ledger.ReturnAsync(scope, lot, amount, reason))
            return new Conflict("credits_not_available", $"Of the credits of this purchase {amount.Text()} would be taken back, and not as many are left that are neither used nor held.");
        scope.Record(before.Organization, "credits.taken_back", CreditAccount.Empty(before.Organization).Subject, null, new JsonObject
        {
            ["amount"] = amount.Text(), ["currency"] = before.Total.Currency.Code, ["lot"] = lot.Id.ToString(), ["invoice"] = before.Id.ToString(),
        }, reason);
        return null;
    }

    /// <summary>The credits that go with so much of the total; all of them with all of it, and none is lost to rounding in between.</summary>
    private static UsageCost Part(CreditLot lot, Invoice invoice, long credited) =>
        new((long)((Int128)lot.Amount.Units * credited / invoice.Total.Minor));
}
