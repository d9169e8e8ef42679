using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Spend;

/// <summary>Credits to be bought or given.</summary>
/// <param name="ExpiresAt">Null: they do not end.</param>
/// <param name="Priority">The lowest is drawn first (rule CRED-3).</param>
public sealed record NewCredits(Money Amount, DateTimeOffset? ExpiresAt, int Priority);

/// <summary>The answer to a purchase: the credits are usable once the invoice is paid (rule CRED-1).</summary>
public sealed record CreditPurchase(CreditLotId Lot, InvoiceId Invoice, string Number);

/// <summary>Owners buy credits; the operator gives and takes them back (rules CRED-1, CRED-5).</summary>
public sealed class CreditDesk(IDatabase database, ICreditStore store, IContractStore contracts, CreditLedger ledger, InvoiceBook book, TimeProvider time)
{
    /// <summary>Most credits of an organisation, unpaid ones included: the balance stays far within 64 bits.</summary>
    public static readonly UsageCost Most = new(8_000_000 * UsageCost.PerOne);

    /// <summary>Issues the invoice, last; the credits wait for its payment.</summary>
    public Task<Outcome<CreditPurchase>> BuyAsync(Organization organization, Actor actor, NewCredits wanted, Idempotency idempotency, CancellationToken cancel)
    {
        var (id, invoice) = (Ids.New<CreditLotId>(time), Ids.New<InvoiceId>(time));
        return database.WriteAsync(new WriteUnit<CreditPurchase>(idempotency.Id, "credits.buy", actor, Instants.Now(time), async scope =>
        {
            if (await contracts.FindActiveAsync(scope.Session, organization.Id) is not { } contract)
                return new Conflict("term_inactive", "The organisation has no active contract; the operator makes one.");
            if (contract.Conditions.Funding != Funding.Prepaid)
                return new Conflict("funding_not_prepaid", "Usage under this contract is invoiced monthly; there is nothing to be prepaid.");
            if (!(await LotAsync(scope, organization, contract.Conditions.Currency, wanted, id, CreditSource.Purchase, invoice)).Try(out var lot, out var error)) return error;
            var today = BillingZone.DateOf(scope.Now, BillingZone.Of(organization.BillingZone));
            var line = new ChargeLine(
                LineKind.Credits, null, null, 1, wanted.Amount.Minor, new MonthFraction(1, 1), today, today.AddDays(1), wanted.Amount.Minor);
            var draft = await book.DraftAsync(scope, organization, new NewInvoice(
                invoice, InvoiceKind.CreditPurchase, contract.Id, wanted.Amount.Currency, today, today.AddDays(1),
                book.WithTax(organization, wanted.Amount.Currency, [line])));
            await store.InsertLotAsync(scope.Session, lot);
            scope.Note(organization.Id, "credits.ordered", Subject(lot), Describe(lot));
            var issued = await book.IssueAsync(scope, draft);
            if (contract.Conditions.Collection == PaymentMethod.Card && issued.State == InvoiceState.Issued)
                scope.Record(organization.Id, "payment.requested", issued.Subject, null, issued.Describe());
            return new CreditPurchase(id, invoice, issued.Number!);
        }) { Organization = organization.Id, RequestHash = idempotency.RequestHash }, cancel);
    }

    /// <summary>Gives credits, usable at once.</summary>
    public Task<Outcome<CreditLotId>> GiveAsync(
        Organization organization, Actor actor, NewCredits wanted, string reason, Idempotency? idempotency, CancellationToken cancel)
    {
        var id = Ids.New<CreditLotId>(time);
        return database.WriteAsync(new WriteUnit<CreditLotId>(idempotency?.Id ?? Ids.New<UnitId>(time), "credits.give", actor, Instants.Now(time), async scope =>
        {
            if (await contracts.FindLatestAsync(scope.Session, organization.Id) is not { } contract) return ContractSetup.NoContract();
            if (!(await LotAsync(scope, organization, contract.Conditions.Currency, wanted, id, CreditSource.Grant, null)).Try(out var lot, out var error)) return error;
            await store.InsertLotAsync(scope.Session, lot);
            await ledger.OpenAsync(scope, lot, reason);
            scope.Record(organization.Id, "credits.granted", Subject(lot), null, Describe(lot), reason);
            return id;
        }) { Organization = organization.Id, RequestHash = idempotency?.RequestHash }, cancel);
    }

