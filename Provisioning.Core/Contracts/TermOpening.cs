using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Contracts;

/// <summary>Begins and ends terms inside a unit that holds the pools and the contract (rules CON-2 to CON-6, REN-1 to REN-6).</summary>
public sealed class TermOpening(
    IContractStore contracts, IOrganizationStore organizations, SeatPurchases purchases, QuoteConfirmation confirmation, TierConversion conversion, InvoiceBook book)
{
    /// <summary>Opens a scheduled term: seats, access, journal, and its invoice last.</summary>
    /// <param name="tiers">The priced tiers with the seats they begin with.</param>
    public async Task<Outcome<Invoice>> OpenAsync(
        UnitScope scope, Organization organization, Contract contract, ContractTerm term, IReadOnlyList<SeatPool> pools, IReadOnlyList<TierSeats> tiers,
        InvoiceId invoice)
    {
        if ((await purchases.OpenTermAsync(scope, organization.Id, pools, tiers)).Error is { } refused) return refused;
        var opening = tiers.ToDictionary(tier => tier.Tier, tier => tier.Purchased);
        var active = term with { State = TermState.Active, Opening = opening };
        if (!await contracts.AdvanceTermAsync(scope.Session, active, TermState.Scheduled, NextReminder(term, organization, scope.Now)))
            throw new UnitConflictException("The term was opened by somebody else.");
        await SetAccessAsync(scope, organization, contract.Renews ? null : term.EndsAt);
        scope.Record(organization.Id, term.No == 1 ? "term.started" : "term.renewed", Subject(contract),
            Allocations.Describe(pools.ToDictionary(pool => pool.Tier, pool => pool.Purchased)), Describe(active));
        return await book.DraftAndIssueAsync(scope, organization, new NewInvoice(
            invoice, term.No == 1 ? InvoiceKind.TermStart : InvoiceKind.Renewal, contract.Id, contract.Conditions.Currency, term.Start, term.End,
            book.WithTax(organization, contract.Conditions.Currency,
                Pricing.OfTerm(contract, contract.Months, opening, tiers.OrderByDescending(tier => tier.Rank).Select(tier => tier.Tier)))));
    }

    /// <summary>Closes a term that is over and opens the next one (rules REN-1, REN-2, REN-5).</summary>
    public async Task<Outcome<Invoice>> RenewAsync(
        UnitScope scope, Organization organization, Contract contract, ContractTerm ended, IReadOnlyList<SeatPool> pools, InvoiceId invoice)
    {
        await CloseAsync(scope, contract, ended);
        var next = contract with { Term = ended.No + 1, RenewalChoice = new Dictionary<string, int>() };
        var quantities = RenewalRules.Forecast(contract, pools).Seats;
        if (contract.ConvertsAtRenewal)
        {
            next = await conversion.ConvertAsync(scope, next, pools, quantities[contract.Conditions.SingleTier]);
            pools = await purchases.LockAsync(scope, organization.Id);
        }
        await contracts.UpdateAsync(scope.Session, next);
        var term = ContractTerm.Scheduled(contract.Id, organization.Id, next.Months, BillingZone.Of(organization.BillingZone), quantities);
        await contracts.InsertTermAsync(scope.Session, term);
        return await OpenAsync(scope, organization, next, term, pools, Tiers(pools, quantities), invoice);
    }

    /// <summary>The contract ends with the term: no product access from its last instant on; data and administration stay (rules REN-4, CON-6).</summary>
    public async Task ExpireAsync(UnitScope scope, Organization organization, Contract contract, ContractTerm ended)
    {
        await CloseAsync(scope, contract, ended);
        var state = contract.Cancels ? ContractState.Cancelled : ContractState.Expired;
        var after = await contracts.UpdateAsync(scope.Session, contract with { State = state });
        await SetAccessAsync(scope, organization, ended.EndsAt);
        scope.Record(organization.Id, "term.expired", Subject(contract), contract.Describe(), after.Describe());
    }

    /// <summary>What seats and sign-in know of a contract (rule CON-6): null while it renews by itself, however late the job is.</summary>
    public async Task SetAccessAsync(UnitScope scope, Organization organization, DateTimeOffset? until)
    {
        if (organization.AccessUntil == until) return;
        var after = organization with { AccessUntil = until };
        if (!await organizations.UpdateAsync(scope.Session, after)) throw new UnitConflictException("The organisation was changed meanwhile.");
        scope.Note(organization.Id, "organization.access_changed", Target.Organization(organization.Id), after.Describe());
    }

    public static Target Subject(Contract contract) => new("contract", contract.Id.ToString());

    /// <summary>The priced tiers with these seats, everything else as it is.</summary>
    public static IReadOnlyList<TierSeats> Tiers(IReadOnlyList<SeatPool> pools, IReadOnlyDictionary<string, int> quantities) =>
        [.. pools.Where(pool => quantities.ContainsKey(pool.Tier)).Select(pool => new TierSeats(pool.Tier, pool.Rank, quantities[pool.Tier], pool.Features))];

    /// <summary>The next instant at which owners are reminded that the term ends (rule NOTI-5); null when none is left.</summary>
    public static DateTimeOffset? NextReminder(ContractTerm term, Organization organization, DateTimeOffset now)
    {
        var zone = BillingZone.Of(organization.BillingZone);
        foreach (var days in RenewalRules.Reminders)
            if (BillingZone.FirstInstant(term.End.AddDays(-days), zone) is var at && at > now) return at;
        return null;
    }

    public static JsonObject Describe(ContractTerm term) => new()
    {
        ["no"] = term.No, ["start"] = Dates.Text(term.Start), ["end"] = Dates.Text(term.End), ["state"] = Words.Text(term.State),
        ["seats"] = Allocations.Describe(term.Opening),
    };

    private async Task CloseAsync(UnitScope scope, Contract contract, ContractTerm ended)
    {
        if (!await contracts.AdvanceTermAsync(scope.Session, ended with { State = TermState.Closed }, TermState.Active, null))
            throw new UnitConflictException("The term was closed by somebody else.");
        await confirmation.CancelPendingAsync(scope, contract.Id);
    }
}
