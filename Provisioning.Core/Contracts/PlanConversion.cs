using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Contracts;

/// <summary>Converts an older plan model to the single tier within a term, on the operator's word (rules REN-5, REN-6).</summary>
public sealed class PlanConversion(
    IDatabase database, IContractStore contracts, QuoteFulfilment fulfilment, QuoteConfirmation confirmation, TierConversion conversion, InvoiceBook book,
    TimeProvider time)
{
    /// <summary>The sum of seats stays (rule SEAT-6); what the single tier costs more is billed for the rest of the term, nothing is paid back.</summary>
    public Task<Outcome<Contract>> ConvertAsync(
        Organization organization, Actor actor, IfMatch condition, Idempotency? idempotency, CancellationToken cancel)
    {
        var invoice = Ids.New<InvoiceId>(time);
        return database.WriteAsync(new WriteUnit<Contract>(idempotency?.Id ?? Ids.New<UnitId>(time), "contract.convert", actor, Instants.Now(time), async scope =>
        {
            var ground = await fulfilment.LockAsync(scope, organization.Id);
            if (ground.Contract is not { } contract) return ContractSetup.NoContract();
            if (!condition.Accepts(contract.Version))
                return new VersionConflict($"The contract was changed meanwhile; its version is \"{contract.Version}\" now.");
            var today = BillingZone.DateOf(scope.Now, BillingZone.Of(organization.BillingZone));
            if (QuoteFulfilment.CheckTerm(contract, today) is { } inactive) return inactive;
            if (!contract.ConvertsAtRenewal)
                return new Conflict("plan_not_convertible", contract.Conditions.Compliance
                    ? "The contract is flagged compliance and keeps its tiers." : "The contract has a single tier already.");
            await confirmation.CancelAllAsync(scope, contract.Id); // they were priced on tiers that end here
            var purchased = ground.Pools.ToDictionary(pool => pool.Tier, pool => pool.Purchased);
            var lines = book.WithTax(organization, contract.Conditions.Currency, Pricing.OfConversion(contract, purchased, contract.Conditions.SingleTier, today));
            var converted = await contracts.UpdateAsync(
                scope.Session, await conversion.ConvertAsync(scope, contract, ground.Pools, purchased.Values.Sum()));
            await book.DraftAndIssueAsync(scope, organization, new NewInvoice(
                invoice, InvoiceKind.SeatChange, contract.Id, contract.Conditions.Currency, today, contract.Months.End, lines));
            return converted;
        })
        {
            Organization = organization.Id, RequestHash = idempotency?.RequestHash, Remember = contract => contract.Id.ToString(),
            Recall = async (session, _) => await contracts.FindLatestAsync(session, organization.Id) is { } made ? made : ContractSetup.NoContract(),
        }, cancel);
    }
}