    /// <summary>Takes credits back, never more than are available.</summary>
    public Task<Outcome<Done>> TakeBackAsync(
        Organization organization, Actor actor, Money amount, string reason, Idempotency? idempotency, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<Done>(idempotency?.Id ?? Ids.New<UnitId>(time), "credits.take_back", actor, Instants.Now(time), async scope =>
        {
            if (await contracts.FindLatestAsync(scope.Session, organization.Id) is not { } contract) return ContractSetup.NoContract();
            if (!Cost(amount, contract.Conditions.Currency).Try(out var cost, out var error)) return error;
            if (!await ledger.TakeBackAsync(scope, organization.Id, cost, reason))
                return new Conflict("credits_not_available", "The organisation does not have as many credits that are not held.");
            scope.Record(organization.Id, "credits.taken_back", CreditAccount.Empty(organization.Id).Subject, null,
                new JsonObject { ["amount"] = cost.Text(), ["currency"] = amount.Currency.Code }, reason);
            return default(Done);
        }) { Organization = organization.Id, RequestHash = idempotency?.RequestHash }, cancel);

    /// <summary>A round of the job: credits past their time (rule TIME-3).</summary>
    public async Task ExpireAsync(JobRound round, CancellationToken cancel) =>
        await round.EachAsync(
            await database.ReadAsync(session => store.DueAsync(session, Instants.Now(time), 100), cancel),
            (organization, turn) => database.WriteAsync(new WriteUnit<Done>(Ids.New<UnitId>(time), "credits.expire", turn.Actor, Instants.Now(time), async scope =>
            {
                await ledger.ExpireAsync(scope, organization);
                return default(Done);
            }) { Organization = organization, Lease = turn.Lease }, cancel));

    internal static Target Subject(CreditLot lot) => new("credit_lot", lot.Id.ToString());

    internal static JsonObject Describe(CreditLot lot) => new()
    {
        ["amount"] = lot.Amount.Text(), ["source"] = Words.Text(lot.Source), ["invoice"] = lot.Invoice?.ToString(), ["priority"] = lot.Priority,
        ["expiresAt"] = lot.ExpiresAt is { } end ? Instants.Text(end) : null,
    };

    /// <summary>The account is locked, so that nobody else's purchase passes the limit beside this one.</summary>
    private async Task<Outcome<CreditLot>> LotAsync(
        UnitScope scope, Organization organization, Currency currency, NewCredits wanted, CreditLotId id, CreditSource source, InvoiceId? invoice)
    {
        if (!Cost(wanted.Amount, currency).Try(out var cost, out var error)) return error;
        if (wanted.ExpiresAt is { } end && end <= scope.Now) return new InvalidValue("'expiresAt' must lie in the future.");
        var account = await store.LockAsync(scope.Session, organization.Id);
        if (account.Balance + await store.UnpaidAsync(scope.Session, organization.Id) + cost > Most)
            return new Conflict("credit_limit", $"An organisation may have credits of at most {Most} {currency.Code}, unpaid ones included.");
        return new CreditLot(id, organization.Id, source, invoice, cost, UsageCost.Zero, wanted.Priority, wanted.ExpiresAt, scope.Now, null);
    }

    private static Outcome<UsageCost> Cost(Money amount, Currency currency)
    {
        if (amount.Currency != currency) return new InvalidValue($"The contract is in {currency.Code}, and so are its credits.");
        return amount.Minor > 0 && UsageCost.OfMinor(amount.Minor, currency) is var cost && cost <= Most
            ? cost : new InvalidValue($"The amount must be more than nothing and at most {Most} {currency.Code}.");
    }
}
